//! The document that the on-failure destination gets, exactly as recorded.

use std::collections::BTreeMap;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::Serialize;

use super::batch::Batch;
use super::mapping::Properties;

/// Why records are given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

impl Condition {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Self::RecordAgeExceeded => "RecordAgeExceeded",
        }
    }
}

// The order of the fields is the recorded one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<ResponseContext<'a>>,
    version: &'a str,
    timestamp: String,
    /// The one member whose name tells the service of the records.
    #[serde(flatten)]
    batch_info: BTreeMap<&'a str, BatchInfo<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: String,
    function_arn: &'a str,
    condition: Condition,
    approximate_invoke_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext<'a> {
    status_code: u16,
    executed_version: &'a str,
    function_error: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchInfo<'a> {
    shard_id: &'a str,
    start_sequence_number: &'a str,
    end_sequence_number: &'a str,
    approximate_arrival_of_first_record: String,
    approximate_arrival_of_last_record: String,
    batch_size: usize,
    stream_arn: &'a str,
}

/// The document's text for a batch that is given up.
///
/// Records that no call ever held are counted as called once, as recorded; their request has an id of its own.
pub fn document(batch: &Batch, condition: Condition, mapping: &Properties, shard: &str, now: i64) -> String {
    let (Some(first), Some(last)) = (batch.entries.first(), batch.entries.last()) else { return String::new() };
    let answer = batch.last.as_ref();
    // Recorded: a document about age says nothing of an answer, also when there were some.
    let answered = answer.filter(|_| condition == Condition::RetryAttemptsExhausted);
    let batch_info = BatchInfo {
        shard_id: shard,
        start_sequence_number: first.sequence.as_str(),
        end_sequence_number: last.sequence.as_str(),
        approximate_arrival_of_first_record: arrival(first.arrived_ms, mapping),
        approximate_arrival_of_last_record: arrival(last.arrived_ms, mapping),
        batch_size: batch.entries.len(),
        stream_arn: &mapping.source_arn,
    };
    let document = Document {
        request_context: RequestContext {
            request_id: answer.map_or_else(|| uuid::Uuid::new_v4().to_string(), |answer| answer.request_id.clone()),
            function_arn: &mapping.function_arn,
            condition,
            approximate_invoke_count: batch.calls.max(1),
        },
        response_context: answered.map(|answer| ResponseContext {
            status_code: answer.status,
            executed_version: "$LATEST",
            function_error: answer.error.as_deref(),
        }),
        version: "1.0",
        timestamp: timestamp(now),
        batch_info: BTreeMap::from([(mapping.service.batch_info(), batch_info)]),
    };
    serde_json::to_string(&document).unwrap_or_default()
}

/// When a record came, as documents of its service give it.
fn arrival(ms: i64, mapping: &Properties) -> String {
    match mapping.service.tells_whole_seconds() {
        true => DateTime::from_secs(ms.div_euclid(1000)).fmt(Format::DateTime).unwrap_or_default(),
        false => timestamp(ms),
    }
}

/// Like `2019-11-14T00:38:06.021Z`, always with three decimals.
pub fn timestamp(ms: i64) -> String {
    let seconds = DateTime::from_secs(ms.div_euclid(1000)).fmt(Format::DateTime).unwrap_or_default();
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), ms.rem_euclid(1000))
}

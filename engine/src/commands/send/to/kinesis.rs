//! Records of a Kinesis stream, each with the partition key that it had before, or one that no other has. A call is made once: what is repeated might come twice.
//!
//! IAM: kinesis:PutRecords.

use aws_sdk_kinesis::config::Builder;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, PutRecordsResultEntry};
use aws_smithy_types::retry::RetryConfig;
use uuid::Uuid;

use super::{Answer, Most, Taken, all_refused, refused};
use crate::aws::Cx;
use crate::commands::send::event::Event;
use crate::error::{Error, Result};

/// What a call takes (<https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>), which are 500 records: fewer, for
/// those of one call are refused together where the stream has no room. Most have a key of 36 bytes.
pub const MOST: Most = Most { events: 100, bytes: 5 * 1024 * 1024, each: 36 };

/// What AWS says to records that it can never take.
const BAD: &[&str] = &["ValidationException", "InvalidArgumentException"];

/// A stream. Cheap to clone.
#[derive(Clone)]
pub struct Kinesis {
    cx: Cx,
    name: String,
}

impl Kinesis {
    pub fn new(cx: Cx, name: String) -> Self {
        Self { cx, name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts records.
    ///
    /// # Errors
    /// Those of Kinesis that are not about the records.
    pub async fn send(self, events: Vec<Event>) -> Result<Vec<Answer>> {
        let entry = |event: &Event| {
            let entry = PutRecordsRequestEntry::builder().data(Blob::new(event.body.clone()));
            entry.partition_key(event.lane.clone().unwrap_or_else(|| Uuid::new_v4().to_string())).build()
        };
        let entries: Result<Vec<_>, _> = events.iter().map(entry).collect();
        let entries = entries.map_err(|error| Error::defect(error.to_string()))?;
        let once = Builder::new().retry_config(RetryConfig::disabled());
        let call = self.cx.aws.kinesis.put_records().stream_name(&self.name).set_records(Some(entries));
        match call.customize().config_override(once).send().await {
            Ok(answer) => {
                let mut results = answer.records.into_iter();
                Ok(events.into_iter().map(|event| answered(event, results.next())).collect())
            }
            Err(error) => all_refused(events, error.into(), BAD),
        }
    }
}

fn answered(event: Event, result: Option<PutRecordsResultEntry>) -> Answer {
    let Some(result) = result else { return refused(event, 500, "Kinesis does not say what became of it") };
    match (result.shard_id, result.sequence_number) {
        (Some(shard), Some(number)) => {
            Answer { event, status: 200, taken: Some(Taken::record(shard, number)), message: None }
        }
        _ => {
            let code = result.error_code.unwrap_or_default();
            let status = match code.as_str() {
                "ProvisionedThroughputExceededException" => 429,
                "InternalFailure" => 500,
                _ => 400,
            };
            refused(event, status, result.error_message.unwrap_or(code))
        }
    }
}

pub fn hint(status: u16) -> Option<String> {
    let text = match status {
        429 => "the stream takes 1000 records and 1 MB a second in each shard: add shards, or send fewer",
        400 => {
            "a record of the stream holds at most 1 MiB, unless `max_record_kb` allows more, including its partition key"
        }
        500..=599 => "Kinesis did not take it: send it again",
        _ => return None,
    };
    Some(text.to_owned())
}

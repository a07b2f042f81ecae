//! A record as its stream gives it, and as the function sees it.

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::mapping::Properties;

/// A record's place in its shard: a decimal number of up to 128 digits, ordered as a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(String);

impl Sequence {
    pub fn new(number: impl Into<String>) -> Self {
        Self(number.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn significant(&self) -> (usize, &str) {
        let digits = self.0.trim_start_matches('0');
        (digits.len(), digits)
    }
}

impl Ord for Sequence {
    fn cmp(&self, other: &Self) -> Ordering {
        self.significant().cmp(&other.significant())
    }
}

impl PartialOrd for Sequence {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Sequence {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Sequence {}

/// A record as GetRecords gives it. The arrival is in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub sequence: Sequence,
    pub key: String,
    pub data: Vec<u8>,
    pub arrived_ms: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventRecord<'a> {
    kinesis: Kinesis<'a>,
    event_source: &'a str,
    event_version: &'a str,
    #[serde(rename = "eventID")]
    event_id: String,
    event_name: &'a str,
    invoke_identity_arn: &'a str,
    aws_region: &'a str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kinesis<'a> {
    kinesis_schema_version: &'a str,
    partition_key: &'a str,
    sequence_number: &'a str,
    data: String,
    approximate_arrival_timestamp: f64,
}

/// Kinesis gives milliseconds, which seconds as `f64` hold well enough to print them back.
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

impl Record {
    /// One member of `Records` of the event, as recorded.
    pub fn event(&self, mapping: &Properties, shard: &str) -> Bytes {
        let kinesis = Kinesis {
            kinesis_schema_version: "1.0",
            partition_key: &self.key,
            sequence_number: self.sequence.as_str(),
            data: STANDARD.encode(&self.data),
            approximate_arrival_timestamp: seconds(self.arrived_ms),
        };
        let event = EventRecord {
            kinesis,
            event_source: "aws:kinesis",
            event_version: "1.0",
            event_id: format!("{shard}:{}", self.sequence.as_str()),
            event_name: "aws:kinesis:record",
            invoke_identity_arn: &mapping.role,
            aws_region: &mapping.region,
            event_source_arn: &mapping.stream_arn,
        };
        serde_json::to_vec(&event).unwrap_or_default().into()
    }

    /// What filters look at: the members of `kinesis` and of the record side by side, and `data` as the JSON that it holds.
    ///
    /// `data` that is no JSON is not there: no pattern for it matches then (AWS: "Lambda drops the record").
    pub fn facts(&self, mapping: &Properties, shard: &str) -> Value {
        let mut facts = json!({
            "kinesisSchemaVersion": "1.0",
            "partitionKey": self.key,
            "sequenceNumber": self.sequence.as_str(),
            "approximateArrivalTimestamp": seconds(self.arrived_ms),
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": format!("{shard}:{}", self.sequence.as_str()),
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": mapping.role,
            "awsRegion": mapping.region,
            "eventSourceARN": mapping.stream_arn,
        });
        if let (Some(facts), Ok(data)) = (facts.as_object_mut(), serde_json::from_slice(&self.data)) {
            facts.insert("data".to_owned(), data);
        }
        facts
    }
}

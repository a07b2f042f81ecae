//! A table's changes, made complete: as Lambda hands them to functions, and as filters see them.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::super::super::mapping::Properties;
use super::super::super::record::{Record, Sequence};
use super::size::size;

/// The most that one GetRecords of AWS gives.
const PAGE_BYTES: u64 = 1024 * 1024;

/// A record as GetRecords gives it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Given {
    #[serde(rename = "eventID", default)]
    event_id: String,
    event_name: String,
    dynamodb: Change,
    user_identity: Option<Identity>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    approximate_creation_date_time: Number,
    keys: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_image: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_image: Option<Value>,
    sequence_number: String,
    #[serde(default)]
    size_bytes: u64,
    stream_view_type: String,
}

/// Who made a change, where it is AWS itself: what has expired is deleted by DynamoDB. The API writes the members in capitals, Lambda
/// does not.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(rename = "type", alias = "Type")]
    kind: String,
    #[serde(alias = "PrincipalId")]
    principal_id: String,
}

/// One member of `Records` of the event, as recorded.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventRecord<'a> {
    #[serde(rename = "eventID")]
    event_id: String,
    event_name: &'a str,
    event_version: &'a str,
    event_source: &'a str,
    aws_region: &'a str,
    dynamodb: &'a Change,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_identity: Option<&'a Identity>,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
}

/// How many of the first records are within one page; at least one.
pub fn fitting(records: &[Given]) -> usize {
    let mut bytes = 0;
    let within = records.iter().take_while(|record| {
        bytes += record.dynamodb.size();
        bytes <= PAGE_BYTES
    });
    within.count().max(1).min(records.len())
}

/// A record with what the function gets and, where the mapping filters, with what filters look at.
pub fn complete(given: Given, mapping: &Properties) -> Record {
    let Given { event_id, event_name, mut dynamodb, user_identity } = given;
    dynamodb.size_bytes = dynamodb.size();
    let event = EventRecord {
        // AWS's are 32 digits of hexadecimal.
        event_id: event_id.replace('-', ""),
        event_name: &event_name,
        event_version: "1.1",
        event_source: "aws:dynamodb",
        aws_region: &mapping.region,
        dynamodb: &dynamodb,
        user_identity: user_identity.as_ref(),
        event_source_arn: &mapping.source_arn,
    };
    let facts = match mapping.filters.is_empty() {
        true => Value::Null,
        false => serde_json::to_value(&event).unwrap_or_default(),
    };
    let event = Bytes::from(serde_json::to_vec(&event).unwrap_or_default());
    Record {
        // The names of attributes are in the order of the alphabet: one item is one text.
        key: dynamodb.keys.to_string(),
        arrived_ms: milliseconds(&dynamodb.approximate_creation_date_time),
        sequence: Sequence::new(dynamodb.sequence_number),
        event,
        facts,
    }
}

impl Change {
    /// What AWS counts: names and values of the keys and of the images.
    fn size(&self) -> u64 {
        match self.size_bytes {
            0 => [Some(&self.keys), self.new_image.as_ref(), self.old_image.as_ref()]
                .into_iter()
                .flatten()
                .map(size)
                .sum(),
            said => said,
        }
    }
}

fn milliseconds(seconds: &Number) -> i64 {
    (seconds.as_f64().unwrap_or_default() * 1000.0).round() as i64
}

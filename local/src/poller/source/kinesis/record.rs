//! Kinesis's records, made complete: as Lambda hands them to functions, and as filters see them.

use aws_sdk_kinesis::types::Record as SdkRecord;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::super::mapping::Properties;
use super::super::super::record::{Record, Sequence};
use super::super::Page;
use crate::lenient;

/// The most that one GetRecords of AWS gives.
const PAGE_BYTES: usize = 10 * 1024 * 1024;

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

/// A page of complete records. Records that an emulator gives beyond AWS's limit are left for the next read.
pub fn page(mut records: Vec<SdkRecord>, ended: bool, mapping: &Properties, shard: &str) -> Page {
    let fit = fitting(&records);
    let ended = ended && fit == records.len();
    records.truncate(fit);
    Page { records: records.into_iter().map(|record| complete(record, mapping, shard)).collect(), ended }
}

/// A record with what the function gets and, where the mapping filters, with what filters look at.
pub fn complete(record: SdkRecord, mapping: &Properties, shard: &str) -> Record {
    let arrived_ms = arrived_ms(&record);
    let event = event(&record, mapping, shard);
    let facts = if mapping.filters.is_empty() { Value::Null } else { facts(&record, mapping, shard) };
    let key = record.partition_key.unwrap_or_default();
    Record { sequence: Sequence::new(record.sequence_number), key, arrived_ms, event, facts }
}

/// How many of the first records are within one page; at least one.
fn fitting(records: &[SdkRecord]) -> usize {
    let mut bytes = 0;
    let within = records.iter().take_while(|record| {
        bytes += record.data.as_ref().len();
        bytes <= PAGE_BYTES
    });
    within.count().max(1).min(records.len())
}

fn arrived_ms(record: &SdkRecord) -> i64 {
    let arrived = record.approximate_arrival_timestamp.as_ref().and_then(|time| time.to_millis().ok());
    arrived.unwrap_or_default()
}

/// Kinesis gives milliseconds, which seconds as `f64` hold well enough to print them back.
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// One member of `Records` of the event, as recorded.
fn event(record: &SdkRecord, mapping: &Properties, shard: &str) -> Bytes {
    let kinesis = Kinesis {
        kinesis_schema_version: "1.0",
        partition_key: record.partition_key().unwrap_or_default(),
        sequence_number: record.sequence_number(),
        data: STANDARD.encode(record.data.as_ref()),
        approximate_arrival_timestamp: seconds(arrived_ms(record)),
    };
    let event = EventRecord {
        kinesis,
        event_source: "aws:kinesis",
        event_version: "1.0",
        event_id: format!("{shard}:{}", record.sequence_number()),
        event_name: "aws:kinesis:record",
        invoke_identity_arn: &mapping.role,
        aws_region: &mapping.region,
        event_source_arn: &mapping.source_arn,
    };
    serde_json::to_vec(&event).unwrap_or_default().into()
}

/// What filters look at: the members of `kinesis` and of the record side by side, and `data` as the JSON that it holds.
///
/// `data` that is no JSON is not there: no pattern for it matches then (AWS: "Lambda drops the record").
fn facts(record: &SdkRecord, mapping: &Properties, shard: &str) -> Value {
    let mut facts = json!({
        "kinesisSchemaVersion": "1.0",
        "partitionKey": record.partition_key(),
        "sequenceNumber": record.sequence_number(),
        "approximateArrivalTimestamp": seconds(arrived_ms(record)),
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": format!("{shard}:{}", record.sequence_number()),
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": mapping.role,
        "awsRegion": mapping.region,
        "eventSourceARN": mapping.source_arn,
    });
    if let (Some(facts), Ok(data)) = (facts.as_object_mut(), lenient::parse(record.data.as_ref())) {
        facts.insert("data".to_owned(), data);
    }
    facts
}

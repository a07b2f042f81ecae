//! What the tests of the pollers share.

mod changes;
mod checkpoints;
mod diagnoses;
mod documents;
mod filters;
mod mappings;
mod outcomes;
mod properties;
mod reading;
mod resharding;
mod sim;
mod slots;
mod stopping;
mod tasks;
mod world;

use std::sync::Arc;

use aws_smithy_types::{Blob, DateTime};
use bytes::Bytes;
use serde_json::Value;

use super::filter::Filter;
use super::mapping::{Properties, Start};
use super::record::Record;
use super::source::Service;
use super::source::kinesis::record::complete;
use crate::invoke::{Answer, Refusal};

/// A moment like any other, in milliseconds since 1970.
pub const NOW: i64 = 1_700_000_000_000;
const DAY: i64 = 86_400_000;
const STREAM: &str = "arn:aws:kinesis:eu-central-1:111122223333:stream/events";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:failed";
const SHARD: &str = "shardId-000000000000";

/// AWS's defaults, with a queue.
fn mapping() -> Properties {
    Properties {
        uuid: "uuid-1".to_owned(),
        function: "consumer".to_owned(),
        function_arn: "arn:aws:lambda:eu-central-1:111122223333:function:consumer".to_owned(),
        role: "arn:aws:iam::111122223333:role/consumer".to_owned(),
        service: Service::Kinesis,
        source_arn: STREAM.to_owned(),
        region: "eu-central-1".to_owned(),
        start: Start::Oldest,
        batch_size: 100,
        window_ms: 0,
        slots: 1,
        retries: None,
        max_age_ms: None,
        retention_ms: DAY,
        bisect: false,
        partial: false,
        on_failure: Some(QUEUE.to_owned()),
        filters: Vec::new(),
        queued: None,
    }
}

/// The nth record of a shard, which arrived now.
fn record(n: usize, key: &str) -> Record {
    arrived(n, key, NOW)
}

fn arrived(n: usize, key: &str, arrived_ms: i64) -> Record {
    holding(format!("{{\"n\":{n}}}").as_bytes(), n, key, arrived_ms)
}

/// A record with this data, complete as Kinesis's are, with what filters look at.
fn holding(data: &[u8], n: usize, key: &str, arrived_ms: i64) -> Record {
    let mut mapping = mapping();
    mapping.filters.push(Filter::parse(r#"{"partitionKey": ["any"]}"#, "data").unwrap());
    complete(given(data, n, key, arrived_ms), &mapping, SHARD)
}

/// A record as Kinesis gives it.
fn given(data: &[u8], n: usize, key: &str, arrived_ms: i64) -> aws_sdk_kinesis::types::Record {
    let record = aws_sdk_kinesis::types::Record::builder().sequence_number(sequence(n)).partition_key(key);
    let record = record.approximate_arrival_timestamp(DateTime::from_millis(arrived_ms));
    record.data(Blob::new(data)).build().unwrap()
}

fn sequence(n: usize) -> String {
    format!("4959033827149025660855969253836157{n:022}")
}

/// The numbers of the records in an event.
fn numbers(payload: &Bytes) -> Vec<usize> {
    let event: Value = serde_json::from_slice(payload).unwrap();
    let records = event["Records"].as_array().unwrap();
    records.iter().map(|record| number(record["kinesis"]["sequenceNumber"].as_str().unwrap())).collect()
}

fn number(sequence: &str) -> usize {
    sequence[34..].parse().unwrap()
}

pub fn succeeds() -> Result<Answer, Refusal> {
    says("null")
}

pub fn says(payload: &str) -> Result<Answer, Refusal> {
    Ok(Answer {
        payload: Bytes::from(payload.to_owned()),
        error: None,
        request_id: "request-1".to_owned(),
        memory: None,
    })
}

fn names(n: usize) -> Result<Answer, Refusal> {
    says(&format!("{{\"batchItemFailures\":[{{\"itemIdentifier\":\"{}\"}}]}}", sequence(n)))
}

pub fn crashes() -> Result<Answer, Refusal> {
    let payload = r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 7a-1 Error: Runtime exited with error: exit status 3"}"#;
    let error = Some("Unhandled".to_owned());
    Ok(Answer { payload: Bytes::from(payload), error, request_id: "request-1".to_owned(), memory: None })
}

pub fn throttled() -> Result<Answer, Refusal> {
    Err(Refusal::Throttled)
}

fn shared(mapping: Properties) -> Arc<Properties> {
    Arc::new(mapping)
}

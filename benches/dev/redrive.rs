//! Letters on their way back to the function: those with their payload, and those that point to records of the stream.

use std::time::{Duration, Instant};

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use crate::running::Running;
use crate::say;

const LETTERS: usize = 2_000;
const RECORDS: usize = 10_000;
/// Records of a pointer.
const BATCH: usize = 100;

/// The mapping rests, so that only letters come to the function.
const SPEC: &str = "name: redrive\nstream: { kinesis: { name: redriven, shards: 1 } }\n\
    consumer: { function: { handler: ./own, enabled: false } }\ndlq: { queue: { name: letters } }\n";
/// All letters are in the queue before the clock starts; it stops when the command ends.
pub async fn to_the_function() {
    let running = Running::own(SPEC);
    let sdk = running.sdk(None);
    let (sqs, kinesis) = (aws_sdk_sqs::Client::new(&sdk), aws_sdk_kinesis::Client::new(&sdk));
    let arn = kinesis.describe_stream_summary().stream_name("redriven").send().await.expect("the stream is there");
    let arn = arn.stream_description_summary().expect("it is described").stream_arn().to_owned();
    let letters = (0..LETTERS).map(|n| letter(&arn, n)).collect();
    send(&sqs, letters).await;
    let took = redrive(&running);
    let rate = LETTERS as f32 / took.as_secs_f32();
    say("letters redriven", &format!("{rate:.0} letters/s ({LETTERS} in {:.1} s; budget 200)", took.as_secs_f32()));

    let numbers = put(&kinesis).await;
    send(&sqs, numbers.chunks(BATCH).map(|numbers| pointer(&arn, numbers)).collect()).await;
    let took = redrive(&running);
    let rate = RECORDS as f32 / took.as_secs_f32();
    say("pointers redriven", &format!("{rate:.0} records/s ({RECORDS} in {:.1} s; budget 1,000)", took.as_secs_f32()));
    running.stop();
}

fn redrive(running: &Running) -> Duration {
    let start = Instant::now();
    let _said = running.ask(&["dlq", "redrive", "--yes"]);
    start.elapsed()
}

async fn send(sqs: &aws_sdk_sqs::Client, bodies: Vec<String>) {
    let url = sqs.get_queue_url().queue_name("letters").send().await.expect("the queue is there").queue_url;
    for some in bodies.chunks(10) {
        let entry = |(n, body): (usize, &String)| {
            SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(body).build().expect("it is whole")
        };
        let entries = some.iter().enumerate().map(entry).collect();
        let sent = sqs.send_message_batch().set_queue_url(url.clone()).set_entries(Some(entries)).send().await;
        assert!(sent.expect("the queue takes them").failed().is_empty());
    }
}

/// The letter of a record, as the bundled handler writes it.
fn letter(arn: &str, n: usize) -> String {
    serde_json::json!({
        "version": 1, "reason": "bench", "message": "", "eventID": format!("shardId-000000000000:{n}"), "streamArn": arn,
        "shardId": "shardId-000000000000", "sequenceNumber": n.to_string(), "partitionKey": format!("key-{n}"),
        "arrivedAt": "2026-11-14T00:38:04.835Z", "encoding": "base64", "payload": "e30=",
    })
    .to_string()
}

/// The letter of a batch, as a mapping writes it.
fn pointer(arn: &str, numbers: &[String]) -> String {
    let function = arn.replace(":kinesis:", ":lambda:").replace("stream/redriven", "function:redrive-consumer");
    let arrived = "2099-11-14T00:38:04.835Z";
    serde_json::json!({
        "requestContext": { "functionArn": function, "condition": "RetryAttemptsExhausted" },
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000", "startSequenceNumber": numbers.first(), "endSequenceNumber": numbers.last(),
            "approximateArrivalOfFirstRecord": arrived, "approximateArrivalOfLastRecord": arrived,
            "batchSize": numbers.len(), "streamArn": arn,
        },
    })
    .to_string()
}

async fn put(kinesis: &aws_sdk_kinesis::Client) -> Vec<String> {
    let mut numbers = Vec::new();
    for _ in 0..RECORDS / 500 {
        let entry =
            |n: usize| PutRecordsRequestEntry::builder().partition_key(n.to_string()).data(Blob::new("{}")).build();
        let entries = (0..500).map(|n| entry(n).expect("it is whole")).collect();
        let put = kinesis.put_records().stream_name("redriven").set_records(Some(entries)).send().await;
        let put = put.expect("the stream takes them");
        numbers.extend(put.records().iter().filter_map(|record| record.sequence_number().map(str::to_owned)));
    }
    numbers
}

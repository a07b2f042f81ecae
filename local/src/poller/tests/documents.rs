//! The event that the function gets and the document that the destination gets, byte for byte.

use serde_json::{Value, json};

use super::{NOW, SHARD, arrived, mapping, record, sequence};
use crate::poller::batch::{Batch, Entry, Last, MAX_PAYLOAD_BYTES, ready};
use crate::poller::document::{Condition, document, timestamp};
use crate::poller::record::Sequence;

fn entry(n: usize, arrived_ms: i64) -> Entry {
    let record = arrived(n, "key", arrived_ms);
    Entry { ordinal: n as u64, sequence: record.sequence, arrived_ms, taken_ms: NOW, event: record.event }
}

#[test]
fn the_event_has_kinesis_shape() {
    let batch = Batch::new(vec![entry(7, 1_545_084_650_987)]);
    let expected = format!(
        r#"{{"Records":[{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":"key","sequenceNumber":"{0}","data":"eyJuIjo3fQ==","approximateArrivalTimestamp":1545084650.987}},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000000:{0}","eventName":"aws:kinesis:record","invokeIdentityArn":"arn:aws:iam::111122223333:role/consumer","awsRegion":"eu-central-1","eventSourceARN":"arn:aws:kinesis:eu-central-1:111122223333:stream/events"}}]}}"#,
        sequence(7)
    );
    assert_eq!(batch.payload(), expected);
    let two: Value = serde_json::from_slice(&Batch::new(vec![entry(1, NOW), entry(2, NOW)]).payload()).unwrap();
    assert_eq!(two["Records"].as_array().unwrap().len(), 2);
}

#[test]
fn the_document_of_exhausted_retries() {
    let mut batch = Batch::new(vec![entry(1, 1_573_691_884_835), entry(2, 1_573_691_885_580)]);
    batch.calls = 2;
    batch.last = Some(Last { request_id: "c9b8fa9f".to_owned(), status: 200, error: Some("Unhandled".to_owned()) });
    let text = document(&batch, Condition::RetryAttemptsExhausted, &mapping(), SHARD, 1_573_691_886_021);
    let expected = format!(
        r#"{{"requestContext":{{"requestId":"c9b8fa9f","functionArn":"arn:aws:lambda:eu-central-1:111122223333:function:consumer","condition":"RetryAttemptsExhausted","approximateInvokeCount":2}},"responseContext":{{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"}},"version":"1.0","timestamp":"2019-11-14T00:38:06.021Z","KinesisBatchInfo":{{"shardId":"shardId-000000000000","startSequenceNumber":"{}","endSequenceNumber":"{}","approximateArrivalOfFirstRecord":"2019-11-14T00:38:04.835Z","approximateArrivalOfLastRecord":"2019-11-14T00:38:05.580Z","batchSize":2,"streamArn":"arn:aws:kinesis:eu-central-1:111122223333:stream/events"}}}}"#,
        sequence(1),
        sequence(2)
    );
    assert_eq!(text, expected);
}

#[test]
fn after_named_failures_there_is_no_function_error() {
    let mut batch = Batch::new(vec![entry(1, NOW)]);
    batch.calls = 4;
    batch.last = Some(Last { request_id: "r".to_owned(), status: 200, error: None });
    let document = document(&batch, Condition::RetryAttemptsExhausted, &mapping(), SHARD, NOW);
    let document: Value = serde_json::from_str(&document).unwrap();
    let expected = json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": null});
    assert_eq!(document["responseContext"], expected);
}

#[test]
fn a_document_about_age_says_nothing_of_answers() {
    let mut batch = Batch::new(vec![entry(1, NOW)]);
    let look = |batch: &Batch| -> Value {
        serde_json::from_str(&document(batch, Condition::RecordAgeExceeded, &mapping(), SHARD, NOW)).unwrap()
    };
    let never = look(&batch);
    assert_eq!(
        never["requestContext"]["approximateInvokeCount"], 1,
        "recorded for a record that was never handed over"
    );
    assert_eq!(never["requestContext"]["requestId"].as_str().unwrap().len(), 36);
    assert_eq!(never.get("responseContext"), None);
    batch.calls = 8;
    batch.last = Some(Last { request_id: "r".to_owned(), status: 200, error: Some("Unhandled".to_owned()) });
    let tried = look(&batch);
    assert_eq!(tried["requestContext"]["approximateInvokeCount"], 8);
    assert_eq!(tried["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(tried.get("responseContext"), None);
}

#[test]
fn timestamps_have_three_decimals() {
    assert_eq!(timestamp(1_657_720_081_000), "2022-07-13T13:48:01.000Z");
    assert_eq!(timestamp(1_657_720_081_050), "2022-07-13T13:48:01.050Z");
}

#[test]
fn a_batch_ends_at_its_size_or_at_6_mb() {
    let waiting: std::collections::VecDeque<_> = (0..5).map(|n| entry(n, NOW)).collect();
    assert_eq!(ready(&waiting, 5), (5, true));
    assert_eq!(ready(&waiting, 3), (3, true));
    assert_eq!(ready(&waiting, 6), (5, false));
    let mut large = waiting;
    for entry in &mut large {
        entry.event = vec![b' '; MAX_PAYLOAD_BYTES / 2 - 7].into();
    }
    // Two of them, their comma and `{"Records":[]}` are one byte too many.
    assert_eq!(ready(&large, 100), (1, true));
    for entry in &mut large {
        entry.event = vec![b' '; MAX_PAYLOAD_BYTES / 2 - 8].into();
    }
    assert_eq!(ready(&large, 100), (2, true));
    assert_eq!(Batch::new(large.drain(..2).collect()).payload().len(), MAX_PAYLOAD_BYTES - 1);
    large[0].event = vec![b' '; MAX_PAYLOAD_BYTES].into();
    assert_eq!(ready(&large, 100), (1, true));
    assert!(Batch::new(vec![large[0].clone()]).too_large());
}

#[test]
fn sequence_numbers_are_ordered_as_numbers() {
    assert!(Sequence::new("9") < Sequence::new("10"));
    assert!(Sequence::new("0009") < Sequence::new("10"));
    assert_eq!(Sequence::new("0010"), Sequence::new("10"));
    assert!(record(1, "").sequence < record(2, "").sequence);
}

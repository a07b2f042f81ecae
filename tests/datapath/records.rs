//! A thousand records, some of them poison: every good one is a row, every other one is in the DLQ, byte for byte.
//!
//! MiniStack goes on behind a batch whatever the function answers, so what a partial-batch answer leaves behind is not shown here.

use std::collections::HashMap;
use std::io::Read;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, ShardIteratorType};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipe_test_support::Kind;
use serde_json::Value;

use super::cloud::{QUEUE, STREAM, logs, root, rows, sandbox, wait};

const RECORDS: usize = 1000;
/// Is in every payload, and must be in no log.
const MARK: &str = "for-nobodys-log";
/// As many digits as a DynamoDB number may have; a float would hold 17 of them.
const EXACT: &str = "12345678901234567890123456789012345678";
/// How often one key is written, each time with a higher version.
const VERSIONS: usize = 25;

/// A record to send. Its partition key is unlike all others, so that it is found again in the DLQ.
#[derive(Clone)]
struct Record {
    key: String,
    data: Vec<u8>,
}

/// A record that can never be a row, and what the DLQ is to say of it.
struct Poison {
    record: Record,
    reason: &'static str,
    encoding: &'static str,
}

fn poison() -> Vec<Poison> {
    let deep = format!("{}1{}", "[".repeat(32), "]".repeat(32));
    let texts = [
        ("no-end", "bad-json", r#"{"eventId": "p""#.to_owned()),
        ("two-values", "bad-json", r#"{"eventId": "p"} {}"#.to_owned()),
        ("array", "not-an-object", r#"[{"eventId": "p"}]"#.to_owned()),
        ("null", "not-an-object", "null".to_owned()),
        ("nothing", "bad-json", String::new()),
        ("no-key", "no-key", r#"{"eventID": "p"}"#.to_owned()),
        ("number-key", "wrong-key", r#"{"eventId": 7}"#.to_owned()),
        ("empty-key", "wrong-key", r#"{"eventId": ""}"#.to_owned()),
        ("large", "item-too-large", format!(r#"{{"eventId": "p", "text": "{}"}}"#, "x".repeat(400 * 1024))),
        ("digits", "number", format!(r#"{{"eventId": "p", "n": {EXACT}9}}"#)),
        ("magnitude", "number", r#"{"eventId": "p", "n": 1e126}"#.to_owned()),
        ("deep", "too-deep", format!(r#"{{"eventId": "p", "list": {deep}}}"#)),
    ];
    let marked = |text: String| text.replace(r#""p""#, &format!(r#""{MARK}""#));
    let texts = texts.into_iter().map(|(key, reason, text)| of(key, reason, "base64", marked(text)));
    let mut all: Vec<Poison> = texts.collect();
    all.push(of("not-utf8", "bad-json", "base64", vec![0xff, 0, 0xfe]));
    // As base64 these two are larger than a message of SQS: the one fits gzipped, the other does not.
    all.push(of("gzipped", "bad-json", "gzip+base64", vec![b'z'; 900_000]));
    all.push(of("left-out", "bad-json", "none", noise(900_000)));
    all
}

fn of(key: &str, reason: &'static str, encoding: &'static str, data: impl Into<Vec<u8>>) -> Poison {
    let mut data = data.into();
    // White space behind a value is a part of the record, and must arrive too.
    data.extend_from_slice(b" \n");
    Poison { record: Record { key: format!("poison-{key}"), data }, reason, encoding }
}

/// Bytes that no packing makes smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// The good records; the last ones are of one key, in the order of their versions.
fn good(count: usize) -> Vec<Record> {
    let deepest = format!("{}1{}", "[".repeat(31), "]".repeat(31));
    let mut texts = vec![
        ("exact".to_owned(), format!(r#""n": {EXACT}"#)),
        ("deepest".to_owned(), format!(r#""n": 1, "list": {deepest}"#)),
    ];
    texts.extend((0..count - 2 - VERSIONS).map(|n| (format!("event-{n}"), format!(r#""n": {n}"#))));
    texts.extend((1..=VERSIONS).map(|n| ("twice".to_owned(), format!(r#""n": {n}"#))));
    let record = |(key, rest): (String, String)| Record {
        data: format!(r#"{{"eventId": "{key}", "text": "{MARK} ☃", {rest}}}"#).into_bytes(),
        key,
    };
    texts.into_iter().map(record).collect()
}

/// Puts poison between the good records, evenly.
fn mixed(good: &[Record], poison: &[Poison]) -> Vec<Record> {
    let every = good.len() / poison.len();
    let mut all = Vec::new();
    for (index, record) in good.iter().enumerate() {
        all.push(record.clone());
        if index % every == every / 2 {
            all.extend(poison.get(index / every).map(|poison| poison.record.clone()));
        }
    }
    all
}

/// Sends all, in calls of 100, and gives the sequence number of the last record of each partition key.
///
/// AWS keeps the order between calls only; MiniStack keeps that within one, too, on which the versions rely.
async fn send(aws: &SdkConfig, records: &[Record]) -> HashMap<String, String> {
    let kinesis = aws_sdk_kinesis::Client::new(aws);
    let mut sequence_numbers = HashMap::new();
    for some in records.chunks(100) {
        let entry = |record: &Record| {
            let entry = PutRecordsRequestEntry::builder().partition_key(&record.key);
            entry.data(Blob::new(record.data.clone())).build().unwrap()
        };
        let put = kinesis.put_records().stream_name(STREAM).set_records(Some(some.iter().map(entry).collect()));
        let answer = put.send().await.unwrap();
        assert_eq!(answer.failed_record_count(), Some(0));
        let numbers = answer.records().iter().map(|record| record.sequence_number().unwrap().to_owned());
        sequence_numbers.extend(some.iter().map(|record| record.key.clone()).zip(numbers));
    }
    sequence_numbers
}

/// Takes what is in the DLQ now, and deletes it there.
async fn drain(aws: &SdkConfig) -> Vec<Value> {
    let sqs = aws_sdk_sqs::Client::new(aws);
    let url = sqs.get_queue_url().queue_name(QUEUE).send().await.unwrap().queue_url.unwrap();
    let mut all = Vec::new();
    loop {
        let received = sqs.receive_message().queue_url(&url).max_number_of_messages(10).send().await.unwrap();
        if received.messages().is_empty() {
            return all;
        }
        for message in received.messages() {
            all.push(serde_json::from_str(message.body().unwrap()).unwrap());
            let delete = sqs.delete_message().queue_url(&url).receipt_handle(message.receipt_handle().unwrap());
            delete.send().await.unwrap();
        }
    }
}

/// The payload of a dead letter: as it says, or from the stream, where it is if it did not fit.
async fn payload(aws: &SdkConfig, letter: &Value) -> Vec<u8> {
    let decoded = || STANDARD.decode(letter["payload"].as_str().unwrap()).unwrap();
    match letter["encoding"].as_str().unwrap() {
        "base64" => decoded(),
        "gzip+base64" => {
            let mut data = Vec::new();
            flate2::read::GzDecoder::new(decoded().as_slice()).read_to_end(&mut data).unwrap();
            data
        }
        "none" => {
            assert!(letter.get("payload").is_none());
            let kinesis = aws_sdk_kinesis::Client::new(aws);
            let at = kinesis.get_shard_iterator().stream_arn(letter["streamArn"].as_str().unwrap());
            let at = at.shard_id(letter["shardId"].as_str().unwrap());
            let at = at.shard_iterator_type(ShardIteratorType::AtSequenceNumber);
            let at = at.starting_sequence_number(letter["sequenceNumber"].as_str().unwrap()).send().await.unwrap();
            let got = kinesis.get_records().shard_iterator(at.shard_iterator().unwrap()).limit(1).send().await.unwrap();
            got.records()[0].data().as_ref().to_vec()
        }
        other => panic!("encoding `{other}`"),
    }
}

#[tokio::test]
async fn every_record_is_a_row_or_a_dead_letter() {
    let sandbox = sandbox(Kind::MiniStack);
    sandbox.pipe(&["apply", "--yes"]);
    let aws = root(&sandbox.account).await;
    let poison = poison();
    let good = good(RECORDS - poison.len());
    let records = mixed(&good, &poison);
    assert_eq!(records.len(), RECORDS);
    let sequence_numbers = send(&aws, &records).await;

    let expected = RECORDS - poison.len() - (VERSIONS - 1);
    let all = async || Some(rows(&aws).await).filter(|rows| rows.len() >= expected);
    let rows_found = wait("the rows", Duration::from_secs(600), all).await;
    // The batches go one after another, so nothing is under way any more once the last record's row is final.
    let last = async || (rows(&aws).await["twice"]["n"].as_n() == Ok(&VERSIONS.to_string())).then_some(());
    wait("the last version", Duration::from_secs(120), last).await;
    assert_eq!(rows_found.len(), expected);

    let mut letters = drain(&aws).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    letters.extend(drain(&aws).await);
    assert_eq!(letters.len(), poison.len(), "each once");
    for Poison { record, reason, encoding } in &poison {
        let letter = letters.iter().find(|letter| letter["partitionKey"] == record.key.as_str()).expect(&record.key);
        assert_eq!(
            (&letter["reason"], &letter["encoding"]),
            (&(*reason).into(), &(*encoding).into()),
            "{}",
            record.key
        );
        assert_eq!(letter["sequenceNumber"], sequence_numbers[&record.key].as_str());
        assert!(payload(&aws, letter).await == record.data, "the payload of {} is another", record.key);
    }
    rows_are_exact(&rows(&aws).await, &good);
    assert!(!logs(&aws, "gateway-events-consumer").await.contains(MARK), "a payload is in the log");
}

/// Every good record is there, with the number that it had in its JSON.
fn rows_are_exact(rows: &HashMap<String, HashMap<String, aws_sdk_dynamodb::types::AttributeValue>>, good: &[Record]) {
    for record in good.iter().filter(|record| record.key != "twice") {
        let text = String::from_utf8(record.data.clone()).unwrap();
        let item = rows.get(&record.key).unwrap_or_else(|| panic!("{} is lost", record.key));
        let number = text.split_once(r#""n": "#).unwrap().1.split([',', '}']).next().unwrap();
        assert_eq!(item["n"].as_n().unwrap(), number, "{}", record.key);
        assert_eq!(item["text"].as_s().unwrap(), &format!("{MARK} ☃"));
        assert_eq!(item.len(), if record.key == "deepest" { 4 } else { 3 });
    }
    assert_eq!(rows["exact"]["n"].as_n().unwrap(), EXACT);
    assert_eq!(rows["twice"]["n"].as_n().unwrap(), &VERSIONS.to_string(), "the last of a key wins");
}

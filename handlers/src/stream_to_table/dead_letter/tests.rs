use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::super::failure::Reason;
use super::*;

fn record(data: &[u8], partition_key: &str) -> KinesisEventRecord {
    let event = json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": partition_key,
            "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
            "data": STANDARD.encode(data),
            "approximateArrivalTimestamp": 1545084650.987
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
        "eventName": "aws:kinesis:record",
        "awsRegion": "us-east-2",
        "eventSourceARN": "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream"
    });
    serde_json::from_value(event).expect("record")
}

fn message(data: &[u8], poison: &Poison) -> (Value, Encoding) {
    let (text, encoding) = body(&record(data, "1"), poison, MAX_BODY_BYTES).expect("body");
    assert!(text.len() <= MAX_BODY_BYTES);
    (serde_json::from_str(&text).expect("json"), encoding)
}

fn payload(message: &Value) -> Vec<u8> {
    STANDARD.decode(message["payload"].as_str().expect("payload")).expect("base64")
}

/// Bytes that no gzip makes shorter.
fn noise(length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..length).map(|_| random.u8(..)).collect()
}

fn poison() -> Poison {
    Poison::new(Reason::NoKey, "the key attribute `id` is missing")
}

#[test]
fn a_message_says_all_that_a_redrive_needs() {
    let (message, encoding) = message(b"{\"a\":\xff}", &poison());
    let expected = json!({
        "version": 1,
        "reason": "no-key",
        "message": "the key attribute `id` is missing",
        "eventID": "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
        "streamArn": "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream",
        "shardId": "shardId-000000000006",
        "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
        "partitionKey": "1",
        "arrivedAt": "2018-12-17T22:10:50.987Z",
        "encoding": "base64",
        "payload": STANDARD.encode(b"{\"a\":\xff}"),
    });
    assert_eq!(message, expected);
    assert_eq!(encoding, Encoding::Base64);
}

#[test]
fn a_payload_that_fits_exactly_is_not_packed() {
    let empty = body(&record(b"", "1"), &poison(), MAX_BODY_BYTES).expect("body").0.len();
    let largest = (MAX_BODY_BYTES - empty) / 4 * 3;
    let (text, encoding) = body(&record(&noise(largest), "1"), &poison(), MAX_BODY_BYTES).expect("body");
    assert_eq!(encoding, Encoding::Base64);
    assert!(text.len() > MAX_BODY_BYTES - 4, "{}", text.len());
    let (_, encoding) = body(&record(&noise(largest + 1), "1"), &poison(), MAX_BODY_BYTES).expect("body");
    assert_eq!(encoding, Encoding::None);
}

#[test]
fn a_large_payload_is_packed() {
    let data = vec![b'x'; 2_000_000];
    let (message, encoding) = message(&data, &poison());
    assert_eq!((encoding, &message["encoding"]), (Encoding::GzipBase64, &json!("gzip+base64")));
    let mut unpacked = Vec::new();
    GzDecoder::new(payload(&message).as_slice()).read_to_end(&mut unpacked).expect("gzip");
    assert_eq!(unpacked, data);
}

#[test]
fn a_payload_that_fits_in_no_way_goes_as_position_only() {
    for length in [900_000, 2_000_000] {
        let (message, encoding) = message(&noise(length), &poison());
        assert_eq!((encoding, &message["encoding"]), (Encoding::None, &json!("none")));
        assert_eq!(message.get("payload"), None);
        assert_eq!(message["shardId"], "shardId-000000000006");
    }
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    let data = noise(500_000);
    let (message, encoding) = message(&data, &poison());
    assert_eq!(encoding, Encoding::Base64);
    assert_eq!(payload(&message), data);
}

#[test]
fn the_body_is_ascii_and_a_long_message_is_cut() {
    let long = Poison::new(Reason::Refused, "é".repeat(5_000));
    let (text, _) = body(&record(b"x", "k\u{fffe}\u{1F600}"), &long, MAX_BODY_BYTES).expect("body");
    assert!(text.is_ascii() && text.len() < 10_000);
    let message: Value = serde_json::from_str(&text).expect("json");
    assert_eq!(message["partitionKey"], "k\u{fffe}\u{1F600}");
    assert_eq!(message["message"], "é".repeat(1_000));
}

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::super::failure::Reason;
use super::super::feed::read;
use super::*;

fn raw(data: &[u8], partition_key: &str) -> Box<RawValue> {
    let event = json!({ "Records": [{
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
    }] });
    serde_json::from_value(event).expect("event")
}

/// Writes the message of a record with this data.
fn body(event: &RawValue, poison: &Poison, limit: usize) -> serde_json::Result<(String, Encoding)> {
    let batch = read(event).expect("an event of a feed");
    super::body(&batch.records[0], poison, limit)
}

fn message(data: &[u8], poison: &Poison) -> (Value, Encoding) {
    let (text, encoding) = body(&raw(data, "1"), poison, MAX_BODY_BYTES).expect("body");
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
    let empty = body(&raw(b"", "1"), &poison(), MAX_BODY_BYTES).expect("body").0.len();
    let largest = (MAX_BODY_BYTES - empty) / 4 * 3;
    let (text, encoding) = body(&raw(&noise(largest), "1"), &poison(), MAX_BODY_BYTES).expect("body");
    assert_eq!(encoding, Encoding::Base64);
    assert!(text.len() > MAX_BODY_BYTES - 4, "{}", text.len());
    let (_, encoding) = body(&raw(&noise(largest + 1), "1"), &poison(), MAX_BODY_BYTES).expect("body");
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
    let (text, _) = body(&raw(b"x", "k\u{fffe}\u{1F600}"), &long, MAX_BODY_BYTES).expect("body");
    assert!(text.is_ascii() && text.len() < 10_000);
    let message: Value = serde_json::from_str(&text).expect("json");
    assert_eq!(message["partitionKey"], "k\u{fffe}\u{1F600}");
    assert_eq!(message["message"], "é".repeat(1_000));
}

/// What `pipe dlq` reads: the members of a Kinesis letter, `keys` beside them, and the record itself as the payload.
#[test]
fn a_change_of_a_table_is_kept_whole() {
    let change = json!({
        "eventID": "c81e728d9d4c2f636f067f89cc14862c", "eventName": "MODIFY", "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "us-east-2",
        "dynamodb": {
            "ApproximateCreationDateTime": 1573690399.0, "Keys": { "id": { "S": "a" } },
            "NewImage": { "id": { "S": "a" }, "n": { "N": "1.50" } }, "OldImage": { "id": { "S": "a" } },
            "SequenceNumber": "3100000000000000000001", "SizeBytes": 12, "StreamViewType": "NEW_AND_OLD_IMAGES"
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-2:123456789012:table/T/stream/2019-11-14T00:13:19.000"
    });
    let event: Box<RawValue> = serde_json::from_value(json!({ "Records": [change] })).expect("event");
    let (text, encoding) = body(&event, &poison(), MAX_BODY_BYTES).expect("body");
    let message: Value = serde_json::from_str(&text).expect("json");
    assert_eq!(encoding, Encoding::Base64);
    assert_eq!(serde_json::from_slice::<Value>(&payload(&message)).expect("json"), change);
    let expected = json!({
        "version": 1, "reason": "no-key", "message": "the key attribute `id` is missing",
        "eventID": "c81e728d9d4c2f636f067f89cc14862c",
        "streamArn": "arn:aws:dynamodb:us-east-2:123456789012:table/T/stream/2019-11-14T00:13:19.000",
        "sequenceNumber": "3100000000000000000001",
        "keys": { "id": { "S": "a" } }, "arrivedAt": "2019-11-14T00:13:19Z", "encoding": "base64",
        "payload": message["payload"],
    });
    assert_eq!(message, expected);
    let (small, encoding) = body(&event, &poison(), 500).expect("body");
    assert_eq!(encoding, Encoding::None);
    assert_eq!(serde_json::from_str::<Value>(&small).expect("json")["keys"], json!({ "id": { "S": "a" } }));
}

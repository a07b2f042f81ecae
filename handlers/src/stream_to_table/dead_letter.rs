//! The dead-letter message: a record that can never be written, with its payload, its place in the stream and the reason.
//!
//! ```json
//! {"version": 1, "reason": "no-key", "message": "...", "eventID": "shardId-000000000000:4954...", "streamArn": "...",
//!  "shardId": "shardId-000000000000", "sequenceNumber": "4954...", "partitionKey": "...",
//!  "arrivedAt": "2019-11-14T00:38:04.835Z", "encoding": "base64", "payload": "..."}
//! ```
//! A change of a table has `keys` beside (those of the changed item, in DynamoDB's JSON), no shard and no partition key, because Lambda
//! tells none, and its payload is the whole record as Lambda gave it, with `eventName` and `dynamodb`:
//!
//! ```json
//! {"version": 1, "reason": "no-image", "message": "...", "eventID": "c81e...", "streamArn": "arn:aws:dynamodb:...:table/T/stream/...",
//!  "sequenceNumber": "3100000000000000000001", "keys": {"id": {"S": "a"}},
//!  "arrivedAt": "2019-11-14T00:13:19Z", "encoding": "base64", "payload": "..."}
//! ```
//! `encoding` is `base64`, `gzip+base64`, or `none` where the payload does not fit and is left out: it is then in the stream only.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde_json::value::RawValue;

use super::failure::Poison;
use super::feed::{Content, Record};
use crate::log::rfc3339;

/// What SQS takes as one message.
pub const MAX_BODY_BYTES: usize = 1_048_576;
/// DynamoDB's messages may quote a value; a part of it says enough.
const MAX_MESSAGE_CHARS: usize = 1_000;
/// A table's keys have 3 KB at most (2,048 bytes and 1,024), a third more as base64, and much more as escapes; longer ones are none.
const MAX_KEYS_BYTES: usize = 8 * 1024;

/// How the payload is in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Encoding {
    #[serde(rename = "base64")]
    Base64,
    #[serde(rename = "gzip+base64")]
    GzipBase64,
    #[serde(rename = "none")]
    None,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    version: u8,
    reason: &'a str,
    message: &'a str,
    #[serde(rename = "eventID")]
    event_id: &'a str,
    stream_arn: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard_id: Option<&'a str>,
    sequence_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<&'a RawValue>,
    arrived_at: String,
    encoding: Encoding,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
}

/// The limit to try where the queue has refused a message of this many bytes for good, so that a smaller form is chosen.
pub fn smaller(bytes: usize, encoding: Encoding) -> Option<usize> {
    (encoding != Encoding::None).then(|| bytes.saturating_sub(1))
}

/// Writes the message of one record: the payload as base64 if it fits into `limit` bytes, else gzipped, else without it.
///
/// The body is at most `limit` bytes, unless that is too little without a payload, and ASCII: SQS refuses some of Unicode, which a
/// partition key may hold.
pub fn body(record: &Record<'_>, poison: &Poison, limit: usize) -> serde_json::Result<(String, Encoding)> {
    let data = record.payload();
    // A payload that cannot fit is not even encoded: the function may have no memory for it.
    if data.len() < limit {
        let text = write(record, poison, Encoding::Base64, Some(STANDARD.encode(data)))?;
        if text.len() <= limit {
            return Ok((text, Encoding::Base64));
        }
    }
    if let Some(packed) = gzip(data).ok().filter(|packed| packed.len() < limit) {
        let text = write(record, poison, Encoding::GzipBase64, Some(STANDARD.encode(packed)))?;
        if text.len() <= limit {
            return Ok((text, Encoding::GzipBase64));
        }
    }
    Ok((write(record, poison, Encoding::None, None)?, Encoding::None))
}

fn write(
    record: &Record<'_>,
    poison: &Poison,
    encoding: Encoding,
    payload: Option<String>,
) -> serde_json::Result<String> {
    let origin = &record.origin;
    let is_change = matches!(record.content, Content::Change(_));
    let message = Message {
        version: 1,
        reason: poison.reason.as_str(),
        message: start_of(&poison.message),
        event_id: &origin.event_id,
        stream_arn: &origin.stream_arn,
        shard_id: (!is_change).then_some(origin.shard_id.as_str()),
        sequence_number: &record.id,
        partition_key: (!is_change).then_some(origin.partition_key.as_str()),
        keys: origin.keys.filter(|keys| keys.get().len() <= MAX_KEYS_BYTES),
        arrived_at: rfc3339(origin.arrived_millis),
        encoding,
        payload,
    };
    Ok(ascii(serde_json::to_string(&message)?))
}

fn gzip(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data)?;
    encoder.finish()
}

fn start_of(text: &str) -> &str {
    text.char_indices().nth(MAX_MESSAGE_CHARS).map_or(text, |(end, _)| &text[..end])
}

/// Escapes what is not ASCII, which in JSON can only stand inside of strings.
fn ascii(json: String) -> String {
    if json.is_ascii() {
        return json;
    }
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            escaped.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            escaped.push_str(&format!("\\u{unit:04x}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests;

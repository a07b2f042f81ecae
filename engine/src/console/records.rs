//! The records of a batch, read from the event that a function gets of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipe_local::event::Location;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A record, whichever service it came from.
pub struct Record {
    pub location: Location,
    /// Its id there: a sequence number or a message's id.
    pub id: String,
    /// Its id as functions see it.
    pub event_id: String,
    pub partition_key: Option<String>,
    /// When it arrived, in milliseconds since 1970; 0 where it does not say.
    pub arrived: i64,
    /// What its sender sent, as text where it is text.
    pub data: Data,
}

/// A record's payload.
pub enum Data {
    Text(String),
    /// Bytes that are no text, with their number.
    Bytes(usize),
    /// A change of a table, as DynamoDB's JSON.
    Change(Value),
}

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

/// The records of a batch that Lambda polled; none where the event is another.
pub fn records(payload: &[u8]) -> Vec<Record> {
    // Events of other sources have no such beginning, and need not be read.
    if !payload.starts_with(b"{\"Records\":") {
        return Vec::new();
    }
    let batch = serde_json::from_slice(payload).unwrap_or(Batch { records: Vec::new() });
    batch.records.into_iter().filter_map(record).collect()
}

fn record(mut record: Value) -> Option<Record> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let arn = text(&record["eventSourceARN"]);
    match record["eventSource"].as_str()? {
        "aws:kinesis" => {
            let (event_id, kinesis) = (text(&record["eventID"]), &record["kinesis"]);
            let shard = event_id.split_once(':').map(|(shard, _)| shard.to_owned());
            Some(Record {
                location: Location::of(&arn, shard.as_deref()),
                id: text(&kinesis["sequenceNumber"]),
                partition_key: Some(text(&kinesis["partitionKey"])),
                arrived: seconds(&kinesis["approximateArrivalTimestamp"]),
                data: decoded(kinesis["data"].as_str().unwrap_or_default()),
                event_id,
            })
        }
        "aws:sqs" => {
            let (id, attributes) = (text(&record["messageId"]), &record["attributes"]);
            Some(Record {
                location: Location::of(&arn, None),
                event_id: id.clone(),
                id,
                partition_key: attributes["MessageGroupId"].as_str().map(str::to_owned),
                arrived: attributes["SentTimestamp"].as_str().and_then(|at| at.parse().ok()).unwrap_or_default(),
                data: Data::Text(text(&record["body"])),
            })
        }
        "aws:dynamodb" => {
            let change = record["dynamodb"].take();
            Some(Record {
                location: Location::of(&arn, None),
                id: text(&change["SequenceNumber"]),
                event_id: text(&record["eventID"]),
                partition_key: None,
                arrived: seconds(&change["ApproximateCreationDateTime"]),
                data: Data::Change(change),
            })
        }
        _ => None,
    }
}

fn seconds(value: &Value) -> i64 {
    // In milliseconds a double still tells every one of them.
    (value.as_f64().unwrap_or_default() * 1000.0).round() as i64
}

fn decoded(data: &str) -> Data {
    let bytes = STANDARD.decode(data).unwrap_or_default();
    let count = bytes.len();
    String::from_utf8(bytes).map_or(Data::Bytes(count), Data::Text)
}

impl Data {
    /// The text to show, and how many bytes moved.
    pub fn shown(&self) -> (String, usize) {
        match self {
            Self::Text(text) => (text.clone(), text.len()),
            Self::Bytes(count) => (String::new(), *count),
            Self::Change(change) => {
                let text = change.to_string();
                let bytes = text.len();
                (text, bytes)
            }
        }
    }

    /// The key of the row that it becomes, as [`row_key`] gives it; nothing where it has no such members.
    pub fn row_key(&self, names: &[String]) -> Option<String> {
        let members: Map<String, Value> = match self {
            Self::Text(text) => {
                let members: Map<String, Value> = serde_json::from_str(text).ok()?;
                let typed = |name: &String| {
                    let value = members.get(name)?;
                    let kind = if value.is_string() { "S" } else { "N" };
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    Some((name.clone(), json!({ kind: text })))
                };
                names.iter().filter_map(typed).collect()
            }
            Self::Bytes(_) => return None,
            Self::Change(change) => change.get("NewImage").or_else(|| change.get("OldImage"))?.as_object()?.clone(),
        };
        row_key(names, &Value::Object(members))
    }
}

/// The key attributes of an item of DynamoDB's JSON as one text; nothing where it lacks one, or no names are known.
pub fn row_key(names: &[String], item: &Value) -> Option<String> {
    let one = |name: &String| Some(format!("{}:{}", Value::from(name.as_str()), item.get(name)?));
    let all: Option<Vec<String>> = names.iter().map(one).collect();
    all.filter(|all| !all.is_empty()).map(|all| all.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(record: Value) -> Vec<Record> {
        records(json!({ "Records": [record] }).to_string().as_bytes())
    }

    #[test]
    fn records_of_each_service_are_known_by_their_place() {
        let kinesis = json!({ "eventSource": "aws:kinesis", "eventID": "shardId-1:49",
            "eventSourceARN": "arn:aws:kinesis:r:1:stream/s", "kinesis": { "sequenceNumber": "49", "partitionKey": "k",
            "approximateArrivalTimestamp": 1_700_000_000.123, "data": STANDARD.encode(r#"{"id":"a","n":1.50}"#) } });
        let found = &of(kinesis)[0];
        let location = Location::of("arn:aws:kinesis:r:1:stream/s", Some("shardId-1"));
        assert_eq!((&found.location, found.id.as_str(), found.arrived), (&location, "49", 1_700_000_000_123));
        assert_eq!(found.data.row_key(&["id".into()]), row_key(&["id".into()], &json!({ "id": { "S": "a" } })));
        assert!(found.data.row_key(&["other".into()]).is_none() && found.data.row_key(&[]).is_none());
        let sqs = json!({ "eventSource": "aws:sqs", "messageId": "m", "eventSourceARN": "arn:aws:sqs:r:1:q",
            "body": "no JSON", "attributes": { "SentTimestamp": "7" } });
        assert_eq!((of(sqs.clone())[0].id.as_str(), of(sqs)[0].arrived), ("m", 7));
        let change = json!({ "eventSource": "aws:dynamodb", "eventID": "e",
            "eventSourceARN": "arn:aws:dynamodb:r:1:table/T/stream/2026", "dynamodb": { "SequenceNumber": "3",
            "NewImage": { "id": { "N": "1" } } } });
        assert_eq!(of(change)[0].data.row_key(&["id".into()]).as_deref(), Some(r#""id":{"N":"1"}"#));
    }

    #[test]
    fn events_of_other_sources_have_no_records_that_were_polled() {
        assert!(of(json!({ "EventSource": "aws:sns", "Sns": {} })).is_empty());
        assert!(records(b"{\"Records\":").is_empty() && records(b"[]").is_empty() && records(b"\xff").is_empty());
    }
}

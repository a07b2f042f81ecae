//! The record of an event in its stream, by its sequence number.
//!
//! IAM: of a Kinesis stream kinesis:ListShards, GetShardIterator, GetRecords; of a table's stream those of reading what letters point to.

mod kinesis;

use aws_sdk_dynamodb::types::AttributeValue;
use pipe_local::event::Location;
use serde_json::{Map, Value};

use super::hops::Found;
use crate::commands::dlq::Payload;
use crate::commands::dlq::letter::Place;
use crate::commands::dlq::records;
use crate::commands::ends::{ItemKey, Taken, item_key};
use crate::commands::running::Running;
use crate::error::Result;
use crate::kinds;
use crate::kinds::table::Key;
use crate::resource::Resource;

/// What came of a search.
pub(super) enum Sought {
    Found(Box<Record>),
    /// Why it is not there, as far as the stream tells.
    Absent(String),
}

/// A record.
pub(super) struct Record {
    /// In milliseconds since 1970.
    pub arrived: Option<i64>,
    /// Its partition key, or its item's key attributes as JSON.
    pub key: String,
    pub data: Vec<u8>,
    pub taken: Taken,
}

/// Looks for a record in the stream of this kind and name.
///
/// # Errors
/// Those of the stream.
pub(super) async fn find(
    running: &Running,
    kind: &str,
    name: &str,
    shard: Option<&str>,
    number: &str,
) -> Result<Sought> {
    if kind != kinds::table::Table::KIND {
        return kinesis::find(&running.cx, name, shard, number).await;
    }
    let Some(arn) = running.changes_arn().await? else {
        return Ok(Sought::Absent(format!("whether it was a change of `{name}`: the table has no stream")));
    };
    let place = Place {
        stream_arn: &arn,
        shard: shard.unwrap_or_default(),
        first: number,
        last: number,
        arrived: ("", ""),
        records: 1,
    };
    let found = records::read(&running.cx, &place).await?.into_iter().find(|record| record.sequence_number == number);
    let Some(found) = found else {
        return Ok(Sought::Absent(format!(
            "what it changed: the stream of `{name}` does not have it, or no longer; it keeps changes for 24 hours"
        )));
    };
    let data = match found.payload {
        Payload::Data(data) => data,
        Payload::Broken(text) => text.into_bytes(),
    };
    let change: Value = serde_json::from_slice(&data).unwrap_or_default();
    // In seconds.
    let arrived = change.pointer("/dynamodb/ApproximateCreationDateTime").and_then(Value::as_f64);
    let item = change.pointer("/dynamodb/Keys").cloned();
    let location =
        Location { service: "dynamodb".to_owned(), name: Some(name.to_owned()), part: shard.map(str::to_owned) };
    Ok(Sought::Found(Box::new(Record {
        // Far below the numbers that have no exact place.
        arrived: arrived.map(|seconds| (seconds * 1000.0) as i64),
        key: found.key,
        data,
        taken: Taken { location, record: number.to_owned(), item },
    })))
}

/// Looks for the record of a request, which has the request's extended id as its partition key, from the request's time on.
///
/// # Errors
/// Those of Kinesis.
pub(super) async fn of_request(running: &Running, name: &str, id: &str, at: i64) -> Result<Option<Record>> {
    kinesis::with_key(&running.cx, name, id, at).await
}

impl Record {
    pub fn hop(&self) -> Found {
        let Location { name, part, .. } = &self.taken.location;
        let mut fields = Map::new();
        if let Some(shard) = part {
            fields.insert("shardId".to_owned(), shard.clone().into());
        }
        fields.insert("sequenceNumber".to_owned(), self.taken.record.clone().into());
        fields.insert("key".to_owned(), self.key.clone().into());
        fields.insert("bytes".to_owned(), self.data.len().into());
        let message = format!("came to `{}`", name.as_deref().unwrap_or_default());
        Found { at: self.arrived, fields, ..Found::new("stream", message) }
    }

    /// The key of the row that it becomes: its members by the names of the table's key attributes.
    pub fn key(&self, keys: &[Key]) -> Option<ItemKey> {
        if self.taken.item.is_none() {
            return item_key(&self.data, keys);
        }
        let change: Value = serde_json::from_slice(&self.data).ok()?;
        let images = ["/dynamodb/NewImage", "/dynamodb/OldImage", "/dynamodb/Keys"];
        let attribute = |key: &Key| {
            let value = images.iter().find_map(|image| change.pointer(image)?.get(&key.name))?;
            let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
            let value = text("S").map(AttributeValue::S).or_else(|| text("N").map(AttributeValue::N))?;
            Some((key.name.clone(), value))
        };
        keys.iter().map(attribute).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::table::KeyKind;
    use serde_json::json;

    #[test]
    fn the_key_of_a_row_is_in_the_change() {
        let change = json!({ "dynamodb": {
            "Keys": { "pk": { "S": "a" } }, "NewImage": { "pk": { "S": "a" }, "n": { "N": "1.50" }, "b": { "BOOL": true } },
        } });
        let location = Location { service: "dynamodb".into(), name: None, part: None };
        let taken = Taken { location, record: "1".into(), item: Some(json!({})) };
        let record = Record { arrived: None, key: String::new(), data: change.to_string().into(), taken };
        let key = |name: &str, kind| Key { name: name.into(), kind };
        let found = record.key(&[key("pk", KeyKind::String), key("n", KeyKind::Number)]).unwrap();
        assert_eq!((&found["pk"], &found["n"]), (&AttributeValue::S("a".into()), &AttributeValue::N("1.50".into())));
        assert_eq!(record.key(&[key("b", KeyKind::String)]), None);
    }
}

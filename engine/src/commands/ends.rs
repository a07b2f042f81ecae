//! Where events end: as a row, as a dead letter, or taken by the consumer without either. For commands that look for them there.

mod rows;
mod taker;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use pipe_local::event::Location;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::commands::dlq::cut;
use crate::commands::dlq::letter::Letter;
use crate::kinds::table::{Key, KeyKind};
use crate::tame::tame;
pub use rows::{BATCH, present};
pub use taker::Taker;

/// Dead letters that a queue is searched for at most, in one look.
pub const SEARCHED: usize = 10_000;

/// Key attributes of an item.
pub type ItemKey = HashMap<String, AttributeValue>;

/// Where an event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub location: Location,
    /// Its id there: of a stream the sequence number, of a queue the message's id, of a table the item's key attributes.
    pub record: String,
    /// The key attributes of the item that it is, as DynamoDB's JSON has them.
    pub item: Option<Value>,
}

impl Taken {
    /// A record of a Kinesis stream.
    pub fn record(shard: String, number: String) -> Self {
        let location = Location { service: "kinesis".to_owned(), name: None, part: Some(shard) };
        Self { location, record: number, item: None }
    }

    /// A message of a queue; the API does not tell the queue's name.
    pub fn message(queue: Option<&str>, id: String) -> Self {
        let location = Location { service: "sqs".to_owned(), name: queue.map(str::to_owned), part: None };
        Self { location, record: id, item: None }
    }

    /// What a source of this name took, by what its letters can be known by.
    pub fn by(service: &str, name: &str, record: String) -> Self {
        let location = Location { service: service.to_owned(), name: Some(name.to_owned()), part: None };
        Self { location, record, item: None }
    }
}

/// The key of the row that a body becomes; nothing where the body has none that the table takes.
pub fn item_key(body: &[u8], keys: &[Key]) -> Option<ItemKey> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(body).ok()?;
    let value = |key: &Key| {
        let raw = members.get(&key.name)?.get();
        let value = match key.kind {
            KeyKind::String => {
                AttributeValue::S(serde_json::from_str(raw).ok().filter(|text: &String| !text.is_empty())?)
            }
            KeyKind::Number if raw.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
                AttributeValue::N(raw.to_owned())
            }
            // The bundled consumer writes no bytes.
            KeyKind::Number | KeyKind::Binary => return None,
        };
        Some((key.name.clone(), value))
    };
    let key: Option<ItemKey> = keys.iter().map(value).collect();
    key.filter(|key| !key.is_empty())
}

/// Whether a letter is about this event. A pointer into a table's stream names no item.
pub fn is_about(letter: &Letter, taken: &Taken) -> bool {
    match (&taken.item, &taken.location.part) {
        (Some(item), _) => letter.is_of_item(item),
        (None, Some(shard)) => letter.covers(shard, &taken.record),
        // A message keeps its id where it is moved to; what a source took is somewhere in the event.
        (None, None) => letter.id == taken.record || letter.has(&taken.record),
    }
}

pub fn why(letter: &Letter) -> String {
    let more = cut(&letter.form().message(), 200);
    let colon = if more.is_empty() { "" } else { ": " };
    format!("{}{colon}{more}", tame(letter.form().reason()))
}

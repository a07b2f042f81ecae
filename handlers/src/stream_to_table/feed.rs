//! What feeds the consumer: what a record is, where it came from, and what becomes of it when it fails for good.
//!
//! An event's own shape says which feed it is of, and no setting does: a function whose trigger was changed reads the events of both
//! while both are on their way.
//!
//! | feed | its events | an item is |
//! |---|---|---|
//! | `kinesis` | records with `eventSource` `aws:kinesis` | the data |
//! | `table-changes` | records with `eventSource` `aws:dynamodb` | the new image; a REMOVE takes the row away, or is skipped |
//! | `queue` | records with `eventSource` `aws:sqs` | the body, or the message in an SNS envelope |
//! | `topic` | records with `EventSource` `aws:sns` | the message |
//! | `event` | an object with `detail-type`, `source` and `detail` (EventBridge) | `detail` |
//! | `event` | any other JSON object (a schedule's input, an IoT message) | the object |
//!
//! Records of two sources in one event, records of another source (a bucket's), and whatever is no object are of no feed: the event
//! fails, and the error tells the names of its members and none of their values.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

mod event;
mod kinesis;
mod queue;
mod table_changes;
mod topic;
mod unknown;

pub use self::unknown::Unknown;

/// The feeds whose events are lists of records.
const LISTS: [&Feed; 4] = [&kinesis::FEED, &table_changes::FEED, &queue::FEED, &topic::FEED];

/// One way for records to come here.
pub struct Feed {
    /// As it stands in logs.
    pub name: &'static str,
    /// What its records say under `eventSource`; empty where an event is no list of records.
    source: &'static str,
    ending: Ending,
    read: fn(&RawValue) -> serde_json::Result<Record<'_>>,
}

/// What an invocation answers, and what becomes of a record that can never be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ending {
    /// Lambda sends again everything from the lowest sequence number that is named. What can never be written would stay in the way:
    /// it goes to the dead-letter queue from here.
    #[default]
    Stream,
    /// Lambda sends again what is named. What can never be written is named too, and the queue's redrive policy moves it.
    Queue,
    /// Lambda sends the whole event again when the call fails, and in the end to the function's own destination.
    Push,
}

/// One record, whatever its feed.
pub struct Record<'a> {
    /// What an answer calls it: a sequence number, or a message's id.
    pub id: String,
    /// The message group of a FIFO queue: nothing of it may overtake.
    pub group: Option<String>,
    pub content: Content<'a>,
    pub origin: Origin<'a>,
}

/// What is to be done with a row.
pub enum Content<'a> {
    /// The item as JSON.
    Json(Cow<'a, [u8]>),
    /// A change of a table.
    Change(Change<'a>),
}

/// A change of a table. The images are in DynamoDB's JSON.
pub struct Change<'a> {
    /// The record as Lambda gave it.
    pub record: &'a RawValue,
    pub removed: bool,
    pub keys: Option<&'a RawValue>,
    pub new_image: Option<&'a RawValue>,
    pub old_image: Option<&'a RawValue>,
}

/// Where a record of a stream came from, for its letter.
#[derive(Default)]
pub struct Origin<'a> {
    pub event_id: String,
    pub stream_arn: String,
    /// Empty where Lambda does not tell it: for changes of a table.
    pub shard_id: String,
    pub partition_key: String,
    pub arrived_millis: i64,
    /// The key of the changed item, in DynamoDB's JSON.
    pub keys: Option<&'a RawValue>,
}

/// The records of one event, in the order in which they are to be written.
pub struct Batch<'a> {
    pub feed: &'static str,
    pub ending: Ending,
    pub records: Vec<Record<'a>>,
}

impl Record<'_> {
    /// Returns what a letter carries: the data, or the change as Lambda gave it.
    pub fn payload(&self) -> &[u8] {
        match &self.content {
            Content::Json(data) => data,
            Content::Change(change) => change.record.get().as_bytes(),
        }
    }
}

#[derive(Deserialize)]
struct Source {
    #[serde(rename = "eventSource", alias = "EventSource")]
    event_source: String,
}

/// Reads an event of any feed.
///
/// # Errors
/// It is of no feed, or not as its feed sends it.
pub fn read(event: &RawValue) -> Result<Batch<'_>, Unknown> {
    let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(event.get()) else {
        return Err(Unknown::shape(event));
    };
    let records: Option<Vec<&RawValue>> = members.get("Records").and_then(|raw| serde_json::from_str(raw.get()).ok());
    match records {
        // Nothing at all is nothing to do; with something beside it, it is somebody's object.
        Some(records) if records.is_empty() && members.len() == 1 => kinesis::FEED.batch(&records),
        Some(records) if records.iter().any(|record| source_of(record).is_some()) => {
            feed_of(&records).ok_or_else(|| Unknown::records(&records))?.batch(&records)
        }
        _ if members.contains_key("awslogs") => Err(Unknown::shape(event)),
        _ => event::FEED.batch(&[event]),
    }
}

fn source_of(record: &RawValue) -> Option<String> {
    serde_json::from_str::<Source>(record.get()).ok().map(|source| source.event_source)
}

/// Returns the feed that all of the records are of.
fn feed_of(records: &[&RawValue]) -> Option<&'static Feed> {
    let first = source_of(records.first()?)?;
    let feed = LISTS.into_iter().find(|feed| feed.source == first)?;
    records.iter().all(|record| source_of(record).is_some_and(|source| source == first)).then_some(feed)
}

impl Feed {
    fn batch<'a>(&self, raw: &[&'a RawValue]) -> Result<Batch<'a>, Unknown> {
        let mut records = Vec::with_capacity(raw.len());
        for (index, record) in raw.iter().enumerate() {
            records.push((self.read)(record).map_err(|_| Unknown::record(self.name, index, record))?);
        }
        if self.ending == Ending::Stream {
            // Sequence numbers are decimal, without leading zeros, and too long for any integer.
            records.sort_by(|one, other| (one.id.len(), &one.id).cmp(&(other.id.len(), &other.id)));
        }
        Ok(Batch { feed: self.name, ending: self.ending, records })
    }
}

#[cfg(test)]
mod tests;

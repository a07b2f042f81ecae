//! What passes by that a user wants to see: rows that functions write, and dead letters that they send.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::call::Call;
use crate::event::{DeadLetter, Event, Events, Row};

const PUT_ITEM: &str = "DynamoDB_20120810.PutItem";
const BATCH_WRITE_ITEM: &str = "DynamoDB_20120810.BatchWriteItem";
const CREATE_TABLE: &str = "DynamoDB_20120810.CreateTable";
const DESCRIBE_TABLE: &str = "DynamoDB_20120810.DescribeTable";
const SEND_MESSAGE: &str = "AmazonSQS.SendMessage";
const SEND_MESSAGE_BATCH: &str = "AmazonSQS.SendMessageBatch";

/// How much of a key or a reason is told.
const SHOWN_CHARS: usize = 200;

/// Tells rows and dead letters. Payloads are never told: of an item its key attributes, of a message its place in the stream.
pub struct Watch {
    events: Events,
    /// The key attributes of tables, by region and name, from the answers that described them.
    keys: Mutex<HashMap<(String, String), Vec<String>>>,
}

impl Watch {
    pub fn new(events: Events) -> Self {
        Self { events, keys: Mutex::default() }
    }

    /// Whether the call is to be looked into when it succeeded.
    pub fn cares(&self, call: &Call) -> bool {
        match call.target.as_str() {
            CREATE_TABLE | DESCRIBE_TABLE => true,
            PUT_ITEM | BATCH_WRITE_ITEM | SEND_MESSAGE | SEND_MESSAGE_BATCH => call.by_role(),
            _ => false,
        }
    }

    /// Looks into a call that succeeded. What is not shaped as expected is passed over.
    pub fn note(&self, call: &Call, input: &[u8], output: &[u8]) {
        match call.target.as_str() {
            PUT_ITEM => drop(self.put(call, input)),
            BATCH_WRITE_ITEM => drop(self.batch_put(call, input, output)),
            SEND_MESSAGE => drop(self.sent(input)),
            SEND_MESSAGE_BATCH => drop(self.batch_sent(input, output)),
            _ => drop(self.described(call, output)),
        }
    }

    fn described(&self, call: &Call, output: &[u8]) -> serde_json::Result<()> {
        let described: Described = serde_json::from_slice(output)?;
        if let Some(table) = described.table.or(described.table_description) {
            let names = table.key_schema.into_iter().map(|key| key.attribute_name).collect();
            let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            keys.insert((call.region.clone(), table.table_name), names);
        }
        Ok(())
    }

    fn put(&self, call: &Call, input: &[u8]) -> serde_json::Result<()> {
        let put: PutItem<'_> = serde_json::from_slice(input)?;
        self.row(call, &put.table_name, &put.item);
        Ok(())
    }

    fn batch_put(&self, call: &Call, input: &[u8], output: &[u8]) -> serde_json::Result<()> {
        let requested: RequestItems<'_> = serde_json::from_slice(input)?;
        let left: UnprocessedItems = serde_json::from_slice(output)?;
        for (table, requests) in &requested.request_items {
            let left = left.unprocessed_items.get(table).map(Vec::as_slice).unwrap_or_default();
            for put in requests.iter().filter_map(|request| request.put_request.as_ref()) {
                let item = serde_json::to_value(&put.item)?;
                if !left.iter().any(|left| left["PutRequest"]["Item"] == item) {
                    self.row(call, table, &put.item);
                }
            }
        }
        Ok(())
    }

    fn row(&self, call: &Call, table: &str, item: &Item<'_>) {
        // A table may be named by its ARN.
        let table = table.rsplit('/').next().unwrap_or(table).to_owned();
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let names = keys.get(&(call.region.clone(), table.clone())).cloned().unwrap_or_default();
        drop(keys);
        let key = start_of(&key(&names, item));
        self.events.send(Event::Row(Row { table, key })).ok();
    }

    fn sent(&self, input: &[u8]) -> serde_json::Result<()> {
        let message: Message = serde_json::from_slice(input)?;
        self.letter(&message.queue_url, &message.message_body)
    }

    fn batch_sent(&self, input: &[u8], output: &[u8]) -> serde_json::Result<()> {
        let batch: Messages = serde_json::from_slice(input)?;
        let taken: Taken = serde_json::from_slice(output)?;
        for entry in batch.entries.iter().filter(|entry| taken.successful.iter().any(|taken| taken.id == entry.id)) {
            self.letter(&batch.queue_url, &entry.message_body).ok();
        }
        Ok(())
    }

    fn letter(&self, queue_url: &str, body: &str) -> serde_json::Result<()> {
        let letter: Letter = serde_json::from_str(body)?;
        if letter.version == 1 && letter.kinesis_batch_info.is_none() {
            let queue = queue_url.rsplit('/').next().unwrap_or(queue_url).to_owned();
            let (first, last) = (letter.sequence_number.clone(), letter.sequence_number);
            let letter = DeadLetter { queue, reason: start_of(&letter.reason), shard: letter.shard_id, first, last };
            self.events.send(Event::DeadLetter(letter)).ok();
        }
        Ok(())
    }
}

/// The key attributes as DynamoDB's JSON, in the order of the key schema; empty while the key is not known.
fn key(names: &[String], item: &Item<'_>) -> String {
    let one = |name: &String| {
        let value: Value = serde_json::from_str(item.get(name)?.get()).ok()?;
        Some(format!("{}:{value}", Value::from(name.as_str())))
    };
    let all: Vec<String> = names.iter().filter_map(one).collect();
    if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) }
}

fn start_of(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

/// Attributes by name, their values unread.
type Item<'a> = BTreeMap<String, &'a RawValue>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutItem<'a> {
    table_name: String,
    #[serde(borrow)]
    item: Item<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RequestItems<'a> {
    #[serde(borrow)]
    request_items: HashMap<String, Vec<WriteRequest<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WriteRequest<'a> {
    #[serde(borrow)]
    put_request: Option<PutRequest<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest<'a> {
    #[serde(borrow)]
    item: Item<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UnprocessedItems {
    #[serde(default)]
    unprocessed_items: HashMap<String, Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    table: Option<Table>,
    table_description: Option<Table>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Table {
    table_name: String,
    key_schema: Vec<KeyElement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyElement {
    attribute_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    queue_url: String,
    message_body: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Messages {
    queue_url: String,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: String,
    message_body: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Taken {
    #[serde(default)]
    successful: Vec<TakenEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TakenEntry {
    id: String,
}

/// The message of `stream-to-table`; the documents of mappings have `KinesisBatchInfo`, and are told by the pollers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Letter {
    version: u32,
    reason: String,
    shard_id: String,
    sequence_number: String,
    #[serde(rename = "KinesisBatchInfo")]
    kinesis_batch_info: Option<IgnoredAny>,
}

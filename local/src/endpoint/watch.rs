//! What passes by that a user wants to see: rows that functions write, and dead letters that they send.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use serde_json::Value;

use super::call::{self, Call};
use crate::event::{DeadLetter, Denied, Event, Events, Location, Row};
use crate::seen::{Item, Lens, Seen};

const PUT_ITEM: &str = "DynamoDB_20120810.PutItem";
const BATCH_WRITE_ITEM: &str = "DynamoDB_20120810.BatchWriteItem";
const CREATE_TABLE: &str = "DynamoDB_20120810.CreateTable";
const DESCRIBE_TABLE: &str = "DynamoDB_20120810.DescribeTable";
const SEND_MESSAGE: &str = "AmazonSQS.SendMessage";
const SEND_MESSAGE_BATCH: &str = "AmazonSQS.SendMessageBatch";

/// What gives pollers something to read, by the start of the operation's name.
const FEEDS: [&str; 2] = ["Kinesis_20131202.PutRecord", SEND_MESSAGE];
/// The operations that may change items, and so put records into a table's stream.
const CHANGES: [&str; 8] = [
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactWriteItems",
    "ExecuteStatement",
    "BatchExecuteStatement",
    "ExecuteTransaction",
];

/// How much of a key or a reason is reported.
const SHOWN_CHARS: usize = 200;
/// How long a reported refusal is not reported again: a refused caller tends to ask on.
const TOLD_AGAIN: Duration = Duration::from_secs(10);
/// Refusals that are remembered.
const REMEMBERED: usize = 100;

/// Reports rows and dead letters, never payloads: of an item its key attributes, of a message its place in the stream.
pub struct Watch {
    events: Events,
    lens: Lens,
    /// The key attributes of tables, by region and name, from the answers that described them.
    keys: Mutex<HashMap<(String, String), Vec<String>>>,
    /// The refusals that were reported, and when.
    denied: Mutex<HashMap<Denied, Instant>>,
}

impl Watch {
    pub fn new(events: Events, lens: Lens) -> Self {
        Self { events, lens, keys: Mutex::default(), denied: Mutex::default() }
    }

    /// Tells an event.
    pub fn tell(&self, event: Event) {
        self.events.send(event).ok();
    }

    /// Whether the call is to be looked into.
    pub fn cares(&self, call: &Call) -> bool {
        match call.target.as_str() {
            CREATE_TABLE | DESCRIBE_TABLE => true,
            PUT_ITEM | BATCH_WRITE_ITEM | SEND_MESSAGE | SEND_MESSAGE_BATCH => call.by_role(),
            _ => false,
        }
    }

    /// Looks into a call and its answer. A body of an unexpected shape is passed over.
    pub fn note(&self, call: &Call, input: &[u8], status: StatusCode, output: &[u8]) {
        let json = |bytes| serde_json::from_slice(bytes).unwrap_or(Value::Null);
        match call.target.as_str() {
            PUT_ITEM if status == StatusCode::BAD_REQUEST => self.kept(call, &json(input), &json(output)),
            _ if status != StatusCode::OK => {}
            PUT_ITEM => self.put(call, &json(input), false),
            BATCH_WRITE_ITEM => self.batch_put(call, &json(input), &json(output)),
            SEND_MESSAGE => self.sent(&json(input)),
            SEND_MESSAGE_BATCH => self.batch_sent(&json(input), &json(output)),
            DESCRIBE_TABLE => self.described(call, &json(output)["Table"]),
            _ => self.described(call, &json(output)["TableDescription"]),
        }
    }

    /// Tells that a role's call was refused for want of a right, where the answer says of which, in IAM's words
    /// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
    pub fn refused(&self, output: &[u8]) {
        let output = String::from_utf8_lossy(output);
        let Some(denied) = denied(&output) else { return };
        let mut all = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, at| at.elapsed() < TOLD_AGAIN);
        if all.len() < REMEMBERED && !all.contains_key(&denied) {
            all.insert(denied.clone(), Instant::now());
            self.events.send(Event::Denied(denied)).ok();
        }
    }

    fn described(&self, call: &Call, table: &Value) {
        if let Some(name) = table["TableName"].as_str() {
            let names = all(&table["KeySchema"]).iter().map(|key| text(&key["AttributeName"])).collect();
            let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            keys.insert((call.region.clone(), name.to_owned()), names);
        }
    }

    fn put(&self, call: &Call, input: &Value, kept: bool) {
        if let Some(table) = input["TableName"].as_str() {
            self.row(call, table, &input["Item"], kept);
        }
    }

    /// Tells a row that `stream-to-table` was to write only where none is, and found one.
    fn kept(&self, call: &Call, input: &Value, output: &Value) {
        let asked = input["ConditionExpression"] == "attribute_not_exists(#key)";
        if asked && text(&output["__type"]).ends_with("ConditionalCheckFailedException") {
            self.put(call, input, true);
        }
    }

    fn batch_put(&self, call: &Call, input: &Value, output: &Value) {
        for (table, requests) in input["RequestItems"].as_object().into_iter().flatten() {
            let left = all(&output["UnprocessedItems"][table]);
            for put in all(requests).iter().filter(|request| request["PutRequest"].is_object()) {
                let item = &put["PutRequest"]["Item"];
                if !left.iter().any(|left| left["PutRequest"]["Item"] == *item) {
                    self.row(call, table, item, false);
                }
            }
        }
    }

    fn row(&self, call: &Call, table: &str, item: &Value, kept: bool) {
        // A table may be named by its ARN.
        let table = table.rsplit('/').next().unwrap_or(table).to_owned();
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let names = keys.get(&(call.region.clone(), table.clone())).cloned().unwrap_or_default();
        drop(keys);
        let key = start_of(&key(&names, item));
        self.lens.show(|| {
            let (table, item, trace) = (table.clone(), item.clone(), call.trace.clone());
            Seen::Item(Item { table, keys: names, item, trace, kept })
        });
        self.events.send(Event::Row(Row { table, key, kept })).ok();
    }

    fn sent(&self, input: &Value) {
        self.letter(&input["QueueUrl"], &input["MessageBody"]);
    }

    fn batch_sent(&self, input: &Value, output: &Value) {
        let taken = all(&output["Successful"]);
        for entry in all(&input["Entries"]).iter().filter(|entry| taken.iter().any(|taken| taken["Id"] == entry["Id"]))
        {
            self.letter(&input["QueueUrl"], &entry["MessageBody"]);
        }
    }

    /// Reports a message of `stream-to-table`. The documents of mappings have another version, and the pollers report them.
    fn letter(&self, queue_url: &Value, body: &Value) {
        let letter: Value = body.as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        let [reason, number] = ["reason", "sequenceNumber"].map(|name| letter[name].as_str());
        let location = Location::of(&text(&letter["streamArn"]), letter["shardId"].as_str());
        let whole = letter["version"] == 1 && !location.service.is_empty();
        if let (Some(reason), Some(number), true) = (reason, number, whole) {
            let queue = text(queue_url).rsplit('/').next().unwrap_or_default().to_owned();
            let (reason, first) = (start_of(reason), number.to_owned());
            let letter = DeadLetter { queue, reason, location, last: first.clone(), first };
            self.events.send(Event::DeadLetter(letter)).ok();
        }
    }
}

/// Whether a call feeds a stream, a queue or the stream of a table. Integrations of API Gateway send messages in SQS's older protocol, as a form.
pub fn feeds(head: &Parts, body: &[u8]) -> bool {
    let target = call::text(&head.headers, "x-amz-target");
    if !target.is_empty() {
        let operation = target.strip_prefix("DynamoDB_20120810.");
        return FEEDS.iter().any(|start| target.starts_with(start))
            || operation.is_some_and(|name| CHANGES.contains(&name));
    }
    let form = call::text(&head.headers, CONTENT_TYPE.as_str()).starts_with("application/x-www-form-urlencoded");
    let sends = |form: &[u8]| {
        form_urlencoded::parse(form).any(|(name, value)| name == "Action" && value.starts_with("SendMessage"))
    };
    head.uri.query().is_some_and(|query| sends(query.as_bytes())) || (form && sends(body))
}

fn denied(output: &str) -> Option<Denied> {
    let (caller, rest) = output.split_once(" is not authorized to perform: ")?;
    let role = caller.rsplit_once(":assumed-role/")?.1.split('/').next()?;
    let action = rest.split_whitespace().next()?;
    let resource = rest.split_once(" on resource: ").and_then(|(_, on)| on.split([' ', '"', '<']).next()).map(start_of);
    Some(Denied { role: start_of(role), action: start_of(action), resource })
}

/// The key attributes as DynamoDB's JSON, in the order of the key schema; empty while the key is not known.
fn key(names: &[String], item: &Value) -> String {
    let one = |name: &String| Some(format!("{}:{}", Value::from(name.as_str()), item.get(name)?));
    let all: Vec<String> = names.iter().filter_map(one).collect();
    if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) }
}

fn all(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn start_of(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

//! A table and a queue in memory, that fail as a test asks for.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::super::{Item, Keys, Poison, Put, PutError, Queue, Reason, SendError, Table};

/// How a record, or the queue, behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conduct {
    Good,
    /// Its data is no JSON.
    BadJson,
    /// The table refuses it for ever.
    Refused,
    /// Writing it panics.
    Panics,
    /// The first calls of each invocation are throttled.
    Throttled(u32),
    /// Every call fails in the first invocations.
    DownFor(u32),
    /// This call, counted from 1 over all invocations, is refused for ever (the queue).
    RefusesCall(u32),
    /// It takes no longer message (the queue), in bytes.
    AtMost(usize),
    /// Another item is there, and stays.
    Kept,
    /// No call ever answers.
    Hangs,
}

/// Which invocation it is, from 0.
pub type Clock = Cell<u32>;

/// A table whose items carry their record's number as `v`.
pub struct FakeTable<'a> {
    pub clock: &'a Clock,
    pub conducts: Vec<Conduct>,
    pub latency: Duration,
    calls: RefCell<HashMap<(u32, usize), u32>>,
    /// Every write that succeeded: invocation, key, record.
    pub writes: RefCell<Vec<(u32, String, usize)>>,
    /// Every key that was deleted.
    pub deletes: RefCell<Vec<String>>,
    pub in_flight: Cell<usize>,
    pub most_in_flight: Cell<usize>,
}

impl<'a> FakeTable<'a> {
    pub fn new(clock: &'a Clock, conducts: Vec<Conduct>) -> Self {
        FakeTable {
            clock,
            conducts,
            latency: Duration::from_millis(10),
            calls: RefCell::default(),
            writes: RefCell::default(),
            deletes: RefCell::default(),
            in_flight: Cell::new(0),
            most_in_flight: Cell::new(0),
        }
    }

    /// Returns the records that were written, in order.
    pub fn written(&self) -> Vec<usize> {
        self.writes.borrow().iter().map(|(_, _, record)| *record).collect()
    }

    async fn answer(&self, key: String, record: usize) -> Result<Put, PutError> {
        let invocation = self.clock.get();
        let call = {
            let mut calls = self.calls.borrow_mut();
            let call = calls.entry((invocation, record)).or_default();
            *call += 1;
            *call
        };
        // Uneven, so that the keys overtake each other.
        sleep(self.latency * (1 + (record as u32 * 7 + call) % 5)).await;
        match self.conducts[record] {
            Conduct::Refused => Err(PutError::Poison(Poison::new(Reason::Refused, "never"))),
            Conduct::Panics => panic!("over record {record}"),
            Conduct::Throttled(calls) if call <= calls => Err(PutError::Transient("ThrottlingException".into())),
            Conduct::DownFor(until) if invocation < until => {
                Err(PutError::Transient("ResourceNotFoundException".into()))
            }
            Conduct::Hangs => std::future::pending().await,
            Conduct::Kept => Ok(Put::Kept),
            _ => {
                self.writes.borrow_mut().push((invocation, key, record));
                Ok(Put::Written)
            }
        }
    }
}

impl Table for &FakeTable<'_> {
    async fn put(&self, item: Item) -> Result<Put, PutError> {
        let (Some(AttributeValue::S(key)), Some(AttributeValue::N(record))) = (item.get("id"), item.get("v")) else {
            panic!("an item of another test")
        };
        self.in_flight.set(self.in_flight.get() + 1);
        self.most_in_flight.set(self.most_in_flight.get().max(self.in_flight.get()));
        let answer = self.answer(key.clone(), record.parse().expect("number")).await;
        self.in_flight.set(self.in_flight.get() - 1);
        answer
    }

    async fn delete(&self, key: Item) -> Result<(), PutError> {
        let Some(AttributeValue::S(id)) = key.get("id") else { panic!("a key of another test") };
        sleep(self.latency).await;
        self.deletes.borrow_mut().push(id.clone());
        Ok(())
    }
}

/// A queue that keeps what it is sent.
pub struct FakeQueue<'a> {
    pub clock: &'a Clock,
    pub conduct: Conduct,
    pub calls: Cell<u32>,
    /// Every message: invocation and body.
    pub messages: RefCell<Vec<(u32, Value)>>,
}

impl<'a> FakeQueue<'a> {
    pub fn new(clock: &'a Clock, conduct: Conduct) -> Self {
        FakeQueue { clock, conduct, calls: Cell::new(0), messages: RefCell::default() }
    }

    /// Returns the sequence numbers of the messages, in order.
    pub fn numbers(&self) -> Vec<String> {
        let messages = self.messages.borrow();
        messages.iter().map(|(_, body)| body["sequenceNumber"].as_str().expect("number").to_owned()).collect()
    }
}

impl Queue for &FakeQueue<'_> {
    async fn send(&self, body: &str) -> Result<(), SendError> {
        self.calls.set(self.calls.get() + 1);
        sleep(Duration::from_millis(15)).await;
        let error = |code: &str, transient| Err(SendError { code: code.into(), transient });
        match self.conduct {
            Conduct::Refused => error("InvalidMessageContents", false),
            Conduct::RefusesCall(call) if self.calls.get() == call => error("InvalidMessageContents", false),
            Conduct::AtMost(bytes) if body.len() > bytes => error("InvalidParameterValue", false),
            Conduct::Panics => panic!("in the queue"),
            Conduct::Throttled(calls) if self.calls.get() <= calls => error("RequestThrottled", true),
            Conduct::DownFor(until) if self.clock.get() < until => error("AccessDenied", true),
            Conduct::Hangs => std::future::pending().await,
            _ => {
                self.messages.borrow_mut().push((self.clock.get(), serde_json::from_str(body).expect("json")));
                Ok(())
            }
        }
    }
}

pub fn keys() -> Keys {
    Keys { partition: "id".into(), sort: None }
}

/// Returns the sequence number of a record; they grow in length, as real ones do not within a shard, but may between shards.
pub fn number(record: usize) -> String {
    (98 + record).to_string()
}

/// Returns the event of the records from `first` on: each has a key and a conduct.
pub fn event(records: &[(&str, Conduct)], first: usize) -> Box<RawValue> {
    let records: Vec<Value> = records
        .iter()
        .enumerate()
        .skip(first)
        .map(|(index, (key, conduct))| {
            let data = match conduct {
                Conduct::BadJson => "{".to_owned(),
                _ => json!({ "id": key, "v": index }).to_string(),
            };
            record(&number(index), &data)
        })
        .collect();
    serde_json::from_value(json!({ "Records": records })).expect("event")
}

/// Returns one record as Lambda delivers it.
pub fn record(number: &str, data: &str) -> Value {
    json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "p",
            "sequenceNumber": number,
            "data": STANDARD.encode(data),
            "approximateArrivalTimestamp": 1545084650.987
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": format!("shardId-000000000000:{number}"),
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/r",
        "awsRegion": "us-east-2",
        "eventSourceARN": "arn:aws:kinesis:us-east-2:123456789012:stream/s"
    })
}

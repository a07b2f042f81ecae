//! Calls of functions: which events they have, and what came of each.

use std::collections::{BTreeSet, HashMap};

use pipe_local::seen::{Called, Calling, Item, Line};
use serde_json::Value;

use super::Journal;
use super::requests::said;
use crate::console::entry::{Call, Entry, State, record_key};
use crate::console::records::{Record, records, row_key};
use crate::console::step::{MOST, Step};

/// Lines of a call that are kept, and the most of one, in bytes.
const LINES: usize = 200;
const LINE: usize = 8 * 1024;
/// Calls of an event that are kept: its last ones say why it fails.
const TRIES: usize = 10;
/// A longer answer names no failed records.
const LONGEST_ANSWER: usize = 1024 * 1024;

impl Journal {
    /// Takes a call that begins: of a batch, each record is an event.
    pub(super) fn calling(&mut self, at: i64, calling: Calling) {
        let Calling { id, function, trace, payload } = calling;
        self.set_aside(&id);
        let (trace, records) = (root(&trace).to_owned(), records(&payload));
        let (mut events, mut rows) = (Vec::new(), HashMap::new());
        for record in &records {
            let n = self.record(at, record, &id);
            events.push(n);
            rows.extend(record.data.row_key(&self.row_keys).map(|key| (key, n)));
        }
        // Of a batch each record has a step of its own.
        let (asked, asked_bytes) = match records.is_empty() {
            true => (first(self.payload(&payload)), payload.len()),
            false => (String::new(), 0),
        };
        let bytes = asked.len() + 512 + 128 * records.len();
        self.bytes += bytes;
        self.under_way.insert(trace.clone(), id.clone());
        self.order.push_back(id.clone());
        let since = self.last + 1;
        let call = Call { function, at, trace, events, rows, asked, asked_bytes, bytes, since, ..Call::default() };
        self.calls.insert(id, call);
    }

    /// Lambda's later tries of an event have the id of the first one: what is known of an earlier one goes under another.
    fn set_aside(&mut self, id: &str) {
        let Some(call) = self.calls.remove(id) else { return };
        let key = (1..).map(|n| format!("{id}#{n}")).find(|key| !self.calls.contains_key(key)).unwrap_or_default();
        self.order.iter_mut().filter(|of| *of == id).for_each(|of| of.clone_from(&key));
        for n in &call.events {
            self.change(*n, |entry| entry.calls.iter_mut().filter(|of| *of == id).for_each(|of| of.clone_from(&key)));
        }
        self.calls.insert(key, call);
    }

    /// The event of a record, which a call has now.
    fn record(&mut self, at: i64, record: &Record, call: &str) -> u64 {
        let Record { location, id, event_id, partition_key, arrived, data } = record;
        let key = record_key(location, id);
        let began = if *arrived > 0 { *arrived } else { at };
        let n = self.number(&key).unwrap_or_else(|| {
            let name = location.name.as_deref().unwrap_or_default();
            self.begin(key, began, format!("{} {name}", location.service), event_id.clone())
        });
        let step = self.entries.get(&n).is_some_and(|entry| !has_record(entry)).then(|| {
            let (text, bytes) = data.shown();
            Step::new("stream", "record", began)
                .place(location, id)
                .fact("partition key", partition_key.as_ref().map(|key| self.secrets.mask(key)))
                .body("data", self.secrets.mask(&text), bytes)
        });
        self.change(n, |entry| {
            entry.summary.id.clone_from(event_id);
            entry.steps.extend(step);
            entry.calls.push(call.to_owned());
            if entry.calls.len() > TRIES {
                entry.calls.remove(0);
            }
        });
        n
    }

    /// Takes what came of a call.
    pub(super) fn called(&mut self, at: i64, called: &Called) {
        let answer = first(self.payload(&called.answer));
        let Some(call) = self.calls.get_mut(&called.id) else { return };
        (call.ms, call.failed, call.answer_bytes) = (Some(called.milliseconds), called.failed, called.answer.len());
        call.bytes += answer.len();
        self.bytes += answer.len();
        self.under_way.remove(&call.trace);
        let (events, written) = (call.events.clone(), written(call));
        let why = called.failed.then(|| said(&answer).unwrap_or_else(|| "the call failed".to_owned()));
        call.answer = answer;
        let failed = if called.failed { Failed::default() } else { Failed::of(&called.answer) };
        let mut judged = true;
        for n in events {
            let Some(entry) = self.entries.get(&n) else { continue };
            let named = failed.names(entry);
            // What follows the first failure of a stream is not judged: it comes again.
            let is_judged = judged || named;
            judged &= !named || is_message(entry);
            if entry.summary.state == State::Letter || !is_judged {
                continue;
            }
            let why = why.clone().or_else(|| named.then(|| "the function named it as failed".to_owned()));
            let (state, place) = match (&why, written.contains(&n)) {
                (Some(_), _) => (State::Failed, "function"),
                (None, true) => (State::Done, "table"),
                (None, false) => (State::Done, "function"),
            };
            self.change(n, |entry| entry.goes(state, place, why, at));
        }
    }

    /// Takes a line that a call wrote.
    pub(super) fn line(&mut self, line: &Line) {
        let text = self.secrets.mask(&line.line[..line.line.floor_char_boundary(LINE)]);
        let Some(call) = self.calls.get_mut(&line.call) else { return };
        if call.log.len() < LINES {
            call.bytes += text.len();
            self.bytes += text.len();
            call.log.push(text);
        }
    }

    /// Takes an item that a call wrote. What a route wrote is a part of its request.
    pub(super) fn item(&mut self, at: i64, item: Item) {
        if self.row_keys.is_empty() {
            self.row_keys.clone_from(&item.keys);
        }
        let Some(id) = self.under_way.get(root(&item.trace)) else { return };
        let key = row_key(&item.keys, &item.item);
        let text = self.secrets.mask(&item.item.to_string());
        let bytes = text.len();
        let step = Step::new("table", "row", at)
            .fact("table", item.table)
            .fact("key", key.as_ref().map(|key| self.secrets.mask(key)))
            .fact("kept", item.kept.then(|| "it was there before, and stays as it is".to_owned()))
            .body("item", text, bytes);
        let Some(call) = self.calls.get_mut(id) else { return };
        let alone = call.events.first().copied().filter(|_| call.events.len() == 1);
        let n = key.and_then(|key| call.rows.get(&key).copied()).or(alone);
        call.bytes += step.size();
        self.bytes += step.size();
        call.written.push((n, step));
        if let Some(n) = n {
            self.change(n, |entry| entry.goes(State::Done, "table", None, at));
        }
    }
}

/// What of a batch failed, where the function answered with `batchItemFailures`.
#[derive(Default)]
struct Failed(BTreeSet<String>);

impl Failed {
    fn of(answer: &[u8]) -> Self {
        if answer.len() > LONGEST_ANSWER {
            return Self::default();
        }
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let all = answer["batchItemFailures"].as_array().into_iter().flatten();
        Self(all.filter_map(|one| one["itemIdentifier"].as_str().map(str::to_owned)).collect())
    }

    fn names(&self, entry: &Entry) -> bool {
        let id = |key: &String| key.rsplit('/').next().is_some_and(|id| self.0.contains(id));
        !self.0.is_empty() && entry.ids.iter().any(id)
    }
}

/// The events of a call that are rows.
fn written(call: &Call) -> BTreeSet<u64> {
    call.written.iter().filter_map(|(n, _)| *n).collect()
}

fn is_message(entry: &Entry) -> bool {
    entry.ids.iter().any(|key| key.starts_with("sqs/"))
}

fn has_record(entry: &Entry) -> bool {
    entry.steps.iter().any(|step| step.title == "record")
}

/// The part of a trace that all its calls have in common.
fn root(trace: &str) -> &str {
    trace.split(';').next().unwrap_or(trace)
}

fn first(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MOST));
    text
}

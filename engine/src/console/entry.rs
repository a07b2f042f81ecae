//! One event on its way, and one call of a function.

use std::collections::HashMap;

use pipe_local::event::Location;
use serde::Serialize;

use super::step::Step;

/// The most of a reason that a line has, in bytes.
const REASON: usize = 1024;

/// How an event fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// On its way.
    Waiting,
    Done,
    /// Its last try failed: it is tried again, or lost.
    Failed,
    Letter,
    /// It was not let in.
    Refused,
}

impl State {
    pub fn named(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Done, Self::Failed, Self::Letter, Self::Refused]
            .into_iter()
            .find(|state| serde_json::to_value(state).is_ok_and(|text| text == name))
    }
}

/// An event in a line.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub n: u64,
    /// Milliseconds since 1970.
    pub at: i64,
    pub title: String,
    pub id: String,
    pub state: State,
    /// From where it was first seen to where it ended.
    pub ms: Option<i64>,
    /// The id of the part that has it now.
    #[serde(rename = "where")]
    pub place: &'static str,
    pub why: Option<String>,
}

/// An event with the steps of its way, but those that are a call's.
pub struct Entry {
    pub summary: Summary,
    /// Other ids that it can be looked for by.
    pub ids: Vec<String>,
    pub steps: Vec<Step>,
    /// Ids of the calls that had it, in their order.
    pub calls: Vec<String>,
    /// Memory that its steps take.
    pub bytes: usize,
    /// Whether its time to a row was counted.
    pub timed: bool,
    /// Nobody tries again.
    pub lost: bool,
}

impl Entry {
    pub fn new(n: u64, at: i64, title: String, id: String) -> Self {
        let summary = Summary { n, at, title, id, state: State::Waiting, ms: None, place: "stream", why: None };
        Self { summary, ids: Vec::new(), steps: Vec::new(), calls: Vec::new(), bytes: 0, timed: false, lost: false }
    }

    /// Says where it is now, and since when.
    pub fn goes(&mut self, state: State, place: &'static str, mut why: Option<String>, at: i64) {
        if let Some(why) = &mut why {
            why.truncate(why.floor_char_boundary(REASON));
            why.shrink_to_fit();
        }
        let ended = !matches!(state, State::Waiting);
        self.summary.ms = ended.then(|| (at - self.summary.at).max(0));
        (self.summary.state, self.summary.place, self.summary.why) = (state, place, why);
    }

    /// Whether a text stands in its line or is one of its ids.
    pub fn has(&self, text: &str) -> bool {
        let Summary { title, id, why, .. } = &self.summary;
        let holds = |value: &String| value.to_lowercase().contains(text);
        holds(title) || holds(id) || why.as_ref().is_some_and(holds) || self.ids.iter().any(holds)
    }
}

/// A call of a function.
#[derive(Default)]
pub struct Call {
    pub function: String,
    pub at: i64,
    pub ms: Option<u64>,
    pub failed: bool,
    pub trace: String,
    /// The events that it has, in their order.
    pub events: Vec<u64>,
    /// Those that a row belongs to, by the row's key; empty where no names of keys were known.
    pub rows: HashMap<String, u64>,
    /// What it wrote, with the event where that is known.
    pub written: Vec<(Option<u64>, Step)>,
    pub log: Vec<String>,
    pub asked: String,
    pub asked_bytes: usize,
    pub answer: String,
    pub answer_bytes: usize,
    pub bytes: usize,
    /// The number that the next event had when it began.
    pub since: u64,
}

impl Call {
    /// Its step on the way of an event, and then what it wrote for that event.
    pub fn steps(&self, id: &str, n: u64) -> Vec<Step> {
        let mut step = Step::new("function", "invocation", self.at)
            .fact("function", self.function.clone())
            // All tries of an event have its id.
            .fact("request id", id.split('#').next().unwrap_or_default().to_owned())
            .fact("events in the batch", (self.events.len() > 1).then(|| self.events.len().to_string()))
            .body("event", self.asked.clone(), self.asked_bytes)
            .body("answer", self.answer.clone(), self.answer_bytes);
        (step.ms, step.ok, step.log) = (self.ms, !self.failed, self.log.clone());
        let alone = self.events.len() <= 1;
        let own = self.written.iter().filter(|(event, _)| *event == Some(n) || (event.is_none() && alone));
        std::iter::once(step).chain(own.map(|(_, step)| step.clone())).collect()
    }
}

/// What tells a record from all others. DynamoDB's facts do not all name the shard, and its numbers need none.
pub fn record_key(location: &Location, id: &str) -> String {
    let part = location.part.as_deref().filter(|_| location.service == "kinesis").unwrap_or_default();
    format!("{}/{}/{part}/{id}", location.service, location.name.as_deref().unwrap_or_default())
}

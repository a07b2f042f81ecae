//! What happened to each event, joined from the facts of the data path: a request and its record, the record and the calls that had it, the
//! calls and their rows, letters and log lines.
//!
//! Records are known by their place; calls by Lambda's request ids; what a function writes by the trace that its SDK sends along, and
//! within a batch by the row's key. What cannot be known is left out: a row of a batch whose key no record has belongs to none of them.
//!
//! Memory is bounded: so many events, and so many bytes of their details. The oldest go first, details before lines. Secrets are masked
//! before anything is kept.

mod calls;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use pipe_local::event::{DeadLetter, Event, GivenUp, Location, Retry};
use pipe_local::seen::Seen;

use super::entry::{Call, Entry, State, Summary, record_key};
use super::mask::Secrets;
use super::step::Step;

/// Events that are kept.
const MOST: usize = 10_000;
/// Calls that are kept: an event may have had several, or none.
const MOST_CALLS: usize = 20_000;
/// Bytes of details that are kept.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// See the module.
#[derive(Default)]
pub struct Journal {
    entries: BTreeMap<u64, Entry>,
    last: u64,
    /// By the place of the record, and by the ids of requests.
    known: HashMap<String, u64>,
    calls: HashMap<String, Call>,
    order: VecDeque<String>,
    /// Ids of calls that have not ended, by their traces.
    under_way: HashMap<String, String>,
    /// Names of the key attributes of the table that rows go to.
    pub row_keys: Vec<String>,
    pub secrets: Secrets,
    changed: BTreeSet<u64>,
    /// Memory that details take.
    bytes: usize,
    /// Up to which event details were dropped.
    thinned: u64,
}

impl Journal {
    /// Takes a fact of this time.
    pub fn take(&mut self, at: i64, fact: Seen) {
        match fact {
            Seen::Credentials(values) => values.iter().for_each(|value| self.secrets.learn(value)),
            Seen::Request(request) => self.request(at, *request),
            Seen::Accepted(accepted) => self.accepted(at, accepted),
            Seen::Calling(calling) => self.calling(at, calling),
            Seen::Called(called) => self.called(at, &called),
            Seen::Tried(tried) => self.tried(at, tried),
            Seen::Line(line) => self.line(&line),
            Seen::Item(item) => self.item(at, item),
            Seen::Filtered { location, records } => {
                for id in records {
                    let why = Some("no filter lets it pass".to_owned());
                    self.at(&record_key(&location, &id), |entry| entry.goes(State::Done, "stream", why, at));
                }
            }
            Seen::Told(Event::DeadLetter(letter)) => self.letter(at, &letter),
            Seen::Told(Event::GivenUp(given_up)) => self.given_up(at, given_up),
            Seen::Told(Event::Retry(Retry { request, reason, seconds, .. })) => {
                let why = Some(format!("again in {seconds} s: {}", self.secrets.mask(&reason)));
                self.at(&request, |entry| entry.goes(State::Failed, "function", why, at));
            }
            Seen::Told(_) => {}
        }
        self.bound();
    }

    /// Lines of events, the newest first, and whether there are more.
    pub fn summaries(&self, before: u64, limit: usize, text: &str, state: Option<State>) -> (Vec<Summary>, bool) {
        let text = text.to_lowercase();
        let fits = |entry: &&Entry| {
            state.is_none_or(|state| entry.summary.state == state) && (text.is_empty() || entry.has(&text))
        };
        let newest = self.entries.range(..before).rev().map(|(_, entry)| entry);
        let mut found: Vec<Summary> = newest.filter(fits).take(limit + 1).map(|entry| entry.summary.clone()).collect();
        let more = found.len() > limit;
        found.truncate(limit);
        (found, more)
    }

    /// The line of an event, and the steps of its way in the order of time.
    pub fn event(&self, n: u64) -> Option<(Summary, Vec<Step>)> {
        let entry = self.entries.get(&n)?;
        let calls = entry.calls.iter().filter_map(|id| Some((id, self.calls.get(id)?)));
        let mut steps = entry.steps.clone();
        steps.extend(calls.flat_map(|(id, call)| call.steps(id, n)));
        // The gateway reports a request when it has answered it; the function may have the record by then.
        steps.sort_by_key(|step| (step.title != "request", step.at));
        Some((entry.summary.clone(), steps))
    }

    /// The number of the event that has this record, or was sent with this request.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.known.get(key).copied()
    }

    /// The lines that are other ones than when this was last asked, and how long those took that have become rows, in milliseconds.
    pub fn changed(&mut self) -> (Vec<Summary>, Vec<i64>) {
        let (mut lines, mut rows) = (Vec::new(), Vec::new());
        for n in std::mem::take(&mut self.changed) {
            let Some(entry) = self.entries.get_mut(&n) else { continue };
            let is_row = entry.summary.state == State::Done && entry.summary.place == "table";
            if is_row && !std::mem::replace(&mut entry.timed, true) {
                rows.push(entry.summary.ms.unwrap_or_default());
            }
            lines.push(entry.summary.clone());
        }
        (lines, rows)
    }

    /// How many events are on their way, and since when the oldest is.
    pub fn waiting(&self) -> (usize, Option<i64>) {
        // A request that failed is over: its client was told.
        let on_the_way = |entry: &&Entry| match entry.summary.state {
            State::Waiting => true,
            State::Failed => !entry.lost && entry.summary.place != "api",
            _ => false,
        };
        let waiting = self.entries.values().filter(on_the_way);
        let (count, oldest) = waiting.fold((0, None), |(count, oldest): (usize, Option<i64>), entry| {
            let at = entry.summary.at;
            (count + 1, Some(oldest.map_or(at, |oldest| oldest.min(at))))
        });
        (count, oldest)
    }

    /// Begins an event that is known by this.
    fn begin(&mut self, key: String, at: i64, title: String, id: String) -> u64 {
        self.last += 1;
        self.entries.insert(self.last, Entry { ids: vec![key.clone()], ..Entry::new(self.last, at, title, id) });
        self.known.insert(key, self.last);
        self.changed.insert(self.last);
        self.last
    }

    /// Changes the event that is known by this, if there is one.
    fn at(&mut self, key: &str, change: impl FnOnce(&mut Entry)) {
        if let Some(n) = self.number(key) {
            self.change(n, change);
        }
    }

    fn change(&mut self, n: u64, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.get_mut(&n) {
            change(entry);
            let bytes: usize = entry.steps.iter().map(Step::size).sum();
            self.bytes = (self.bytes + bytes).saturating_sub(entry.bytes);
            entry.bytes = bytes;
            self.changed.insert(n);
        }
    }

    fn letter(&mut self, at: i64, letter: &DeadLetter) {
        let DeadLetter { queue, reason, location, first, last } = letter;
        let why = self.secrets.mask(reason);
        let step = Step::new("dlq", "letter", at).fact("queue", queue.clone()).fact("reason", why.clone());
        for n in self.between(location, first, last) {
            self.change(n, |entry| {
                entry.steps.push(step.clone());
                entry.goes(State::Letter, "dlq", Some(why.clone()), at);
            });
        }
    }

    /// The events of the records from one to another.
    fn between(&self, location: &Location, first: &str, last: &str) -> Vec<u64> {
        if first == last {
            return self.number(&record_key(location, first)).into_iter().collect();
        }
        let prefix = record_key(location, "");
        let number = |id: &str| (id.trim_start_matches('0').len(), id.trim_start_matches('0').to_owned());
        let (first, last) = (number(first), number(last));
        let within = |id: &str| (first.clone()..=last.clone()).contains(&number(id));
        let of = |(key, n): (&String, &u64)| key.strip_prefix(&prefix).filter(|id| within(id)).map(|_| *n);
        self.known.iter().filter_map(of).collect()
    }

    fn given_up(&mut self, at: i64, given_up: GivenUp) {
        let GivenUp { request, reason, to, .. } = given_up;
        let why = self.secrets.mask(&reason);
        self.at(&request, |entry| match to {
            Some(queue) => {
                let step = Step::new("dlq", "letter", at).fact("queue", queue).fact("reason", why.clone());
                entry.steps.push(step);
                entry.goes(State::Letter, "dlq", Some(why), at);
            }
            None => {
                entry.lost = true;
                entry.goes(State::Failed, "function", Some(format!("{why}; the event is lost")), at);
            }
        });
    }

    /// Drops the oldest beyond what may be kept.
    fn bound(&mut self) {
        while self.entries.len() > MOST {
            let Some((n, entry)) = self.entries.pop_first() else { break };
            self.bytes = self.bytes.saturating_sub(entry.bytes);
            for id in &entry.ids {
                if self.known.get(id) == Some(&n) {
                    self.known.remove(id);
                }
            }
        }
        while self.order.len() > MOST_CALLS {
            self.drop_call();
        }
        while self.bytes > MOST_BYTES && self.thinned < self.last {
            self.thinned += 1;
            while self.order.front().and_then(|id| self.calls.get(id)).is_some_and(|call| call.since <= self.thinned) {
                self.drop_call();
            }
            let Some(entry) = self.entries.get_mut(&self.thinned) else { continue };
            entry.steps.iter_mut().for_each(|step| step.bodies.clear());
            let bytes: usize = entry.steps.iter().map(Step::size).sum();
            self.bytes = (self.bytes + bytes).saturating_sub(entry.bytes);
            entry.bytes = bytes;
        }
    }

    fn drop_call(&mut self) {
        let Some(call) = self.order.pop_front().and_then(|id| self.calls.remove(&id)) else { return };
        self.bytes = self.bytes.saturating_sub(call.bytes);
        self.under_way.remove(&call.trace);
    }
}

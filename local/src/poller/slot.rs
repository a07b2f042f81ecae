//! One of a shard's parallel lines: at most one of its batches is at work, and the others wait behind it in order.

use std::collections::VecDeque;

use bytes::Bytes;

use super::batch::{Batch, Entry, Last, ready};
use super::diagnosis::wrong;
use super::document::{Condition, document};
use super::mapping::Properties;
use super::outcome::{Verdict, failed_pause_ms, failure, judge, refused_pause_ms};
use crate::invoke::{Answer, Refusal};

/// What AWS answers an Invoke that is too large, in the document of a record that is.
const TOO_LARGE: u16 = 413;
/// How often a destination is asked at the least, about four minutes, also for records that the stream has forgotten already.
const LEAST_REFUSALS: u32 = 12;
/// The report about a function that named the records that failed, as it should.
pub const NAMED: &str = "named failures";

/// What is to be done now for a slot, outside of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Call the function; then tell [`Slot::answered`].
    Call { payload: Bytes },
    /// Send a document to the destination; then tell [`Slot::sent`].
    Send { document: String, given_up: GivenUp },
    /// These records are lost: say so. They are done with.
    Drop { given_up: GivenUp, refused: bool },
}

/// Records that are given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    pub condition: Condition,
    pub records: usize,
    pub first: String,
    pub last: String,
}

/// What came of a call, for [`crate::event::Batch`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub records: usize,
    pub succeeded: usize,
    pub error: Option<String>,
    pub answer: Option<String>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Free,
    /// A call or a document is under way.
    Busy,
    Paused {
        until: i64,
    },
}

#[derive(Debug)]
struct Leaving {
    batch: Batch,
    condition: Condition,
    refusals: u32,
}

/// See the module. All times are in milliseconds.
#[derive(Debug, Default)]
pub struct Slot {
    waiting: VecDeque<Entry>,
    /// The batch that is tried, last, and what bisection left for later before it.
    work: Vec<Batch>,
    /// Records that are given up and not yet reported to the destination.
    leaving: Option<Leaving>,
    state: State,
    /// When the last call ended; `None` before the first.
    ended_ms: Option<i64>,
    /// Records that are done with since the last look.
    done: Vec<Entry>,
}

impl Slot {
    pub fn take(&mut self, entry: Entry) {
        self.waiting.push_back(entry);
    }

    /// Whether more records would make its next batch fuller.
    pub fn hungry(&self, batch_size: usize) -> bool {
        self.waiting.len() < batch_size
    }

    /// The records that are done with since the last look.
    pub fn done(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.done)
    }

    /// What to do now, if anything.
    pub fn next(&mut self, now: i64, mapping: &Properties, shard: &str) -> Option<Step> {
        if matches!(self.state, State::Busy) {
            return None;
        }
        self.expire(now, mapping);
        if matches!(self.state, State::Paused { until } if now < until) {
            return None;
        }
        self.state = State::Free;
        if self.leaving.is_some() {
            return self.give_up(now, mapping, shard);
        }
        let mut batch = self.work.pop().or_else(|| self.gather(now, mapping))?;
        if batch.too_large() {
            let request_id = uuid::Uuid::new_v4().to_string();
            batch.last = Some(Last { request_id, status: TOO_LARGE, error: None });
            self.failed(batch, now, mapping);
            return self.next(now, mapping, shard);
        }
        let payload = batch.payload();
        self.work.push(batch);
        self.state = State::Busy;
        Some(Step::Call { payload })
    }

    /// When the last record of the batch that is tried came to the stream.
    pub fn last_arrived_ms(&self) -> Option<i64> {
        Some(self.work.last()?.entries.last()?.arrived_ms)
    }

    /// Takes what came of the call.
    pub fn answered(&mut self, result: &Result<Answer, Refusal>, now: i64, mapping: &Properties) -> Told {
        self.state = State::Free;
        self.ended_ms = Some(now);
        let Some(mut batch) = self.work.pop() else { return Told::default() };
        let records = batch.entries.len();
        let answer = match result {
            Ok(answer) => answer,
            Err(refusal) => {
                self.state = State::Paused { until: now + refused_pause_ms(batch.refusals) };
                batch.refusals += 1;
                self.work.push(batch);
                return Told { records, error: Some(refused(refusal)), ..Told::default() };
            }
        };
        batch.refusals = 0;
        batch.last = Some(Last { request_id: answer.request_id.clone(), status: 200, error: answer.error.clone() });
        let sequences: Vec<&str> = batch.entries.iter().map(|entry| entry.sequence.as_str()).collect();
        let verdict = judge(answer, mapping.partial, &sequences);
        let wrong = wrong(answer, mapping.partial, &sequences);
        match verdict {
            Verdict::Success => {
                self.done.append(&mut batch.entries);
                Told { records, succeeded: records, error: None, answer: wrong }
            }
            // Recorded: what is left after progress is tried as often as a batch of its own.
            Verdict::From(place @ 1..) => {
                self.done.append(&mut batch.take_first(place).entries);
                self.work.push(batch.anew());
                Told { records, succeeded: place, error: Some(NAMED.to_owned()), answer: wrong }
            }
            Verdict::From(_) => {
                self.failed(batch, now, mapping);
                Told { records, succeeded: 0, error: Some(NAMED.to_owned()), answer: wrong }
            }
            Verdict::Failed => {
                self.failed(batch, now, mapping);
                let not_understood = || format!("its answer is not understood: {}", wrong.unwrap_or_default());
                let error = failure(answer).unwrap_or_else(not_understood);
                Told { records, error: Some(error), ..Told::default() }
            }
        }
    }

    /// Takes whether the destination has the document.
    pub fn sent(&mut self, accepted: bool, now: i64) {
        self.state = State::Free;
        let Some(mut leaving) = self.leaving.take() else { return };
        if accepted {
            self.done.append(&mut leaving.batch.entries);
        } else {
            self.state = State::Paused { until: now + refused_pause_ms(leaving.refusals) };
            leaving.refusals += 1;
            self.leaving = Some(leaving);
        }
    }

    /// When [`Slot::next`] may have something to do without any news; `None` while only news can help.
    pub fn wake(&self, mapping: &Properties) -> Option<i64> {
        let rested = match self.state {
            State::Busy => return None,
            State::Paused { until } => Some(until),
            State::Free if self.leaving.is_some() || !self.work.is_empty() => Some(i64::MIN),
            State::Free => self.waiting.front().map(|oldest| self.window_ends(oldest, mapping)),
        };
        let next = self.work.last().and_then(|batch| batch.entries.first()).or(self.waiting.front());
        let expires = next.filter(|_| self.leaving.is_none()).map(|entry| entry.arrived_ms + mapping.age_limit_ms());
        [rested, expires].into_iter().flatten().min()
    }

    /// A batch that failed too often is given up; one that may be split is split; the rest is tried again after a while.
    ///
    /// Splitting uses up no retry, so halves are tried at once and counted from zero. A function that names the first record of
    /// all made no progress: that too is split in halves, so that nothing leaves together with one bad record. AWS documents a
    /// split for an invocation that fails and for a partial success, and is silent about this one.
    fn failed(&mut self, mut batch: Batch, now: i64, mapping: &Properties) {
        batch.calls += 1;
        let half = batch.entries.len() / 2;
        if mapping.bisect && half > 0 {
            let first = batch.take_first(half);
            self.work.push(batch.anew());
            self.work.push(first.anew());
        } else if mapping.retries.is_some_and(|retries| batch.calls > retries) {
            self.leaving = Some(Leaving { batch, condition: Condition::RetryAttemptsExhausted, refusals: 0 });
        } else {
            self.state = State::Paused { until: now + failed_pause_ms(batch.calls - 1) };
            self.work.push(batch);
        }
    }

    /// Gives up the first records of the next batch that are too old, before younger ones are tried.
    fn expire(&mut self, now: i64, mapping: &Properties) {
        if self.leaving.is_some() {
            return;
        }
        let limit = mapping.age_limit_ms();
        let expired = match self.work.pop() {
            Some(mut batch) => {
                let expired = batch.take_first(batch.older_than(limit, now));
                if !batch.entries.is_empty() {
                    self.work.push(batch);
                }
                expired
            }
            None => {
                let old = self.waiting.iter().take_while(|entry| now - entry.arrived_ms >= limit).count();
                Batch::new(self.waiting.drain(..old.min(mapping.batch_size)).collect())
            }
        };
        if !expired.entries.is_empty() {
            self.leaving = Some(Leaving { batch: expired, condition: Condition::RecordAgeExceeded, refusals: 0 });
            self.state = State::Free;
        }
    }

    /// A window begins when the previous call has ended, or with its first record where that came later.
    ///
    /// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html>: "the next batching window begins as soon as
    /// the previous function invocation completes".
    fn window_ends(&self, oldest: &Entry, mapping: &Properties) -> i64 {
        oldest.taken_ms.max(self.ended_ms.unwrap_or(i64::MIN)) + mapping.window_ms
    }

    fn gather(&mut self, now: i64, mapping: &Properties) -> Option<Batch> {
        let oldest = self.waiting.front()?;
        let (count, full) = ready(&self.waiting, mapping.batch_size);
        (full || now >= self.window_ends(oldest, mapping)).then(|| Batch::new(self.waiting.drain(..count).collect()))
    }

    /// Without a destination the records are dropped, as AWS does; a destination that refuses is asked until the stream has
    /// forgotten them, since then nobody could read them. AWS does not say what it does then.
    fn give_up(&mut self, now: i64, mapping: &Properties, shard: &str) -> Option<Step> {
        let leaving = self.leaving.as_mut()?;
        let (batch, condition) = (&leaving.batch, leaving.condition);
        let (first, last) = (batch.entries.first()?, batch.entries.last()?);
        let given_up = GivenUp {
            condition,
            records: batch.entries.len(),
            first: first.sequence.as_str().to_owned(),
            last: last.sequence.as_str().to_owned(),
        };
        let forgotten = leaving.refusals >= LEAST_REFUSALS && now - last.arrived_ms >= mapping.retention_ms;
        if mapping.on_failure.is_some() && !forgotten {
            let document = document(batch, condition, mapping, shard, now);
            self.state = State::Busy;
            return Some(Step::Send { document, given_up });
        }
        self.done.append(&mut leaving.batch.entries);
        self.leaving = None;
        Some(Step::Drop { given_up, refused: forgotten })
    }
}

/// A refusal in a few words.
pub fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotFound => "the function does not exist".to_owned(),
        Refusal::Throttled => "throttled".to_owned(),
        Refusal::Unavailable(reason) => format!("unavailable: {reason}"),
    }
}

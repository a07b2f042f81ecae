//! The loop that owns the state of a batch, and sends poison to the queue.
//!
//! Lambda delivers again everything from the lowest sequence number that an answer names. So poison is sent only when every record
//! before it is done, in the order of the stream and one by one: then the first record that cannot be finished is also the
//! end of what was sent, and nothing is sent twice. While records before it are being written, poison waits, and nothing
//! waits for it. Of a queue and of what is pushed nothing is sent from here: what is poison is only named.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, timeout_at};

use super::Queue;
use super::backoff::Backoff;
use super::dead_letter;
use super::failure::Poison;
use super::feed::{Batch, Ending, Record};
use super::progress::{DEADLINE, Fact, State};
use super::report::{DeadLetter, Report};

/// A batch being settled.
pub struct Settling<'a, Q> {
    batch: &'a Batch<'a>,
    states: Vec<State>,
    queue: Option<&'a Q>,
    stop: Instant,
    /// Everything before this index is written or in the queue.
    done: usize,
    report: Report,
}

impl<'a, Q: Queue> Settling<'a, Q> {
    pub fn new(batch: &'a Batch<'a>, states: Vec<State>, queue: Option<&'a Q>, stop: Instant) -> Self {
        let Batch { feed, ending, ref records } = *batch;
        let report = Report { records_in: records.len(), feed, ending, ..Report::default() };
        Settling { batch, states, queue, stop, done: 0, report }
    }

    /// Takes what the writers tell until they are through, and returns what became of the batch.
    pub async fn run(mut self, mut facts: UnboundedReceiver<Fact>) -> Report {
        loop {
            self.advance().await;
            let Some((index, state, repeats)) = facts.recv().await else {
                break;
            };
            self.report.repeated_calls = self.report.repeated_calls.saturating_add(repeats);
            if let Some(place) = self.states.get_mut(index) {
                *place = state;
            }
        }
        self.finish()
    }

    /// Moves on over what is done, and sends the poison that it meets; stops at what is not done.
    async fn advance(&mut self) {
        if self.batch.ending != Ending::Stream {
            return;
        }
        while let Some((record, state)) = self.batch.records.get(self.done).zip(self.states.get(self.done)) {
            let settled = match state {
                State::Written | State::Kept | State::Skipped | State::DeadLettered => None,
                State::Poison(poison) => Some(self.bury(record, poison).await),
                State::Waiting | State::Failed(_) => return,
            };
            match settled {
                None => {}
                Some(Ok((letter, repeats))) => {
                    self.states[self.done] = State::DeadLettered;
                    self.report.dead_lettered.push(letter);
                    self.report.repeated_calls = self.report.repeated_calls.saturating_add(repeats);
                }
                // It stays in the way: nothing behind it is sent in this invocation.
                Some(Err(code)) => {
                    self.states[self.done] = State::Failed(code);
                    return;
                }
            }
            self.done += 1;
        }
    }

    /// Sends one record to the queue until the time is up; smaller where the queue takes less than SQS does.
    ///
    /// It sends again only after a failure: while an answer is late, the message may be in the queue already. A connection that
    /// breaks says nothing of the message, which may then be there twice.
    ///
    /// # Errors
    /// The code of what stood in the way: there is no queue, it refuses the message, or the time is up.
    async fn bury(&self, record: &Record<'_>, poison: &Poison) -> Result<(DeadLetter, u32), String> {
        let queue = self.queue.ok_or("no queue")?;
        let written = |limit| dead_letter::body(record, poison, limit).map_err(|_| "no message could be written");
        let (mut body, mut encoding) = written(dead_letter::MAX_BODY_BYTES)?;
        let mut backoff = Backoff::new(self.stop);
        let mut code = DEADLINE.to_owned();
        while Instant::now() < self.stop {
            let attempt = AssertUnwindSafe(async { queue.send(&body).await }).catch_unwind();
            let error = match timeout_at(self.stop, attempt).await {
                Ok(Ok(Ok(()))) => return Ok((DeadLetter::new(record, poison.reason, encoding), backoff.repeats())),
                Ok(Ok(Err(error))) => error,
                Ok(Err(_panic)) => return Err("panic".to_owned()),
                Err(_) => break,
            };
            let smaller = dead_letter::smaller(body.len(), encoding).filter(|_| error.may_be_too_long());
            code = error.code;
            match smaller {
                Some(limit) => (body, encoding) = written(limit)?,
                None if error.transient && backoff.wait().await => {}
                None => break,
            }
        }
        Err(code)
    }

    fn finish(mut self) -> Report {
        let count = |wanted: State| self.states.iter().filter(|state| **state == wanted).count();
        let (written, kept, skipped) = (count(State::Written), count(State::Kept), count(State::Skipped));
        (self.report.written, self.report.kept, self.report.skipped) = (written + kept + skipped, kept, skipped);
        for (record, state) in self.batch.records.iter().zip(&self.states) {
            if !state.is_done() {
                self.report.unfinished.push(record.id.clone());
            }
        }
        let is_stream = self.batch.ending == Ending::Stream;
        self.report.cause = self.states.iter().find_map(|state| match state {
            State::Failed(code) => Some(code.clone()),
            State::Poison(poison) if !is_stream => Some(poison.reason.as_str().to_owned()),
            _ => None,
        });
        self.report
    }
}

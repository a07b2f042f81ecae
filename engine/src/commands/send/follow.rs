//! Where events went: each is followed by its place in the stream, its message or its item until it is a row or a dead letter.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::to::Answer;
use crate::aws::Cx;
use crate::commands::dlq::letter::Letter;
use crate::commands::dlq::peek::peek;
use crate::commands::ends::{BATCH, ItemKey, SEARCHED, Taken, Taker, is_about, present, why};
use crate::error::Result;
use crate::event::using::Went;
use crate::event::{Event, sending};
use crate::tame::tame;
use crate::term::{Progress, Shell, position, some};

/// How often the queue is looked into: each look takes a second and hides its messages from others for that long.
const LETTERS_EVERY: Duration = Duration::from_secs(2);
/// Pauses between looks into the table, which cost its read capacity.
const PAUSE: Duration = Duration::from_millis(300);
/// Keys that are asked for where the last ones were not there yet.
const PROBE: usize = 10;
/// Up to so many events have a line each.
const EACH: usize = 20;

/// An event that the stream took.
pub struct Sent {
    pub n: u32,
    pub taken: Taken,
    pub key: Option<ItemKey>,
    pub given_key: bool,
}

impl Sent {
    /// Nothing where the stream did not take it.
    pub fn of(answer: Answer) -> Option<Self> {
        let Answer { event, taken, .. } = answer;
        Some(Self { n: event.n, taken: taken?, key: event.key, given_key: event.given_key })
    }
}

/// Where to look.
pub struct Places {
    pub table: Option<String>,
    pub queue: Option<String>,
    pub taker: Option<Taker>,
}

/// The following of a run's events.
pub struct Follow<'a> {
    shell: Shell,
    cx: &'a Cx,
    places: &'a Places,
    progress: Progress,
    /// By their numbers.
    pending: BTreeMap<u32, Sent>,
    /// With which event the next look into the table begins, and how many keys it asks for.
    next: u32,
    width: usize,
    verbose: bool,
    rows: usize,
    letters: usize,
    taken: usize,
}

impl<'a> Follow<'a> {
    /// Begins with what was sent.
    pub fn new(shell: Shell, cx: &'a Cx, places: &'a Places, sent: Vec<Sent>) -> Self {
        let (progress, verbose) = (Progress::new(shell), sent.len() <= EACH);
        let pending = sent.into_iter().map(|sent| (sent.n, sent)).collect();
        Self { shell, cx, places, progress, pending, next: 0, width: BATCH, verbose, rows: 0, letters: 0, taken: 0 }
    }

    /// Looks until every event is found, the time is up or the user stops it.
    ///
    /// # Errors
    /// Those of DynamoDB and SQS.
    pub async fn run(&mut self, timeout: Duration, stopped: &watch::Receiver<bool>) -> Result<()> {
        let end = Instant::now() + timeout;
        let mut looked = None;
        while !self.pending.is_empty() && !*stopped.borrow() {
            // The last look begins after the time is up, so that nothing is called missing that is there.
            let last = Instant::now() >= end;
            let more = self.look_for_rows().await?;
            if last || (!more && looked.is_none_or(|at: Instant| at.elapsed() >= LETTERS_EVERY)) {
                let taken = self.taken().await;
                self.look_for_rows_of(&taken).await?;
                if self.look_for_letters(stopped).await? {
                    self.settle(taken);
                }
                looked = Some(Instant::now());
            }
            self.progress.tell(&self.counts());
            if last {
                break;
            }
            if !more {
                sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    /// Asks for the rows of the next events, and says whether to go on at once: all of them were there. Events become rows nearly
    /// in the order in which they were sent, so what is asked in vain, and costs read capacity all the same, is little.
    async fn look_for_rows(&mut self) -> Result<bool> {
        let Some(table) = &self.places.table else { return Ok(false) };
        let asked = self.asked();
        let found = self.rows_of(table, &asked).await?;
        (self.next, self.width) = match (asked.first(), asked.last()) {
            (Some(first), _) if !found.is_empty() => (*first, BATCH),
            (_, Some(last)) => (last + 1, PROBE),
            _ => (0, PROBE),
        };
        self.are_rows(&found);
        Ok(!found.is_empty() && found.len() == asked.len())
    }

    /// Asks for the rows of all these events.
    async fn look_for_rows_of(&mut self, events: &[u32]) -> Result<()> {
        let Some(table) = &self.places.table else { return Ok(()) };
        for some in events.chunks(BATCH) {
            let found = self.rows_of(table, some).await?;
            self.are_rows(&found);
        }
        Ok(())
    }

    /// Which of these events, at most [`BATCH`], are rows.
    async fn rows_of(&self, table: &str, events: &[u32]) -> Result<Vec<u32>> {
        let key = |n: &u32| Some((*n, self.pending.get(n)?.key.as_ref()?));
        let keys: Vec<(u32, &ItemKey)> = events.iter().filter_map(key).collect();
        // DynamoDB refuses a call that names one key twice.
        let mut unique: Vec<&ItemKey> = Vec::new();
        for (_, key) in &keys {
            if !unique.contains(key) {
                unique.push(*key);
            }
        }
        let found = present(self.cx, table, &unique).await?;
        let is_there = |key: &ItemKey| unique.iter().zip(&found).any(|(one, there)| *there && *one == key);
        Ok(keys.into_iter().filter(|(_, key)| is_there(key)).map(|(n, _)| n).collect())
    }

    fn are_rows(&mut self, events: &[u32]) {
        for n in events {
            if let Some(sent) = self.pending.remove(n) {
                self.rows += 1;
                self.tell(&sent, Went::Row, None);
            }
        }
    }

    /// The events that the consumer is done with, so that their rows and letters are there, if they ever will be.
    async fn taken(&self) -> Vec<u32> {
        let Some(taker) = &self.places.taker else { return Vec::new() };
        let done = taker.done(self.cx).await;
        self.pending.values().filter(|sent| done.has(&sent.taken)).map(|sent| sent.n).collect()
    }

    /// These were taken, and are neither rows nor letters.
    fn settle(&mut self, taken: Vec<u32>) {
        for n in taken {
            if let Some(sent) = self.pending.remove(&n) {
                self.taken += 1;
                self.tell(&sent, Went::Taken, None);
            }
        }
    }

    /// The next events with a key; from the first one on again, when there are none behind.
    fn asked(&self) -> Vec<u32> {
        let from = |start: u32| -> Vec<u32> {
            let with_key = self.pending.range(start..).filter(|(_, sent)| sent.key.is_some());
            with_key.map(|(n, _)| *n).take(self.width).collect()
        };
        let behind = from(self.next);
        if behind.is_empty() { from(0) } else { behind }
    }

    /// Returns whether it has seen all letters.
    async fn look_for_letters(&mut self, stopped: &watch::Receiver<bool>) -> Result<bool> {
        let Some(queue) = &self.places.queue else { return Ok(true) };
        let mut found = Vec::new();
        let pending = &self.pending;
        let mut show = |letter: Letter| {
            let about = |sent: &&Sent| is_about(&letter, &sent.taken);
            found.extend(pending.values().filter(about).map(|sent| (sent.n, why(&letter))));
        };
        let more = peek(self.cx, queue, SEARCHED, stopped, &mut show).await?;
        for (n, why) in found {
            if let Some(sent) = self.pending.remove(&n) {
                self.letters += 1;
                self.tell(&sent, Went::DeadLetter, Some(&why));
            }
        }
        Ok(!more)
    }

    fn tell(&self, sent: &Sent, went: Went, why: Option<&str>) {
        let Taken { location, record, .. } = &sent.taken;
        self.shell.line(&Event::Followed(sending::Followed {
            n: sent.n,
            location: location.clone(),
            record: record.clone(),
            went,
            reason: why.map(str::to_owned),
            given_key: sent.given_key,
        }));
        let at = position(location, record);
        match (went, why) {
            (Went::DeadLetter, Some(why)) => {
                self.progress.out(&format!("event {} ({at}) is a dead letter: {why}\n", sent.n))
            }
            (Went::Row | Went::Taken, _) if !self.verbose => {}
            (Went::Row, _) if sent.given_key => self.progress.out(&format!(
                "event {} ({at}) has a row under its key, which an earlier event with that key may have made\n",
                sent.n
            )),
            (Went::Row, _) => self.progress.out(&format!("event {} ({at}) is a row\n", sent.n)),
            (Went::Taken, _) => self
                .progress
                .out(&format!("event {} ({at}): the consumer took it; there is no row under its key\n", sent.n)),
            // Whole, so that it can be looked for.
            _ => self.progress.out(&format!(
                "event {} has no row under its key and no dead letter so far: {}{}\n",
                sent.n,
                location.part.as_ref().map(|part| format!("{part}:")).unwrap_or_default(),
                tame(record)
            )),
        }
    }

    /// Says what is still on its way, and how many went where. Returns how many did not arrive: dead letters, and what is on its way.
    pub fn conclude(&mut self) -> usize {
        for sent in self.pending.values() {
            self.tell(sent, Went::InStream, None);
        }
        self.shell.line(&self.event());
        self.progress.out(&format!("{}\n", self.counts()));
        self.letters + self.pending.len()
    }

    fn counts(&self) -> String {
        let taken = if self.taken > 0 { format!("{} taken without a row, ", self.taken) } else { String::new() };
        let (rows, letters) = (some(self.rows, "row"), some(self.letters, "dead letter"));
        format!("{rows}, {letters}, {taken}{} on the way", self.pending.len())
    }

    fn event(&self) -> Event {
        let (rows, dead_letters, taken) = (self.rows, self.letters, self.taken);
        Event::FollowedAll(sending::FollowedAll { rows, dead_letters, taken, on_the_way: self.pending.len() })
    }
}

#[cfg(test)]
mod tests;

//! A redrive over a queue and a function, whoever they are: which letters go, in which order, and what becomes of each message.
//!
//! A message is deleted only after the function took all of its letter, so a kill at any point loses nothing: what was under way then, and
//! what was taken and not deleted yet, is sent twice. Two runs at once do no harm: SQS gives a message to one of them for as long as it
//! is hidden, which is prolonged while its letter is under way.
//!
//! Letters of one key go one after the other, by their sequence numbers, as far as SQS gives them together. In a FIFO queue the letters
//! of a group that come after one that failed are not sent.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::super::letter::{self, Letter};
use super::super::walk::{ASIDE_SECONDS, BATCH, HIDDEN_SECONDS, Held, Queue, Walk};
use super::lanes::{Lane, event_of, lanes};
use super::outcome::{Done, Tally};
use crate::commands::ends::SEARCHED;
use crate::error::Result;
use crate::event::redrive::Fate;

/// Letters that are under way at the same time: each is a call of the function.
const AT_ONCE: usize = 10;
/// Letters that are held at the same time, and bytes of their bodies.
const WINDOW: usize = 100;
const WINDOW_BYTES: usize = 16 * 1024 * 1024;
/// How often the messages that are held are hidden anew.
const KEEP_EVERY: Duration = Duration::from_secs(20);

/// Which letters are to go.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Those with these ids, of the message or of the event, or a beginning that only one has; all where there are none.
    pub ids: Vec<String>,
    /// Those with this reason.
    pub reason: Option<String>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Whether the queue keeps the order of groups.
    pub fifo: bool,
}

impl Ask {
    /// Whether this letter is to go, as far as it alone shows that.
    pub fn asks_for(&self, letter: &Letter) -> bool {
        let by_id = self.ids.is_empty() || self.ids.iter().any(|id| letter.may_be(id));
        by_id && self.reason.as_ref().is_none_or(|reason| letter.form().reason() == reason)
    }
}

/// Hands a letter to a function.
pub trait Hand: Sync {
    /// Says what came of it.
    ///
    /// # Errors
    /// What would meet every other letter, too.
    fn hand(&self, held: &Held) -> impl Future<Output = Result<Done>> + Send;
}

/// Whoever wants to know of each letter.
pub type Told<'a> = &'a mut (dyn FnMut(&Letter, &Done) + Send);

/// Hands letters over until there are no more, or `stopped` turns true. Returns what came of them also where it ended with an error.
pub async fn run(
    queue: &impl Queue,
    hands: &impl Hand,
    ask: &Ask,
    stopped: &watch::Receiver<bool>,
    told: Told<'_>,
) -> (Tally, Result<()>) {
    let mut run = Run { walk: Walk::new(queue), hands, ask, stopped, tally: Tally::default(), told };
    let ended = if ask.ids.is_empty() { run.all().await } else { run.chosen().await };
    run.walk.end().await;
    run.tally.more = run.walk.more;
    (run.tally, ended)
}

struct Run<'a, Q, H> {
    walk: Walk<'a, Q>,
    hands: &'a H,
    ask: &'a Ask,
    stopped: &'a watch::Receiver<bool>,
    tally: Tally,
    told: Told<'a>,
}

impl<Q: Queue, H: Hand> Run<'_, Q, H> {
    async fn all(&mut self) -> Result<()> {
        let mut left = self.ask.limit.unwrap_or(usize::MAX);
        while left > 0 && !*self.stopped.borrow() {
            let window = self.window(left.min(WINDOW)).await?;
            if window.is_empty() {
                break;
            }
            left -= window.len();
            self.hand(window).await?;
        }
        // What is beyond the limit was not looked at.
        self.walk.more |= left == 0;
        Ok(())
    }

    /// Looks for the letters that were asked for by their ids, before any of them goes.
    async fn chosen(&mut self) -> Result<()> {
        let (mut found, mut seen) = (Vec::new(), 0);
        while seen < SEARCHED && !*self.stopped.borrow() {
            let held = self.next(BATCH, &mut found).await?;
            if held.is_empty() {
                break;
            }
            seen += held.len();
            let (asked, others): (Vec<Held>, Vec<Held>) =
                held.into_iter().partition(|held| self.ask.asks_for(&held.letter));
            self.set_aside(others).await;
            // The search may last longer than a received message is hidden.
            let receipts: Vec<String> = asked.iter().map(|held| held.receipt.clone()).collect();
            self.walk.queue.hide(&receipts, ASIDE_SECONDS).await;
            found.extend(asked);
        }
        if *self.stopped.borrow() {
            self.set_aside(found).await;
            return Ok(());
        }
        let letters: Vec<Letter> = found.iter().map(|held| held.letter.clone()).collect();
        let selected: Result<Vec<&str>> =
            self.ask.ids.iter().map(|id| letter::select(&letters, id).map(|letter| letter.id.as_str())).collect();
        let (found, others): (Vec<Held>, Vec<Held>) = match &selected {
            Ok(ids) => found.into_iter().partition(|held| ids.contains(&held.letter.id.as_str())),
            Err(_) => (Vec::new(), found),
        };
        self.set_aside(others).await;
        selected.map(drop)?;
        self.hand(found).await
    }

    async fn set_aside(&mut self, held: Vec<Held>) {
        self.walk.set_aside(held.into_iter().map(|held| held.receipt).collect()).await;
    }

    /// The next messages. Where there is an error, those that are held are set aside.
    async fn next(&mut self, most: usize, held: &mut Vec<Held>) -> Result<Vec<Held>> {
        let next = self.walk.next(most).await;
        if next.is_err() {
            self.set_aside(std::mem::take(held)).await;
        }
        next
    }

    /// Gathers the next letters that are to go; none at the end.
    async fn window(&mut self, most: usize) -> Result<Vec<Held>> {
        let (mut window, mut bytes, start): (Vec<Held>, usize, Instant) = (Vec::new(), 0, Instant::now());
        // Letters that wait are hidden anew only once they are handed over: a receipt is void after its message came a second time.
        let waits = |window: &[Held]| window.is_empty() || start.elapsed() < KEEP_EVERY;
        while window.len() < most && bytes < WINDOW_BYTES && waits(&window) && !*self.stopped.borrow() {
            let held = self.next(most - window.len(), &mut window).await?;
            if held.is_empty() {
                break;
            }
            let (asked, others): (Vec<Held>, Vec<Held>) =
                held.into_iter().partition(|held| self.ask.asks_for(&held.letter));
            let (back, new): (Vec<Held>, Vec<Held>) =
                asked.into_iter().partition(|held| self.walk.has_seen(&event_of(&held.letter)));
            self.tally.came_back += back.len();
            self.set_aside(others.into_iter().chain(back).collect()).await;
            bytes += new.iter().map(|held| held.letter.body.len()).sum::<usize>();
            window.extend(new);
        }
        Ok(window)
    }

    /// Hands over what is held: some letters at once, those of one lane one after the other.
    async fn hand(&mut self, window: Vec<Held>) -> Result<()> {
        let mut open: BTreeMap<String, String> =
            window.iter().map(|held| (held.letter.id.clone(), held.receipt.clone())).collect();
        let (sender, mut done) = mpsc::unbounded_channel();
        let (hands, failed) = (self.hands, Mutex::new(None));
        let lane = Lane { hands, stopped: self.stopped, failed: &failed, fifo: self.ask.fifo };
        let work = async {
            let sender = sender;
            stream::iter(lanes(window)).for_each_concurrent(AT_ONCE, |held| lane.go(held, &sender)).await;
        };
        let settle = async {
            let mut taken = Vec::new();
            let every = interval_at(Instant::now() + KEEP_EVERY, KEEP_EVERY);
            let mut every = std::pin::pin!(every);
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    one = done.recv() => match one {
                        None => break,
                        Some((held, came)) => {
                            open.remove(&held.letter.id);
                            self.settle(held, came, &mut taken).await;
                        }
                    },
                    _ = every.tick() => {
                        let receipts: Vec<String> = open.values().chain(taken.iter().map(receipt)).cloned().collect();
                        for some in receipts.chunks(BATCH) {
                            self.walk.queue.hide(some, HIDDEN_SECONDS).await;
                        }
                    }
                }
            }
            self.delete(std::mem::take(&mut taken)).await;
        };
        tokio::join!(work, settle);
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Does with a message what came of its letter says.
    async fn settle(&mut self, held: Held, came: Option<Done>, taken: &mut Vec<(Held, Done)>) {
        match came {
            // It did not go: others may have it at once.
            None => self.walk.queue.hide(&[held.receipt], 0).await,
            Some(done) if done.fate == Fate::Taken => {
                self.walk.is_new(&event_of(&held.letter));
                taken.push((held, done));
                if taken.len() == BATCH {
                    self.delete(std::mem::take(taken)).await;
                }
            }
            Some(done) => {
                self.count(&held.letter, &done);
                self.walk.set_aside(vec![held.receipt]).await;
            }
        }
    }

    /// Deletes what was taken; what cannot be deleted, even at the second try, stays and is said to.
    async fn delete(&mut self, taken: Vec<(Held, Done)>) {
        let mut left: Vec<String> = taken.iter().map(receipt).cloned().collect();
        let mut why = String::new();
        for _ in 0..2 {
            if left.is_empty() {
                break;
            }
            match self.walk.queue.delete(&left).await {
                Ok(failed) => (left, why) = (failed, "SQS did not delete the message".to_owned()),
                Err(error) => why = error.to_string(),
            }
        }
        for (held, mut done) in taken {
            if left.contains(&held.receipt) {
                done.fate = Fate::Undeleted;
                done.why = format!("the function took it, and the next redrive sends it once more: {why}");
            }
            self.count(&held.letter, &done);
        }
    }

    fn count(&mut self, letter: &Letter, done: &Done) {
        match done.fate {
            Fate::Taken => self.tally.taken += 1,
            Fate::Failed => self.tally.failed += 1,
            Fate::Kept | Fate::Undeleted => self.tally.kept += 1,
        }
        self.tally.records += done.records - done.failed;
        (self.told)(letter, done);
    }
}

fn receipt((held, _): &(Held, Done)) -> &String {
    &held.receipt
}

#[cfg(test)]
mod tests;

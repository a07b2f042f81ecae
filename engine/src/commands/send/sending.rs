//! The sending of a run's events: as fast as answers come, or at a pace. What is kept does not grow with their number, unless they are
//! to be followed.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::data::Lines;
use super::event::{Event, Maker};
use super::follow::Sent;
use super::pace::Pace;
use super::tally::{self, Tally};
use super::to::{Answer, Target};
use crate::error::{Error, Result};
use crate::term::{Progress, Shell};

/// Calls under way at most, where events have a pace.
const MOST_UNDER_WAY: usize = 256;
/// An event that begins so much after it was due is late.
const LATE: Duration = Duration::from_millis(100);

/// How long and how fast is sent.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Events a second.
    pub rate: Option<u32>,
    pub duration: Option<Duration>,
    /// How many events there are; nothing where only the end of the file, or of the time, tells.
    pub count: Option<u32>,
    /// Whether what was taken is kept.
    pub follow: bool,
}

/// The events of a run, one after the other.
pub struct Events<'a> {
    maker: &'a Maker<'a>,
    lines: Option<Lines>,
    n: u32,
    count: Option<u32>,
    /// Why there are no more.
    pub failed: Option<Error>,
}

impl<'a> Events<'a> {
    pub fn new(maker: &'a Maker<'a>, lines: Option<Lines>, count: Option<u32>) -> Self {
        Self { maker, lines, n: 0, count, failed: None }
    }
}

impl Iterator for Events<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        if self.count.is_some_and(|count| self.n >= count) || self.n == u32::MAX {
            return None;
        }
        let own = match self.lines.as_mut().map(Lines::next_event) {
            None => None,
            Some(Ok(Some(own))) => Some(own),
            Some(Ok(None)) => return None,
            Some(Err(error)) => {
                self.failed = Some(error);
                return None;
            }
        };
        self.n += 1;
        Some(self.maker.event(self.n, own))
    }
}

/// What became of a run.
pub struct Outcome {
    pub tally: Tally,
    /// What was taken, by its number; empty unless it is to be followed.
    pub sent: Vec<Sent>,
    /// How many the target has, as it says.
    pub taken: u32,
    /// What ended it early.
    pub failed: Option<Error>,
    pub took: Duration,
}

/// The answers of one call, and when the first of its events was due.
type Called = (Instant, Result<Vec<Answer>>);

/// A run.
pub struct Sending<'a> {
    shell: Shell,
    target: &'a Target,
    load: Load,
    stopped: &'a watch::Receiver<bool>,
    progress: Progress,
    under_way: JoinSet<Called>,
    hopeless: bool,
    held_up: bool,
    start: Instant,
    outcome: Outcome,
}

impl<'a> Sending<'a> {
    pub fn new(shell: Shell, target: &'a Target, load: Load, stopped: &'a watch::Receiver<bool>) -> Self {
        let (tally, sent, took) = (Tally::default(), Vec::new(), Duration::ZERO);
        Self {
            shell,
            target,
            load,
            stopped,
            progress: Progress::new(shell),
            under_way: JoinSet::new(),
            hopeless: false,
            held_up: false,
            start: Instant::now(),
            outcome: Outcome { tally, sent, taken: 0, failed: None, took },
        }
    }

    /// Sends all events, and waits for the answers.
    pub async fn run(mut self, events: &mut Events<'_>) -> Outcome {
        self.start = Instant::now();
        let end = self.load.duration.map(|duration| self.start + duration);
        match self.load.rate {
            None => self.as_answers_come(events, end).await,
            Some(rate) => self.at_a_pace(events, Pace::new(self.start, rate, end)).await,
        }
        while let Some(answered) = self.under_way.join_next().await {
            self.take(answered);
        }
        self.outcome.took = self.start.elapsed();
        self.outcome.failed = self.outcome.failed.or(events.failed.take());
        self.outcome.sent.sort_by_key(|sent| sent.n);
        self.outcome
    }

    /// Whether another event may begin.
    fn goes_on(&self) -> bool {
        self.outcome.failed.is_none() && !self.hopeless && !*self.stopped.borrow()
    }

    async fn as_answers_come(&mut self, events: &mut Events<'_>, end: Option<Instant>) {
        let mut events = events.peekable();
        loop {
            while self.under_way.len() < self.target.at_once()
                && self.goes_on()
                && end.is_none_or(|end| Instant::now() < end)
            {
                let some = self.target.most().next(&mut events);
                if some.is_empty() {
                    break;
                }
                self.begin(some, Instant::now());
            }
            match self.under_way.join_next().await {
                None => return,
                Some(answered) => self.take(answered),
            }
        }
    }

    async fn at_a_pace(&mut self, events: &mut Events<'_>, mut pace: Pace) {
        let mut stopped = self.stopped.clone();
        // Events that must keep their order are not overtaken by others.
        let most = if self.target.at_once() == 1 { 1 } else { MOST_UNDER_WAY };
        while self.goes_on()
            && let Some(next) = pace.next_due()
        {
            let room = self.under_way.len() < most;
            if !room && next + LATE < Instant::now() {
                self.say_held_up(most);
            }
            tokio::select! {
                Ok(_) = stopped.wait_for(|stopped| *stopped) => return,
                Some(answered) = self.under_way.join_next() => self.take(answered),
                () = sleep_until(next), if room => {
                    if !self.begin_due(events, &mut pace, most) {
                        return;
                    }
                }
            }
        }
    }

    /// Begins what is due, as far as calls may be under way. Returns whether there may be more.
    fn begin_due(&mut self, events: &mut Events<'_>, pace: &mut Pace, most: usize) -> bool {
        let (now, call) = (Instant::now(), self.target.most());
        let due = pace.take(now, call.events.saturating_mul(most - self.under_way.len()));
        let wanted = due.len();
        let mut due = due.into_iter();
        let mut events = events.take(wanted).peekable();
        let mut begun = 0;
        loop {
            let some = call.next(&mut events);
            if some.is_empty() {
                return begun == wanted;
            }
            begun += some.len();
            let its: Vec<Instant> = due.by_ref().take(some.len()).collect();
            for late in its.iter().map(|due| now.duration_since(*due)).filter(|late| *late > LATE) {
                self.outcome.tally.began_late(late);
            }
            self.begin(some, its.first().copied().unwrap_or(now));
        }
    }

    fn begin(&mut self, events: Vec<Event>, due: Instant) {
        let call = self.target.clone().send(events);
        self.under_way.spawn(async move { (due, call.await) });
    }

    /// Says once that answers come too slowly for the pace.
    fn say_held_up(&mut self, most: usize) {
        if !std::mem::replace(&mut self.held_up, true) {
            let calls = if most == 1 { "a call is".to_owned() } else { format!("{most} calls are") };
            self.shell
                .remark(&format!("the pace is not kept: {calls} under way, and the next event waits for an answer"));
        }
    }

    fn take(&mut self, answered: Result<Called, tokio::task::JoinError>) {
        let failed = match answered {
            Ok((due, Ok(answers))) => {
                // Of one call all events are answered together.
                let took = due.elapsed();
                answers.into_iter().for_each(|answer| self.take_one(answer, took));
                None
            }
            Ok((_, Err(error))) => Some(error),
            Err(error) => Some(Error::defect(error.to_string())),
        };
        self.outcome.failed = self.outcome.failed.take().or(failed);
        self.progress.tell(&self.outcome.tally.progress(self.load.count));
    }

    fn take_one(&mut self, answer: Answer, took: Duration) {
        self.outcome.tally.add(answer.status, answer.message.as_deref(), took);
        self.hopeless |= tally::is_hopeless(answer.status);
        self.shell.line(&tally::event(&answer));
        if self.load.count == Some(1) {
            self.progress.out(&tally::line(&answer));
        }
        self.outcome.taken += u32::from(answer.taken.is_some());
        if self.load.follow {
            self.outcome.sent.extend(Sent::of(answer));
        }
    }
}

#[cfg(test)]
mod tests;

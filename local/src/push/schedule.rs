//! The clock of EventBridge Scheduler: schedules as they are set, each in a task of its own.
//!
//! MiniStack's own clock is off in a session: it knows neither time zones nor windows, placeholders, retries and roles. Moments are
//! pure ([`expression`], [`cron`]), and so is what is sent ([`input`]); [`fire`] calls the target under the schedule's role.
//!
//! Chosen where AWS says nothing, or different from it:
//! - Schedules fire at the second that they name; AWS does within the minute.
//! - What a machine that slept has missed is not made up for, beyond the last minute.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_scheduler::Client;
use tokio::task::JoinHandle;
use tokio::time::sleep_until;

use crate::error::{Error, Result};
use crate::event::Events;
use crate::poller::access::reason;
use crate::poller::clock::Clock;
use crate::roles::Roles;

mod cron;
pub mod expression;
mod fire;
mod input;
mod read;

use fire::Firing;
use read::Schedule;
pub use read::is_time_zone;

/// How far back what was missed is made up for, in seconds.
const MISSED: i64 = 60;

/// The schedules of an endpoint.
pub struct Schedules {
    client: Client,
    firing: Firing,
    clock: Clock,
    /// By ARN.
    running: BTreeMap<String, Running>,
}

/// A schedule's task, which ends with this.
struct Running {
    schedule: Arc<Schedule>,
    /// The moment up to which it has fired, in seconds since 1970.
    fired: Arc<AtomicI64>,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Schedules {
    pub fn new(roles: Roles, events: Events, clock: Clock) -> Self {
        let client = Client::new(roles.root());
        Self { client, firing: Firing { roles, events, clock: clock.clone() }, clock, running: BTreeMap::new() }
    }

    /// Makes what runs match the schedules that the endpoint has.
    ///
    /// # Errors
    /// The endpoint does not say, or a schedule cannot be run: the first such error. The others run all the same.
    pub async fn sync(&mut self) -> Result<()> {
        let mut first_error = Ok(());
        let mut found = BTreeMap::new();
        let mut pages = self.client.list_schedules().into_paginator().items().send();
        while let Some(summary) = pages.next().await {
            let summary = summary.map_err(|error| failed("list the schedules", &reason(&error)))?;
            let (group, name) = (summary.group_name.unwrap_or_default(), summary.name.unwrap_or_default());
            let asked = self.client.get_schedule().group_name(&group).name(&name).send().await;
            let answer = asked.map_err(|error| failed(&format!("read the schedule `{name}`"), &reason(&error)))?;
            match read::schedule(&answer) {
                Ok(schedule) => drop(found.insert(schedule.arn.clone(), schedule)),
                Err(error) => first_error = first_error.and(Err(error)),
            }
        }
        let mut before = std::mem::take(&mut self.running);
        for (arn, schedule) in found {
            let running = match before.remove(&arn) {
                Some(same) if *same.schedule == schedule => same,
                old => {
                    let old = old.as_ref().map(|old| (&*old.schedule, old.fired.load(Ordering::Relaxed)));
                    let fired = fired(old, &schedule, self.clock.now() / 1000);
                    self.start(schedule, fired)
                }
            };
            self.running.insert(arn, running);
        }
        first_error
    }

    /// Fires a schedule at once.
    ///
    /// # Errors
    /// None has this name.
    pub async fn fire(&self, name: &str) -> Result<()> {
        let mut all = self.running.values().map(|running| &running.schedule);
        let schedule = all.find(|schedule| schedule.name == name);
        let schedule =
            schedule.ok_or_else(|| Error::new(format!("fire the schedule `{name}`: there is none of this name")))?;
        self.firing.fire(schedule, self.clock.now() / 1000).await;
        Ok(())
    }

    pub fn names(&self) -> Vec<String> {
        self.running.values().map(|running| running.schedule.name.clone()).collect()
    }

    fn start(&self, schedule: Schedule, fired: i64) -> Running {
        let (schedule, fired) = (Arc::new(schedule), Arc::new(AtomicI64::new(fired)));
        let (firing, clock) = (self.firing.clone(), self.clock.clone());
        let (timed, last) = (Arc::clone(&schedule), Arc::clone(&fired));
        Running { schedule, fired, task: tokio::spawn(async move { run(&firing, &clock, timed, &last).await }) }
    }
}

/// Up to which moment a schedule has nothing to fire; `old` is the one whose place it takes, and up to when that has fired.
fn fired(old: Option<(&Schedule, i64)>, schedule: &Schedule, now: i64) -> i64 {
    match old {
        // A rate's first moment is when the schedule is made.
        None => schedule.table.made - 1,
        Some((old, fired)) if old.enabled && old.table == schedule.table => fired,
        // Moments of another timetable, or while it was off, are no longer due.
        Some(_) => now,
    }
}

/// Fires at each moment until there is none any more.
async fn run(firing: &Firing, clock: &Clock, schedule: Arc<Schedule>, last: &AtomicI64) {
    if !schedule.enabled {
        return;
    }
    loop {
        let after = last.load(Ordering::Relaxed).max(clock.now() / 1000 - MISSED);
        let Some(next) = schedule.table.next(after) else { return };
        until(clock, next).await;
        last.store(next, Ordering::Relaxed);
        let window = i64::try_from(fastrand::u64(0..=schedule.window_seconds)).unwrap_or_default();
        let (firing, clock, schedule) = (firing.clone(), clock.clone(), Arc::clone(&schedule));
        // The next moment may come before this one's window has ended.
        tokio::spawn(async move {
            until(&clock, next + window).await;
            firing.fire(&schedule, next).await;
        });
    }
}

/// Waits for a moment. A long sleep of the machine moves the clock, not the timer.
async fn until(clock: &Clock, seconds: i64) {
    while clock.now() < seconds * 1000 {
        sleep_until(clock.at((seconds * 1000).min(clock.now() + MISSED * 1000))).await;
    }
}

fn failed(what: &str, why: &str) -> Error {
    Error::new(format!("{what}: {why}"))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::expression::{Expression, Timetable};
    use super::read::Target;
    use super::*;

    /// An edit of what is sent fires nothing again, and one of the times nothing that was due by the new ones.
    #[test]
    fn an_edit_fires_no_moment_of_the_past() {
        let of = |rate: &str, enabled: bool| Schedule {
            arn: "a".into(),
            name: "s".into(),
            table: Timetable {
                expression: Expression::parse(rate).unwrap(),
                zone: TimeZone::UTC,
                made: 1_000,
                start: None,
                end: None,
            },
            enabled,
            window_seconds: 0,
            target: Target {
                arn: "f".into(),
                role: "r".into(),
                input: None,
                queue: None,
                retries: 0,
                max_age_ms: 0,
                partition_key: None,
                group: None,
            },
        };
        let minute = of("rate(1 minute)", true);
        assert_eq!(fired(None, &minute, 1_030), 999, "a new one fires when it is made");
        assert_eq!(minute.table.next(999), Some(1_000));
        assert_eq!(fired(Some((&minute, 1_000)), &minute, 1_030), 1_000);
        assert_eq!(fired(Some((&minute, 1_000)), &of("rate(2 minutes)", true), 1_030), 1_030);
        assert_eq!(fired(Some((&of("rate(1 minute)", false), 999)), &minute, 1_030), 1_030);
    }
}

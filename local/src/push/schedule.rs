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
        self.running.retain(|arn, running| found.get(arn).is_some_and(|found| *found == *running.schedule));
        for (arn, schedule) in found {
            if !self.running.contains_key(&arn) {
                let running = self.start(schedule);
                self.running.insert(arn, running);
            }
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

    fn start(&self, schedule: Schedule) -> Running {
        let schedule = Arc::new(schedule);
        let (firing, clock, timed) = (self.firing.clone(), self.clock.clone(), Arc::clone(&schedule));
        Running { schedule, task: tokio::spawn(async move { run(&firing, &clock, timed).await }) }
    }
}

/// Fires at each moment until there is none any more.
async fn run(firing: &Firing, clock: &Clock, schedule: Arc<Schedule>) {
    if !schedule.enabled {
        return;
    }
    // A rate's first moment is when the schedule is made.
    let mut last = schedule.table.made - 1;
    loop {
        let after = last.max(clock.now() / 1000 - MISSED);
        let Some(next) = schedule.table.next(after) else { return };
        let window = i64::try_from(fastrand::u64(0..=schedule.window_seconds)).unwrap_or_default();
        // A long sleep of the machine moves the clock, not the timer.
        while clock.now() < (next + window) * 1000 {
            let soon = ((next + window) * 1000).min(clock.now() + MISSED * 1000);
            sleep_until(clock.at(soon)).await;
        }
        last = next;
        let (firing, schedule) = (firing.clone(), Arc::clone(&schedule));
        tokio::spawn(async move { firing.fire(&schedule, next).await });
    }
}

fn failed(what: &str, why: &str) -> Error {
    Error::new(format!("{what}: {why}"))
}

//! `pipe status`: does it work, does it keep up, what is at risk, and until when.
//!
//! All reads go in parallel, so that nothing waits but for the caller's identity and the slowest of them. What cannot be read is named, with
//! the action that is missing, and the rest is shown.

mod alarms;
mod dlq;
mod figures;
mod function;
mod mapping;
mod queue;
mod render;
mod sink;
mod source;
mod station;
mod stream;
#[cfg(test)]
mod tests;
mod time;
mod way;

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use crate::cli::{Global, StatusArgs, exit};
use crate::commands::halt::Halt;
use crate::commands::running::{APPLY, Running};
use crate::commands::{Outcome, walk};
use crate::error::Error;
use crate::event::Event;
use crate::event::status::{Part, State, Status, Window};
use crate::term::Shell;
use figures::Steps;
use station::Judge;

/// How often `--watch` looks. Each figure costs on AWS, whose figures come once a minute at best.
const EVERY_ON_AWS: Duration = Duration::from_secs(30);
const EVERY_LOCALLY: Duration = Duration::from_secs(2);
/// Seconds that the clocks may differ before it matters: figures come minutes late anyway.
const CLOCKS_DIFFER: u64 = 60;
/// Clears the terminal, and goes to its beginning.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &StatusArgs) -> Outcome {
    let loaded = walk::spec(global, &args.spec.file)?;
    let running = Running::of(global, &loaded).await?;
    if !args.watch {
        let status = read(&running).await;
        return Ok(show(shell, &status, ""));
    }
    let mut stopped = Halt::on_interrupt(shell, "stopping").told();
    let every = if running.is_local() { EVERY_LOCALLY } else { EVERY_ON_AWS };
    loop {
        tokio::select! {
            status = read(&running) => {
                show(shell, &status, CLEAR);
            }
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(exit::OK),
        }
        tokio::select! {
            () = sleep(every) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(exit::OK),
        }
    }
}

fn show(shell: Shell, status: &Status, before: &str) -> u8 {
    shell.line(&Event::Status(status.clone()));
    shell.out(&(before.to_owned() + &render::text(status)));
    if status.needs_person { exit::FAILED } else { exit::OK }
}

/// Reads how a pipeline is.
///
/// It never fails: what cannot be read is a finding of its part.
pub async fn read(running: &Running) -> Status {
    let now = time::now();
    let (status, date) = read_at(running, now).await;
    match date.filter(|date| date.abs_diff(now) > CLOCKS_DIFFER) {
        None => status,
        // The window was another one than meant.
        Some(date) => {
            let mut status = read_at(running, date).await.0;
            let (differ, way) = (time::duration(date.abs_diff(now)), if date < now { "ahead of" } else { "behind" });
            status.notes.push(format!("the clock of this machine is {differ} {way} AWS's, whose time is used here"));
            status
        }
    }
}

/// The status as of a time, in seconds since 1970, and the time that AWS gave, where it gave one.
async fn read_at(running: &Running, now: u64) -> (Status, Option<u64>) {
    let next = way::next(running);
    let stations = way::stations(running, &next, now);
    let (asks, readings): (Vec<_>, Vec<_>) =
        stations.into_iter().map(|station| (station.asks, station.reading)).unzip();
    let steps = Steps::until(now, running.is_local());
    let (answer, judges) = tokio::join!(figures::read(&running.cx, &asks, steps), join_all(readings));
    let (given, date, unread) = match answer {
        Ok(answer) => (answer.figures, answer.date.as_deref().and_then(time::of_header), None),
        Err(error) => (figures::none(&asks), None, Some(error)),
    };
    let window = steps.window(&given);
    let parts = judges.into_iter().zip(given).map(|(judge, figures): (Judge<'_>, _)| judge(figures)).collect();
    (status(running, now, (window, unread), parts), date)
}

fn status(running: &Running, now: u64, (window, unread): (Window, Option<Error>), mut parts: Vec<Part>) -> Status {
    let mut notes = Vec::new();
    if parts.iter().all(|part| part.state == State::Absent || part.id == "alarms") {
        notes.push(format!("nothing of `{}` is there: {APPLY}", running.spec.name));
    }
    if let Some(error) = unread {
        let mut part = Part::new("figures", "CloudWatch");
        part.unread(&error);
        parts.push(part);
    }
    let needs_person = parts.iter().any(|part| part.state != State::Well);
    let (pipeline, region) = (running.spec.name.clone(), running.cx.aws.place.region.clone());
    Status { pipeline, region, at: time::moment(now), window, needs_person, parts, notes }
}

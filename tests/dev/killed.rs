//! A consumer that is killed again and again: every event is a row or in the DLQ in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;

use super::dev::{Dev, MAIN, TABLE, wait};
use super::puts::put_all;

/// Between two kills.
const EVERY: Duration = Duration::from_millis(300);
/// Longer than an invocation and the longest pause after it take together.
const STILL: Duration = Duration::from_secs(45);
/// How long the slowest machine may take.
const WITHIN: Duration = Duration::from_secs(300);

fn spec() -> String {
    let batch = "batch: { size: 100, parallelization: 2, start: oldest }";
    MAIN.replace("shards: 1", "shards: 4").replace("batch: { size: 10, start: oldest }", batch)
}

/// The bootstraps of a `pipe dev`, and the supervisors above them, which are its children.
fn victims(dev: u32) -> Vec<u32> {
    let all: BTreeMap<u32, (String, u32)> = std::fs::read_dir("/proc").unwrap().flatten().filter_map(process).collect();
    let under = |pid: &u32| all.get(pid).is_some_and(|(_, parent)| *parent == dev);
    let bootstraps = all.iter().filter(|(_, (name, parent))| name == "bootstrap" && under(parent));
    bootstraps.flat_map(|(pid, (_, supervisor))| [*pid, *pid, *pid, *supervisor]).collect()
}

/// A process's id, its name and its parent.
fn process(entry: std::fs::DirEntry) -> Option<(u32, (String, u32))> {
    let pid = entry.file_name().to_str()?.parse().ok()?;
    let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
    let (start, end) = (stat.find('(')?, stat.rfind(')')?);
    let parent = stat[end + 1..].split_whitespace().nth(1)?.parse().ok()?;
    Some((pid, (stat[start + 1..end].to_owned(), parent)))
}

/// Kills one of them now and then until `stop` or until this many are killed: on the slowest machine a batch takes longer
/// than it is left alone.
fn kill(dev: u32, stop: &AtomicBool, killed: &AtomicUsize, most: usize) {
    let mut random = fastrand::Rng::new();
    while !stop.load(Ordering::Relaxed) && killed.load(Ordering::Relaxed) < most {
        // Around every 0.3 s, so that no rhythm of the pollers is met.
        std::thread::sleep(EVERY.mul_f64(0.5 + random.f64()));
        killed.fetch_add(usize::from(kill_one(dev, &mut random)), Ordering::Relaxed);
    }
}

/// Kills a function of a `pipe dev`, and says whether there was one.
pub fn kill_one(dev: u32, random: &mut fastrand::Rng) -> bool {
    let Some(pid) = random.choice(victims(dev)) else { return false };
    Command::new("kill").args(["-9", &pid.to_string()]).output().unwrap().status.success()
}

/// The ids of all rows.
fn rows(sdk: &SdkConfig) -> BTreeSet<String> {
    let scan = aws_sdk_dynamodb::Client::new(sdk).scan().table_name(TABLE).consistent_read(true);
    let items = wait(scan.projection_expression("eventId").into_paginator().items().send().collect::<Vec<_>>());
    items.into_iter().map(|item| item.unwrap()["eventId"].as_s().unwrap().clone()).collect()
}

fn survives(count: usize) {
    let mut dev = Dev::new(&spec());
    let sdk = dev.sdk();
    let ids: Vec<String> = (0..count).map(|n| format!("event-{n:05}")).collect();
    let data: Vec<String> =
        ids.iter().map(|id| format!(r#"{{"eventId": "{id}", "text": "some text of an event"}}"#)).collect();
    let (stop, killed, process) = (AtomicBool::new(false), AtomicUsize::new(0), dev.process());
    let start = Instant::now();
    let took = std::thread::scope(|scope| {
        scope.spawn(|| kill(process, &stop, &killed, count / 60));
        put_all(&sdk, ids.iter().zip(&data).map(|(id, data)| (id.as_str(), data.as_bytes())));
        let put = start.elapsed();
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| all_written(&mut dev, &sdk, count)));
        stop.store(true, Ordering::Relaxed);
        done.map(|()| (put, start.elapsed())).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    let (killed, rows, letters) = (killed.into_inner(), rows(&sdk), dev.letters(&sdk));
    let (tries, failed) = (dev.count(&format!("{TABLE} {{")), dev.count("✗"));
    let text = format!(
        "{count} events: put in {:?}, all rows after {:?}; {killed} kills, {failed} failed batches, {tries} writes, {} letters\n",
        took.0,
        took.1,
        letters.len()
    );
    std::io::stderr().write_all(text.as_bytes()).unwrap();
    assert!(killed >= 5, "only {killed} were killed");
    assert!(failed >= 1, "no kill met a batch");
    assert_eq!(rows, ids.into_iter().collect(), "nothing is lost, and nothing else is there");
    assert!(letters.is_empty(), "a kill is not the records' fault, and 100 retries are many: {letters:?}");
}

/// Waits until there are so many rows, or nothing has moved for long. Rows written twice are reported twice, so the table has the
/// last word.
fn all_written(dev: &mut Dev, sdk: &SdkConfig, count: usize) {
    let (mut known, mut moved) = (0, Instant::now());
    dev.until_within("all to be written", WITHIN, |dev| {
        std::thread::sleep(Duration::from_millis(200));
        let writes = dev.count(&format!("{TABLE} {{"));
        if writes > known {
            (known, moved) = (writes, Instant::now());
        }
        (moved.elapsed() > STILL || (writes >= count && rows(sdk).len() == count)).then_some(())
    });
}

#[test]
fn events_survive_a_consumer_that_is_killed_again_and_again() {
    survives(4_000);
}

#[test]
#[ignore = "takes a minute or two: run it after a change of the pollers or the functions"]
fn twenty_thousand_events_survive_a_consumer_that_is_killed_again_and_again() {
    survives(20_000);
}

//! `kill -9` between any two calls: the same command again converges, with nothing doubled, orphaned or left.

use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use pipe_test_support::Rule;

use crate::site::{LEFT, MAIN, Running, Site, WHOLE, at_each, signal};

const APPLY: &[&str] = &["apply", "--yes"];
const DESTROY: &[&str] = &["destroy", "--yes", "--allow-data-loss", "all"];

/// How many writes a cold apply and a destroy take when nothing happens to them.
fn writes() -> [usize; 2] {
    static WRITES: OnceLock<[usize; 2]> = OnceLock::new();
    *WRITES.get_or_init(|| {
        let site = Site::new(MAIN);
        [APPLY, DESTROY].map(|command| {
            site.user.account.clear();
            site.user.pipe(command);
            site.written().len()
        })
    })
}

/// Runs a command that is killed at its k-th write, before or after that takes effect.
fn killed(site: &Site, command: &[&str], k: usize, after: bool) {
    let process = Arc::new(AtomicU32::new(0));
    let kill = {
        let process = Arc::clone(&process);
        move || signal(process.load(Ordering::SeqCst), "KILL")
    };
    let rule = Rule::writes().nth(k);
    let rule = if after { rule.stop_after(kill) } else { rule.stop(kill) };
    let rule = site.user.account.set(rule);
    let mut command = site.user.command(command);
    let mut running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    process.store(running.0.id(), Ordering::SeqCst);
    let status = running.0.wait().unwrap();
    assert_eq!(status.code(), None, "the run was to be killed at write {k}");
    assert_eq!(site.user.account.fired(rule), 1);
    site.user.account.clear_rules();
    site.user.account.resume();
}

/// Four places of a run with so many writes.
fn places(writes: usize, quarter: usize) -> Vec<usize> {
    (0..4).map(|n| 1 + (writes - 1) * (4 * n + quarter) / 15).collect()
}

/// Kills a cold apply at four places, and applies again.
fn apply_again(quarter: usize, after: bool) {
    let [all, _] = writes();
    assert!(all > 40, "{all} writes are fewer than the main file takes");
    at_each(&places(all, quarter), |k| {
        let site = Site::new(MAIN);
        killed(&site, APPLY, k, after);
        site.user.converge();
        assert_eq!(site.census(), WHOLE, "killed at write {k} of {all}, after it: {after}");
    });
}

/// Kills a destroy at four places, and destroys again.
fn destroy_again(quarter: usize, after: bool) {
    let [_, all] = writes();
    assert!(all >= 14, "{all} writes are fewer than the main file takes");
    at_each(&places(all, quarter), |k| {
        let site = Site::applied();
        killed(&site, DESTROY, k, after);
        site.user.pipe(DESTROY);
        assert_eq!(site.census(), LEFT, "killed at write {k} of {all}, after it: {after}");
        assert!(site.user.pipe(&["destroy"]).contains("Nothing to do"));
    });
}

#[test]
fn apply_killed_before_a_write() {
    apply_again(0, false);
}

#[test]
fn apply_killed_after_a_write() {
    apply_again(2, true);
}

#[test]
fn destroy_killed_before_a_write() {
    destroy_again(1, false);
}

#[test]
fn destroy_killed_after_a_write() {
    destroy_again(3, true);
}

/// A destroy that was killed half-way is no obstacle to an apply.
#[test]
fn apply_after_a_killed_destroy() {
    let site = Site::applied();
    killed(&site, DESTROY, 7, true);
    site.user.converge();
    assert_eq!(site.census(), WHOLE);
}

/// An edit of every sort: a stream under a new name, a table made anew, functions changed, a queue's retention.
#[test]
fn an_edit_killed_before_and_after_a_write() {
    const EDITED: &[&str] = &["apply", "--yes", "--allow-data-loss", "all"];
    let edited = || {
        let site = Site::applied();
        site.user.edit("name: GatewayEventsStream", "name: AnotherStream");
        site.user.edit("partition_key: eventId\n", "partition_key: eventId\n    sort_key: at\n");
        site.user.edit("memory_mb: 128", "memory_mb: 256");
        site.user.edit("retention_days: 14", "retention_days: 13");
        site
    };
    let whole = edited();
    whole.user.pipe(EDITED);
    let all = whole.written().len();
    at_each(&places(all, 1), |k| {
        let site = edited();
        killed(&site, EDITED, k, k % 2 == 0);
        site.user.converge();
        assert_eq!(site.census(), whole.census(), "killed at write {k} of {all}");
    });
}

//! `pipe dev` on an endpoint of the user's own, which outlives it and holds what is worth asking about.

use std::sync::OnceLock;

use pipe_test_support::{Account, Emulator, Endpoint, Kind};
use rustix::process::Signal;

use super::client::Client;
use super::dev::{Dev, MAIN, STREAM};
use super::own::FUNCTION;
use super::sender::{Sender, send, send_openly};
use super::versions::{seen, spec, write_script};

fn account() -> Account {
    static ENDPOINT: OnceLock<Endpoint> = OnceLock::new();
    ENDPOINT.get_or_init(|| Endpoint::start(Emulator::shared(Kind::MiniStack))).account()
}

#[test]
fn what_loses_data_or_widens_is_refused_and_what_runs_goes_on() {
    let mut dev = Dev::on(account(), MAIN);
    let (sdk, client) = (dev.sdk(), Client::of(&dev));
    let refused = [
        ("name: GatewayEventsStream", "name: OtherStream", "pass --allow-data-loss kinesis:Stream/GatewayEventsStream"),
        ("partition_key: eventId", "partition_key: otherId", "pass --allow-data-loss table"),
        (
            "        partition_key: path.eventId",
            "        partition_key: path.eventId\n        auth: none",
            "pass --allow-widening",
        ),
    ];
    for (number, (from, to, hint)) in refused.into_iter().enumerate() {
        let (applied, said) = (dev.count("Applied in"), dev.count(hint));
        dev.account().clear();
        dev.edit(from, to);
        dev.until(&format!("`{hint}`"), |dev| (dev.count(hint) > said).then_some(()));
        assert_eq!(dev.count("Applied in"), applied, "`{to}` was applied");
        let event = format!("event-{number}");
        assert_eq!(send(&client, STREAM, &event), 200, "after `{to}`");
        assert_eq!(send_openly(&client, STREAM, &event), 401, "after `{to}`");
        dev.until("its row", |dev| dev.row(&sdk, &event).then_some(()));
        let made = ["CreateStream", "DeleteStream", "CreateTable", "DeleteTable", "PutMethod", "CreateDeployment"];
        let writes = dev.account().writes();
        assert!(!writes.iter().any(|call| made.contains(&call.operation.as_str())), "`{to}` changed something");
        dev.edit(to, from);
        dev.until("the spec as it was", |dev| (dev.count("Applied in") > applied).then_some(()));
    }
    let applied = dev.count("Applied in");
    dev.edit("memory_mb: 128", "memory_mb: 256");
    dev.until("a harmless edit", |dev| (dev.count("Applied in") > applied).then_some(()));
}

/// Ended in peace it has written down where it is, and goes on there. Killed it may read the last half second again, and
/// never skips anything.
#[test]
fn next_run_goes_on_where_the_last_one_ended() {
    let mut dev = Dev::start(&spec(), Some(account()), |folder| write_script(folder, "v1"));
    let mut sent = Vec::new();
    for (round, signal) in [(0, Some(Signal::INT)), (1, Some(Signal::KILL)), (2, None)] {
        let sender = Sender::start(Client::of(&dev), STREAM, &format!("round-{round}"));
        // Many before the kill, so that reading them all again shows.
        let least = if round == 1 { 400 } else { 60 };
        dev.until("events", |_| (sender.count() > least).then_some(()));
        sent.extend(sender.stop());
        let last = sent.last().unwrap().clone();
        dev.until("the last event", |dev| seen(dev.path()).iter().any(|(_, key)| *key == last).then_some(()));
        if signal == Some(Signal::INT) {
            // It is seen before the function has answered.
            dev.until("the last answer", |dev| (answered(dev) >= seen(dev.path()).len()).then_some(()));
        }
        if let Some(signal) = signal {
            dev.restart(signal);
        }
    }
    let seen: Vec<String> = seen(dev.path()).into_iter().map(|(_, key)| key).collect();
    let times = |event: &String| seen.iter().filter(|seen| *seen == event).count();
    let lost: Vec<&String> = sent.iter().filter(|event| times(event) == 0).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let (first, second): (Vec<&String>, Vec<&String>) =
        sent.iter().filter(|event| !event.starts_with("round-2")).partition(|event| event.starts_with("round-0"));
    let again: Vec<&String> = first.into_iter().filter(|event| times(event) > 1).collect();
    assert!(again.is_empty(), "read again after Ctrl-C: {again:?}");
    // 50 events a second: half a second that may not be written, and what a slow machine needs to write. Without any checkpoint
    // it would be all of them.
    let again = second.into_iter().filter(|event| times(event) > 1).count();
    assert!(again <= 200, "{again} events were read again after a kill");
}

/// How many records `pipe dev` has reported as done with.
fn answered(dev: &Dev) -> usize {
    let told = format!(" → {FUNCTION}: ");
    let count = |line: &str| line.split_once(&told)?.1.split_once(" record")?.0.parse::<usize>().ok();
    dev.said().lines().filter_map(count).sum()
}

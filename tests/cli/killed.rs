//! `kill -9` before and after any write: the same command again leaves the account as a run that nobody killed leaves it, with
//! nothing orphaned, doubled or stale.

use std::io::Write;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use pipe_test_support::{Rule, in_parallel};
use serde_json::json;

use crate::chance::{AT_ONCE, Seed};
use crate::inventory::{inventory, same};
use crate::site::{MAIN, Running, Site, WHOLE, signal, until};

pub const APPLY: &[&str] = &["apply", "--yes", "--allow-data-loss", "all", "--allow-widening"];
pub const DESTROY: &[&str] = &["destroy", "--yes", "--allow-data-loss", "all"];

/// How many places of each scenario a usual run of the tests looks at.
const SAMPLES: usize = 4;

/// Makes the account in which a command begins.
pub type Begun = fn() -> Site;

/// A command, and where it begins.
pub struct Scenario {
    name: &'static str,
    begun: Begun,
    command: &'static [&'static str],
    /// At least so many writes, so that a scenario which does nothing is noticed.
    at_least: usize,
    /// What the account is like.
    seen: fn(&Site) -> String,
    whole: OnceLock<(usize, String)>,
}

static SCENARIOS: [Scenario; 13] = [
    Scenario::new("a cold apply", || Site::new(MAIN), APPLY, 40),
    Scenario::new("five edits", edited, APPLY, 8),
    Scenario::new("a replace", replaced, APPLY, 10),
    Scenario::new("a table's parts", parts, APPLY, 8),
    Scenario::new("a table's changes", changes, APPLY, 10),
    Scenario::new("another view", viewed, APPLY, 4),
    Scenario::new("a throughput of its own", fanned, APPLY, 5),
    Scenario::new("no more of it", unfanned, APPLY, 5),
    Scenario::new("three doors", doors, APPLY, 40),
    Scenario::new("no door left", closed, DESTROY, 14),
    Scenario::new("a domain and a filter", fronted, APPLY, 10),
    Scenario::new("another of both", fronted_anew, APPLY, 8),
    Scenario::new("a destroy", Site::applied, DESTROY, 14),
];

/// Of every sort: a function, a mapping, a table in place, a queue, and a route of the API.
fn edited() -> Site {
    let site = Site::applied();
    site.user.edit("memory_mb: 128", "memory_mb: 256");
    site.user.edit("retries: 100", "retries: 50");
    site.user.edit("write: 10", "write: 11");
    site.user.edit("retention_days: 14", "retention_days: 13");
    site.user.edit("post: /submit/", "post: /events/");
    site
}

/// A stream under a new name, which its mapping follows, and a table that keeps its name.
fn replaced() -> Site {
    let site = Site::applied();
    site.user.edit("name: GatewayEventsStream", "name: AnotherStream");
    site.user.edit("partition_key: eventId\n", "partition_key: eventId\n    sort_key: at\n");
    site
}

/// Indexes of a table that go, come and are made anew, and a TTL on another attribute.
fn parts() -> Site {
    let (goes, stays) = ("      by-a: { partition_key: a }\n", "      by-b: { partition_key: b }\n");
    let old = format!("    ttl: until\n    indexes:\n{goes}{stays}");
    let site = Site::new(&MAIN.replace("    capacity: {", &format!("{old}    capacity: {{")));
    site.user.pipe(&["apply", "--yes"]);
    site.user.account.clear();
    site.user.edit("ttl: until", "ttl: expires");
    site.user.edit(goes, "      by-c: { partition_key: c }\n");
    site.user.edit(stays, "      by-b: { partition_key: b, project: keys }\n");
    site
}

/// A table whose changes feed a function.
fn changes() -> Site {
    Site::new(include_str!("../../examples/table-changes.yaml"))
}

/// A table that gets another stream, which another mapping reads beside the one of the old stream.
fn viewed() -> Site {
    let site = changes();
    site.user.pipe(&["apply", "--yes"]);
    site.user.account.clear();
    site.user.edit("table_changes: {}", "table_changes: { view: new_image }");
    site
}

/// A function that reads its stream as a registered consumer from now on.
fn fanned() -> Site {
    let site = Site::applied();
    site.user.edit("    handler: stream-to-table", "    handler: stream-to-table\n    fan_out: true");
    site
}

/// A function that no longer does.
fn unfanned() -> Site {
    let site = fanned();
    site.user.pipe(&["apply", "--yes", "--allow-widening"]);
    site.user.account.clear();
    site.user.edit("\n    fan_out: true", "");
    site
}

/// Keys, plans, a user pool, three authorizers.
fn doors() -> Site {
    let spec = include_str!("../../examples/api-to-table.yaml");
    let site = Site::new(&spec.replace("sign_in: email,", "sign_in: email, deletion_protection: false,"));
    let schema = include_str!("../../examples/api-to-table/person.schema.json");
    std::fs::create_dir(site.user.path().join("api-to-table")).unwrap();
    std::fs::write(site.user.path().join("api-to-table/person.schema.json"), schema).unwrap();
    site
}

/// An API with a domain of its own and a web ACL.
fn fronted() -> Site {
    let site = Site::new("name: front");
    let id = site.user.account.id().to_owned();
    let acl = |name: &str| {
        let seen = json!({ "SampledRequestsEnabled": false, "CloudWatchMetricsEnabled": false, "MetricName": name });
        let input = json!({ "Name": name, "Scope": "REGIONAL", "DefaultAction": { "Allow": {} }, "Rules": [], "VisibilityConfig": seen });
        let made = site.user.account.ask("wafv2", "AWSWAF_20190729.CreateWebACL", "/", &input);
        made["Summary"]["ARN"].as_str().unwrap().to_owned()
    };
    let (first, second) = (acl("first"), acl("second"));
    site.user.write(&format!(
        "name: front\nsource:\n  api:\n    domain: {{ name: api.example.com, certificate: 'arn:aws:acm:eu-central-1:{id}:certificate/one' }}\n    \
         waf: {first}\n    # {second}\n    routes: [ {{ get: /items, auth: none, to: {{ table: scan }} }} ]\nsink: {{ table: {{ partition_key: id }} }}\n"
    ));
    site.user.account.clear();
    site
}

/// The same under another name, with another certificate and web ACL, and a stage of another name, which domain and web ACL follow.
fn fronted_anew() -> Site {
    let site = fronted();
    site.user.pipe(&["apply", "--yes"]);
    site.user.account.clear();
    let spec = std::fs::read_to_string(site.user.path().join("pipeline.yaml")).unwrap();
    let (first, second) = (between(&spec, "waf: "), between(&spec, "# "));
    site.user.edit(&first, &second);
    site.user.edit("api.example.com", "items.example.com");
    site.user.edit("    routes:", "    stage: live\n    routes:");
    site
}

fn between(spec: &str, before: &str) -> String {
    spec.split_once(before).unwrap().1.lines().next().unwrap().to_owned()
}

fn closed() -> Site {
    let site = doors();
    site.user.pipe(&["apply", "--yes"]);
    site.user.account.clear();
    site
}

impl Scenario {
    pub const fn new(name: &'static str, begun: Begun, command: &'static [&'static str], at_least: usize) -> Self {
        Self::seen(inventory, name, begun, command, at_least)
    }

    /// One whose account is looked at in this way.
    pub const fn seen(
        seen: fn(&Site) -> String,
        name: &'static str,
        begun: Begun,
        command: &'static [&'static str],
        at_least: usize,
    ) -> Self {
        Self { name, begun, command, at_least, seen, whole: OnceLock::new() }
    }

    /// How many writes the command takes when nothing happens to it, and what the account is like then.
    fn whole(&self) -> &(usize, String) {
        self.whole.get_or_init(|| {
            let site = (self.begun)();
            site.user.pipe(self.command);
            let written = site.written();
            // A slow run renews its lease, which a faster one does not.
            let leases = written.iter().filter(|operation| *operation == "PutParameter").count();
            let writes = written.len() - leases.saturating_sub(1);
            assert!(writes >= self.at_least, "{} takes {writes} writes", self.name);
            (writes, (self.seen)(&site))
        })
    }

    /// Kills the command at its k-th write, before or after that takes effect, and runs it again.
    fn survives(&self, k: usize, after: bool) {
        let (all, whole) = self.whole();
        let site = (self.begun)();
        killed(&site, self.command, k, after);
        site.user.pipe(self.command);
        let when = format!("{} killed at write {k} of {all}, after it: {after}", self.name);
        same(&when, &(self.seen)(&site), whole);
        let (command, nothing) =
            if self.command == DESTROY { ("destroy", "There is nothing of") } else { ("diff", "Nothing to do") };
        let again = site.user.run(&[command]);
        assert!(again.out.contains(nothing), "{when}\n{}{}", again.out, again.err);
    }
}

/// Runs a command that is killed at its k-th write, before or after that takes effect.
fn killed(site: &Site, command: &[&str], k: usize, after: bool) {
    let process = Arc::new(AtomicU32::new(0));
    let kill = {
        let process = Arc::clone(&process);
        move || {
            // The call may be here before the test has noted whose it is; and 0 is the test's own group.
            while process.load(Ordering::SeqCst) == 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            signal(process.load(Ordering::SeqCst), "KILL");
        }
    };
    let rule = Rule::writes().nth(k);
    let rule = if after { rule.stop_after(kill) } else { rule.stop(kill) };
    let rule = site.user.account.set(rule);
    let mut command = site.user.command(command);
    let mut running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    process.store(running.0.id(), Ordering::SeqCst);
    let status = running.0.wait().unwrap();
    let account = &site.user.account;
    if account.fired(rule) == 0 {
        // The last write that was counted was one more attempt at another, which this run did not need.
        assert_eq!(status.code(), Some(0));
        assert!(site.written().len() < k, "write {k} was to be the end");
    } else {
        assert_eq!(status.code(), None, "the run was to be killed at write {k}");
    }
    account.clear_rules();
    // The calls under way still take effect, before the next run looks.
    until("what was under way to end", || account.calls().iter().all(|call| call.ended.is_some()));
    account.resume();
}

/// Some places of each scenario, others every time.
pub fn somewhere(scenarios: &[Scenario]) {
    let seed = Seed::new();
    let mut random = seed.random();
    let mut places: Vec<(&Scenario, usize, bool)> = Vec::new();
    for scenario in scenarios {
        let all = scenario.whole().0;
        places.extend((0..SAMPLES).map(|_| (scenario, random.usize(1..=all), random.bool())));
    }
    in_parallel(AT_ONCE, &places, |(scenario, k, after)| scenario.survives(*k, *after));
}

/// Every place of every scenario.
pub fn anywhere(scenarios: &[Scenario]) {
    let writes: Vec<usize> = scenarios.iter().map(|scenario| scenario.whole().0).collect();
    let each =
        |(scenario, all): (_, &usize)| (1..=*all).flat_map(move |k| [false, true].map(|after| (scenario, k, after)));
    let places: Vec<(&Scenario, usize, bool)> = scenarios.iter().zip(&writes).flat_map(each).collect();
    writeln!(std::io::stderr(), "writes of the scenarios: {writes:?}, so {} places", places.len()).ok();
    in_parallel(AT_ONCE, &places, |(scenario, k, after)| scenario.survives(*k, *after));
}

#[test]
fn killed_somewhere_and_run_again() {
    somewhere(&SCENARIOS);
}

/// Some 200 accounts.
#[test]
#[ignore = "takes half an hour on two cores: `cargo test --test cli -- --ignored`"]
fn killed_anywhere_and_run_again() {
    anywhere(&SCENARIOS);
}

/// A destroy that was killed half-way is no obstacle to an apply.
#[test]
fn apply_after_a_killed_destroy() {
    let site = Site::applied();
    killed(&site, DESTROY, 7, true);
    site.user.converge();
    assert_eq!(site.census(), WHOLE);
    same("a destroy killed at write 7", &inventory(&site), &SCENARIOS[0].whole().1);
}

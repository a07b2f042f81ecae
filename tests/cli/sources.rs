//! `kill -9` before and after any write of sources that send by themselves, and of one that takes another's place.

use pipe_test_support::copy_folder;
use serde_json::json;

use crate::killed::{APPLY, Begun, DESTROY, Scenario, anywhere, somewhere};
use crate::site::{Site, root};

const fn scenario(name: &'static str, begun: Begun, command: &'static [&'static str]) -> Scenario {
    Scenario::new(name, begun, command, 5)
}

static SCENARIOS: [Scenario; 17] = [
    scenario("a topic", || example("topic"), APPLY),
    scenario("events of a bus", || example("events"), APPLY),
    scenario("events for a stream", || example("events-to-stream"), APPLY),
    scenario("a schedule", || example("schedule"), APPLY),
    scenario("a bucket", || example("bucket"), APPLY),
    scenario("a bucket for a queue", || example("bucket-to-queue"), APPLY),
    scenario("lines of a log", || example("logs"), APPLY),
    scenario("a device", || example("iot"), APPLY),
    scenario("a skill", || example("alexa"), APPLY),
    scenario("events for a topic", || becomes(applied(example("topic")), "events"), APPLY),
    scenario("a schedule for events", || becomes(applied(example("events")), "schedule"), APPLY),
    scenario("a topic for a bucket", || becomes(applied(bucket()), "topic"), APPLY),
    scenario("another topic", another_topic, APPLY),
    scenario("another bucket", another_bucket, APPLY),
    scenario("another log group", another_log_group, APPLY),
    scenario("no schedule left", || applied(example("schedule")), DESTROY),
    scenario("no bucket left", || applied(bucket()), DESTROY),
];

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(format!("examples/{name}.yaml"))).unwrap()
}

/// An example with its handler, and what it says is there. Names of buckets are everybody's: so this one has the account in it.
fn example(name: &str) -> Site {
    let site = Site::new(&text(name));
    let (handler, id) = (root().join("examples").join(name), site.user.account.id().to_owned());
    if handler.is_dir() {
        copy_folder(&handler, &site.user.path().join(name));
    }
    for group in ["/aws/lambda/shop", "/aws/lambda/other"].iter().filter(|_| name == "logs") {
        site.user.account.ask("logs", "Logs_20140328.CreateLogGroup", "/", &json!({ "logGroupName": group }));
    }
    site.user.write(&text(name).replace("example-", &format!("example-{id}-")));
    site.user.account.clear();
    site
}

/// A bucket that goes with the pipeline.
fn bucket() -> Site {
    let site = example("bucket");
    site.user.edit("    events: [created]", "    events: [created]\n    on_destroy: delete");
    site
}

fn applied(site: Site) -> Site {
    site.user.pipe(APPLY);
    site.user.account.clear();
    site
}

/// The same pipeline with another example's sections.
fn becomes(site: Site, example: &str) -> Site {
    let first = |spec: &str| spec.lines().find(|line| line.starts_with("name: ")).unwrap().to_owned();
    let (now, then) = (first(&std::fs::read_to_string(site.user.path().join("pipeline.yaml")).unwrap()), text(example));
    site.user.write(&then.replace(&first(&then), &now));
    site
}

fn another_topic() -> Site {
    let site = applied(example("topic"));
    site.user.edit("  topic:\n", "  topic:\n    name: Another\n");
    site
}

fn another_bucket() -> Site {
    let site = applied(example("bucket-to-queue"));
    site.user.edit("-scans\n", "-others\n");
    site
}

fn another_log_group() -> Site {
    let site = applied(example("logs"));
    site.user.edit("/aws/lambda/shop", "/aws/lambda/other");
    site
}

#[test]
fn killed_somewhere_and_run_again() {
    somewhere(&SCENARIOS);
}

#[test]
#[ignore = "takes half an hour on two cores: `cargo test --test cli -- --ignored`"]
fn killed_anywhere_and_run_again() {
    anywhere(&SCENARIOS);
}

//! `kill -9` before and after any write of sources that send by themselves, and of one that takes another's place.

use std::path::Path;
use std::sync::OnceLock;

use pipe_test_support::copy_folder;

use crate::killed::{APPLY, DESTROY, Scenario, anywhere, somewhere};
use crate::site::Site;

const TOPIC: &str = include_str!("../../examples/topic.yaml");
const EVENTS: &str = include_str!("../../examples/events.yaml");
const SCHEDULE: &str = include_str!("../../examples/schedule.yaml");

static SCENARIOS: [Scenario; 9] = [
    Scenario { name: "a topic", begun: topic, command: APPLY, at_least: 10, whole: OnceLock::new() },
    Scenario { name: "events of a bus", begun: events, command: APPLY, at_least: 10, whole: OnceLock::new() },
    Scenario { name: "a schedule", begun: schedule, command: APPLY, at_least: 10, whole: OnceLock::new() },
    Scenario { name: "a bucket", begun: bucket, command: APPLY, at_least: 8, whole: OnceLock::new() },
    Scenario {
        name: "events for a topic",
        begun: events_for_topic,
        command: APPLY,
        at_least: 8,
        whole: OnceLock::new(),
    },
    Scenario {
        name: "a schedule for events",
        begun: schedule_for_events,
        command: APPLY,
        at_least: 8,
        whole: OnceLock::new(),
    },
    Scenario {
        name: "a topic for a bucket",
        begun: topic_for_bucket,
        command: APPLY,
        at_least: 8,
        whole: OnceLock::new(),
    },
    Scenario {
        name: "no schedule left",
        begun: schedule_applied,
        command: DESTROY,
        at_least: 8,
        whole: OnceLock::new(),
    },
    Scenario { name: "no bucket left", begun: bucket_applied, command: DESTROY, at_least: 8, whole: OnceLock::new() },
];

fn topic() -> Site {
    Site::new(TOPIC)
}

fn events() -> Site {
    Site::new(EVENTS)
}

fn schedule() -> Site {
    Site::new(SCHEDULE)
}

/// A bucket whose name is the account's own, and which goes with the pipeline.
fn bucket() -> Site {
    let site = Site::new("name: files");
    let handler = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/good/my-handler");
    copy_folder(&handler, &site.user.path().join("my-handler"));
    let name = format!("files-{}", site.user.account.id());
    site.user.write(&format!(
        "name: files\nsource: {{ bucket: {{ name: {name}, on_destroy: delete, prefix: in/ }} }}\n\
         consumer: {{ function: {{ handler: my-handler }} }}\ndlq: {{ queue: {{}} }}\n"
    ));
    site
}

fn applied(site: Site) -> Site {
    site.user.pipe(APPLY);
    site.user.account.clear();
    site
}

/// The same pipeline with another example's sections.
fn becomes(site: Site, now: &str, then: &str, example: &str) -> Site {
    let site = applied(site);
    site.user.write(&example.replace(&format!("name: {then}\n"), &format!("name: {now}\n")));
    site
}

fn events_for_topic() -> Site {
    becomes(topic(), "orders-topic", "placed", EVENTS)
}

fn schedule_for_events() -> Site {
    becomes(events(), "placed", "mornings", SCHEDULE)
}

fn topic_for_bucket() -> Site {
    becomes(bucket(), "files", "orders-topic", TOPIC)
}

fn schedule_applied() -> Site {
    applied(schedule())
}

fn bucket_applied() -> Site {
    applied(bucket())
}

#[test]
fn killed_somewhere_and_run_again() {
    somewhere(&SCENARIOS);
}

#[test]
#[ignore = "takes a quarter of an hour on two cores: `cargo test --test cli -- --ignored`"]
fn killed_anywhere_and_run_again() {
    anywhere(&SCENARIOS);
}

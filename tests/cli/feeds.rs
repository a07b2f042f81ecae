//! `kill -9` before and after any write of what feeds a function, beside the changes of a table, which are in [`crate::killed`]: queues, and
//! handlers of the user's own.

use std::path::Path;

use pipe_test_support::copy_folder;

use crate::killed::{APPLY, DESTROY, Scenario, anywhere, somewhere};
use crate::site::Site;

static SCENARIOS: [Scenario; 5] = [
    Scenario::new("a queue", queue, APPLY, 20),
    Scenario::new("a FIFO queue in its place", fifo, APPLY, 8),
    Scenario::new("no FIFO queue left", fifo_applied, DESTROY, 8),
    Scenario::new("code in Python", python, APPLY, 20),
    Scenario::new("a handler of its own", search, APPLY, 10),
];

/// A queue with redrive behind an API.
fn queue() -> Site {
    Site::new(include_str!("../../examples/queue.yaml"))
}

/// The same, applied, whose queues become FIFO queues under other names.
fn fifo() -> Site {
    let site = queue();
    site.user.pipe(&["apply", "--yes"]);
    site.user.account.clear();
    site.user.edit("    max_receives: 5", "    max_receives: 5\n    fifo: true");
    site.user.edit("post: /jobs", "post: /jobs\n        message_group: header.X-Group");
    site
}

fn fifo_applied() -> Site {
    let site = fifo();
    site.user.pipe(APPLY);
    site.user.account.clear();
    site
}

fn python() -> Site {
    let site = Site::new(include_str!("../../examples/python-handler.yaml"));
    let code = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/python-handler");
    copy_folder(&code, &site.user.path().join("python-handler"));
    site
}

/// A program stands in for the crate, which would be built anew in each account.
fn search() -> Site {
    let spec = include_str!("../../examples/changes-to-search.yaml");
    let named = "handler: changes-to-search\n";
    let site = Site::new(&spec.replace(named, &format!("{named}    architecture: x86_64\n")));
    let folder = site.user.path().join("changes-to-search");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("bootstrap"), "#!/bin/sh\n").unwrap();
    site
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

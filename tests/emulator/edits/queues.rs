//! `stream.queue`, and what of the consumer and of routes is about it.

use pipe_test_support::Kind;

use crate::queues::EXAMPLE;
use crate::session::{Edit, apply, chain_of, plan, sandbox, snapshot};

#[test]
fn standard() {
    const EDITS: &[Edit] = &[
        ("visibility_seconds", "    max_receives: 5", "    max_receives: 5\n    visibility_seconds: 300"),
        ("a shorter visibility", "visibility_seconds: 300", "visibility_seconds: 60"),
        ("visibility_seconds, its default", "    visibility_seconds: 60\n", ""),
        ("retention_days", "    max_receives: 5", "    max_receives: 5\n    retention_days: 7"),
        ("a shorter retention", "retention_days: 7", "retention_days: 2"),
        ("retention_days, its default", "    retention_days: 2\n", ""),
        ("delay_seconds", "    max_receives: 5", "    max_receives: 5\n    delay_seconds: 10"),
        ("no delay", "    delay_seconds: 10\n", ""),
        ("max_receives", "max_receives: 5", "max_receives: 7"),
        ("fewer receives", "max_receives: 7", "max_receives: 6"),
        ("allow", "    max_receives: 6", "    max_receives: 6\n    allow: [events.amazonaws.com, '111122223333']"),
        ("allow, a service less", "allow: [events.amazonaws.com, '111122223333']", "allow: ['111122223333']"),
        ("nobody else", "    allow: ['111122223333']\n", ""),
        ("encryption", "    max_receives: 6", "    max_receives: 6\n    encryption: none"),
        ("encryption, its default", "    encryption: none\n", ""),
        ("on_destroy", "    max_receives: 6", "    max_receives: 6\n    on_destroy: retain"),
        ("on_destroy, its default", "    on_destroy: retain\n", ""),
        ("batch.size", "size: 10,", "size: 5,"),
        ("batch.window_seconds", "size: 5,", "size: 50, window_seconds: 2,"),
        ("batch.max_concurrency", "max_concurrency: 10", "max_concurrency: 5"),
        ("no max_concurrency", ", max_concurrency: 5", ""),
        ("enabled", "    batch:", "    enabled: false\n    batch:"),
        ("enabled, its default", "    enabled: false\n", ""),
        ("name", "    max_receives: 6", "    max_receives: 6\n    name: other-jobs"),
        ("the dlq's name", "  queue: {}", "  queue: { name: other-dead }"),
    ];
    chain_of(EXAMPLE, Kind::MiniStack, "200000000161", "edits_fed_queue", EDITS);
}

#[test]
fn filters() {
    const EDITS: &[Edit] = &[
        ("filters", "    batch:", "    filters: [ { body: { kind: [ order ] } } ]\n    batch:"),
        ("a plain text, too", "kind: [ order ] } }", "kind: [ order ] } }, { body: [ ping ] }"),
        ("one less", "{ body: { kind: [ order ] } }, ", ""),
        ("no filters", "    filters: [ { body: [ ping ] } ]\n", ""),
    ];
    chain_of(EXAMPLE, Kind::MiniStack, "200000000168", "edits_fed_queue_filters", EDITS);
}

#[test]
fn no_dlq() {
    const EDITS: &[Edit] = &[("no dlq", "# What cannot be written: `pipe dlq ls` shows it.\ndlq:\n  queue: {}\n", "")];
    let spec = EXAMPLE.replace("  queue:\n    max_receives: 5\n", "  queue: { name: jobs }\n");
    chain_of(&spec, Kind::MiniStack, "200000000163", "edits_fed_queue_no_dlq", EDITS);
}

/// A queue becomes a FIFO one and back: another queue under another name, and so is its dlq.
#[test]
fn fifo_and_its_routes() {
    const EDITS: &[Edit] = &[
        ("message_group", "message_group: random", "message_group: header.X-Group"),
        (
            "deduplication",
            "message_group: header.X-Group",
            "message_group: body.id\n        deduplication: header.X-Id",
        ),
        ("deduplication, its default", "\n        deduplication: header.X-Id", ""),
        ("envelope", "message_group: body.id", "message_group: body.id\n        envelope: [header.X-Signature]"),
    ];
    chain_of(&fifo(), Kind::MiniStack, "200000000162", "edits_fed_queue_fifo", EDITS);
}

/// The example with a FIFO queue.
fn fifo() -> String {
    let spec = EXAMPLE.replace("        auth: none\n", "        auth: none\n        message_group: random\n");
    spec.replace("    max_receives: 5", "    max_receives: 5\n    fifo: true")
}

#[test]
fn a_standard_queue_becomes_a_fifo_one_and_back() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000164", EXAMPLE);
    sandbox.converge();
    let mut session = String::new();
    for (title, spec) in [("fifo", fifo()), ("a standard queue again", EXAMPLE.to_owned())] {
        sandbox.write(&spec);
        let plan = plan(&sandbox);
        session += &format!("# {title}\n{plan}\n");
        apply(&sandbox, title, &plan);
    }
    snapshot("edits_fed_queue_sort", &session);
}

//! `consumer`.

use pipe_test_support::Kind;

use crate::session::{Edit, chain, each, in_sync, plan, sandbox, snapshot};

#[test]
fn function() {
    const EDITS: &[Edit] = &[
        ("memory_mb", "memory_mb: 128", "memory_mb: 256"),
        ("timeout_seconds", "timeout_seconds: 30", "timeout_seconds: 60"),
        ("environment", "    batch:", "    environment: { MODE: a, DB_PASSWORD: one }\n    batch:"),
        ("environment, another value", "MODE: a", "MODE: b"),
        ("environment, what looks like a secret", "DB_PASSWORD: one", "DB_PASSWORD: two"),
        ("no environment", "    environment: { MODE: b, DB_PASSWORD: two }\n", ""),
        ("xray", "    batch:", "    xray: true\n    batch:"),
        ("no xray", "    xray: true\n", ""),
        ("log_days", "    batch:", "    log_days: 7\n    batch:"),
        ("log_level", "    batch:", "    log_level: debug\n    batch:"),
        ("log_level, its default", "    log_level: debug\n", ""),
        ("reserved_concurrency", "    batch:", "    reserved_concurrency: 5\n    batch:"),
        ("reserved_concurrency: 0", "reserved_concurrency: 5", "reserved_concurrency: 0"),
        ("no reserved_concurrency", "    reserved_concurrency: 0\n", ""),
        ("recursion", "    batch:", "    recursion: allow\n    batch:"),
        ("recursion, its default", "    recursion: allow\n", ""),
        ("name", "    memory_mb", "    name: writer\n    memory_mb"),
        ("name, its default", "    name: writer\n", ""),
    ];
    chain(Kind::MiniStack, "200000000021", "edits_function", EDITS);
}

/// Neither when it is made nor when it changes.
#[test]
fn what_looks_like_a_secret_is_in_no_plan() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000025", crate::MAIN);
    sandbox.edit("    batch:", "    environment: { MODE: shown, DB_PASSWORD: tops3cret }\n    batch:");
    for arguments in [&["diff"][..], &["diff", "--json"], &["apply", "--yes"]] {
        let run = sandbox.run(arguments);
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(run.out.contains("MODE") && run.out.contains(r#""shown""#), "{}", run.out);
        assert!(!run.out.contains("tops3cret") && !run.err.contains("tops3cret"), "{}{}", run.out, run.err);
    }
    in_sync(&sandbox, "with an environment");
}

#[test]
fn batch_and_failures() {
    const EDITS: &[Edit] = &[
        ("batch.size", "size: 10", "size: 20"),
        ("batch.window_seconds", "size: 20,", "size: 20, window_seconds: 5,"),
        ("batch.parallelization", "size: 20,", "size: 20, parallelization: 2,"),
        ("failures.retries", "retries: 100", "retries: 50"),
        ("failures.retries: -1", "retries: 50", "retries: -1"),
        ("failures.max_age_hours", "max_age_hours: 12", "max_age_hours: 6"),
        ("failures.bisect", "max_age_hours: 6", "max_age_hours: 6, bisect: false"),
        ("enabled", "    memory_mb", "    enabled: false\n    memory_mb"),
        ("enabled, its default", "    enabled: false\n", ""),
        ("batch.start", "start: oldest", "start: newest"),
        ("batch.start: oldest", "start: newest", "start: oldest"),
    ];
    chain(Kind::MiniStack, "200000000022", "edits_mapping", EDITS);
}

#[test]
fn filters() {
    const EDITS: &[Edit] = &[
        ("filters", "    batch:", "    filters: [ { data: { kind: [ order ] } } ]\n    batch:"),
        ("another one", "kind: [ order ] } }", "kind: [ order ] } }, { data: { n: [ { numeric: [ \">\", 5 ] } ] } }"),
        ("one that asks for something else", "kind: [ order ]", "kind: [ order, { prefix: x } ]"),
        ("one less", "{ data: { kind: [ order, { prefix: x } ] } }, ", ""),
        ("no filters", "    filters: [ { data: { n: [ { numeric: [ \">\", 5 ] } ] } } ]\n", ""),
    ];
    chain(Kind::MiniStack, "200000000167", "edits_filters", EDITS);
}

/// The same patterns in another order and with other spaces are the same filters.
#[test]
fn filters_have_no_order() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000169", crate::MAIN);
    sandbox.edit("    batch:", "    filters: [ { data: { a: [ x ], b: [ 1 ] } }, { data: { c: [ y ] } } ]\n    batch:");
    sandbox.converge();
    sandbox.edit(
        "{ data: { a: [ x ], b: [ 1 ] } }, { data: { c: [ y ] } }",
        "{ data: { c: [ 'y' ] } }, { data: { b: [1], a: [x] } }",
    );
    in_sync(&sandbox, "in another order");
}

/// Neither emulator keeps StartingPositionTimestamp, so what is applied could not be read back: the plan alone is shown.
#[test]
fn batch_start_at_a_time() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000023", crate::MAIN);
    sandbox.converge();
    sandbox.edit("start: oldest", "start: { at: '2026-01-31T12:00:00+01:00' }");
    snapshot("edits_start_at", &plan(&sandbox));
}

#[test]
fn handler_architecture_and_partial() {
    const EDITS: &[Edit] = &[
        // With it comes the machine that it is for.
        ("handler", "handler: x86", "handler: arm"),
        ("a script runs anywhere: architecture", "handler: arm", "handler: script\n    architecture: x86_64"),
        ("architecture alone", "architecture: x86_64", "architecture: arm64"),
        ("failures.partial", "max_age_hours: 12", "max_age_hours: 12, partial: false"),
    ];
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000024", crate::MAIN);
    for (folder, machine) in [("x86", 62), ("arm", 183)] {
        std::fs::create_dir(sandbox.path().join(folder)).unwrap();
        std::fs::write(sandbox.path().join(folder).join("bootstrap"), program_for(machine)).unwrap();
    }
    std::fs::create_dir(sandbox.path().join("script")).unwrap();
    std::fs::write(sandbox.path().join("script/bootstrap"), "#!/bin/sh\n").unwrap();
    sandbox.edit("handler: stream-to-table", "handler: x86");
    sandbox.converge();
    snapshot("edits_handler", &each(&sandbox, EDITS));
    std::fs::write(sandbox.path().join("script/bootstrap"), "#!/bin/sh\nexit 1\n").unwrap();
    assert!(plan(&sandbox).contains("code_sha256: "), "another text of the program is another code");
    std::fs::write(sandbox.path().join("script/bootstrap"), "#!/bin/sh\n").unwrap();
    in_sync(&sandbox, "the first text again");
}

/// An empty program for this machine: an ELF header alone.
fn program_for(machine: u8) -> Vec<u8> {
    let mut header = vec![0; 64];
    header[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    for (offset, value) in [(16, 3), (18, machine), (20, 1), (52, 64)] {
        header[offset] = value;
    }
    header
}

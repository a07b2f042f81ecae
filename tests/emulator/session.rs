//! A user who edits a spec, looks at the plan, applies it, and sees that nothing is left: written down as a session.

use std::fmt::Write;

use pipe_test_support::{Emulator, Endpoint, Kind, Run, Sandbox};

/// One edit: its title, and the text of `pipeline.yaml` that is replaced.
pub type Edit = (&'static str, &'static str, &'static str);

/// A sandbox with this spec in an account of its own, whose id is always the same, and with it every ARN and hash.
pub fn sandbox(kind: Kind, account: &str, spec: &str) -> (Endpoint, Sandbox) {
    let endpoint = Endpoint::start(Emulator::shared(kind));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account_of(account), spec);
    (endpoint, sandbox)
}

/// The plan of what is to be done, which must be something.
pub fn plan(sandbox: &Sandbox) -> String {
    let run = sandbox.run(&["diff", "--exit-code"]);
    assert_eq!(run.code, Some(2), "something is to be done\n{}{}", run.out, run.err);
    run.out.split_once('\n').unwrap().1.to_owned()
}

/// Applies MAIN, then makes one edit after the other; the plans are the snapshot `name`. What an apply would leave undone is in
/// the next edit's plan, so that only after the last one it is asked whether anything is left. The plan is the one that `apply`
/// prints: that `diff` prints the same is shown where [`apply`] is used.
pub fn chain(kind: Kind, account: &str, name: &str, edits: &[Edit]) {
    chain_of(crate::MAIN, kind, account, name, edits);
}

/// The same with another spec than MAIN.
pub fn chain_of(spec: &str, kind: Kind, account: &str, name: &str, edits: &[Edit]) {
    let (_endpoint, sandbox) = sandbox(kind, account, spec);
    chain_in(&sandbox, name, edits);
}

/// The same in a sandbox that holds what its spec names.
pub fn chain_in(sandbox: &Sandbox, name: &str, edits: &[Edit]) {
    sandbox.pipe(&["apply", "--yes"]);
    let mut session = String::new();
    for (title, from, to) in edits {
        sandbox.edit(from, to);
        let plan = plan_of(&sandbox.pipe(&["apply", "--yes", "--allow-data-loss", "all", "--allow-widening"]));
        let _ = writeln!(session, "# {title}\n{plan}");
    }
    in_sync(sandbox, "after the last edit");
    snapshot(name, &session);
}

/// Makes one edit after the other, each to its end, and returns their plans under their titles.
pub fn each(sandbox: &Sandbox, edits: &[Edit]) -> String {
    let mut session = String::new();
    for (title, from, to) in edits {
        sandbox.edit(from, to);
        let plan = plan(sandbox);
        apply(sandbox, title, &plan);
        let _ = writeln!(session, "# {title}\n{plan}");
    }
    session
}

/// What was printed, without its first line, to the line that sums the plan up.
fn plan_of(out: &str) -> String {
    let lines: Vec<&str> = out.lines().collect();
    let end = lines.iter().position(|line| line.starts_with("Plan: ")).expect("something is to be done");
    lines[1..=end].iter().map(|line| format!("{line}\n")).collect()
}

/// Applies a plan, and proves that nothing is left to do.
pub fn apply(sandbox: &Sandbox, title: &str, plan: &str) {
    run(sandbox, title, plan);
    in_sync(sandbox, title);
}

/// Applies a plan: what it would lose it refuses to lose without consent, and it prints what `diff` printed.
fn run(sandbox: &Sandbox, title: &str, plan: &str) {
    if plan.contains("\n    ! ") {
        sandbox.account.clear();
        let refused = sandbox.run(&["apply", "--yes"]);
        assert_eq!(refused.code, Some(3), "{title}: consent is missing\n{}{}", refused.out, refused.err);
        assert!(refused.err.contains("pass --allow-data-loss"), "{title}: {}", refused.err);
        assert!(sandbox.account.writes().is_empty(), "{title}: nothing is written without consent");
    }
    let applied = sandbox.run(&["apply", "--yes", "--allow-data-loss", "all", "--allow-widening"]);
    assert_eq!(applied.code, Some(0), "{title}:\n{plan}\n{}{}", applied.out, applied.err);
    assert!(applied.out.contains(plan), "{title}: `apply` prints another plan than `diff`\n{plan}\n{}", applied.out);
}

/// Proves that nothing is left to do.
pub fn in_sync(sandbox: &Sandbox, title: &str) {
    let Run { code, out, err } = sandbox.run(&["diff", "--exit-code"]);
    assert_eq!(code, Some(0), "{title}: there is still something to do\n{out}{err}");
}

/// Compares with the snapshot of this name. Hashes of code and of desired forms, and what AWS draws, are left out.
pub fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("../snapshots/emulator");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r#""[A-Za-z0-9+/]{43}=""#, r#""[sha256]""#);
    settings.add_filter(r#""pipe:[0-9a-f]{12}""#, r#""[hash]""#);
    settings.add_filter(r#""[0-9a-f]{12}""#, r#""[hash]""#);
    settings.add_filter(r"(/consumer/[a-z0-9-]+:)\d+", "${1}[made]");
    settings.add_filter(r#"follows: "[^"]*" → "\d[^"]*""#, r#"follows: "[identity]" → "[identity]""#);
    settings.add_filter(r#"follows: "[^"]*""#, r#"follows: "[identity]""#);
    settings.add_filter(r"\b(Object|Schema)[0-9a-f]{12}\b", "$1[hash]");
    settings.add_filter(r"(secret[: ]|ret:)gateway/credentials-[A-Za-z0-9]{6}", "${1}gateway/credentials-[suffix]");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

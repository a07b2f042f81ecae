//! `-v` and `RUST_LOG`: every AWS call in one line, and never a body. And what tells a log's reader that a run is alive.

use std::collections::BTreeSet;

use pipe_test_support::{Rule, Run};

use crate::site::{MAIN, Site};

/// A value that is in the body of calls, and nowhere else.
const MARK: &str = "a-mark-for-bodies";

/// The main file, with the mark in its consumer's environment.
fn marked() -> Site {
    let site = Site::new(MAIN);
    site.user.edit("memory_mb: 128\n", &format!("memory_mb: 128\n    environment: {{ MODE: {MARK} }}\n"));
    site
}

/// Applies, with these variables and arguments.
fn apply(site: &Site, variables: &[(&str, &str)], more: &[&str]) -> Run {
    let mut command = site.user.command(&[&["apply", "--yes"], more].concat());
    let run = Run::of(command.envs(variables.iter().copied()).output().unwrap());
    assert_eq!(run.code, Some(0), "{}", run.err);
    run
}

/// The value of a field of a trace line.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let value = line.split_once(&format!(" {name}="))?.1;
    value.split(' ').next().map(|value| value.trim_matches('"'))
}

#[test]
fn each_call_is_traced_with_service_operation_time_and_request_id() {
    let site = marked();
    let run = apply(&site, &[], &["-v"]);
    assert!(run.out.contains(MARK), "the plan shows it");
    let traces: Vec<&str> = run.err.lines().filter(|line| line.contains(" operation=")).collect();
    let mut traced = BTreeSet::new();
    for line in &traces {
        let status: u16 = field(line, "status").unwrap().parse().unwrap();
        assert!(field(line, "milliseconds").unwrap().parse::<u64>().is_ok() && (200..500).contains(&status), "{line}");
        let (service, id) = (field(line, "service").unwrap(), field(line, "request_id").unwrap());
        // The test endpoint answers for the tagging API itself, without an id.
        assert!(id.len() > 8 || service == "tagging", "{line}");
        traced.insert((service.to_owned(), field(line, "operation").unwrap().to_owned()));
    }
    let calls = site.user.account.calls();
    assert_eq!(traces.len(), calls.len(), "as many lines as the endpoint saw calls");
    for call in calls {
        let name = (call.service.clone(), call.operation.clone());
        assert!(traced.contains(&name), "{name:?} is in no trace");
    }
    assert!(!run.err.contains(MARK) && !run.err.contains("AssumeRolePolicyDocument"), "a body is traced");
}

#[test]
fn rust_log_is_heeded_and_shows_no_body_either() {
    let site = marked();
    let run = apply(&site, &[("RUST_LOG", "trace")], &[]);
    assert!(run.err.contains("operation=\"CreateFunction\"") && run.err.contains("aws_smithy_runtime"), "{}", run.err);
    for hidden in [MARK, "AssumeRolePolicyDocument", "Signature="] {
        assert!(!run.err.contains(hidden), "`{hidden}` is traced");
    }
    let quiet = site.user.run(&["diff"]);
    assert!(!quiet.err.contains("aws_") && !quiet.err.contains("operation="), "traced by default: {}", quiet.err);
}

/// `pipe -v apply 2>&1 | head -1`.
#[test]
fn a_reader_of_traces_that_goes_away_ends_no_run() {
    let site = Site::new(MAIN);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = site.user.command(&["apply", "--yes", "-vv"]);
    let status = command.stdout(writer.try_clone().unwrap()).stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(site.user.run(&["diff", "--exit-code"]).code, Some(0), "everything was applied");
}

/// If standard error is a log, a silent run says how far it is.
#[test]
fn a_log_shows_that_the_run_is_alive() {
    let site = Site::new(MAIN);
    let text = "The role defined for the function cannot be assumed by Lambda.";
    let rule = Rule::on("lambda", "CreateFunction").containing("gateway-events-consumer").times(15);
    site.user.account.set(rule.fail(400, "InvalidParameterValueException", text));
    let run = apply(&site, &[], &[]);
    // The consumer is waited for 25 s and says so once: ten silent seconds come when all else is done.
    let mut progress = run.err.lines().filter(|line| line.contains(" of 15 done after "));
    assert!(progress.any(|line| line.ends_with("under way: consumer")), "{}", run.err);
}

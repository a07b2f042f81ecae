//! Nothing is changed without consent, and nothing is lost without its name.

use std::io::Write;
use std::process::Stdio;

use pipe_test_support::Run;

use crate::site::{LEFT, MAIN, Site};

/// Asserts exit code 3, these texts, and that nothing was written.
fn refused(site: &Site, run: &Run, texts: &[&str]) {
    assert_eq!(run.code, Some(3), "{}{}", run.out, run.err);
    for text in texts {
        assert!(run.err.contains(text), "no `{text}` in: {}", run.err);
    }
    assert_eq!(site.written(), Vec::<String>::new(), "something was changed");
}

#[test]
fn nothing_is_applied_where_nobody_can_be_asked() {
    let site = Site::new(MAIN);
    let run = site.user.run(&["apply"]);
    refused(&site, &run, &["nothing was changed: there is no terminal to ask on", "hint: pass --yes"]);
    assert!(run.out.contains("Plan: 15 to create."), "the plan is shown all the same: {}", run.out);
    refused(&site, &site.user.run(&["apply", "--json"]), &["hint: pass --yes"]);
    refused(&site, &site.user.run(&["apply", "--allow-data-loss", "all"]), &["hint: pass --yes"]);
}

#[test]
fn nothing_is_destroyed_without_the_names_of_what_is_lost() {
    let site = Site::applied();
    let hints = ["dlq", "table", "stream", "secret"].map(|id| format!("hint: to agree, pass --allow-data-loss {id}\n"));
    let hints: Vec<&str> = hints.iter().map(String::as_str).collect();
    refused(&site, &site.user.run(&["destroy", "--yes"]), &hints);
    let with_yes = hints.iter().map(|hint| hint.replace("pass ", "pass --yes ")).collect::<Vec<_>>();
    refused(&site, &site.user.run(&["destroy"]), &with_yes.iter().map(String::as_str).collect::<Vec<_>>());
    refused(&site, &site.user.run(&["destroy", "--allow-data-loss", "all"]), &["hint: pass --yes"]);
    let some =
        ["destroy", "--yes", "--allow-data-loss", "dlq", "--allow-data-loss", "table", "--allow-data-loss", "tables"];
    let run = site.user.run(&some);
    refused(&site, &run, &["`stream` (kinesis:Stream `GatewayEventsStream`): its contents are deleted", "`secret`"]);
    assert!(!run.err.contains("`table`") && !run.err.contains("`dlq`"), "{}", run.err);
    let all = ["dlq", "table", "stream", "secret"].map(|id| ["--allow-data-loss", id]).concat();
    site.user.pipe(&[&["destroy", "--yes"][..], &all].concat());
}

/// A resource that no name of the spec leads to may have any id in its tags, so an id says nothing.
#[test]
fn without_its_spec_what_is_lost_is_named_by_kind_and_name() {
    let site = Site::applied();
    let names = [
        "sqs:Queue/LambdaDeadLetterQueue",
        "dynamodb:Table/EventTable",
        "kinesis:Stream/GatewayEventsStream",
        "secretsmanager:Secret/gateway/credentials",
    ];
    let hints = names.map(|name| format!("hint: to agree, pass --allow-data-loss {name}\n"));
    let hints: Vec<&str> = hints.iter().map(String::as_str).collect();
    let destroy = ["destroy", "--name", "gateway-events", "--yes"];
    refused(&site, &site.user.run(&destroy), &hints);
    let ids = ["dlq", "table", "stream", "secret"].map(|id| ["--allow-data-loss", id]).concat();
    refused(&site, &site.user.run(&[&destroy[..], &ids].concat()), &hints);
    let run = site.user.run(&["destroy", "--orphan", "dynamodb:EventTable", "--yes"]);
    assert!(run.code == Some(1) && run.err.contains("a kind and a name"), "{}", run.err);
    let all = names.map(|name| ["--allow-data-loss", name]).concat();
    site.user.pipe(&[&destroy[..], &all].concat());
    assert_eq!(site.census(), LEFT);
}

#[test]
fn a_replacement_is_consented_to_by_id() {
    let site = Site::applied();
    site.user.edit("partition_key: eventId\n", "partition_key: eventId\n    sort_key: at\n");
    let run = site.user.run(&["apply", "--yes"]);
    refused(
        &site,
        &run,
        &["`table` (dynamodb:Table `EventTable`): its contents are deleted", "--allow-data-loss table"],
    );
    assert!(run.out.contains("forces replacement"), "{}", run.out);
    refused(&site, &site.user.run(&["apply", "--yes", "--allow-data-loss", "stream"]), &["--allow-data-loss table"]);
    site.user.pipe(&["apply", "--yes", "--allow-data-loss", "table"]);
    let written = site.written();
    assert!(written.contains(&"DeleteTable".to_owned()) && written.contains(&"CreateTable".to_owned()), "{written:?}");
    site.user.converge();
}

#[test]
fn a_loss_in_place_is_consented_to_as_well() {
    let site = Site::applied();
    site.user.edit("retention_days: 14", "retention_days: 1");
    refused(&site, &site.user.run(&["apply", "--yes"]), &["messages older than 86400 s", "--allow-data-loss dlq"]);
    site.user.pipe(&["apply", "--yes", "--allow-data-loss", "all"]);
    site.user.converge();
}

/// Without a terminal, the refusal lists everything that is missing at once.
#[test]
fn losses_and_widenings_are_asked_for_together() {
    let site = Site::applied();
    site.user.edit("retention_days: 14", "retention_days: 1");
    site.user.edit("    stage: prod\n", "    stage: prod\n    minimum_tls: tls_1_0\n");
    let run = site.user.run(&["apply", "--yes"]);
    let hints = ["hint: to agree, pass --allow-data-loss dlq\n", "hint: to agree, pass --allow-widening\n"];
    refused(&site, &run, &hints);
    assert!(run.out.contains("! 1 × data is lost") && run.out.contains("^ 1 × somebody may do more"), "{}", run.out);
    let run = site.user.run(&["apply"]);
    refused(&site, &run, &["pass --yes --allow-data-loss dlq\n", "pass --yes --allow-widening\n"]);
    let run = site.user.run(&["apply", "--yes", "--allow-data-loss", "dlq", "--allow-widening"]);
    assert!(run.out.ends_with(" s: 2 updated, 12 unchanged.\n"), "{}", run.out);
    assert!(run.err.contains("✓ dlq             updated"), "{}", run.err);
    let destroy = site.user.run(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert!(destroy.out.ends_with(" s: 14 deleted.\n"), "{}", destroy.out);
}

#[test]
fn an_empty_plan_needs_no_consent() {
    let site = Site::applied();
    let run = site.user.run(&["apply"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("Nothing to do"), "{}", run.out);
    assert_eq!(site.user.run(&["diff", "--exit-code"]).code, Some(0));
    site.user.edit("retention_hours: 24", "retention_hours: 48");
    assert_eq!(site.user.run(&["diff", "--exit-code"]).code, Some(2));
    assert_eq!(site.user.run(&["diff"]).code, Some(0));
    assert_eq!(site.written(), Vec::<String>::new());
    let run = site.user.run(&["destroy", "--name", "gateway-event"]);
    let told = "there is no pipeline `gateway-event` in";
    assert!(run.code == Some(0) && run.err.contains(told) && run.err.contains("there are `gateway-events`"), "{run:?}");
    assert!(!run.out.contains("Nothing to do"), "{}", run.out);
    let nothing = Site::new(MAIN);
    assert_eq!(nothing.user.run(&["destroy"]).code, Some(0), "there is nothing to destroy");
}

/// Runs `pipe` at a terminal, made by `script` (util-linux), where somebody types these answers.
fn at_a_terminal(site: &Site, arguments: &str, answers: &str) -> Run {
    let pipe = site.user.command(&[]);
    let mut script = std::process::Command::new("script");
    script.args(["-qefc", &format!("{} {arguments}", env!("CARGO_BIN_EXE_pipe")), "/dev/null"]);
    script.env_clear().envs(pipe.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.current_dir(site.user.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = script.spawn().unwrap();
    running.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    Run::of(running.wait_with_output().unwrap())
}

#[test]
fn at_a_terminal_it_asks() {
    let site = Site::new("name: small\nstream: { kinesis: { name: Small } }\n");
    for no in ["n\n", "\n", "yess\n"] {
        let run = at_a_terminal(&site, "apply", no);
        assert_eq!(run.code, Some(3), "{}", run.out);
        assert!(run.out.contains("Apply? [y/N]") && run.out.contains("because the answer was no"), "{}", run.out);
    }
    assert_eq!(site.written(), Vec::<String>::new());
    let run = at_a_terminal(&site, "apply", "y\n");
    assert_eq!(run.code, Some(0), "{}", run.out);
    site.user.account.clear();
    for no in ["y\n", "Big\n", "\n", "streem\nstraem\nstrem\nstream\n"] {
        let run = at_a_terminal(&site, "destroy", no);
        assert_eq!(run.code, Some(3), "{}", run.out);
        let question = "`stream` (kinesis:Stream `Small`): its contents are deleted.";
        assert!(run.out.contains(question) && run.out.contains("Type `stream` to agree: "), "{}", run.out);
    }
    assert_eq!(site.written(), Vec::<String>::new());
    // A typing error is not an answer, and the name on the screen is as good as the id.
    let run = at_a_terminal(&site, "destroy", "streem\nSmall\n");
    assert!(run.out.contains("That is another name. Type `stream` to agree: "), "{}", run.out);
    // The lease around it is the run's own.
    assert_eq!(run.code, Some(0), "{}", run.out);
    assert_eq!(site.written(), ["PutParameter", "DeleteStream", "DeleteParameter"]);
}

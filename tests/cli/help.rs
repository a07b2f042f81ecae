//! What needs no account: help, completions, schema, graph, validate, JSON lines, and readers that go away.

use std::process::{Command, Stdio};

use pipe_test_support::Sandbox;
use serde_json::Value;

use crate::site::{MAIN, Site, root};

/// `pipe` in an empty folder but for the main file, and without AWS.
fn offline() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipe"));
    command.current_dir(root()).env_clear().env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// Exit code, standard output, standard error.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let run = pipe_test_support::Run::of(offline().args(arguments).output().unwrap());
    (run.code, run.out, run.err)
}

#[test]
fn help_tells_commands_and_exit_codes() {
    let (code, out, err) = run(&["--help"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(out, @"");
    let (code, out, _) = run(&["apply", "--help"]);
    assert_eq!(code, Some(0));
    for option in ["--yes", "--allow-data-loss <ID>", "--adopt", "--json", "[default: pipeline.yaml]"] {
        assert!(out.contains(option), "{option}: {out}");
    }
    assert_eq!(run(&["--version"]), (Some(0), format!("pipe {}\n", env!("CARGO_PKG_VERSION")), String::new()));
}

#[test]
fn every_command_has_help_in_one_line() {
    let (_, out, _) = run(&["--help"]);
    let commands = out.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() >= 11, "{commands:?}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        let (code, out, err) = run(&[command, "--help"]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{command}");
        assert!(out.contains(&format!("Usage: pipe {command}")), "{out}");
    }
}

/// 2 would say "there are changes".
#[test]
fn a_wrong_command_line_is_a_failure_and_no_change() {
    let wrong: [&[&str]; 6] = [
        &["upply"],
        &["diff", "--exit-cod"],
        &["graph", "--format", "svg"],
        &["apply", "a", "b"],
        &["completions"],
        &[],
    ];
    for arguments in wrong {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(err.contains("Usage: pipe"), "{arguments:?}: {err}");
    }
    assert!(run(&["upply"]).2.contains("apply"), "a similar command is named");
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, err) = run(&["completions", shell]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{shell}");
        for word in ["apply", "iam-policy", "allow-data-loss"] {
            assert!(out.contains(word), "{shell}: no {word}");
        }
    }
}

#[test]
fn the_schema_is_the_one_in_the_repository() {
    let (code, out, err) = run(&["schema"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, std::fs::read_to_string(root().join("schema/pipeline.json")).unwrap());
}

#[test]
fn the_graph_of_the_main_file() {
    let (code, out, _) = run(&["graph"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(out, @"");
    let (code, out, _) = run(&["graph", "--format", "dot"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(out, @"");
}

#[test]
fn a_good_file_is_valid_and_a_bad_one_told_at_its_places() {
    let (code, out, _) = run(&["validate"]);
    assert_eq!((code, out.as_str()), (Some(0), "pipeline.yaml: pipeline `gateway-events` is valid\n"));
    let (code, out, err) = run(&["validate", "tests/specs/bad/partition_key.yaml"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    insta::assert_snapshot!(err, @"");
}

/// Every line of standard output is one JSON object that says what it is.
fn events(out: &str) -> Vec<String> {
    let event = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        value["event"].as_str().unwrap_or_else(|| panic!("no event: {line}")).to_owned()
    };
    out.lines().map(event).collect()
}

#[test]
fn offline_commands_speak_json_lines() {
    let (code, out, _) = run(&["validate", "--json"]);
    assert_eq!((code, events(&out)), (Some(0), vec!["problems".to_owned()]));
    let (code, out, _) = run(&["validate", "--json", "tests/specs/bad/partition_key.yaml"]);
    assert_eq!((code, events(&out)), (Some(1), vec!["problems".to_owned()]));
    let (code, out, _) = run(&["validate", "--json", "nothing.yaml"]);
    assert_eq!((code, events(&out)), (Some(1), vec!["problems".to_owned()]));
    for format in ["mermaid", "dot"] {
        let (code, out, _) = run(&["graph", "--json", "--format", format]);
        assert_eq!((code, events(&out)), (Some(0), vec!["graph".to_owned()]));
    }
    let (code, out, _) = run(&["diff", "--json"]);
    assert_eq!((code, events(&out)), (Some(1), vec!["error".to_owned()]), "no region is an event too");
}

#[test]
fn runs_speak_json_lines() {
    let site = Site::new(MAIN);
    let json = |user: &Sandbox, arguments: &[&str], code| {
        let run = user.run(arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {}{}", run.out, run.err);
        events(&run.out)
    };
    assert_eq!(json(&site.user, &["diff", "--json"], 0), ["plan"]);
    assert_eq!(json(&site.user, &["apply", "--json"], 3), ["plan", "error"]);
    let applied = json(&site.user, &["apply", "--json", "--yes"], 0);
    assert_eq!((applied.first().unwrap().as_str(), applied.last().unwrap().as_str()), ("plan", "summary"));
    let count = |what: &str| applied.iter().filter(|event| *event == what).count();
    assert_eq!((count("started"), count("done"), count("failed")), (15, 15, 0));
    assert_eq!(json(&site.user, &["outputs", "--json"], 0), ["outputs"]);
    assert_eq!(json(&site.user, &["list", "--json"], 0), ["pipelines"]);
    assert_eq!(json(&site.user, &["destroy", "--json", "--yes"], 3), ["plan", "error", "error", "error", "error"]);
    let policy = site.user.pipe(&["iam-policy", "--json"]);
    assert_eq!(policy.lines().count(), 1);
    assert_eq!(serde_json::from_str::<Value>(&policy).unwrap()["Version"], "2012-10-17");
}

/// `pipe schema | head -1`: the reader has enough, which is no failure of ours.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for arguments in [&["schema"][..], &["completions", "bash"], &["graph"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = offline().args(arguments).stdout(writer).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&run.stderr), "", "{arguments:?}");
        assert_eq!(run.status.code(), Some(0), "{arguments:?}");
    }
}

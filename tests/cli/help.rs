//! What needs no account: help, completions, schema, graph, validate, and readers that go away.

use std::process::{Command, Stdio};

use crate::site::root;

/// `pipe` beside the main file, and without AWS.
pub fn offline() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipe"));
    command.current_dir(root()).stdin(Stdio::null());
    command.env_clear().env("NO_COLOR", "1").env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// Exit code, standard output, standard error.
pub fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let run = pipe_test_support::Run::of(offline().args(arguments).output().unwrap());
    (run.code, run.out, run.err)
}

#[test]
fn help_tells_commands() {
    let (code, out, err) = run(&["--help"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(out.split("\nOptions:").next().unwrap(), @r##"
    One page of YAML becomes a production-grade AWS event pipeline.

    Usage: pipe [OPTIONS] <COMMAND>

    Commands:
      init         Write a commented spec to begin with
      apply        Make the account match the spec
      diff         Show what apply would do
      destroy      Delete what the pipeline owns
      unlock       End the lease that a dead run has left
      validate     Check a spec offline: every problem in one run
      schema       Print the JSON schema of specs
      graph        Draw the resources: needs solid, mentions dotted
      openapi      Describe the API in OpenAPI 3.0, for clients and documentation
      list         List the pipelines of this account and region
      outputs      Print endpoint, names and ARNs
      iam-policy   Print the least IAM policy that a deployer of this spec needs
      dev          Run the pipeline on this machine, and apply every edit of its spec and handlers
      console      Serve a page that shows the pipeline on AWS, or say where that of `pipe dev` is
      send         Send events: to the source, or without one to what carries them
      status       Show whether it works and keeps up, and what needs a person until when
      logs         Show the logs of all parts, merged by time
      trace        Show the way of one event, from the API to its row or dead letter
      dlq          Read the dead-letter queue, send its letters once more, delete or export them
      replay       Send a part of the stream to the consumer's function once more, in order
      completions  Print a completion script for a shell
      licenses     Print the licenses of what pipe is made of
      help         Print this message or the help of the given subcommand(s)
    "##);
}

#[test]
fn help_tells_options_and_exit_codes() {
    let (_, out, _) = run(&["--help"]);
    insta::assert_snapshot!(out.split("\nOptions:\n").nth(1).unwrap(), @r##"
          --region <REGION>     AWS region; otherwise AWS_REGION or the profile's
          --profile <PROFILE>   Profile of the AWS configuration files; otherwise AWS_PROFILE
          --endpoint-url <URL>  An AWS-compatible endpoint for every service; otherwise AWS_ENDPOINT_URL
          --local               The pipeline that `pipe dev` runs on this machine, instead of the one on
                                AWS
          --json                Print JSON, one object a line, for machines
      -v, --verbose...          Trace every AWS call to standard error; -vv for more. RUST_LOG, if set,
                                decides instead what is traced
      -h, --help                Print help
      -V, --version             Print version

    Exit codes: 0 done or nothing to do, 1 failed, 2 changes present (diff --exit-code), 3 refused
    because consent is missing, 130 interrupted.
    "##);
}

#[test]
fn the_help_of_a_command_tells_its_options() {
    let (code, out, _) = run(&["apply", "--help"]);
    assert_eq!(code, Some(0));
    for option in [
        "--yes",
        "--allow-data-loss <ID|KIND/NAME>",
        "--orphan <KIND/NAME>",
        "--adopt",
        "--json",
        "[default: pipeline.yaml]",
    ] {
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

#[test]
fn the_licenses_of_what_is_inside_are_carried_along() {
    let (code, out, err) = run(&["licenses"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for text in ["\ntokio 1.", "\nlambda_runtime ", "Apache License\n", "Mozilla Public License", "Carl Lerche"] {
        assert!(out.contains(text), "{text}");
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
        assert!(err.contains("--help"), "{arguments:?}: {err}");
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
fn a_good_file_is_valid_and_a_bad_one_told_at_its_places() {
    let (code, out, _) = run(&["validate"]);
    assert_eq!((code, out.as_str()), (Some(0), "pipeline.yaml: pipeline `gateway-events` is valid\n"));
    let (code, out, err) = run(&["validate", "tests/specs/bad/partition_key.yaml"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    insta::assert_snapshot!(err, @r##"
    error: `/a/{id}/{of}` has no parameter `eventId`
     --> tests/specs/bad/partition_key.yaml:5:48
      |
    5 |       - { post: '/a/{id}/{of}', partition_key: path.eventId }
      |                                                ^^^^^^^^^^^^
      |
      = help: its parameters are `id` and `of`

    error: `/b` has no parameter `id`
     --> tests/specs/bad/partition_key.yaml:6:36
      |
    6 |       - { post: /b, partition_key: path.id }
      |                                    ^^^^^^^
      |
      = help: add `{id}` to the path, or take the key from `header`, `query` or `body`

    error: `source.api.routes[2].partition_key` must be `path.X`, `query.X`, `header.X`, `body.X` or `random`, but is the text `eventId`
     --> tests/specs/bad/partition_key.yaml:7:36
      |
    7 |       - { post: /c, partition_key: eventId }
      |                                    ^^^^^^^

    error: `source.api.routes[3].partition_key` must be `path.X`, `query.X`, `header.X`, `body.X` or `random`, but is the text `path.`
     --> tests/specs/bad/partition_key.yaml:8:36
      |
    8 |       - { post: /d, partition_key: path. }
      |                                    ^^^^^
    "##);
}

/// `pipe schema | head -1`: the reader has enough, which is not a failure of ours.
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

/// Output that could not be written is missing somewhere: that is a failure, unlike a reader that has enough.
#[test]
fn a_full_disk_is_a_failure() {
    for arguments in [&["schema"][..], &["completions", "bash"], &["graph"], &["--json", "validate"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run = pipe_test_support::Run::of(offline().args(arguments).stdout(full).output().unwrap());
        assert!(
            run.err.contains("not everything could be written to standard output: No space left on device"),
            "{}",
            run.err
        );
        assert_eq!(run.code, Some(1), "{arguments:?}");
    }
}

#[test]
fn names_of_pipelines_are_looked_at_before_anything_else() {
    for (command, name) in [("destroy", ""), ("destroy", "A b"), ("unlock", "../../x"), ("unlock", "a")] {
        let (code, _, err) = run(&[command, "--name", name, "--yes"]);
        assert!(code == Some(1) && err.contains("a lower-case letter, then 1 to 30"), "{name}: {err}");
    }
    let (code, _, err) = run(&["destroy", "pipeline.yaml", "--name", "alpha"]);
    assert!(code == Some(1) && err.contains("cannot be used with"), "{err}");
}

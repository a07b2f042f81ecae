//! `--json`: one JSON object a line on standard output, and nothing else there.

use pipe_test_support::{Run, Sandbox};
use serde_json::Value;

use crate::help::run;
use crate::site::{MAIN, Site};

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

/// A warning is of those who act on what it is about; for all others it is neither a line of JSON nor of standard error.
#[test]
fn the_warnings_of_a_spec_are_said_where_they_matter() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pipeline.yaml");
    let spec = "name: warned\nsource: { api: { routes: [ { post: /x, auth: none } ] } }\nstream: { kinesis: { on_demand: true } }\n";
    std::fs::write(&file, spec).unwrap();
    let run = |command: &str| run(&[command, file.to_str().unwrap(), "--json"]);
    let (code, out, err) = run("graph");
    assert_eq!((code, events(&out), err.as_str()), (Some(0), vec!["graph".to_owned()], ""));
    let (code, out, err) = run("validate");
    assert_eq!(
        (code, events(&out), err.matches("nothing bounds").count()),
        (Some(0), vec!["problems".to_owned()], 1),
        "{err}"
    );
    let (code, out, err) = run("diff");
    assert_eq!(
        (code, events(&out), err.matches("nothing bounds").count()),
        (Some(1), vec!["error".to_owned()], 1),
        "{err}"
    );
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
    assert_eq!((applied.first().unwrap().as_str(), applied.last().unwrap().as_str()), ("plan", "outputs"));
    let count = |what: &str| applied.iter().filter(|event| *event == what).count();
    assert_eq!((count("started"), count("done"), count("failed")), (15, 15, 0));
    assert_eq!(json(&site.user, &["outputs", "--json"], 0), ["outputs"]);
    assert_eq!(json(&site.user, &["outputs", "--json", "--field", "stream.arn"], 0), ["outputs"]);
    assert_eq!(json(&site.user, &["list", "--json"], 0), ["pipelines"]);
    assert_eq!(json(&site.user, &["destroy", "--json", "--yes"], 3), ["plan", "error", "error", "error", "error"]);
    assert_eq!(json(&site.user, &["iam-policy", "--json"], 0), ["policy"]);
    let policy = site.user.pipe(&["iam-policy"]);
    assert_eq!(serde_json::from_str::<Value>(&policy).unwrap()["Version"], "2012-10-17");
}

/// `pipe ... --json | head -1`: what is done is done all the same, and nothing is said of the reader.
#[test]
fn a_reader_that_goes_away_ends_no_run() {
    let site = Site::new(MAIN);
    for arguments in [&["diff", "--json"][..], &["apply", "--yes", "--json"], &["outputs", "--json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = Run::of(site.user.command(arguments).stdout(writer).output().unwrap());
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{arguments:?}");
    }
    assert_eq!(site.user.run(&["diff", "--exit-code"]).code, Some(0), "everything was applied");
}

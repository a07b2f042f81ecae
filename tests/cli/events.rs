//! The machine interface: every line of `--json` is as `schema/events.json` says, and they add up.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::LazyLock;
use std::time::Duration;

use jsonschema::Validator;
use pipe::event;
use pipe_test_support::Rule;
use serde_json::{Value, json};

use crate::help;
use crate::site::{MAIN, Running, Site, root, signal, until};

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = std::fs::read_to_string(root().join("schema/events.json")).unwrap();
    jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap()
});

/// The lines of a run's standard output, each as the schema says.
pub fn lines(out: &str) -> Vec<Value> {
    let line = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(SCHEMA.is_valid(&value), "not as the schema says: {line}");
        value
    };
    out.lines().map(line).collect()
}

/// The names of the events.
fn names(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

fn of<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

/// Asserts what holds for every run of a plan: one plan first, one end for each beginning, one summary last, which counts them.
fn adds_up(lines: &[Value]) -> BTreeMap<String, u64> {
    let lines = match lines {
        [run @ .., last] if last["event"] == "outputs" => run,
        run => run,
    };
    assert_eq!((of(lines, "plan").len(), of(lines, "summary").len()), (1, 1));
    let names = names(lines);
    assert_eq!((names.first(), names.last()), (Some(&"plan"), Some(&"summary")));
    let step = |line: &Value| (line["id"].to_string(), line["verb"].to_string());
    let ended: Vec<_> = ["done", "failed", "skipped"].iter().flat_map(|event| of(lines, event)).map(step).collect();
    for started in of(lines, "started") {
        let ends = ended.iter().filter(|end| **end == step(started)).count();
        assert_eq!(ends, 1, "{started} ends {ends} times");
    }
    let summary = lines.last().unwrap();
    let count = |what: &str| {
        assert_eq!(summary[what].as_u64(), Some(of(lines, what).len() as u64), "{what} is miscounted: {summary}");
        (what.to_owned(), of(lines, what).len() as u64)
    };
    ["done", "failed", "skipped"].into_iter().map(count).collect()
}

fn counts(done: u64, failed: u64, skipped: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([("done".into(), done), ("failed".into(), failed), ("skipped".into(), skipped)])
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let path = root().join("schema/events.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, event::schema()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == event::schema(),
        "schema/events.json is stale: run `UPDATE=1 cargo test -p pipe --test cli`, or `pipe schema --events > schema/events.json`"
    );
    let (code, out, err) = help::run(&["schema", "--events"]);
    assert_eq!((code, out, err.as_str()), (Some(0), committed, ""));
}

#[test]
fn the_schema_is_closed_and_says_what_everything_is() {
    let schema: Value = serde_json::from_str(&event::schema()).unwrap();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    let events = schema["oneOf"].as_array().unwrap();
    assert!(events.len() >= 20);
    let definitions = schema["$defs"].as_object().unwrap();
    for part in events.iter().chain(definitions.values()) {
        assert!(part["description"].as_str().is_some_and(|text| text.len() > 10), "no description: {part}");
        let Some(members) = part["properties"].as_object() else { continue };
        assert_eq!(part["additionalProperties"], false, "{part}");
        for (name, member) in members.iter().filter(|(name, _)| *name != "event") {
            let described = member["description"].is_string();
            assert!(described, "`{name}` has no description: {part}");
        }
    }
    for event in events {
        let required = event["required"].as_array().unwrap();
        assert!(required.contains(&json!("event")) && required.contains(&json!("version")), "{event}");
    }
    let good = json!({ "event": "warning", "version": 1, "message": "x" });
    let with = |key: &str, value: Value| {
        let mut line = good.clone();
        line[key] = value;
        line
    };
    assert!(SCHEMA.is_valid(&good));
    for bad in
        [with("version", json!(2)), with("event", json!("warn")), with("message", json!(1)), with("more", json!(1))]
    {
        assert!(!SCHEMA.is_valid(&bad), "{bad}");
    }
}

#[test]
fn what_needs_no_account() {
    let bad = "tests/specs/bad/partition_key.yaml";
    let said: [(&[&str], i32, &[&str]); 13] = [
        (&["validate"], 0, &["problems"]),
        (&["validate", bad], 1, &["problems"]),
        (&["validate", "nothing.yaml"], 1, &["problems"]),
        (&["apply", bad], 1, &["problems"]),
        (&["graph"], 0, &["graph"]),
        (&["openapi"], 0, &["openapi"]),
        (&["schema"], 0, &["schema"]),
        (&["schema", "--events"], 0, &["schema"]),
        (&["completions", "bash"], 0, &["completions"]),
        (&["licenses"], 0, &["licenses"]),
        (&["diff"], 1, &["error"]),
        (&["upply"], 1, &["error"]),
        (&[], 1, &["error"]),
    ];
    for (arguments, code, events) in said {
        let (ended, out, _) = help::run(&[arguments, &["--json"]].concat());
        let lines = lines(&out);
        assert_eq!((ended, names(&lines).as_slice()), (Some(code), events), "{arguments:?}: {out}");
    }
    let (_, out, _) = help::run(&["validate", bad, "--json"]);
    let problems = lines(&out)[0]["problems"].as_array().unwrap().len();
    assert_eq!(problems, 4);
    let complaint = |arguments: &[&str]| lines(&help::run(arguments).1)[0]["error"]["message"].clone();
    assert_eq!(complaint(&["diff", "--json", "--exit-cod"]), "unexpected argument '--exit-cod' found");
    assert_eq!(complaint(&["--json"]), "no command was given");
}

#[test]
fn a_pipeline_from_its_first_apply_to_its_end() {
    let site = Site::new(MAIN);
    let mut all = String::new();
    let mut say = |arguments: &[&str], code: i32| {
        let run = site.user.run(&[arguments, &["--json"]].concat());
        assert_eq!(run.code, Some(code), "{arguments:?}: {}{}", run.out, run.err);
        all += &run.out;
        lines(&run.out)
    };
    let planned = say(&["diff"], 0);
    assert_eq!((names(&planned), planned[0]["changes"].as_array().unwrap().len()), (vec!["plan"], 15));
    assert_eq!(names(&say(&["diff", "--exit-code"], 2)), ["plan"]);
    assert_eq!(names(&say(&["apply"], 3)), ["plan", "error"]);
    let applied = say(&["apply", "--yes"], 0);
    assert_eq!(say(&["outputs"], 0), applied[applied.len() - 1..], "an apply says where what it made is");
    assert_eq!(adds_up(&applied), counts(15, 0, 0));
    assert_eq!(applied[0], planned[0], "what diff prints is what apply runs");
    let unchanged = say(&["apply"], 0);
    assert_eq!((adds_up(&unchanged), unchanged.last()), (counts(0, 0, 0), applied.last()));
    assert_eq!(say(&["outputs"], 0)[0]["outputs"]["stream.name"], "GatewayEventsStream");
    assert_eq!(names(&say(&["outputs", "--field", "nothing"], 1)), ["error"]);
    assert_eq!(say(&["list"], 0)[0]["pipelines"], json!(["gateway-events"]));
    let policy = say(&["iam-policy"], 0);
    assert_eq!((names(&policy), &policy[0]["policy"]["Version"]), (vec!["policy"], &json!("2012-10-17")));
    assert_eq!(say(&["unlock"], 0), [json!({ "event": "lease", "version": 1, "pipeline": "gateway-events" })]);
    let kinesis = aws_sdk_kinesis::Client::new(&site.sdk);
    let longer = kinesis.increase_stream_retention_period().stream_name("GatewayEventsStream");
    site.wait(longer.retention_period_hours(48).send()).unwrap();
    let drift = say(&["diff"], 0)[0]["changes"].clone();
    assert_eq!((&drift[0]["id"], &drift[0]["drift"], &drift[1]), (&json!("stream"), &json!(true), &Value::Null));
    assert_eq!(adds_up(&say(&["apply", "--yes", "--allow-data-loss", "all"], 0)), counts(1, 0, 0));
    assert_eq!(names(&say(&["destroy", "--yes"], 3)), ["plan", "error", "error", "error", "error"]);
    let secrets = aws_sdk_secretsmanager::Client::new(&site.sdk);
    let secret = site.wait(secrets.get_secret_value().secret_id("gateway/credentials").send()).unwrap();
    let password: Value = serde_json::from_str(secret.secret_string().unwrap()).unwrap();
    assert_eq!(adds_up(&say(&["destroy", "--yes", "--allow-data-loss", "all"], 0))["failed"], 0);
    assert!(!all.contains(password["password"].as_str().unwrap()), "the password is told");
}

#[test]
fn a_call_that_fails_is_told_and_whether_it_is_made_again() {
    let site = Site::new(MAIN);
    let account = &site.user.account;
    // What the SDK repeats, what the engine waits for, and what nothing helps.
    account.set(Rule::on("dynamodb", "CreateTable").nth(1).fail(500, "InternalServerError", "try again"));
    let unknown = "The role defined for the function cannot be assumed by Lambda.";
    let function = || Rule::on("lambda", "CreateFunction");
    account.set(function().containing("authorizer").times(2).fail(400, "InvalidParameterValueException", unknown));
    account.set(function().containing("gateway-events-consumer").fail(403, "AccessDeniedException", "not you"));
    let run = site.user.run(&["apply", "--yes", "--json"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let lines = lines(&run.out);
    assert_eq!(adds_up(&lines), counts(13, 1, 1));
    let mut failed: Vec<String> = of(&lines, "call_failed")
        .into_iter()
        .map(|line| {
            let error = &line["error"];
            assert_eq!(error["request_id"], "00000000-0000-0000-0000-000000000000", "{line}");
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let parts = [&line["id"], &error["operation"], &error["code"], &error["message"]].map(text);
            format!("{} again: {}", parts.join(" "), line["again"])
        })
        .collect();
    failed.sort();
    let waited = format!("authorizer lambda:CreateFunction InvalidParameterValueException {unknown} again: true");
    assert_eq!(
        failed,
        [
            waited.as_str(),
            &waited,
            "consumer lambda:CreateFunction AccessDeniedException not you again: false",
            "table dynamodb:CreateTable InternalServerError try again again: true",
        ]
    );
    let mut waits = of(&lines, "waiting");
    waits.retain(|line| line["waiting_for"].to_string().contains("to be known to Lambda"));
    assert_eq!(waits.len(), 1, "{waits:?}");
    let end = of(&lines, "failed")[0];
    assert_eq!((&end["id"], &end["error"]["code"]), (&json!("consumer"), &json!("AccessDeniedException")));
    let skipped = of(&lines, "skipped")[0];
    assert_eq!((&skipped["id"], &skipped["because"]), (&json!("mapping"), &json!("`consumer` failed")));
}

/// No answer has neither code nor request id.
#[test]
fn a_lost_connection_is_told_as_well() {
    let site = Site::new("name: small\nstream: { kinesis: { name: Small } }\n");
    site.user.account.set(Rule::on("kinesis", "AddTagsToStream").nth(1).reset());
    site.user.account.set(Rule::on("kinesis", "CreateStream").nth(1).reset());
    let lines = lines(&site.user.pipe(&["apply", "--yes", "--json"]));
    assert_eq!(adds_up(&lines), counts(1, 0, 0));
    let failed = of(&lines, "call_failed");
    assert!(!failed.is_empty());
    for line in failed {
        assert_eq!((&line["again"], &line["error"]["operation"]), (&json!(true), &json!("kinesis:CreateStream")));
        assert!(line["error"].get("code").is_none() && line["error"].get("request_id").is_none(), "{line}");
    }
}

#[test]
fn a_run_that_is_stopped_tells_what_is_left() {
    let site = Site::new(MAIN);
    let slow = Rule::on("lambda", "CreateFunction").containing("gateway-events-consumer").delay(Duration::from_secs(6));
    let slow = site.user.account.set(slow);
    let mut command = site.user.command(&["apply", "--yes", "--json"]);
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    until("the consumer to be made", || site.user.account.fired(slow) == 1);
    signal(running.0.id(), "INT");
    let mut out = String::new();
    std::io::Read::read_to_string(&mut running.0.stdout.take().unwrap(), &mut out).unwrap();
    assert_eq!(running.0.wait().unwrap().code(), Some(130), "{out}");
    let lines = lines(&out);
    let ended = adds_up(&lines);
    assert_eq!((ended.values().sum::<u64>(), ended["failed"]), (15, 0));
    assert!(of(&lines, "skipped").iter().any(|line| line["id"] == "mapping"), "{out}");
    assert_eq!((of(&lines, "stopping").len(), &lines.last().unwrap()["interrupted"]), (1, &json!(true)));
}

#[test]
fn a_lease_is_told_and_ended() {
    let site = Site::applied();
    let lease = json!({ "holder": "ada@elsewhere", "host": "elsewhere", "process": 1, "token": "another",
        "started": "2026-01-01T00:00:00Z", "expires": "2036-01-01T00:00:00Z" });
    crate::lease::put(&site, "/pipe/gateway-events/lease", &lease);
    site.user.edit("memory_mb: 128", "memory_mb: 256");
    let say = |arguments: &[&str], code: i32| {
        let run = site.user.run(&[arguments, &["--json"]].concat());
        assert_eq!(run.code, Some(code), "{arguments:?}: {}{}", run.out, run.err);
        lines(&run.out)
    };
    assert_eq!(names(&say(&["apply", "--yes"], 1)), ["plan", "error"]);
    let waited = say(&["apply", "--yes", "--wait", "--timeout", "5"], 1);
    assert_eq!(names(&waited), ["plan", "waiting_for_lease", "stopping"]);
    assert_eq!((&waited[1]["holder"], &waited[1]["since"]), (&lease["holder"], &lease["started"]));
    assert_eq!(names(&say(&["unlock"], 3)), ["lease", "error"]);
    let ended = say(&["unlock", "--yes"], 0);
    assert_eq!(names(&ended), ["lease", "unlocked"]);
    let expires = ended[0]["expires"].as_str().unwrap();
    assert!(expires < "2036", "an end that no holder could have set is not believed: {expires}");
}

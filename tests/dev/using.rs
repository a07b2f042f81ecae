//! The other commands with `--local`, beside a running `pipe dev` and without one.

use pipe_test_support::Run;
use serde_json::{Value, json};

use super::dev::{Dev, pipe};

/// For `--timeout`: how long the slowest machine may take to handle what was sent.
const TIMEOUT: &str = "300";
const SPEC: &str = "
name: used
source:
  api:
    routes:
      - { post: '/submit/{eventId}', partition_key: path.eventId }
      - { post: '/raw/{eventId}', partition_key: path.eventId, body: any }
auth: { basic: {} }
stream: { kinesis: {} }
consumer: { function: { handler: stream-to-table, batch: { size: 10 } } }
sink: { table: { partition_key: eventId } }
dlq: { queue: {} }
";

#[test]
fn other_commands_work_on_what_runs_here() {
    let mut dev = Dev::new(SPEC);
    events_are_sent_and_followed(&dev);
    all_is_well(&mut dev);
    poison_is_a_dead_letter(&dev);
    the_letter_needs_a_person(&mut dev);
    outputs_are_of_this_machine(&dev);
    nothing_is_to_be_done(&dev);
    another_one_is_refused(&dev);
    an_apply_rings(&mut dev);
}

fn events_are_sent_and_followed(dev: &Dev) {
    let sent = dev.pipe(&["send", "--count", "300", "--follow", "--timeout", TIMEOUT]);
    assert!(sent.contains("300 answered by http://127.0.0.1:") && sent.contains("\n  200: 300\n"), "{sent}");
    assert!(sent.ends_with("300 rows, 0 dead letters, 0 on the way\n"), "{sent}");

    let lines = events(&dev.pipe(&["send", "--count", "3", "--follow", "--timeout", TIMEOUT, "--json"]));
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    assert!(of("sent").len() == 3 && of("sent").iter().all(|sent| sent["status"] == 200), "{lines:?}");
    assert!(of("followed").len() == 3 && of("followed").iter().all(|one| one["went"] == "row"), "{lines:?}");
    assert_eq!((of("sent_all")[0]["count"].clone(), of("sent_all")[0]["refused"].clone()), (json!(3), json!(0)));
    assert_eq!(
        *of("followed_all")[0],
        json!({"event": "followed_all", "rows": 3, "dead_letters": 0, "taken": 0, "on_the_way": 0})
    );
}

/// The status as data, and the exit code with it.
fn status(dev: &Dev) -> (Option<i32>, Value) {
    let run = dev.run(&["status", "--json"]);
    let mut lines = events(&run.out);
    assert_eq!(lines.len(), 1, "{run:?}");
    (run.code, lines.remove(0))
}

fn part<'a>(status: &'a Value, id: &str) -> &'a Value {
    status["parts"].as_array().unwrap().iter().find(|part| part["id"] == id).unwrap()
}

fn figure(status: &Value, id: &str, name: &str) -> f64 {
    let figures = part(status, id)["figures"].as_array().unwrap();
    figures.iter().find(|figure| figure["name"] == name).and_then(|figure| figure["value"].as_f64()).unwrap_or_default()
}

/// What was sent is counted where it passed, and nothing needs anybody.
fn all_is_well(dev: &mut Dev) {
    let (code, status) = dev.until("all figures of what was sent", |dev| {
        let (code, status) = status(dev);
        let counted = figure(&status, "api", "requests") >= 3.0 && figure(&status, "consumer", "rows") >= 3.0;
        (counted && figure(&status, "stream", "records") >= 3.0).then_some((code, status))
    });
    assert_eq!((code, &status["needs_person"]), (Some(0), &json!(false)), "{status}");
    let ids: Vec<&str> = status["parts"].as_array().unwrap().iter().map(|part| part["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["api", "authorizer", "stream", "mapping", "consumer", "table", "dlq", "alarms"]);
    assert!(figure(&status, "consumer", "calls") >= 1.0 && figure(&status, "authorizer", "calls") >= 1.0, "{status}");
    let shown = dev.pipe(&["status"]);
    assert!(shown.contains("✓ consumer") && shown.ends_with("All is well.\n"), "{shown}");
}

/// A letter is found, with the time until it is too late.
fn the_letter_needs_a_person(dev: &mut Dev) {
    // CloudWatch says first nothing of its age, and then perhaps that it is 0 s old.
    let status = dev.until("the letter's age", |dev| {
        let (code, status) = status(dev);
        assert_eq!((code, &part(&status, "dlq")["state"]), (Some(1), &json!("needs_person")), "{status}");
        let message = part(&status, "dlq")["findings"][0]["message"].as_str().unwrap().to_owned();
        (message.contains("letter, the oldest") && message.contains("SQS deletes it in 13 d 23 h")).then_some(status)
    });
    assert!(part(&status, "dlq")["findings"][0]["until"].is_string(), "{status}");
    let shown = dev.run(&["status"]);
    assert!(shown.code == Some(1) && shown.out.contains("✗ dlq") && shown.out.contains("`pipe dlq ls`"), "{shown:?}");
}

fn poison_is_a_dead_letter(dev: &Dev) {
    let none = dev.run(&["dlq", "ls"]);
    assert!(none.code == Some(0) && format!("{}{}", none.out, none.err).contains("no dead letters"), "{none:?}");
    let refused = dev.run(&["send", "--data", "{"]);
    assert_eq!(refused.code, Some(1), "the default route takes objects only: {refused:?}");
    assert!(refused.err.contains("1 of 1 events were refused with 400"), "{refused:?}");
    assert!(refused.err.contains("hint: the body must be a JSON object"), "{refused:?}");

    let sent = dev.run(&["send", "--route", "/raw", "--data", "{\"half\": \"way", "--follow", "--timeout", TIMEOUT]);
    assert_eq!(sent.code, Some(1), "a dead letter has not arrived: {sent:?}");
    let sent = sent.out;
    assert!(sent.contains("is a dead letter: bad-json: "), "{sent}");
    assert!(sent.ends_with("0 rows, 1 dead letter, 0 on the way\n"), "{sent}");

    let listed = dev.pipe(&["dlq", "ls"]);
    assert_eq!(listed.lines().count(), 1, "{listed}");
    assert!(listed.contains("  bad-json: ") && listed.ends_with("  {\"half\": \"way\n"), "{listed}");
    let lines = events(&dev.pipe(&["dlq", "ls", "--json"]));
    assert_eq!(lines[1], json!({"event": "letters", "shown": 1, "more": false}));
    let letter = &lines[0]["letter"];
    assert_eq!((&letter["reason"], &letter["shape"]), (&json!("bad-json"), &json!("handler")));

    let id = letter["id"].as_str().unwrap();
    let by_event = dev.pipe(&["dlq", "show", letter["event_id"].as_str().unwrap()]);
    let shown = dev.pipe(&["dlq", "show", &id[..8]]);
    assert_eq!(shown, by_event);
    assert!(shown.starts_with(&format!("message {id}\n")), "{shown}");
    assert!(shown.contains("  reason     bad-json\n") && shown.ends_with("payload:\n{\"half\": \"way\n"), "{shown}");
    let shown = events(&dev.pipe(&["dlq", "show", id, "--json"]));
    let letter = &shown[0]["letter"];
    assert_eq!((&letter["payload"]["text"], &letter["reason"]), (&json!("{\"half\": \"way"), &json!("bad-json")));
}

fn outputs_are_of_this_machine(dev: &Dev) {
    let shown = dev.pipe(&["outputs"]);
    assert!(shown.contains(&format!("api.endpoint = {}\n", dev.url())), "{shown}");
    assert!(shown.contains("table.name = used-table\n") && !shown.contains("credentials ="), "{shown}");
    assert_eq!(dev.pipe(&["outputs", "--field", "endpoint"]), format!("{}\n", dev.url()));
    let credentials = dev.pipe(&["outputs", "--reveal", "--field", "credentials"]);
    let (username, password) = credentials.trim().split_once(':').unwrap();
    assert_eq!((username, password.len()), ("used", 32));
    assert!(!shown.contains(password), "secrets only with --reveal");
    let lines = events(&dev.pipe(&["outputs", "--json"]));
    assert_eq!((lines.len(), &lines[0]["outputs"]["api.endpoint"]), (1, &json!(dev.url())));

    let (session, said) = (dev.session(), dev.run(&["outputs"]).err);
    let look = format!("export AWS_ENDPOINT_URL={}", session["endpoint_url"].as_str().unwrap());
    let secret = session["keys"][1].as_str().unwrap();
    assert!(said.contains(&look) && !said.contains(secret) && !shown.contains(secret), "{said}");
    let field = |field: &str| dev.pipe(&["outputs", "--reveal", "--field", field]);
    assert_eq!(field("secret_access_key").trim(), secret);
    assert_eq!(field("access_key_id").trim(), session["keys"][0].as_str().unwrap());
}

fn nothing_is_to_be_done(dev: &Dev) {
    let diff = dev.pipe(&["diff", "--exit-code"]);
    assert!(diff.contains("Nothing to do"), "{diff}");
    let lines = events(&dev.pipe(&["diff", "--exit-code", "--json"]));
    assert!(lines.iter().any(|line| line["event"].is_string()), "{lines:?}");
    assert!(!lines.iter().any(|line| line["action"] == "create" || line["action"] == "update"), "{lines:?}");
    assert_eq!(dev.pipe(&["list"]), "used\n");
    assert_eq!(events(&dev.pipe(&["list", "--json"])), [json!({"event": "pipelines", "pipelines": ["used"]})]);
}

fn another_one_is_refused(dev: &Dev) {
    let mut second = pipe(dev.path(), None);
    let second = Run::of(second.args(["dev", "--port", "0"]).output().unwrap());
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.err.contains("`pipe dev` already runs for `pipeline.yaml`\n  hint: stop it first"), "{second:?}");
    assert_eq!(dev.pipe(&["list"]), "used\n", "the first one goes on");
}

/// An apply of another spec file with the same name of pipeline would be no edit; so the running one must notice it.
fn an_apply_rings(dev: &mut Dev) {
    let (sdk, applied) = (dev.sdk(), dev.count("Applied in"));
    let lambda = aws_sdk_lambda::Client::new(&sdk);
    let change = lambda.update_function_configuration().function_name("used-consumer").timeout(77).send();
    super::dev::wait(change).unwrap();
    let diff = dev.run(&["diff", "--exit-code"]);
    assert_eq!(diff.code, Some(2), "drift is a change: {diff:?}");
    assert_eq!(dev.count("Applied in"), applied, "nobody told the running one of it yet");
    let apply = dev.pipe(&["apply", "--yes"]);
    assert!(apply.contains("timeout_seconds") && apply.contains("Done in"), "{apply}");
    dev.until("the bell", |dev| (dev.count("Applied in") > applied).then_some(()));
    assert_eq!(dev.run(&["diff", "--exit-code"]).code, Some(0));

    let applied = dev.count("Applied in");
    dev.edit("batch: { size: 10 }", "batch: { size: 7 }");
    dev.until("the edit", |dev| (dev.count("Applied in") > applied).then_some(()));
    let apply = dev.pipe(&["apply", "--yes"]);
    assert!(apply.contains("Nothing to do"), "the running one was faster: {apply}");
    let sent = dev.pipe(&["send", "--count", "20", "--follow", "--timeout", TIMEOUT]);
    assert!(sent.ends_with("20 rows, 0 dead letters, 0 on the way\n"), "{sent}");
}

#[test]
fn without_a_running_one_each_says_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pipeline.yaml"), SPEC).unwrap();
    let commands: [&[&str]; 10] = [
        &["outputs"],
        &["diff"],
        &["list"],
        &["send"],
        &["apply", "--yes"],
        &["destroy", "--yes"],
        &["dlq", "ls"],
        &["dlq", "show", "x"],
        &["logs"],
        &["trace", "x"],
    ];
    for command in commands {
        let run = Run::of(pipe(folder.path(), None).args(command).arg("--local").output().unwrap());
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{command:?}");
        let expected = "error: no `pipe dev` runs for `pipeline.yaml`\n  \
                        hint: start it in another terminal: pipe dev pipeline.yaml\n";
        assert_eq!(run.err, expected, "{command:?}");
        let run = Run::of(pipe(folder.path(), None).args(command).args(["--local", "--json"]).output().unwrap());
        let expected = json!({ "event": "error", "error": {
            "message": "no `pipe dev` runs for `pipeline.yaml`",
            "hint": "start it in another terminal: pipe dev pipeline.yaml",
        }});
        assert_eq!((run.code, events(&run.out)), (Some(1), vec![expected]), "{command:?}");
    }
}

#[test]
fn what_moves_is_told_as_json() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pipeline.yaml"), SPEC).unwrap();
    let mut dev = super::process::Started::of(folder.path(), |command| {
        command.arg("--json");
    });
    dev.until("the API", |_| {
        let outputs = pipe(folder.path(), None).args(["outputs", "--local"]).output().unwrap();
        outputs.status.success().then_some(())
    });
    let local =
        |arguments: &[&str]| Run::of(pipe(folder.path(), None).args(arguments).arg("--local").output().unwrap());
    assert_eq!(local(&["send", "--follow", "--timeout", TIMEOUT]).code, Some(0));
    assert_eq!(local(&["send", "--route", "/raw", "--data", "{", "--follow", "--timeout", TIMEOUT]).code, Some(1));
    dev.until("all events", |dev| {
        let lines = events(&dev.out());
        let has = |event: &str| lines.iter().any(|line| line["event"] == event);
        ["plan", "answered", "batch", "row", "dead_letter", "log"].into_iter().all(has).then_some(())
    });
    let lines = events(&dev.out());
    let answered = lines.iter().find(|line| line["event"] == "answered").unwrap();
    assert_eq!((&answered["method"], &answered["status"]), (&json!("POST"), &json!(200)), "{answered}");
    let letter = lines.iter().find(|line| line["event"] == "dead_letter").unwrap();
    assert_eq!((&letter["queue"], &letter["reason"]), (&json!("used-dlq"), &json!("bad-json")), "{letter}");
    let row = lines.iter().find(|line| line["event"] == "row").unwrap();
    assert_eq!(row["table"], "used-table");
}

/// Output for machines: each line is an object.
fn events(out: &str) -> Vec<Value> {
    let event = |line: &str| {
        let mut event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(event.as_object_mut().unwrap().remove("version"), Some(json!(1)), "{line}");
        event
    };
    out.lines().map(event).collect()
}

//! `pipe logs`, `pipe trace` and `pipe send --file --rate --duration` beside a running `pipe dev`.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use super::dev::{Dev, pipe as command};

/// For `--timeout`: how long the slowest machine may take to handle what was sent.
const TIMEOUT: &str = "300";
const SPEC: &str = "
name: looked
source:
  api:
    routes:
      - { post: '/submit/{eventId}', partition_key: path.eventId }
      - { post: '/raw/{eventId}', partition_key: path.eventId, body: any }
auth: { basic: {} }
stream: { kinesis: {} }
consumer: { function: { handler: stream-to-table } }
sink: { table: { partition_key: eventId } }
dlq: { queue: {} }
";

/// Lines of `--json`, each as the schema says.
fn lines(out: &str) -> Vec<Value> {
    let schema: Value = serde_json::from_str(&pipe::event::schema()).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let line = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(schema.is_valid(&value), "not as the schema says: {line}");
        value
    };
    out.lines().map(line).collect()
}

fn of<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

/// A command that goes on until it is interrupted.
struct Following {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Following {
    fn start(dev: &Dev, arguments: &[&str]) -> Self {
        let mut command = command(dev.path(), None);
        command.args(arguments).arg("--local").stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    fn line_with(&self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(180)).expect("a line");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Ends it as Ctrl-C does, and gives its exit code.
    fn interrupt(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let code = self.child.wait().unwrap().code();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(said.contains("interrupted: "), "{said}");
        code
    }
}

#[test]
fn events_are_sent_seen_in_the_logs_and_traced() {
    let mut dev = Dev::new(SPEC);
    let following = Following::start(&dev, &["logs", "--follow", "--json"]);
    let sent = a_file_at_a_pace(&dev);
    a_load_for_a_while(&dev);
    let poison = poison(&dev);
    every_part_has_lines(&mut dev);
    let first: Value = serde_json::from_str(&following.line_with("/submit/{eventId} 200")).unwrap();
    assert_eq!((&first["event"], &first["part"], &first["level"]), (&json!("logged"), &json!("api"), &json!("INFO")));
    assert_eq!(following.interrupt(), Some(130));
    a_row_is_found(&dev, &sent);
    a_letter_is_found(&mut dev, &poison);
    a_request_is_found(&dev, &first);
    nothing_is_found(&dev);
}

/// Sends a file of two events and an exported letter, and gives the sequence number of the first.
fn a_file_at_a_pace(dev: &Dev) -> String {
    let letter = r#"{"pipe":"letter","id":"m","shape":"handler","reason":"r","sent_at":"","event":{"eventId":"third-event","n":1.50}}"#;
    std::fs::write(
        dev.path().join("events"),
        format!("{{\"eventId\":\"first-event\"}}\n\n{{\"eventId\":\"second-event\"}}\n{letter}\n"),
    )
    .unwrap();
    let sent =
        lines(&dev.pipe(&["send", "--file", "events", "--rate", "5", "--follow", "--timeout", TIMEOUT, "--json"]));
    assert_eq!(of(&sent, "followed").iter().filter(|one| one["went"] == "row").count(), 3, "{sent:?}");
    let all = of(&sent, "sent_all")[0];
    assert_eq!((&all["count"], &all["statuses"]), (&json!(3), &json!({ "200": 3 })));
    assert!(all["latency"]["p50"].as_f64().unwrap() > 0.0, "{all}");
    std::fs::write(dev.path().join("bad"), "{}\n{\"pipe\":\"letter\"}\n").unwrap();
    let bad = dev.run(&["send", "--file", "bad"]);
    assert!(bad.code == Some(1) && bad.err.contains("bad:2: this line says that it is an exported letter"), "{bad:?}");
    assert!(!bad.out.contains("answered"), "nothing is sent of a file with a bad line: {bad:?}");
    // The first one waits for the authorizer to start, and may be answered last.
    let first = of(&sent, "sent").into_iter().find(|sent| sent["n"] == 1).unwrap();
    first["record"].as_str().unwrap().to_owned()
}

fn a_load_for_a_while(dev: &Dev) {
    let sent = dev.pipe(&["send", "--rate", "20", "--duration", "2s"]);
    assert!(sent.contains("40 answered by ") && sent.contains("\n  200: 40\n  latency: p50 "), "{sent}");
    let load = Following::start(dev, &["send", "--rate", "20", "--duration", "1h", "--json"]);
    load.line_with("\"event\":\"sent\"");
    let pid = rustix::process::Pid::from_raw(i32::try_from(load.child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let all: Value = serde_json::from_str(&load.line_with("\"event\":\"sent_all\"")).unwrap();
    assert_eq!((all["refused"].clone(), all["count"] == all["answered"]), (json!(0), true), "{all}");
}

/// Sends what no row can be made of, and gives its sequence number.
fn poison(dev: &Dev) -> String {
    let sent = dev.run(&["send", "--route", "/raw", "--data", "{\"half", "--follow", "--timeout", TIMEOUT, "--json"]);
    let followed = lines(&sent.out);
    assert_eq!(of(&followed, "followed")[0]["went"], "dead_letter");
    of(&followed, "followed")[0]["record"].as_str().unwrap().to_owned()
}

fn every_part_has_lines(dev: &mut Dev) {
    let logged = dev.until("the lines of all parts", |dev| {
        let logged = lines(&dev.pipe(&["logs", "--json"]));
        let has = |part: &str, text: &str| {
            logged.iter().any(|line| line["part"] == part && line["message"].as_str().unwrap().contains(text))
        };
        let all = has("api", "POST /raw/{eventId} 200")
            && has("authorizer", "call done in ")
            && has("consumer", "dead-lettered")
            && has("consumer", "batch");
        all.then_some(logged)
    });
    let times: Vec<&str> = logged.iter().map(|line| line["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert!(logged.iter().all(|line| line["event"] == "logged"));
    let found = dev.pipe(&["logs", "--part", "consumer", "--grep", "\"dead-lettered\""]);
    assert!(found.lines().count() == 1 && found.contains(" consumer WARN  dead-lettered "), "{found}");
    assert!(dev.pipe(&["logs", "--until", "1h", "--since", "2h"]).is_empty());
    let unknown = dev.run(&["logs", "--part", "nobody"]);
    let all = ["`api`", "`authorizer`", "`consumer`"].iter().all(|part| unknown.err.contains(part));
    assert!(unknown.code == Some(1) && all, "{unknown:?}");
    a_group_that_is_gone_hides_nothing(dev);
}

/// A group is deleted by somebody else: its part is named, and the others are shown.
fn a_group_that_is_gone_hides_nothing(dev: &Dev) {
    let logs = aws_sdk_cloudwatchlogs::Client::new(&dev.sdk());
    super::dev::wait(logs.delete_log_group().log_group_name("/aws/lambda/looked-authorizer").send()).unwrap();
    let run = dev.run(&["logs"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains("there is no log group `/aws/lambda/looked-authorizer`: `authorizer` is not shown"),
        "{run:?}"
    );
    assert!(run.out.contains(" consumer ") && run.out.contains(" api "), "{run:?}");
}

fn trace(dev: &Dev, id: &str) -> Vec<Value> {
    lines(&dev.pipe(&["trace", id, "--json"]))
}

fn a_row_is_found(dev: &Dev, number: &str) {
    for id in [number.to_owned(), format!("shardId-000000000000:{number}")] {
        let traced = trace(dev, &id);
        let hops = of(&traced, "hop");
        let parts: Vec<&str> = hops.iter().map(|hop| hop["part"].as_str().unwrap()).collect();
        assert_eq!(parts, ["stream", "table"], "{traced:?}");
        assert_eq!(hops[0]["fields"]["sequenceNumber"], number);
        assert!(
            hops[0]["at"].is_string() && hops[1]["message"].as_str().unwrap().contains("under eventId=first-event;"),
            "{hops:?}"
        );
        let unknown = of(&traced, "traced")[0]["unknown"].to_string();
        let both = ["which request brought it", "which call of the function had it"];
        assert!(both.iter().all(|one| unknown.contains(one)), "{unknown}");
    }
    let by_key = trace(dev, "second-event");
    assert_eq!(of(&by_key, "hop")[0]["part"], "table", "{by_key:?}");
}

fn a_letter_is_found(dev: &mut Dev, number: &str) {
    let traced = dev.until("the line about the letter", |dev| {
        let traced = trace(dev, number);
        traced.iter().any(|hop| hop["part"] == "consumer").then_some(traced)
    });
    let hops = of(&traced, "hop");
    let about = |part: &str| {
        hops.iter().filter(|hop| hop["part"] == part).map(|hop| hop["message"].to_string()).collect::<String>()
    };
    assert!(about("stream").contains("came to `looked-stream`"), "{hops:?}");
    let consumer = about("consumer");
    assert!(consumer.contains("dead-lettered") && consumer.contains("call done in "), "{hops:?}");
    assert!(about("dlq").contains("a dead letter: bad-json"), "{hops:?}");
    let letter = lines(&dev.pipe(&["dlq", "ls", "--json"]))[0]["letter"]["id"].as_str().unwrap().to_owned();
    let by_letter = trace(dev, &letter);
    assert!(
        by_letter.iter().any(|hop| hop["part"] == "stream" && hop["fields"]["sequenceNumber"] == number),
        "{by_letter:?}"
    );
    let text = dev.pipe(&["trace", number]);
    assert!(text.contains(" ms  ") && text.contains("pipe dlq show"), "{text}");
}

fn a_request_is_found(dev: &Dev, logged: &Value) {
    let traced = trace(dev, logged["fields"]["extendedRequestId"].as_str().unwrap());
    let hop = of(&traced, "hop")[0];
    assert_eq!((&hop["part"], &hop["at"]), (&json!("api"), &logged["at"]));
    assert!(of(&traced, "traced")[0]["unknown"].to_string().contains("only its sequence number tells"), "{traced:?}");
}

fn nothing_is_found(dev: &Dev) {
    let run = dev.run(&["trace", "nobody-sent-this"]);
    assert!(
        run.code == Some(1) && run.out.starts_with("nothing of `nobody-sent-this` was found; logs were searched from "),
        "{run:?}"
    );
    assert_eq!(dev.run(&["trace", ""]).code, Some(1));
}

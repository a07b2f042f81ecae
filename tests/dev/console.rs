//! The console of `pipe dev` over HTTP, as its page uses it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipe_test_support::until;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::client::Client;
use super::dev::{Dev, MAIN};

const ROUTE: &str = "POST /submit/{streamName}/{eventId}";

/// The console of a running `pipe dev`, as a page that has loaded.
struct Page {
    address: String,
    token: String,
}

impl Page {
    fn of(dev: &Dev) -> Self {
        let url = dev.pipe(&["console"]).trim().to_owned();
        let (address, token) = url.strip_prefix("http://").unwrap().split_once("/?token=").unwrap();
        Self { address: address.to_owned(), token: token.to_owned() }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let Self { address, token } = self;
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Pipe-Token: {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", &format!("/api/{path}"), "");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Sends an event by the form, and gives its number.
    fn send(&self, id: &str, body: &str) -> u64 {
        let params = json!({ "streamName": "GatewayEventsStream", "eventId": id });
        let form = json!({ "sender": ROUTE, "params": params, "body": body });
        let (status, answer) = self.ask("POST", "/api/send", &form.to_string());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, &answer["status"]), (200, &json!(200)), "{answer}");
        // A busy machine shows it later than the form waits for.
        let found = || self.get(&format!("events?q={id}"))["events"][0]["n"].as_u64();
        answer["n"].as_u64().unwrap_or_else(|| until("the event's number", found))
    }

    /// Waits until an event is in this state, and gives its steps.
    fn opened(&self, n: u64, state: &str) -> Value {
        until(&format!("event {n} to be {state}"), || {
            let event = self.get(&format!("events/{n}"));
            (event["summary"]["state"] == state).then_some(event)
        })
    }

    /// A stream of what is new.
    fn stream(&self) -> Listening {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let Self { address, token } = self;
        write!(stream, "GET /api/stream?token={token} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        Listening { stream, heard: String::new() }
    }
}

struct Listening {
    stream: TcpStream,
    heard: String,
}

impl Listening {
    fn until(&mut self, text: &str) {
        let mut part = [0; 65_536];
        while !self.heard.contains(text) {
            let count = self.stream.read(&mut part).unwrap();
            assert!(count > 0, "it ended before `{text}`");
            self.heard += &String::from_utf8_lossy(&part[..count]);
        }
    }
}

fn step<'a>(event: &'a Value, title: &str) -> &'a Value {
    let steps = event["steps"].as_array().unwrap();
    steps.iter().find(|step| step["title"] == title).unwrap_or_else(|| panic!("no step `{title}`: {event}"))
}

#[test]
fn an_event_is_sent_and_opened_and_a_poisoned_one_is_a_letter() {
    let dev = Dev::new(MAIN);
    let page = Page::of(&dev);
    let (mut one, mut other) = (page.stream(), page.stream());
    let state = page.get("state");
    assert_eq!((&state["pipeline"], &state["where"]), (&json!("gateway-events"), &json!("local")));
    assert_eq!(state["senders"][0]["id"], ROUTE);
    assert_eq!(state["senders"][0]["auth"], "basic");
    let n = page.send("shown", r#"{"eventId":"shown","text":"<script>alert(1)</script>\u202e"}"#);
    let event = page.opened(n, "done");
    assert_eq!(event["summary"]["where"], "table", "{event}");
    for title in ["request", "authorizer", "mapping template", "record", "invocation", "row"] {
        step(&event, title);
    }
    let data = step(&event, "record")["bodies"][0]["text"].as_str().unwrap();
    assert!(data.contains("<script>alert(1)</script>"), "as data, and as it was sent: {data}");
    // A row is seen before the call that wrote it has ended.
    let lines = || step(&page.get(&format!("events/{n}")), "invocation")["log"].as_array().map_or(0, Vec::len);
    until("the lines of the invocation", || (lines() > 0).then_some(()));
    for listening in [&mut one, &mut other] {
        listening.until("\"state\":\"done\"");
        listening.until("event: figures");
    }
    let bad = page.send("bad", r#"{"event":"has no key"}"#);
    let event = page.opened(bad, "letter");
    assert_eq!(event["summary"]["why"], "no-key");
    let letters = page.get("letters");
    let letter = &letters["letters"][0];
    assert_eq!(letter["reason"], "no-key", "{letters}");
    let whole = page.get(&format!("letters/{}", letter["id"].as_str().unwrap()));
    assert!(whole["bodies"].to_string().contains("has no key"), "{whole}");
    assert_eq!(letter["can_redrive"], true, "{letters}");
    goes_to_the_function_once_more(&page, letter);
    let rows = page.get("rows?table=table&limit=10");
    assert_eq!(rows["rows"][0]["key"], json!({ "eventId": { "S": "shown" } }), "{rows}");
    assert_eq!(page.get("events?state=letter")["events"][0]["n"], bad);
    let edges = page.get("state")["figures"]["edges"].clone();
    assert_eq!((&edges["gate>stream"]["count"], &edges["function>table"]["count"]), (&json!(2), &json!(1)), "{edges}");
}

fn goes_to_the_function_once_more(page: &Page, letter: &Value) {
    let again = json!({ "ids": [letter["id"], "unknown"] }).to_string();
    let (status, results) = page.ask("POST", "/api/redrive", &again);
    let results: Value = serde_json::from_str(&results).unwrap();
    // The bundled handler takes it, and writes it anew: what is wrong with it has not changed.
    assert_eq!((status, &results["results"][0]["outcome"]), (200, &json!("taken")), "{results}");
    assert_eq!(results["results"][1]["outcome"], "gone");
    until("another letter of the same event", || {
        let letters = page.get("letters");
        (letters["letters"][0]["id"] != letter["id"] && letters["letters"][0]["reason"] == "no-key").then_some(())
    });
}

/// Who sends shows a password, which the event repeats; the console shows it nowhere.
#[test]
fn no_answer_has_a_secret() {
    let dev = Dev::new(MAIN);
    let (page, client) = (Page::of(&dev), Client::of(&dev));
    let (_, password) = client.credentials.split_once(':').unwrap();
    let encoded = STANDARD.encode(&client.credentials);
    let body = json!({ "eventId": "leaky", "password": password, "header": encoded }).to_string();
    assert_eq!(client.post("/submit/GatewayEventsStream/leaky", &body).status, 200);
    let refused =
        client.open("/submit/GatewayEventsStream/x", &[("Authorization", "Basic d3Jvbmc6d3JvbmctcGFzcw==")], "{}");
    assert_eq!(refused.status, 401);
    let found = until("both events", || {
        let events = page.get("events")["events"].as_array().unwrap().clone();
        (events.len() == 2 && events.iter().all(|event| event["state"] != "waiting")).then_some(events)
    });
    let events = found.iter().map(|event| format!("events/{}", event["n"]));
    let mut all = String::new();
    for path in ["state", "events", "rows", "letters"].map(str::to_owned).into_iter().chain(events) {
        all += &page.get(&path).to_string();
    }
    for secret in [password, &encoded, "d3Jvbmc6d3JvbmctcGFzcw==", "wrong-pass"] {
        assert!(!all.contains(secret), "`{secret}` is in {all}");
    }
    assert!(all.contains("[masked]"));
}

/// What is wrong with the spec is drawn until it is mended; another start is another session.
#[test]
fn a_wrong_edit_is_shown_with_its_place_and_a_restart_is_another_session() {
    let mut dev = Dev::new(MAIN);
    let page = Page::of(&dev);
    assert!(page.get("state")["plan"]["outcome"].as_str().unwrap().starts_with("applied in "));
    dev.edit("shards: 1", "shards: one");
    let state = until("the problem", || {
        let state = page.get("state");
        state["problems"].get(0).is_some().then_some(state)
    });
    let text = state["problems"][0]["text"].as_str().unwrap();
    assert!(text.contains("pipeline.yaml:") && text.contains('^') && !text.contains('\u{1b}'), "{text}");
    dev.edit("shards: one", "shards: 1");
    until("it to be mended", || (page.get("state")["problems"] == json!([])).then_some(()));
    let mut listening = page.stream();
    listening.until("event: state");
    let session = page.get("state")["session"].clone();
    dev.restart(Signal::TERM);
    listening.until("event: gone");
    assert_ne!(Page::of(&dev).get("state")["session"], session);
}

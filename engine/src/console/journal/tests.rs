//! The journal over facts made up on the spot.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use pipe_local::seen::{Accepted, Called, Calling, Item, Line, Request, Tried};
use serde_json::{Value, json};

use super::*;

const ARN: &str = "arn:aws:kinesis:eu-west-1:111122223333:stream/events";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:jobs";

fn journal() -> Journal {
    Journal { row_keys: vec!["id".to_owned()], ..Journal::default() }
}

fn shard() -> Location {
    Location::of(ARN, Some("shard-1"))
}

fn request(sequence: Option<&str>, status: u16) -> Request {
    Request {
        id: format!("request-{}", sequence.unwrap_or_default()),
        extended_id: "extended=".to_owned(),
        method: "POST".to_owned(),
        path: "/prod/a".to_owned(),
        headers: vec![("Authorization".to_owned(), "Bearer sesame-1".to_owned()), ("a".to_owned(), "b".to_owned())],
        body: Bytes::from_static(br#"{"id":"x"}"#),
        authorizer: json!({ "principalId": "me" }),
        authorizer_status: Some("200".to_owned()),
        authorizer_latency: Some("3".to_owned()),
        mapped: Some(("kinesis".to_owned(), Bytes::from_static(b"mapped"))),
        call: None,
        integration_status: None,
        integration_latency: None,
        status,
        answer: Bytes::from_static(b"{}"),
        milliseconds: 5,
        location: sequence.map(|_| shard()),
        record: sequence.map(str::to_owned),
        reason: (status >= 400).then(|| "UNAUTHORIZED".to_owned()),
    }
}

fn kinesis(sequence: &str, data: &str) -> Value {
    json!({ "eventSource": "aws:kinesis", "eventID": format!("shard-1:{sequence}"), "eventSourceARN": ARN,
            "kinesis": { "sequenceNumber": sequence, "partitionKey": "k", "data": STANDARD.encode(data) } })
}

fn message(id: &str) -> Value {
    json!({ "eventSource": "aws:sqs", "messageId": id, "eventSourceARN": QUEUE, "body": "b", "attributes": {} })
}

fn calling(id: &str, records: &[Value]) -> Seen {
    let payload = json!({ "Records": records }).to_string().into();
    Seen::Calling(Calling {
        id: id.to_owned(),
        function: "f".to_owned(),
        trace: format!("Root={id};Parent=1;Sampled=0"),
        payload,
    })
}

fn called(id: &str, answer: &str, failed: bool) -> Seen {
    let answer = Bytes::from(answer.to_owned());
    Seen::Called(Called { id: id.to_owned(), answer, failed, milliseconds: 7 })
}

fn item(call: &str, id: &str) -> Seen {
    let (table, keys, trace) = ("T".to_owned(), vec!["id".to_owned()], format!("Root={call};Parent=2"));
    Seen::Item(Item { table, keys, item: json!({ "id": { "S": id } }), trace, kept: false })
}

fn letter(first: &str, last: &str) -> Seen {
    let (queue, reason, location) = ("dead".to_owned(), "bad-json".to_owned(), shard());
    Seen::Told(Event::DeadLetter(DeadLetter { queue, reason, location, first: first.into(), last: last.into() }))
}

fn all(facts: Vec<Seen>) -> Journal {
    let mut journal = journal();
    for (at, fact) in (1_000..).zip(facts) {
        journal.take(at, fact);
    }
    journal
}

/// Title, state and place of all events, the oldest first.
fn lines(journal: &Journal) -> Vec<(String, State, &'static str)> {
    let (mut found, more) = journal.summaries(u64::MAX, MOST, "", None);
    assert!(!more);
    found.reverse();
    found.into_iter().map(|line| (line.title, line.state, line.place)).collect()
}

fn titles(journal: &Journal, n: u64) -> Vec<&'static str> {
    journal.event(n).unwrap().1.iter().map(|step| step.title).collect()
}

#[test]
fn an_event_is_followed_from_its_request_to_its_row() {
    let line = Line { call: "c".to_owned(), line: "it says hello".to_owned() };
    let journal = all(vec![
        Seen::Request(Box::new(request(Some("49"), 200))),
        calling("c", &[kinesis("48", r#"{"id":"other"}"#), kinesis("49", r#"{"id":"x"}"#)]),
        item("c", "x"),
        Seen::Line(line),
        called("c", r#"{"batchItemFailures":[]}"#, false),
    ]);
    let expected = ("POST /prod/a".to_owned(), State::Done, "table");
    assert_eq!(lines(&journal), [expected, ("kinesis events".to_owned(), State::Done, "function")]);
    assert_eq!(titles(&journal, 1), ["request", "authorizer", "mapping template", "record", "invocation", "row"]);
    assert_eq!(titles(&journal, 2), ["record", "invocation"], "another event's row is not its own");
    let (summary, steps) = journal.event(1).unwrap();
    assert_eq!((summary.id.as_str(), summary.ms), ("shard-1:49", Some(1_004 - 995)));
    assert_eq!(steps[3].bodies[0].text, r#"{"id":"x"}"#);
    assert_eq!((steps[4].log.as_slice(), steps[4].ms), (["it says hello".to_owned()].as_slice(), Some(7)));
    for id in ["request-49", "extended="] {
        assert_eq!(journal.number(id), Some(1), "{id}");
        assert_eq!(journal.summaries(u64::MAX, 10, id, None).0.len(), 1, "{id}");
    }
}

#[test]
fn a_record_that_is_called_before_its_request_is_told_is_the_same_event() {
    let journal = all(vec![
        calling("c", &[kinesis("49", "{}")]),
        called("c", "null", false),
        Seen::Request(Box::new(request(Some("49"), 200))),
    ]);
    assert_eq!(lines(&journal), [("POST /prod/a".to_owned(), State::Done, "function")]);
    assert_eq!(titles(&journal, 1)[0], "request");
}

#[test]
fn a_request_that_is_not_let_in_ends_at_the_api() {
    for (status, state) in [(401, State::Refused), (502, State::Failed), (200, State::Done)] {
        let request = Request { mapped: None, ..request(None, status) };
        let journal = all(vec![Seen::Request(Box::new(request))]);
        assert_eq!(lines(&journal), [("POST /prod/a".to_owned(), state, "api")], "{status}");
    }
}

#[test]
fn what_a_function_names_as_failed_is_tried_again_and_the_rest_is_judged_by_its_service() {
    let failures = |id: &str| json!({ "batchItemFailures": [{ "itemIdentifier": id }] }).to_string();
    let stream = all(vec![
        calling("c", &[kinesis("1", "{}"), kinesis("2", "{}"), kinesis("3", "{}")]),
        called("c", &failures("2"), false),
    ]);
    let states: Vec<State> = lines(&stream).into_iter().map(|(_, state, _)| state).collect();
    assert_eq!(states, [State::Done, State::Failed, State::Waiting], "what follows in a stream comes again");
    let queue =
        all(vec![calling("c", &[message("1"), message("2"), message("3")]), called("c", &failures("2"), false)]);
    let states: Vec<State> = lines(&queue).into_iter().map(|(_, state, _)| state).collect();
    assert_eq!(states, [State::Done, State::Failed, State::Done]);
    let error = r#"{"errorMessage":"it broke"}"#;
    let failed = all(vec![calling("c", &[kinesis("1", "{}")]), called("c", error, true)]);
    assert_eq!(failed.summaries(u64::MAX, 1, "", None).0[0].why.as_deref(), Some("it broke"));
}

#[test]
fn a_letter_is_of_the_records_that_it_names_and_stays_one() {
    let journal = all(vec![
        calling("c", &[kinesis("9", "{}"), kinesis("10", "{}"), kinesis("11", "{}")]),
        letter("9", "10"),
        called("c", "null", false),
    ]);
    let states: Vec<(State, &str)> = lines(&journal).into_iter().map(|(_, state, place)| (state, place)).collect();
    assert_eq!(states, [(State::Letter, "dlq"), (State::Letter, "dlq"), (State::Done, "function")]);
    assert_eq!(titles(&journal, 1), ["record", "invocation", "letter"]);
}

#[test]
fn an_event_of_a_source_without_a_stream_is_joined_with_its_calls() {
    let accepted = Accepted {
        id: "e".to_owned(),
        function: "f".to_owned(),
        location: Location::of("arn:aws:sns:r:1:topic", None),
        payload: Bytes::from_static(b"{}"),
    };
    let event = Calling { id: "c".into(), function: "f".into(), trace: "Root=c".into(), payload: "{}".into() };
    let journal = all(vec![
        Seen::Accepted(accepted),
        Seen::Calling(event),
        item("c", "x"),
        called("c", "null", false),
        Seen::Tried(Tried { id: "e".to_owned(), call: "c".to_owned(), failed: false }),
    ]);
    assert_eq!(lines(&journal), [("sns topic".to_owned(), State::Done, "table")]);
    assert_eq!(titles(&journal, 1), ["event", "invocation", "row"]);
}

/// Lambda's tries of an event all have its id.
#[test]
fn tries_with_one_id_are_all_shown() {
    let calling = || Calling { id: "e".into(), function: "f".into(), trace: "Root=e".into(), payload: "{}".into() };
    let tried = |failed| Seen::Tried(Tried { id: "e".to_owned(), call: "e".to_owned(), failed });
    let accepted = Accepted {
        id: "e".to_owned(),
        function: "f".to_owned(),
        location: Location::of("arn:aws:sns:r:1:topic", None),
        payload: Bytes::from_static(b"{}"),
    };
    let journal = all(vec![
        Seen::Accepted(accepted),
        Seen::Calling(calling()),
        called("e", r#"{"errorMessage":"no"}"#, true),
        tried(true),
        Seen::Calling(calling()),
        item("e", "x"),
        called("e", "null", false),
        tried(false),
    ]);
    assert_eq!(lines(&journal), [("sns topic".to_owned(), State::Done, "table")]);
    assert_eq!(titles(&journal, 1), ["event", "invocation", "invocation", "row"]);
}

#[test]
fn what_no_filter_lets_pass_is_done() {
    let filtered = Seen::Filtered { location: shard(), records: vec!["49".to_owned(), "unknown".to_owned()] };
    let journal = all(vec![Seen::Request(Box::new(request(Some("49"), 200))), filtered]);
    assert_eq!(lines(&journal), [("POST /prod/a".to_owned(), State::Done, "stream")]);
}

#[test]
fn no_secret_is_kept() {
    let secret = "sesame-1";
    let text = format!("Bearer {secret}");
    let leaky = format!(r#"{{"id":"x","token":"{secret}"}}"#);
    let mut sent = request(Some("49"), 200);
    sent.body = Bytes::from(leaky.clone());
    sent.path = format!("/prod/a?token={secret}");
    sent.authorizer = json!({ "usageIdentifierKey": "key-of-a-plan", "said": text });
    let proxy = json!({ "headers": { "authorization": text }, "multiValueHeaders": { "X-Api-Key": ["other-key"] } });
    let (id, function, trace) = ("p".to_owned(), "f".to_owned(), "Root=p".to_owned());
    let journal = all(vec![
        Seen::Credentials(vec![text.clone()]),
        calling("c", &[kinesis("49", &leaky)]),
        Seen::Calling(Calling { id, function, trace, payload: proxy.to_string().into() }),
        Seen::Line(Line { call: "c".to_owned(), line: format!("it was {secret}") }),
        called("c", &json!({ "errorMessage": text }).to_string(), true),
        Seen::Request(Box::new(Request { call: Some("p".to_owned()), ..sent })),
    ]);
    let event = journal.event(1).unwrap();
    let kept = format!("{event:?} {:?}", journal.summaries(u64::MAX, 10, "", None));
    for secret in [secret, "key-of-a-plan", "other-key"] {
        assert!(!kept.contains(secret), "{kept}");
    }
    assert!(kept.contains("it was [masked]") && kept.contains("a: b"), "{kept}");
}

#[test]
fn memory_is_bounded_and_the_oldest_goes_first() {
    let mut journal = journal();
    let large = "x".repeat(60 * 1024);
    for n in 0..2_000 {
        let data = format!(r#"{{"id":"{n}","text":"{large}"}}"#);
        journal.take(n, calling(&format!("c{n}"), &[kinesis(&format!("{}", 1_000 + n), &data)]));
        assert!(journal.bytes <= MOST_BYTES, "{n}: {}", journal.bytes);
    }
    let has_data = |n| journal.event(n).unwrap().1[0].bodies.iter().any(|body| !body.text.is_empty());
    assert!(!has_data(1) && has_data(2_000));
    for n in 0..i64::try_from(MOST).unwrap() {
        journal.take(n, calling(&format!("d{n}"), &[kinesis(&format!("{}", 100_000 + n), "{}")]));
    }
    assert_eq!(journal.entries.len(), MOST);
    assert!(journal.event(1).is_none() && journal.number("kinesis/events/shard-1/1000").is_none());
    assert_eq!(journal.known.len(), MOST);
    assert!(journal.calls.len() <= MOST_CALLS && journal.calls.len() == journal.order.len());
}

#[test]
fn a_body_is_kept_to_its_limit_and_says_so() {
    let data = format!("{}é", "x".repeat(1024 * 1024));
    let journal = all(vec![calling("c", &[kinesis("1", &data)])]);
    let body = journal.event(1).unwrap().1[0].bodies[0].clone();
    assert_eq!((body.bytes, body.cut, body.text.len()), (data.len(), true, 64 * 1024));
}

#[test]
fn lists_are_read_in_pages_and_by_state() {
    let journal = all((0..5).map(|n| calling(&format!("c{n}"), &[kinesis(&n.to_string(), "{}")])).collect());
    let (first, more) = journal.summaries(u64::MAX, 2, "", None);
    assert_eq!((first.iter().map(|line| line.n).collect::<Vec<_>>(), more), (vec![5, 4], true));
    let (rest, more) = journal.summaries(4, 10, "SHARD-1", Some(State::Waiting));
    assert_eq!((rest.len(), more), (3, false));
    assert!(journal.summaries(u64::MAX, 10, "", Some(State::Done)).0.is_empty());
    assert_eq!(State::named("letter"), Some(State::Letter));
    assert_eq!(State::named("Letter"), None);
}

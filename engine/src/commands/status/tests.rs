//! A whole status against answers made up here: what is asked, what waits for what, and what it says.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use tokio::time::Instant;

use super::*;
use crate::aws::mocked::{cx_http, cx_http_after, success};
use crate::cli::STATUS_RIGHTS;
use crate::spec::Loaded;

/// Every form that a pipeline may have, as far as it is read in another way.
const FORMS: &[&str] = &[
    "source: { api: { routes: [{ post: '/submit/{id}', partition_key: path.id }] } }
auth: { basic: {} }
stream: { kinesis: {} }
consumer: { function: { handler: stream-to-table } }
sink: { table: { partition_key: id } }
dlq: { queue: {} }",
    "stream: { queue: {} }\nconsumer: { function: { handler: my-handler } }\ndlq: { queue: {} }",
    "stream: { table_changes: {} }\nconsumer: { function: { handler: my-handler } }\ndlq: { queue: {} }",
    "stream: { kinesis: { existing: theirs } }\nconsumer: { function: { existing: theirs } }",
    "source: { api: { routes: [{ get: '/people/{id}', auth: none, to: { table: get } }] } }\nsink: { table: { partition_key: id } }",
    "source: { topic: {} }\nconsumer: { function: { handler: my-handler } }\ndlq: { queue: {} }",
    "source: { topic: {} }\nstream: { queue: {} }\nconsumer: { function: { handler: my-handler } }\ndlq: { queue: {} }",
    "source: { bucket: { name: my-bucket, events: [created] } }\nconsumer: { function: { handler: my-handler } }\ndlq: { queue: {} }",
    "source: { bucket: { name: my-bucket, events: [created], via: events } }\nconsumer: { function: { handler: my-handler } }\ndlq: { queue: {} }",
    "source: { events: { match: { source: [shop] } } }\nconsumer: { function: { handler: my-handler } }\ndlq: { queue: {} }",
    "source: { events: { bus: shop, match: { source: [shop] } } }\nstream: { kinesis: {} }\nconsumer: { function: { handler: my-handler } }",
    "source: { schedule: rate(5 minutes) }\nconsumer: { function: { handler: my-handler } }\ndlq: { queue: {} }",
    "source: { logs: { group: /app/log } }\nconsumer: { function: { handler: my-handler } }\ndlq: { queue: {} }",
    "source: { logs: { group: /app/log } }\nstream: { kinesis: {} }\nconsumer: { function: { handler: my-handler } }",
    "source: { iot: { topic: sensors/temp } }\nconsumer: { function: { handler: my-handler } }\ndlq: { queue: {} }",
    "source: { alexa: { skill: amzn1.ask.skill.0d8e21a5-3c4b-4f6a-9e7d-1a2b3c4d5e6f } }
consumer: { function: { handler: my-handler, timeout_seconds: 8 } }",
];

fn loaded(form: &str) -> Loaded {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/good");
    let text = format!("name: demo\n{form}\n");
    crate::spec::parse("pipeline.yaml", text.as_bytes(), &root).unwrap_or_else(|report| panic!("{report}"))
}

fn denied(_: &HttpRequest) -> HttpResponse {
    let mut answer = HttpResponse::new(
        403.try_into().unwrap(),
        SdkBody::from(r#"{"__type":"AccessDeniedException","message":"no"}"#),
    );
    answer.headers_mut().insert("x-amzn-errortype", "AccessDeniedException");
    answer
}

fn operations(status: &Status) -> BTreeSet<String> {
    status.parts.iter().flat_map(|part| &part.findings).filter_map(|finding| finding.operation.clone()).collect()
}

/// Nobody has forgotten a call in what the help says, or left one there that is not made any more.
#[tokio::test]
async fn what_may_not_be_read_is_named_with_its_action_and_these_are_all_that_the_help_lists() {
    let mut asked = BTreeSet::new();
    for form in FORMS {
        let running = Running::at(cx_http(denied), &loaded(form), None).unwrap();
        let status = read(&running).await;
        assert!(status.needs_person, "{form}");
        let well: Vec<_> = status.parts.iter().filter(|part| part.state != State::Unread).collect();
        assert!(well.is_empty(), "{form}: {well:?}");
        asked.extend(operations(&status));
    }
    // Asked where IoT says in its own way that there is no rule.
    asked.insert("iot:ListTopicRules".to_owned());
    let listed = STATUS_RIGHTS.split([' ', ',', '\n', '.']).filter(|word| word.contains(':') && !word.ends_with(':'));
    assert_eq!(asked, listed.map(str::to_owned).collect());
}

/// Each read takes a second of a clock that only moves while all wait: two after one another would take two.
#[tokio::test(start_paused = true)]
async fn no_read_waits_for_another() {
    for form in FORMS {
        let running = Running::at(cx_http_after(|| Duration::from_secs(1), denied), &loaded(form), None).unwrap();
        let began = Instant::now();
        read(&running).await;
        assert!(began.elapsed() < Duration::from_secs(2), "{form}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn of_a_clock_that_is_wrong_the_time_of_aws_is_used() {
    // Thirty years ahead of this machine.
    let answer = |request: &HttpRequest| match request.headers().get("x-amz-target") {
        Some(target) if target.ends_with("GetMetricData") => {
            let mut answer = success(&serde_json::json!({ "MetricDataResults": [] }));
            answer.headers_mut().insert("date", "Tue, 14 Nov 2056 22:13:20 GMT");
            answer
        }
        _ => denied(request),
    };
    let running = Running::at(cx_http(answer), &loaded(FORMS[3]), None).unwrap();
    let status = read(&running).await;
    assert_eq!((status.at.as_str(), status.window.to.as_str()), ("2056-11-14T22:13:20Z", "2056-11-14T22:15:00Z"));
    assert!(status.notes.iter().any(|note| note.contains("the clock of this machine")), "{:?}", status.notes);
}

#[tokio::test]
async fn of_a_pipeline_that_was_never_applied_it_says_so_and_names_each_part() {
    let absent = |request: &HttpRequest| {
        let is_of_cloudwatch =
            request.headers().get("x-amz-target").is_some_and(|target| target.starts_with("Granite"));
        if is_of_cloudwatch {
            return success(&serde_json::json!({}));
        }
        let body = r#"{"__type":"ResourceNotFoundException","message":"absent"}"#;
        let mut answer = HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body));
        answer.headers_mut().insert("x-amzn-errortype", "ResourceNotFoundException");
        answer
    };
    let running = Running::at(cx_http(absent), &loaded(FORMS[3]), None).unwrap();
    let status = read(&running).await;
    let states: Vec<_> = status.parts.iter().map(|part| (part.id.as_str(), part.state)).collect();
    let parts =
        [("stream", State::Absent), ("mapping", State::Absent), ("consumer", State::Absent), ("alarms", State::Well)];
    assert_eq!(states, parts);
    assert!(status.needs_person && status.notes[0].starts_with("nothing of `demo` is there"), "{:?}", status.notes);
}

/// The parts come as an event passes them, whatever the source is.
#[test]
fn the_parts_are_in_the_order_in_which_an_event_travels() {
    let order = |form: &str| {
        let running = Running::at(cx_http(denied), &loaded(form), None).unwrap();
        let next = way::next(&running);
        way::stations(&running, &next, 0).len()
    };
    // API, authorizer, stream, mapping, function, table, dlq, alarms; a skill's function and its alarms.
    assert_eq!((order(FORMS[0]), order(FORMS[15])), (8, 2));
}

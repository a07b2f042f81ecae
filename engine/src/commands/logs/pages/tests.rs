use serde_json::{Value, json};

use super::*;
use crate::aws::mocked::{cx_answered, refusal, success};
use crate::error::Class;

fn event(at: i64, text: &str) -> Value {
    json!({ "timestamp": at, "message": text, "logStreamName": "s", "eventId": text })
}

/// Two groups, of which `a` has three pages, one of them empty; any other is not there.
fn answer(input: &Value) -> aws_smithy_runtime_api::client::orchestrator::HttpResponse {
    let page = |events: Vec<Value>, next: Option<&str>| success(&json!({ "events": events, "nextToken": next }));
    match (input["logGroupName"].as_str().unwrap(), input["nextToken"].as_str()) {
        ("a", None) => page(vec![event(1, "a1"), event(4, "a4")], Some("2")),
        ("a", Some("2")) => page(vec![], Some("3")),
        ("a", Some("3")) => page(vec![event(9, "a9")], None),
        ("b", None) => page(vec![event(2, "b2"), event(3, "b3"), event(10, "b10")], Some("lost")),
        ("b", Some(_)) => refusal("InvalidParameterException", "The specified nextToken is invalid."),
        _ => refusal("ResourceNotFoundException", "The specified log group does not exist."),
    }
}

#[tokio::test]
async fn lines_of_several_groups_are_merged_while_they_are_read() {
    let cx = cx_answered(|_, input| answer(input));
    let (mut lines, failed) = Merged::of(&cx, &[(0, "a"), (1, "gone"), (2, "b")], Range::default()).await;
    assert_eq!(failed.iter().map(|(at, error)| (*at, error.class())).collect::<Vec<_>>(), [(1, Class::NotFound)]);
    let mut all = Vec::new();
    while let Some(next) = lines.next_line().await {
        all.push(match next {
            Ok((at, line)) => format!("{at} {}", line.text),
            Err((at, error)) => format!("{at} {}", error.code()),
        });
    }
    assert_eq!(all, ["0 a1", "2 b2", "2 b3", "0 a4", "0 a9", "2 b10", "2 InvalidParameterException"]);
}

#[tokio::test]
async fn the_range_is_asked_for() {
    let (sender, asked) = std::sync::mpsc::channel();
    let cx = cx_answered(move |_, input| {
        sender.send(input.clone()).unwrap();
        success(&json!({ "events": [] }))
    });
    let range = Range { from: 5, to: Some(7), pattern: Some("\"x\"".into()) };
    assert!(Merged::of(&cx, &[(0, "a")], range).await.0.next_line().await.is_none());
    let expected = json!({ "logGroupName": "a", "startTime": 5, "endTime": 7, "filterPattern": "\"x\"" });
    assert_eq!(asked.try_iter().collect::<Vec<_>>(), [expected]);
}

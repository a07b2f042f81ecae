//! What is said of answers that are wrong, each beside what Lambda makes of it.

use bytes::Bytes;

use crate::invoke::Answer;
use crate::poller::diagnosis::wrong;

const BATCH: [&str; 3] = ["4961", "4962", "4963"];

fn said(payload: &str, partial: bool) -> Option<String> {
    let payload = Bytes::from(payload.to_owned());
    wrong(&Answer { payload, error: None, request_id: String::new(), memory: None }, partial, &BATCH)
}

#[test]
fn right_answers_have_nothing_wrong() {
    for right in [
        "",
        "null",
        r#""""#,
        "[]",
        "{}",
        r#"{"statusCode": 200}"#,
        r#"{"batchItemFailures": null}"#,
        r#"{"batchItemFailures": []}"#,
        r#"{"batchItemFailures": [{"itemIdentifier": "4962"}, {"itemIdentifier": "4961"}]}"#,
    ] {
        assert_eq!(said(right, true), None, "{right}");
    }
    assert_eq!(said(r#""processed""#, false), None, "nobody reads it");
}

#[test]
fn what_is_wrong_is_said_without_the_answers_values() {
    for (payload, part) in [
        (r#"{"batch_item_failures": [{"item_identifier": "4961"}]}"#, "`batch_item_failures` where Lambda reads"),
        (r#"{"BatchItemFailures": []}"#, "`BatchItemFailures` where Lambda reads"),
        (r#"{"batchItemFailure": []}"#, "so all records count as done"),
        (r#"{"failed": ["4962"]}"#, "not in a list `batchItemFailures`"),
        (r#"{"statusCode": 200, "body": "{\"batchItemFailures\":[{\"itemIdentifier\":\"4962\"}]}"}"#, "at its top"),
        (r#""processed-hidden""#, "it is a text"),
        (r#""{\"batchItemFailures\":[]}""#, "JSON twice"),
        ("true", "it is a boolean"),
        (r#"["4961"]"#, "it is a list"),
        ("{no json hidden", "it is not JSON"),
        (r#"{"batchItemFailures": "4961"}"#, "is a text, not a list"),
        (r#"{"batchItemFailures": ["4961"]}"#, "entry 1 of its `batchItemFailures` is a text, not an object"),
        (
            r#"{"batchItemFailures": [{"item_identifier": "4961"}]}"#,
            "`item_identifier` where Lambda reads `itemIdentifier`",
        ),
        (r#"{"batchItemFailures": [{"hidden": "4961"}]}"#, "has no `itemIdentifier`"),
        (r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#, "has null as `itemIdentifier`"),
        (r#"{"batchItemFailures": [{"itemIdentifier": 4961}]}"#, "has a number as `itemIdentifier`"),
        (r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#, "an empty `itemIdentifier`"),
        (
            r#"{"batchItemFailures": [{"itemIdentifier": "4962"}, {"itemIdentifier": "shardId-000000000000:4961"}]}"#,
            "entry 2 of its `batchItemFailures` has the event's id",
        ),
        (r#"{"batchItemFailures": [{"itemIdentifier": "hidden"}]}"#, "no sequence number of this batch"),
        (r#"{"batchItemFailures": [{"itemIdentifier": "4961"}, {"itemIdentifier": "4961"}]}"#, "a record twice"),
    ] {
        let said = said(payload, true).unwrap_or_default();
        assert!(said.contains(part) && !said.contains("hidden"), "{payload}: {said}");
    }
    let unread = said(r#"{"batchItemFailures": [{"itemIdentifier": "4961"}]}"#, false).unwrap();
    assert!(unread.contains("`failures.partial` is false"), "{unread}");
}

//! Partial-batch responses: what AWS was recorded to do, one row each.

use bytes::Bytes;

use crate::invoke::Answer;
use crate::poller::outcome::{Verdict, failed_pause_ms, failure, judge, refused_pause_ms};

fn verdict(payload: &str, partial: bool, error: Option<&str>) -> Verdict {
    let payload = Bytes::from(payload.to_owned());
    let answer = Answer { payload, error: error.map(str::to_owned), request_id: String::new(), memory: None };
    judge(&answer, partial, &["1", "2", "3"])
}

#[test]
fn what_counts_as_success_and_as_failure() {
    let rows = [
        // Recorded as success.
        (r#""""#, Verdict::Success),
        ("[]", Verdict::Success),
        ("null", Verdict::Success),
        ("{}", Verdict::Success),
        (r#"{"batchItemFailures": []}"#, Verdict::Success),
        (r#"{"batchItemFailures": null}"#, Verdict::Success),
        // An answer without a byte, and one with other members only.
        ("", Verdict::Success),
        (r#"{"statusCode": 200}"#, Verdict::Success),
        // Recorded as failure of the whole batch.
        (r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#, Verdict::Failed),
        (r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#, Verdict::Failed),
        (r#"{"batchItemFailures": [{"foo": "2"}]}"#, Verdict::Failed),
        (r#"{"batchItemFailures": [{"foo": null}]}"#, Verdict::Failed),
        (r#"{"batchItemFailures": [{"itemIdentifier": "9"}]}"#, Verdict::Failed),
        // One wrong name among right ones, and answers of no such form.
        (r#"{"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "9"}]}"#, Verdict::Failed),
        (r#"{"batchItemFailures": ["2"]}"#, Verdict::Failed),
        (r#"{"batchItemFailures": [{"itemIdentifier": 2}]}"#, Verdict::Failed),
        (r#"{"batchItemFailures": "2"}"#, Verdict::Failed),
        (r#""done""#, Verdict::Failed),
        ("true", Verdict::Failed),
        ("[1]", Verdict::Failed),
        ("{not json", Verdict::Failed),
        // The lowest named record counts, wherever it is in the list.
        (r#"{"batchItemFailures": [{"itemIdentifier": "1"}]}"#, Verdict::From(0)),
        (r#"{"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]}"#, Verdict::From(1)),
        (r#"{"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "3"}]}"#, Verdict::From(2)),
        (
            r#"{"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "2"}, {"itemIdentifier": "3"}]}"#,
            Verdict::From(0),
        ),
    ];
    for (payload, expected) in rows {
        assert_eq!(verdict(payload, true, None), expected, "{payload}");
        assert_eq!(verdict(payload, true, Some("Unhandled")), Verdict::Failed, "{payload} of a function that failed");
        assert_eq!(verdict(payload, false, None), Verdict::Success, "{payload} without ReportBatchItemFailures");
    }
}

#[test]
fn failures_are_told_with_type_and_message() {
    let answer = |payload: &'static str, error: Option<&str>| Answer {
        payload: Bytes::from(payload),
        error: error.map(str::to_owned),
        request_id: String::new(),
        memory: None,
    };
    let late =
        r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 7a-1 Error: Task timed out after 4.00 seconds"}"#;
    let late = answer(late, Some("Unhandled"));
    assert_eq!(failure(&late).unwrap(), "Unhandled (Sandbox.Timedout): Task timed out after 4.00 seconds");
    let own = answer(r#"{"errorType":"Custom","errorMessage":"no such tenant\nand a trace"}"#, Some("Unhandled"));
    assert_eq!(failure(&own).unwrap(), "Unhandled (Custom): no such tenant");
    let bare = answer(r#"{"errorMessage":" "}"#, Some("Unhandled"));
    assert_eq!(failure(&bare).unwrap(), "Unhandled");
    assert_eq!(failure(&answer("oops", Some("Unhandled"))).unwrap(), "Unhandled");
    assert_eq!(failure(&answer("null", None)), None);
}

#[test]
fn pauses_double_up_to_their_most() {
    assert_eq!([0, 1, 2, 5, 6, 40].map(failed_pause_ms), [200, 400, 800, 6_400, 10_000, 10_000]);
    assert_eq!([0, 1, 4, 5, u32::MAX].map(refused_pause_ms), [1_000, 2_000, 16_000, 30_000, 30_000]);
}

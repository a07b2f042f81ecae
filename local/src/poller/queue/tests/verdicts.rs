//! Partial-batch responses for messages: what AWS was recorded and is documented to do, one row each.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::invoke::Answer;
use crate::poller::queue::verdict::{failed, told};

const IDS: [&str; 3] = ["1", "2", "3"];

fn answer(payload: &str, error: Option<&str>) -> Answer {
    let payload = Bytes::from(payload.to_owned());
    Answer { payload, error: error.map(str::to_owned), request_id: String::new(), memory: None }
}

#[test]
fn which_messages_failed() {
    let all = [0, 1, 2].as_slice();
    let rows = [
        ("", [].as_slice()),
        ("null", &[]),
        ("{}", &[]),
        ("[]", &[]),
        (r#""""#, &[]),
        (r#"{"batchItemFailures": []}"#, &[]),
        (r#"{"batchItemFailures": null}"#, &[]),
        (r#"{"statusCode": 200}"#, &[]),
        (r#"{"batchItemFailures": [{"itemIdentifier": "2"}]}"#, &[1]),
        (r#"{"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "1"}]}"#, &[0, 2]),
        (r#"{"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "2"}, {"itemIdentifier": "3"}]}"#, all),
        // The whole batch.
        (r#"{"batchItemFailures": [{"itemIdentifier": "9"}]}"#, all),
        (r#"{"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "9"}]}"#, all),
        (r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#, all),
        (r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#, all),
        (r#"{"batchItemFailures": [{"itemIdentifier": 2}]}"#, all),
        (r#"{"batchItemFailures": [{"messageId": "2"}]}"#, all),
        (r#"{"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "2"}]}"#, all),
        (r#"{"batchItemFailures": ["2"]}"#, all),
        (r#"{"batchItemFailures": {"itemIdentifier": "2"}}"#, all),
        ("{not json", all),
        ("true", all),
    ];
    for (payload, expected) in rows {
        let expected: BTreeSet<usize> = expected.iter().copied().collect();
        assert_eq!(failed(&answer(payload, None), true, &IDS), expected, "{payload}");
        assert_eq!(
            failed(&answer(payload, Some("Unhandled")), true, &IDS).len(),
            3,
            "{payload} of a function that failed"
        );
        assert!(failed(&answer(payload, None), false, &IDS).is_empty(), "{payload} without ReportBatchItemFailures");
    }
}

#[test]
fn what_is_said_of_wrong_answers() {
    let said = |payload: &str| {
        let answer = answer(payload, None);
        let told = told(&answer, true, &IDS, &[None; 3], &failed(&answer, true, &IDS));
        (told.succeeded, told.error.unwrap_or_default(), told.answer)
    };
    let (done, error, _) = said(r#"{"batchItemFailures": [{"itemIdentifier": "9"}]}"#);
    assert!(done == 0 && error.contains("not understood") && error.contains("no message id of this batch"), "{error}");
    let (done, error, _) = said(r#"{"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "2"}]}"#);
    assert!(done == 0 && error.contains("a message twice"), "{error}");
    assert_eq!(said(r#"{"batchItemFailures": [{"itemIdentifier": "2"}]}"#), (2, "named failures".to_owned(), None));
    let (done, error, wrong) = said(r#"{"batch_item_failures": []}"#);
    assert!(done == 3 && error.is_empty() && wrong.unwrap().contains("`batch_item_failures` where Lambda reads"));
}

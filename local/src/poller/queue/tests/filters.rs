//! Filters of queues: what no filter lets in is deleted.

use serde_json::{Value, json};

use super::sim::Sim;
use super::{properties, queued, with};
use crate::poller::filter::Filter;
use crate::poller::mapping::Properties;
use crate::poller::tests::succeeds;

fn passes(pattern: &Value, body: &Value) -> bool {
    let facts = json!({ "messageId": "m", "body": body, "attributes": { "SenderId": "AIDA" } });
    Filter::parse(&pattern.to_string(), "body").unwrap().matches(&facts)
}

/// The rows of AWS's page (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html).
#[test]
fn bodies_and_patterns_of_both_kinds() {
    let of_json = json!({"body": {"kind": ["order"]}});
    let absent = json!({"body": {"kind": [{"exists": false}]}});
    let of_text = json!({"body": ["order", {"prefix": "re"}]});
    let no_body = json!({"attributes": {"SenderId": [{"prefix": "AI"}]}});
    let rows = [
        (&of_json, json!({"kind": "order"}), true),
        (&of_json, json!({"kind": "refund"}), false),
        (&of_json, json!("order"), false),
        (&absent, json!({}), true),
        (&absent, json!("order"), false),
        (&of_text, json!("order"), true),
        (&of_text, json!("refund"), true),
        (&of_text, json!("other"), false),
        (&of_text, json!({"order": "order"}), false),
        (&no_body, json!("anything"), true),
        (&no_body, json!({"any": "thing"}), true),
    ];
    for (pattern, body, expected) in rows {
        assert_eq!(passes(pattern, &body), expected, "{pattern} for {body}");
    }
}

#[test]
fn what_no_filter_lets_in_is_deleted_and_never_handed_over() {
    let filters =
        [r#"{"body": {"n": [1, 3]}}"#, r#"{"body": ["7"]}"#].map(|pattern| Filter::parse(pattern, "body").unwrap());
    let mut sim = Sim::new(&with(queued(), Properties { filters: filters.into(), ..properties() }));
    let body = |n: usize| if n < 5 { json!({ "n": n }) } else { json!(n.to_string()) };
    sim.send_as(0..10, |n| (None, 0, json!({ "body": body(n) })));
    sim.run(5.0, |_| (0, succeeds()));
    assert_eq!(sim.batches(), [[1, 3, 7]]);
    assert_eq!((sim.queue.deleted.len(), sim.queue.left(sim.now)), (10, (0, 0)));
}

//! `alarms` and `dashboard`. MiniStack confirms a mail address at once; AWS waits for the link to be opened.

use pipe_test_support::Kind;
use serde_json::{Value, json};

use crate::session::{Edit, chain_of, in_sync, sandbox};

const SPEC: &str = "name: orders\nstream: { kinesis: {} }\nconsumer: { function: { handler: stream-to-table } }\n\
                    sink: { table: { partition_key: id } }\ndlq: { queue: {} }\n";

#[test]
fn alarms() {
    const EDITS: &[Edit] = &[
        ("alarms that tell nobody", "dlq: { queue: {} }\n", "dlq: { queue: {} }\nalarms: {}\n"),
        ("a mail address", "alarms: {}", "alarms: { email: ops@example.com }"),
        ("another mail address", "ops@", "night@"),
        ("a longer retention", "{ kinesis: {} }", "{ kinesis: { retention_hours: 72 } }"),
        ("an index", "partition_key: id }", "partition_key: id, indexes: { by-kind: { partition_key: kind } } }"),
        ("a mapping that is off", "stream-to-table }", "stream-to-table, enabled: false }"),
        ("a mapping that is on", ", enabled: false", ""),
        ("another function", "stream-to-table }", "stream-to-table, name: worker }"),
        ("a tag", "name: orders\n", "name: orders\ntags: { team: data }\n"),
        (
            "a topic of another account",
            "{ email: night@example.com }",
            "{ topic: 'arn:aws:sns:eu-central-1:200000000099:ops' }",
        ),
        ("none", "alarms: { topic: 'arn:aws:sns:eu-central-1:200000000099:ops' }", "alarms: off"),
    ];
    chain_of(SPEC, Kind::MiniStack, "200000000401", "edits_alarms", EDITS);
}

#[test]
fn dashboard() {
    const EDITS: &[Edit] = &[
        ("a dashboard", "dlq: { queue: {} }\n", "dlq: { queue: {} }\ndashboard: true\n"),
        ("alarms on it", "dashboard: true", "alarms: {}\ndashboard: true"),
        (
            "a part more",
            "{ kinesis: {} }\n",
            "{ kinesis: {} }\nsource: { api: { routes: [{ post: /a, auth: none }] } }\n",
        ),
        ("no dashboard", "\ndashboard: true", ""),
    ];
    chain_of(SPEC, Kind::MiniStack, "200000000402", "edits_dashboard", EDITS);
}

/// Whoever changes an alarm, silences it or draws on the dashboard sees that in the next plan.
#[test]
fn what_somebody_changed_is_seen_and_put_right() {
    let spec = format!("{SPEC}alarms: {{}}\ndashboard: true\n");
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000403", &spec);
    sandbox.converge();
    let ask = |operation: &str, input: Value| {
        sandbox.account.ask("monitoring", &format!("GraniteServiceVersion20100801.{operation}"), "/", &input)
    };
    ask("DisableAlarmActions", json!({ "AlarmNames": ["orders/letters"] }));
    ask("PutDashboard", json!({ "DashboardName": "orders-eu-central-1", "DashboardBody": r#"{"widgets":[]}"# }));
    let refused = sandbox.run(&["diff", "--exit-code"]);
    assert_eq!(
        refused.code,
        Some(1),
        "a dashboard without the label is somebody else's\n{}{}",
        refused.out,
        refused.err
    );
    assert!(refused.err.contains("orders-eu-central-1") && refused.err.contains("--adopt"), "{}", refused.err);
    let seen = sandbox.run(&["diff", "--exit-code", "--adopt"]);
    assert!(seen.out.contains("enabled: false → true"), "{}{}", seen.out, seen.err);
    sandbox.pipe(&["apply", "--yes", "--adopt"]);
    in_sync(&sandbox, "both are as the spec has them");
}

/// Without the section nothing in the spec names them any more.
#[test]
fn what_has_left_the_spec_goes_with_the_next_apply() {
    let spec = format!("{SPEC}alarms: {{ email: ops@example.com }}\ndashboard: true\n");
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000404", &spec);
    sandbox.converge();
    sandbox.edit("alarms: { email: ops@example.com }\ndashboard: true\n", "");
    sandbox.pipe(&["apply", "--yes"]);
    in_sync(&sandbox, "nothing is left to do");
    let ask = |operation: &str| {
        sandbox.account.ask("monitoring", &format!("GraniteServiceVersion20100801.{operation}"), "/", &json!({}))
    };
    assert_eq!(
        (&ask("DescribeAlarms")["MetricAlarms"], &ask("ListDashboards")["DashboardEntries"]),
        (&json!([]), &json!([]))
    );
}

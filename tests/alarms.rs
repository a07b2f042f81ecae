//! What is watched of each form of a pipeline, and what the alarms say. Offline.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use pipe::aws::Place;
use pipe::bundle::Codes;
use pipe::graph::{Graph, Node};
use pipe::lower::lower;
use serde_json::{Value, json};

const FED: &str = "consumer: { function: { handler: my-handler } }\nsink: { table: { partition_key: id, indexes: { by-kind: { partition_key: kind } } } }\n";
const DLQ: &str = "dlq: { queue: {} }\n";

/// The forms: their titles, and what the spec says of source and stream.
const FORMS: &[(&str, &str, bool)] = &[
    (
        "an API before a stream",
        "source: { api: { routes: [{ post: /a }] } }\nauth: { basic: {} }\nstream: { kinesis: {} }\n",
        true,
    ),
    ("a stream that is kept for long, and no dlq", "stream: { kinesis: { retention_hours: 168 } }\n", false),
    (
        "a queue",
        "source: { api: { routes: [{ post: /a, auth: none }] } }\nstream: { queue: { retention_days: 3 } }\n",
        true,
    ),
    ("the changes of a table", "stream: { table_changes: {} }\n", true),
    ("a topic", "source: { topic: {} }\n", true),
    ("a topic without a dlq", "source: { topic: {} }\n", false),
    ("a bucket", "source: { bucket: { name: demo-1, events: [created] } }\n", true),
    ("a bucket by the bus", "source: { bucket: { name: demo-1, events: [created], via: events } }\n", true),
    ("events of a bus", "source: { events: { bus: shop, match: { source: [shop] } } }\n", false),
    ("a schedule", "source: { schedule: rate(5 minutes) }\n", true),
    ("logs", "source: { logs: { group: /aws/lambda/shop } }\n", true),
    ("iot", "source: { iot: { topic: a/b } }\n", true),
];

fn place() -> Place {
    Place { partition: "aws".into(), account: "111122223333".into(), region: "eu-central-1".into() }
}

fn loaded(spec: &str) -> pipe::spec::Loaded {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/good");
    pipe::spec::parse("pipeline.yaml", spec.as_bytes(), &root).unwrap_or_else(|report| panic!("{spec}\n{report}"))
}

fn graph(spec: &str) -> Graph {
    lower(&loaded(spec), &place(), &Codes::unbuilt()).expect("it lowers")
}

fn spec(form: &str, dlq: bool, alarms: &str) -> String {
    format!("name: demo\n{form}{FED}{}alarms: {alarms}\n", if dlq { DLQ } else { "" })
}

fn alarms(graph: &Graph) -> Vec<&Node> {
    let mut all: Vec<&Node> = graph.nodes().iter().filter(|node| node.kind.name == "cloudwatch:Alarm").collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// One line for an alarm: its name, the metric with its dimensions, and when it begins.
fn line(node: &Node) -> String {
    let it = &node.desired;
    let dimensions: Vec<String> = it["dimensions"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap()))
        .collect();
    let word = |member: &str| it[member].as_str().unwrap();
    format!(
        "{}: {} {} {} [{}] {} {} in {} of {} x {} s, missing: {}",
        node.name,
        word("namespace"),
        word("metric"),
        word("statistic"),
        dimensions.join(", "),
        word("comparison"),
        it["threshold"],
        it["datapoints"],
        it["periods"],
        it["period_seconds"],
        word("missing"),
    )
}

#[test]
fn each_form_has_alarms_of_its_own() {
    let mut told = String::new();
    for (title, form, dlq) in FORMS {
        let graph = graph(&spec(form, *dlq, "{}"));
        let _ = writeln!(told, "# {title}");
        alarms(&graph).into_iter().for_each(|node| _ = writeln!(told, "{}", line(node)));
        let notes = pipe::lower::notes(&loaded(&spec(form, *dlq, "{}")), &place(), &graph);
        notes.iter().for_each(|note| _ = writeln!(told, "note: {note}"));
    }
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("alarms_of_each_form", told);
    });
}

/// The mail says what happened, and names commands that exist.
#[test]
fn each_alarm_says_what_to_do() {
    let mut texts = BTreeSet::new();
    for (_, form, dlq) in FORMS {
        let graph = graph(&spec(form, *dlq, "{}"));
        for node in alarms(&graph) {
            let text = node.desired["description"].as_str().unwrap();
            assert!(text.contains("`pipe ") && text.len() <= 1024, "{}: {text}", node.name);
            for command in text.split('`').filter_map(|word| word.strip_prefix("pipe ")) {
                let known = ["apply", "dlq ls", "dlq redrive", "logs", "status"];
                assert!(known.contains(&command), "{}: {command}", node.name);
            }
            let what = node.name.as_str().strip_prefix("demo/").unwrap();
            texts.insert(format!("{what}: {text}"));
            assert_eq!(node.id.as_str(), format!("alarm.{what}"), "the id says what the name does");
        }
    }
    let all: Vec<String> = texts.into_iter().collect();
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("alarms_say", all.join("\n"));
    });
}

#[test]
fn alarms_tell_an_address_a_topic_or_nobody() {
    let (_, form, dlq) = FORMS[0];
    let told = |alarms: &str| graph(&spec(form, dlq, alarms));
    let notifies = |graph: &Graph| alarms(graph)[0].desired["notifies"].clone();
    let mail = told("{ email: ops@example.com }");
    let topic = mail.node("alarm-topic").unwrap();
    assert_eq!((topic.name.as_str(), &topic.desired["email"]), ("demo-alarms", &json!("ops@example.com")));
    assert_eq!(notifies(&mail), json!(["arn:aws:sns:eu-central-1:111122223333:demo-alarms"]));
    let statement =
        topic.desired["policy"]["Statement"].as_array().unwrap().iter().find(|one| one["Sid"] == "Alarms").unwrap();
    assert_eq!(statement["Principal"]["Service"], json!(["cloudwatch.amazonaws.com"]));
    let arns = statement["Condition"]["ArnLike"]["aws:SourceArn"].to_string();
    assert!(
        arns.contains("arn:aws:cloudwatch:eu-central-1:111122223333:alarm:demo/*"),
        "no other pipeline's alarms publish: {arns}"
    );
    assert!(alarms(&mail).iter().all(|node| node.needs.iter().any(|need| need.of.as_str() == "alarm-topic")));
    let here = told("{ topic: 'arn:aws:sns:eu-central-1:111122223333:ops' }");
    assert!(here.node("alarm-topic").is_some_and(|node| node.existing && node.name.as_str() == "ops"));
    let there = told("{ topic: 'arn:aws:sns:eu-central-1:999988887777:ops' }");
    assert!(there.node("alarm-topic").is_none(), "nobody can look at a topic of another account");
    assert_eq!(notifies(&there), json!(["arn:aws:sns:eu-central-1:999988887777:ops"]));
    assert_eq!(notifies(&told("{}")), json!([]));
    assert!(alarms(&told("off")).is_empty());
}

#[test]
fn a_topic_of_another_region_is_refused_where_it_stands() {
    let text = spec(FORMS[0].1, true, "{ topic: 'arn:aws:sns:us-east-1:111122223333:ops' }");
    let error = lower(&loaded(&text), &place(), &Codes::unbuilt()).unwrap_err().to_string();
    assert!(
        error.contains("pipeline.yaml:8:18: `arn:aws:sns:us-east-1:111122223333:ops` is not in region eu-central-1"),
        "{error}"
    );
}

/// A third of the retention, or two thirds of the mapping's patience where that is shorter: a longer retention never makes it less.
#[test]
fn the_age_follows_from_the_spec() {
    let threshold = |stream: &str, failures: &str| {
        let text = spec(&format!("stream: {stream}\n"), true, "{}")
            .replace("my-handler }", &format!("my-handler{failures} }}"));
        let graph = graph(&text);
        alarms(&graph).iter().find(|node| node.name.as_str().ends_with("-wait")).unwrap().desired["threshold"].clone()
    };
    let hours = |hours: f64| json!(hours * 3_600_000.0);
    assert_eq!(threshold("{ kinesis: {} }", ""), hours(8.0));
    assert_eq!(threshold("{ kinesis: { retention_hours: 72 } }", ""), hours(8.0));
    assert_eq!(threshold("{ kinesis: { retention_hours: 72 } }", ", failures: { max_age_hours: 48 }"), hours(24.0));
    assert_eq!(threshold("{ kinesis: {} }", ", failures: { max_age_hours: 3 }"), hours(2.0));
    assert_eq!(threshold("{ queue: { retention_days: 3 } }", ""), json!(86_400.0));
}

/// A mapping that the spec stops is no alarm.
#[test]
fn a_mapping_that_is_off_is_not_watched() {
    let text = spec("stream: { kinesis: {} }\n", true, "{}").replace("my-handler }", "my-handler, enabled: false }");
    let graph = graph(&text);
    let names: Vec<&str> = alarms(&graph).iter().map(|node| node.name.as_str()).collect();
    assert!(!names.contains(&"demo/stream-unread") && !names.contains(&"demo/records-wait"), "{names:?}");
}

/// Within the quotas of a dashboard (500 widgets, 500 metrics of a graph); and each metric is named as graphs want it.
#[test]
fn a_dashboard_has_a_graph_for_each_part() {
    let text = spec(FORMS[0].1, true, "{}") + "dashboard: true\n";
    let graphs = [graph(&text), graph(&text)];
    let [node, again] = graphs.each_ref().map(|graph| graph.node("dashboard").unwrap());
    assert_eq!(node.desired, again.desired);
    assert_eq!(node.name.as_str(), "demo-eu-central-1");
    let widgets = node.desired["body"]["widgets"].as_array().unwrap();
    let titles: Vec<&str> = widgets.iter().filter_map(|widget| widget["properties"]["title"].as_str()).collect();
    let parts = [
        "Alarms",
        "API demo-api",
        "Stream demo-stream",
        "Function demo-authorizer",
        "Function demo-consumer",
        "Table demo-table",
        "Dlq demo-dlq",
    ];
    assert_eq!(titles, parts);
    assert!(widgets[0]["properties"]["markdown"].as_str().unwrap().ends_with("`pipe-demo-dashboard`"));
    assert_eq!(widgets[1]["properties"]["alarms"].as_array().unwrap().len(), alarms(&graphs[0]).len());
    for line in widgets.iter().filter_map(|widget| widget["properties"]["metrics"].as_array()).flatten() {
        let (shown, named) = line.as_array().unwrap().split_last().unwrap();
        assert!(named.len() % 2 == 0 && named.iter().all(Value::is_string) && shown["stat"].is_string(), "{line}");
    }
    let places: BTreeSet<String> = widgets.iter().map(|widget| format!("{} {}", widget["x"], widget["y"])).collect();
    assert_eq!(places.len(), widgets.len(), "none lies on another");
}

/// Dashboards are of no region, and two of one name would be one.
#[test]
fn two_regions_have_two_dashboards() {
    let text = spec(FORMS[1].1, true, "{}") + "dashboard: true\n";
    let there = Place { region: "eu-west-1".into(), ..place() };
    let there = lower(&loaded(&text), &there, &Codes::unbuilt()).unwrap();
    assert_ne!(there.node("dashboard").unwrap().name, graph(&text).node("dashboard").unwrap().name);
}

/// The cloud of `pipe dev` has none of them, and says so.
#[test]
fn pipe_dev_makes_none() {
    let text = spec(FORMS[0].1, true, "{ email: ops@example.com }") + "dashboard: true\n";
    let local = loaded(&text).with_stand_ins();
    assert!(local.stand_ins.iter().any(|line| line.starts_with("none for the alarms")), "{:?}", local.stand_ins);
    assert!(local.stand_ins.iter().any(|line| line.starts_with("none for the dashboard")), "{:?}", local.stand_ins);
    let graph = lower(&local, &place(), &Codes::unbuilt()).unwrap();
    assert!(alarms(&graph).is_empty() && graph.node("dashboard").is_none() && graph.node("alarm-topic").is_none());
}

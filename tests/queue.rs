//! What a spec with a queue as its stream becomes, and in which order a change of its times is made. Offline.
#![cfg(test)]

use std::path::Path;

use pipe::aws::Place;
use pipe::bundle::Codes;
use pipe::graph::Graph;
use pipe::kinds::KINDS;
use pipe::live::Found;
use pipe::lower::lower;
use pipe::plan::{Plan, Step, Verb, plan, steps};
use pipe::resource::{Handle, Live, Outputs, State, Tags};
use serde_json::{Value, json};

const EXAMPLE: &str = include_str!("../examples/queue.yaml");
const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:jobs-queue";
const DLQ: &str = "arn:aws:sqs:eu-west-1:123456789012:jobs-dlq";

fn graph(spec: &str) -> Graph {
    let place = Place { partition: "aws".into(), account: "123456789012".into(), region: "eu-west-1".into() };
    let loaded = pipe::spec::parse("pipeline.yaml", spec.as_bytes(), Path::new("."));
    lower(&loaded.unwrap_or_else(|report| panic!("{report}")), &place, &Codes::unbuilt()).expect("it lowers")
}

fn desired<'a>(graph: &'a Graph, id: &str) -> &'a Value {
    &graph.node(id).unwrap_or_else(|| panic!("there is no `{id}`")).desired
}

fn statements(graph: &Graph, role: &str) -> Vec<Value> {
    desired(graph, role)["policies"]["pipe"]["Statement"].as_array().unwrap().clone()
}

#[test]
fn a_queue_moves_its_messages_itself_and_nobody_else_may() {
    let graph = graph(EXAMPLE);
    let (queue, dlq, mapping) = (desired(&graph, "stream"), desired(&graph, "dlq"), desired(&graph, "mapping"));
    assert_eq!(queue["redrive"], json!({ "to": DLQ, "max_receives": 5 }));
    assert_eq!((&queue["visibility_seconds"], &queue["retention_seconds"]), (&json!(180), &json!(345_600)));
    assert_eq!(dlq["takes_from"], json!([QUEUE]));
    assert_eq!((&mapping["source"], &mapping["batch_size"]), (&json!(QUEUE), &json!(10)));
    assert_eq!((&mapping["max_concurrency"], &mapping["partial"]), (&json!(10), &json!(true)));
    let of_streams = ["start", "retries", "max_age_seconds", "bisect", "parallelization", "on_failure"];
    assert_eq!(
        of_streams.map(|key| &mapping[key]),
        [&json!(""), &json!(-1), &json!(-1), &json!(false), &json!(1), &json!("")],
        "as Lambda has a mapping of a queue"
    );
    assert_eq!(desired(&graph, "consumer")["environment"].get("PIPE_DLQ_URL"), None);
    let may = statements(&graph, "consumer-role");
    let on_sqs: Vec<&Value> = may.iter().filter(|one| one["Action"].to_string().contains("sqs:")).collect();
    let read = json!(["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]);
    assert_eq!(on_sqs.len(), 1, "{on_sqs:?}");
    assert_eq!((&on_sqs[0]["Action"], &on_sqs[0]["Resource"]), (&read, &json!([QUEUE])));
    let sends = statements(&graph, "api-role");
    assert_eq!((&sends[0]["Action"], &sends[0]["Resource"]), (&json!(["sqs:SendMessage"]), &json!([QUEUE])));
}

#[test]
fn a_fifo_queue_and_its_dlq_have_the_suffix_once() {
    for (name, wanted) in [("", "jobs-queue.fifo"), (", name: a", "a.fifo"), (", name: a.fifo", "a.fifo")] {
        let queue = format!("queue: {{ fifo: true{name} }}");
        let spec = EXAMPLE.replace("queue:\n    max_receives: 5", &queue);
        let graph = graph(&spec.replace("auth: none", "auth: none\n        message_group: random"));
        let (queue, dlq) = (graph.node("stream").unwrap(), graph.node("dlq").unwrap());
        assert_eq!((queue.name.as_str(), dlq.name.as_str()), (wanted, "jobs-dlq.fifo"));
        assert_eq!((&queue.desired["fifo"], &dlq.desired["fifo"]), (&json!(true), &json!(true)));
        assert_eq!(queue.desired["redrive"]["to"], format!("{DLQ}.fifo"));
    }
}

#[test]
fn an_existing_queue_is_only_read() {
    let spec = "name: jobs\nstream: { queue: { existing: theirs.fifo } }\nsink: { table: { partition_key: id } }\n\
                consumer: { function: { handler: stream-to-table } }\n";
    let graph = graph(spec);
    assert!(graph.node("stream").unwrap().existing);
    assert_eq!(desired(&graph, "mapping")["source"], "arn:aws:sqs:eu-west-1:123456789012:theirs.fifo");
}

#[test]
fn senders_are_named_and_a_service_is_bound_to_the_account() {
    let allow = "allow: [events.amazonaws.com, '111122223333', 'arn:aws:iam::111122223333:role/a']";
    let graph = graph(&EXAMPLE.replace("max_receives: 5", allow));
    let all = desired(&graph, "stream")["policy"]["Statement"].as_array().unwrap().clone();
    let of = |sid: &str| all.iter().find(|one| one["Sid"] == sid).unwrap().clone();
    assert_eq!(of("OthersSend")["Principal"], json!({ "AWS": ["111122223333", "arn:aws:iam::111122223333:role/a"] }));
    assert_eq!(of("ServicesSend")["Condition"], json!({ "StringEquals": { "aws:SourceAccount": ["123456789012"] } }));
    assert!(all.iter().all(|one| one["Effect"] == "Deny" || one["Action"] == json!(["sqs:SendMessage"])), "{all:?}");
}

/// What AWS has after an apply of this spec.
fn applied(graph: &Graph) -> Found {
    let mut found = Found::default();
    for change in plan(graph, &Found::default(), KINDS, false).changes {
        let mut tags: Tags = change.tags.into_iter().collect();
        // Of which an apply knows only when the other one is made.
        if graph.node(change.id.as_str()).is_some_and(|node| node.needs.iter().any(|need| need.follow)) {
            tags.insert("pipe:follows".into(), String::new());
        }
        let live = Live {
            handle: Handle::new(change.id.as_str()),
            props: change.desired,
            outputs: Outputs::new(),
            tags,
            identity: String::new(),
            state: State::Live,
        };
        found.lives.insert((change.kind.name, change.name), vec![live]);
    }
    found
}

/// Whether one step waits for the other.
fn waits(plan: &Plan, steps: &[Step], (id, verb): (&str, Verb), (of, its): (&str, Verb)) -> bool {
    let find = |id: &str, verb| {
        let fits = |step: &Step| step.verb == verb && plan.changes[step.change].id.as_str() == id;
        steps.iter().position(fits).unwrap_or_else(|| panic!("{verb:?} of `{id}` is no step"))
    };
    let (this, that) = (find(id, verb), find(of, its));
    let mut behind = steps[this].after.clone();
    while let Some(step) = behind.pop() {
        if step == that {
            return true;
        }
        behind.extend(&steps[step].after);
    }
    false
}

#[test]
fn a_message_is_hidden_longer_before_and_less_long_after_the_time_out_changes() {
    let of =
        |seconds: u32| graph(&EXAMPLE.replace("    batch:", &format!("    timeout_seconds: {seconds}\n    batch:")));
    let longer = plan(&of(300), &applied(&of(30)), KINDS, false);
    let order = steps(&longer, KINDS);
    assert!(waits(&longer, &order, ("consumer", Verb::Ensure), ("stream", Verb::Ensure)));
    assert!(order.iter().all(|step| step.verb == Verb::Ensure), "all at once");

    let shorter = plan(&of(30), &applied(&of(300)), KINDS, false);
    let order = steps(&shorter, KINDS);
    assert!(waits(&shorter, &order, ("stream", Verb::Finish), ("consumer", Verb::Ensure)));
    let queue = shorter.changes.iter().find(|change| change.id.as_str() == "stream").unwrap();
    assert_eq!(queue.meanwhile.as_ref().map(|one| &one["visibility_seconds"]), Some(&json!(1800)));
    assert_eq!(queue.desired["visibility_seconds"], 180);
}

#[test]
fn a_second_plan_is_empty() {
    let graph = graph(EXAMPLE);
    let again = plan(&graph, &applied(&graph), KINDS, false);
    // What AWS assigned, which followers are tagged with, is unknown here.
    let work = again.work().flat_map(|change| &change.fields).filter(|field| field.path != "tags.pipe:follows");
    assert_eq!(work.map(|field| &field.path).collect::<Vec<_>>(), [""; 0]);
}

/// Nothing of a mapping without filters changes: its hash is what it was.
#[test]
fn filters_are_compact_json_in_order() {
    assert_eq!(desired(&graph(EXAMPLE), "mapping").get("filters"), None);
    let filters = "filters: [ { body: [ ping ] }, { body: { b: [ 1, 'x' ], a: [ { numeric: [ '>', 0 ] } ] } } ]";
    let spec = EXAMPLE.replace("    batch:", &format!("    {filters}\n    batch:"));
    assert_eq!(
        desired(&graph(&spec), "mapping")["filters"],
        json!([r#"{"body":["ping"]}"#, r#"{"body":{"a":[{"numeric":[">",0]}],"b":[1,"x"]}}"#])
    );
}

/// Lambda refuses such a mapping, when the rest is made.
#[test]
fn an_existing_queue_that_hides_too_short_is_refused_with_the_numbers() {
    let spec = "name: jobs\nstream: { queue: { existing: theirs } }\nconsumer: { function: { handler: stream-to-table, timeout_seconds: 60 } }\n\
                sink: { table: { partition_key: id } }\n";
    let graph = graph(spec);
    let queue = graph.node("stream").unwrap();
    let refused = |visibility_seconds: u32| {
        let live = Live {
            handle: Handle::new("url"),
            props: json!({
                "retention_seconds": 345_600, "encrypted": true, "policy": { "Statement": [] }, "visibility_seconds": visibility_seconds
            }),
            outputs: Outputs::new(),
            tags: Tags::new(),
            identity: String::new(),
            state: State::Live,
        };
        let mut found = Found::default();
        found.lives.insert((queue.kind.name, queue.name.clone()), vec![live]);
        plan(&graph, &found, KINDS, false).refusals
    };
    assert!(refused(60).is_empty(), "{:?}", refused(60));
    let errors = refused(30);
    assert_eq!(errors.len(), 1, "{errors:?}");
    let told = "`stream` (sqs:Queue `theirs`) hides a message for 30 s, and the function may work on it for 60 s";
    assert!(errors[0].message().starts_with(told), "{}", errors[0]);
}

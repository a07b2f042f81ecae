use super::*;

#[test]
fn keys_that_are_taken_are_told_from_others() {
    let bucket = |text: &str| serde_json::from_str::<Bucket>(text).unwrap();
    let csv = bucket(r#"{ "name": "files", "prefix": "in/", "suffix": ".csv" }"#);
    for taken in ["*", "in/*", "i*", "in/a/*.csv", "in/a.csv", "*.csv", "*v"] {
        assert!(meet(taken, &csv), "{taken}");
    }
    for other in ["out/*", "in/a.txt", "in/*.txt", "*.json", "a.csv"] {
        assert!(!meet(other, &csv), "{other}");
    }
    let all = bucket(r#"{ "name": "files", "events": ["removed", "tagged"] }"#);
    assert!(meet("out/*", &all));
    assert_eq!(writes(&all), ["s3:DeleteObject", "s3:PutObjectTagging"]);
    assert_eq!(writes(&csv), ["s3:PutObject"]);
}

/// What is said of a handler that publishes to its topic, or puts events on its bus.
fn told(source: &str, action: &str, resource: &str, recursion: &str) -> Vec<crate::spec::Severity> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("own")).unwrap();
    std::fs::write(folder.path().join("own/app.py"), "def handler(event, context): pass\n").unwrap();
    let handler = "{ path: ./own, runtime: python3.13, entry: app.handler }";
    let text = format!(
        "name: demo\nsource: {source}\nconsumer: {{ function: {{ handler: {handler}, {recursion} statements: [{{ actions: ['{action}'], \
         resources: ['{resource}'] }}] }} }}\ndlq: {{ queue: {{}} }}\n"
    );
    let problems = match crate::spec::parse("pipeline.yaml", text.as_bytes(), folder.path()) {
        Ok(loaded) => loaded.notes.problems,
        Err(report) => report.problems,
    };
    let statement = problems.into_iter().filter(|one| one.path.ends_with("/statements/0"));
    statement.map(|one| one.severity).collect()
}

#[test]
fn a_loop_that_is_meant_is_told_and_one_that_aws_does_not_see_is_refused() {
    use crate::spec::Severity::{Error, Note, Warning};
    let topic = |recursion| {
        told("{ topic: { name: orders } }", "sns:Publish", "arn:aws:sns:${region}:${account}:orders", recursion)
    };
    assert_eq!([topic(""), topic("recursion: terminate,")], [[Error], [Error]]);
    assert_eq!(topic("recursion: allow,"), [Note]);
    let bus = "{ events: { match: { account: ['1'] } } }";
    let resource = "arn:aws:events:${region}:${account}:event-bus/default";
    assert_eq!(told(bus, "events:PutEvents", resource, "recursion: allow,"), [Error]);
    let everything = "{ events: { match: { source: [{ exists: true }], detail-type: [{ prefix: '' }] } } }";
    assert_eq!(told(everything, "events:PutEvents", resource, ""), [Error]);
    let some = "{ events: { match: { source: [demo] } } }";
    assert_eq!(told(some, "events:PutEvents", resource, ""), [Warning]);
    assert_eq!(told(some, "events:*", "*", ""), [Warning]);
    let device = |topic: &str| format!("arn:aws:iot:${{region}}:${{account}}:topic/{topic}");
    let iot = |topic: &str| told("{ iot: { topic: sensors/+/temp } }", "iot:Publish", &device(topic), "");
    assert_eq!([iot("sensors/*"), iot("sensors/a/temp")], [[Error], [Error]]);
    for other in ["sensors/a/alarm", "alarms/*", "out*", "sensors/a/al*"] {
        assert!(iot(other).is_empty(), "{other}");
    }
    let stream = |filters: &str| {
        let source = "{ api: { routes: [ { post: /a, auth: none } ] } }\nstream: { kinesis: {} }";
        told(source, "kinesis:Put*", "arn:aws:kinesis:*:*:stream/demo-stream", filters)
    };
    assert_eq!(stream(""), [Error]);
    assert!(stream("filters: [ { data: { kind: [a] } } ],").is_empty());
}

#[test]
fn an_action_is_allowed_by_its_name_and_its_beginning() {
    for action in ["*", "sns:*", "SNS:publish", "sns:Pub*"] {
        assert!(allows(action, "sns:Publish"), "{action}");
    }
    assert!(!allows("sns:PublishBatch", "sns:Publish") && !allows("sqs:*", "sns:Publish"));
}

//! Sources that send by themselves: what they send becomes a row, and what the function fails on, or AWS cannot deliver, a letter.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::{Value, json};

use super::dev::{Dev, wait};
use super::runtime;

/// Events of each source.
const EVENTS: usize = 30;

const REST: &str = "
consumer: { function: { handler: stream-to-table, timeout_seconds: 5, failures: { retries: 0 } } }
sink: { table: { name: rows, partition_key: id } }
dlq: { queue: { name: failed } }
";

fn has_row(dev: &Dev, id: &str) -> bool {
    let table = aws_sdk_dynamodb::Client::new(&dev.sdk());
    let found = wait(table.get_item().table_name("rows").key("id", AttributeValue::S(id.to_owned())).send());
    found.is_ok_and(|found| found.item.is_some())
}

fn all_are_rows(dev: &mut Dev) {
    let mut next = 0;
    dev.until("all rows", |dev| {
        while next < EVENTS && has_row(dev, &format!("e{next}")) {
            next += 1;
        }
        (next == EVENTS).then_some(())
    });
}

/// The letters, as `pipe dlq ls` shows them.
fn letters(dev: &mut Dev, count: usize) -> Vec<Value> {
    dev.until("the letters", |dev| {
        let listed = dev.pipe(&["dlq", "ls", "--json"]);
        let lines = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["letter"].clone());
        let letters: Vec<Value> = lines.filter(Value::is_object).collect();
        (letters.len() >= count).then_some(letters)
    })
}

fn publish(dev: &Dev, kind: &str, message: &str) {
    let sns = aws_sdk_sns::Client::new(&dev.sdk());
    let topic = wait(sns.list_topics().send()).unwrap().topics()[0].topic_arn().unwrap().to_owned();
    let kind = MessageAttributeValue::builder().data_type("String").string_value(kind).build().unwrap();
    wait(sns.publish().topic_arn(topic).message(message).message_attributes("kind", kind).send()).unwrap();
}

#[test]
fn messages_of_a_topic() {
    let mut dev = Dev::new(&format!("name: pushes\nsource: {{ topic: {{ filter: {{ kind: [order] }} }} }}{REST}"));
    publish(&dev, "other", r#"{"id": "filtered"}"#);
    (0..EVENTS).for_each(|n| publish(&dev, "order", &json!({ "id": format!("e{n}"), "n": n }).to_string()));
    all_are_rows(&mut dev);
    publish(&dev, "order", "{");
    // The error of the bundled handler has its cause as its type.
    let why = letters(&mut dev, 1)[0]["message"].to_string();
    assert!(why.contains("function error Unhandled: bad-json: the event was not written"), "{why}");
    assert!(!has_row(&dev, "filtered"));
}

#[test]
fn messages_of_a_topic_by_a_queue() {
    let mut dev = Dev::new(&format!(
        "name: pushes\nsource: {{ topic: {{}} }}\nstream: {{ queue: {{ max_receives: 1, visibility_seconds: 6 }} }}{}",
        REST.replace(", failures: { retries: 0 }", "")
    ));
    (0..EVENTS).for_each(|n| publish(&dev, "order", &json!({ "id": format!("e{n}") }).to_string()));
    all_are_rows(&mut dev);
    publish(&dev, "order", "{");
    assert_eq!(letters(&mut dev, 1)[0]["shape"], "moved");
}

fn put_event(dev: &Dev, detail: &str) {
    let events = aws_sdk_eventbridge::Client::new(&dev.sdk());
    let entry = PutEventsRequestEntry::builder().event_bus_name("shop").source("shop").detail_type("Placed");
    let put = wait(events.put_events().entries(entry.detail(detail).build()).send()).unwrap();
    assert_eq!(put.failed_entry_count(), 0, "{put:?}");
}

#[test]
fn events_of_a_bus() {
    let source = "events: { bus: shop, match: { source: [shop] }, input: { path: $.detail } }";
    let mut dev = Dev::new(&format!("name: pushes\nsource: {{ {source} }}{REST}"));
    (0..EVENTS).for_each(|n| put_event(&dev, &json!({ "id": format!("e{n}") }).to_string()));
    all_are_rows(&mut dev);
    put_event(&dev, r#"{"no": "key"}"#);
    assert_eq!(letters(&mut dev, 1).len(), 1);
}

/// MiniStack's rules of IoT know no streams.
#[test]
fn messages_of_devices_by_a_stream() {
    let mut dev = Dev::new(&format!(
        "name: pushes\nsource: {{ iot: {{ topic: sensors/+/temp }} }}\nstream: {{ kinesis: {{}} }}\n{}",
        REST.replace(", failures: { retries: 0 }", "")
    ));
    dev.pipe(&["send", "--data", r#"{"id": "e0"}"#]);
    dev.until("its row", |dev| has_row(dev, "e0").then_some(()));
}

/// While a function may not run at all, what is pushed to it is a letter at once (`docs/aws.md#lambda-asynchronous`: reported).
#[test]
fn what_is_pushed_to_a_stopped_function_is_a_letter_at_once() {
    let stopped = REST.replace("timeout_seconds: 5", "timeout_seconds: 5, reserved_concurrency: 0");
    let mut dev = Dev::new(&format!("name: pushes\nsource: {{ topic: {{}} }}{stopped}"));
    publish(&dev, "order", r#"{"id": "e0"}"#);
    assert_eq!(letters(&mut dev, 1)[0]["reason"], "ZeroReservedConcurrency");
    dev.edit(", reserved_concurrency: 0", "");
    dev.until("its row", |dev| {
        dev.run(&["dlq", "redrive", "--yes"]);
        has_row(dev, "e0").then_some(())
    });
}

/// Throws for what it is sent: after its retries, of which there are none here, Lambda's record is the letter.
#[test]
fn an_event_that_a_handler_of_ones_own_fails_on_is_a_letter_with_the_whole_event() {
    let spec = "name: pushes\nsource: { topic: {} }\nconsumer: { function: { handler: ./own, failures: { retries: 0 } } }\n\
                dlq: { queue: {} }\n";
    let mut dev = Dev::start(spec, None, |folder| {
        let fails = "while True:\n    call, event = ask(\"GET\", \"next\")\n    ask(\"POST\", call + \"/error\", json.dumps({\"errorMessage\": \"no\", \"errorType\": \"E\"}))\n";
        runtime::write(folder, "", fails);
    });
    publish(&dev, "order", "poison");
    let letter = letters(&mut dev, 1)[0].clone();
    assert_eq!(letter["shape"], "asynchronous", "{letter}");
    let shown = dev.pipe(&["dlq", "show", letter["id"].as_str().unwrap()]);
    assert!(shown.contains("poison"), "{shown}");
}

/// Without a statement in the function's policy nothing is delivered, and the message is in the dlq.
#[test]
fn what_the_function_does_not_let_in_is_a_letter() {
    let mut dev = Dev::new(&format!("name: pushes\nsource: {{ topic: {{}} }}{REST}"));
    let lambda = aws_sdk_lambda::Client::new(&dev.sdk());
    let policy = wait(lambda.get_policy().function_name("pushes-consumer").send()).unwrap().policy.unwrap();
    let policy: Value = serde_json::from_str(&policy).unwrap();
    let sid = policy["Statement"][0]["Sid"].as_str().unwrap();
    wait(lambda.remove_permission().function_name("pushes-consumer").statement_id(sid).send()).unwrap();
    // What the local cloud has read of the policy it forgets after a few seconds.
    let mut n = 0;
    dev.until("a letter", |dev| {
        n += 1;
        publish(dev, "order", &json!({ "id": format!("after-{n}") }).to_string());
        let listed = dev.pipe(&["dlq", "ls", "--json"]);
        listed.contains("\"letter\":{").then_some(())
    });
    assert!(dev.said().contains("lambda:InvokeFunction") || dev.said().contains("policy"), "{}", dev.said());
}

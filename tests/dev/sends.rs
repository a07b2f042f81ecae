//! `pipe send` to pipelines without an API, and what `pipe dlq` makes of what ends badly there.

use serde_json::{Value, json};

use super::client::Client;
use super::dev::Dev;
use super::runtime;

/// For `--timeout`: how long the slowest machine may take to handle what was sent.
const TIMEOUT: &str = "300";
/// What every spec here has beside its stream.
const REST: &str = "
consumer: { function: { handler: stream-to-table, timeout_seconds: 5 } }
sink: { table: { name: copies, partition_key: id } }
dlq: { queue: {} }
";

fn lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The letters of the queue, waited for.
fn letters(dev: &mut Dev, count: usize) -> Vec<Value> {
    dev.until("the letters", |dev| {
        let listed = lines(&dev.pipe(&["dlq", "ls", "--json"]));
        let letters: Vec<Value> = listed.iter().map(|line| line["letter"].clone()).filter(Value::is_object).collect();
        (letters.len() >= count).then_some(letters)
    })
}

#[test]
fn records_of_a_stream() {
    let dev = Dev::new(&format!("name: sends\nstream: {{ kinesis: {{}} }}{REST}"));
    assert_eq!(dev.count(" send pipeline.yaml --local --data '{"), 1, "a command to paste:\n{}", dev.said());
    let sent = dev.pipe(&["send", "--count", "300", "--follow", "--timeout", TIMEOUT]);
    assert!(sent.contains("300 answered by the stream `sends-stream` in "), "{sent}");
    assert!(sent.ends_with("300 rows, 0 dead letters, 0 on the way\n"), "{sent}");
    let poison = dev.run(&["send", "--data", "{", "--follow", "--timeout", TIMEOUT]);
    assert!(poison.code == Some(1) && poison.out.contains("is a dead letter: bad-json: "), "{poison:?}");
}

#[test]
fn messages_of_a_queue() {
    let spec = format!("name: sends\nstream: {{ queue: {{ visibility_seconds: 5, max_receives: 1 }} }}{REST}");
    let mut dev = Dev::new(&spec);
    let sent = dev.pipe(&["send", "--count", "300", "--follow", "--timeout", TIMEOUT]);
    assert!(sent.contains("300 answered by the queue `") && sent.contains("\n  200: 300\n"), "{sent}");
    assert!(sent.ends_with("300 rows, 0 dead letters, 0 on the way\n"), "{sent}");

    let poison = dev.run(&["send", "--data", "{", "--follow", "--timeout", TIMEOUT]);
    assert!(poison.out.contains("is a dead letter: moved by the queue's redrive: after "), "{poison:?}");
    let letter = &letters(&mut dev, 1)[0];
    assert_eq!((&letter["shape"], &letter["location"]["service"]), (&json!("moved"), &json!("sqs")));
    let shown = dev.pipe(&["dlq", "show", letter["id"].as_str().unwrap()]);
    assert!(shown.ends_with("payload:\n{\n"), "{shown}");

    let refused = dev.run(&["send", "--data", ""]);
    assert!(refused.code == Some(1) && refused.err.contains("refused with 400: \"it is empty\""), "{refused:?}");
}

#[test]
fn messages_of_a_fifo_queue_keep_their_order() {
    let dev = Dev::new(&format!("name: sends\nstream: {{ queue: {{ fifo: true, visibility_seconds: 5 }} }}{REST}"));
    let events: String = (1..=200).map(|n| format!("{{\"id\":\"same\",\"n\":{n}}}\n")).collect();
    std::fs::write(dev.path().join("events.ndjson"), events).unwrap();
    let sent = dev.pipe(&["send", "--data", "@events.ndjson", "--group", "one", "--follow", "--timeout", TIMEOUT]);
    assert!(sent.contains("\n  200: 200\n"), "{sent}");
    let refused = dev.run(&["send", "--group", "a b"]);
    assert!(refused.err.contains("MessageGroupId can only include alphanumeric and punctuation"), "{refused:?}");
    let table = aws_sdk_dynamodb::Client::new(&dev.sdk());
    let key = aws_sdk_dynamodb::types::AttributeValue::S("same".to_owned());
    let last = Some("200".to_owned());
    let mut dev = dev;
    dev.until("the last one to stay", |_| {
        let get = table.get_item().table_name("copies").key("id", key.clone()).consistent_read(true);
        let row = super::dev::wait(get.send()).unwrap().item?;
        (row["n"].as_n().ok().cloned() == last).then_some(())
    });
}

/// The function takes them, and makes no rows: the end of the queue is the end of the look.
#[test]
fn messages_that_become_no_rows() {
    let spec = "name: sends\nsource: { api: { throttle: off, routes: [{ post: /jobs, auth: none, message_group: header.X-Group }] } }\n\
                stream: { queue: { fifo: true, visibility_seconds: 5 } }\nconsumer: { function: { handler: ./own, timeout_seconds: 5 } }\n";
    let done =
        "\nwhile True:\n    call, event = ask(\"GET\", \"next\")\n    ask(\"POST\", call + \"/response\", \"null\")\n";
    let dev = Dev::start(spec, None, |folder| runtime::write(folder, "", done));
    let sent = dev.pipe(&["send", "--count", "30", "--follow", "--timeout", TIMEOUT]);
    assert!(sent.ends_with("0 rows, 0 dead letters, 30 taken without a row, 0 on the way\n"), "{sent}");
    let refused = Client::open_to(&dev).open("/jobs", &[("X-Group", "a b")], "{}");
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.body.contains("The message group is missing or not allowed"), "{refused:?}");
}

/// The handler's own table is another one than that whose changes it gets.
#[test]
fn items_of_a_table() {
    let spec =
        format!("name: sends\nstream: {{ table_changes: {{ table: {{ name: origin, partition_key: key }} }} }}{REST}");
    let dev = Dev::new(&spec);
    let sent = dev.pipe(&["send", "--count", "100", "--follow", "--timeout", TIMEOUT]);
    assert!(sent.contains("100 answered by the table `origin` in "), "{sent}");
    assert!(sent.ends_with("100 rows, 0 dead letters, 0 on the way\n"), "{sent}");
    // The key of the table is made, that of the sink is missing: a letter, with the item's keys.
    let sent =
        dev.run(&["send", "--data", "{\"n\":12345678901234567890123456789.5}", "--follow", "--timeout", TIMEOUT]);
    assert!(sent.code == Some(1) && sent.out.contains("is a dead letter: no-key"), "{sent:?}");
    let refused = dev.run(&["send", "--data", "[]"]);
    assert!(refused.err.contains("refused with 400: \"the item must be a JSON object\""), "{refused:?}");
}

/// A handler that fails each time: the mapping's document points into the table's stream, which still has the change.
#[test]
fn a_pointer_into_a_tables_stream_shows_the_change() {
    let spec = "name: sends\nstream: { table_changes: { table: { name: origin, partition_key: key } } }\n\
                consumer: { function: { handler: fails, failures: { retries: 0 } } }\ndlq: { queue: {} }\n";
    let mut dev = Dev::start(spec, None, |folder| {
        let fails = "#!/bin/sh\nexit 1\n";
        std::fs::create_dir(folder.join("fails")).unwrap();
        let bootstrap = folder.join("fails/bootstrap");
        std::fs::write(&bootstrap, fails).unwrap();
        std::fs::set_permissions(&bootstrap, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    });
    dev.pipe(&["send", "--data", "{\"key\":\"k\",\"n\":1.50}"]);
    let letter = letters(&mut dev, 1).remove(0);
    assert_eq!((&letter["shape"], &letter["location"]["service"]), (&json!("mapping"), &json!("dynamodb")));
    assert!(letter["readable_until"].is_string(), "{letter}");
    let shown = lines(&dev.pipe(&["dlq", "show", letter["id"].as_str().unwrap(), "--json"]));
    let record = &shown[0]["letter"]["records"][0];
    assert_eq!(record["partition_key"], "{\"key\":{\"S\":\"k\"}}");
    assert!(record["payload"]["text"].as_str().unwrap().contains("\"n\":{\"N\":\"1.5"), "{record}");
}

//! Letters that go to the function once more, with runs that are killed and runs at once, and what else `pipe dlq` does with letters.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};

use aws_sdk_kinesis::types::ShardIteratorType;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipe_test_support::Run;
use serde_json::{Value, json};

use super::dev::{Dev, QUEUE, STREAM, pipe, wait};
use super::own::Own;
use super::queues::{Queues, journal};
use super::runtime;

const ONE_TRY: &str = "timeout_seconds: 5, batch: { size: 10 }, failures: { retries: 0, bisect: false }";
const SHARD: &str = "shardId-000000000000";

/// How often the function has handled each record.
fn times(own: &Own) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    own.did().into_iter().for_each(|text| *times.entry(text).or_default() += 1);
    times
}

fn lines(run: &Run) -> Vec<Value> {
    run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Starts `pipe dlq redrive` beside a session.
fn redrive(dev: &Dev, more: &[&str]) -> Child {
    let mut command = pipe(dev.path(), None);
    command.args(["dlq", "redrive", "--yes", "--local"]).args(more).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What a handler that sends its own letters says of a record.
fn letter(own: &Own, text: &str) -> String {
    let kinesis = aws_sdk_kinesis::Client::new(&own.sdk);
    let stream = wait(kinesis.describe_stream_summary().stream_name(STREAM).send()).unwrap();
    json!({
        "version": 1, "reason": "own", "message": "", "eventID": format!("{SHARD}:{text}"), "shardId": SHARD,
        "streamArn": stream.stream_description_summary().unwrap().stream_arn(), "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
        "partitionKey": text, "arrivedAt": "2026-11-14T00:38:04.835Z", "encoding": "base64", "payload": STANDARD.encode(text),
    })
    .to_string()
}

fn send(own: &Own, bodies: &[String]) {
    let sqs = aws_sdk_sqs::Client::new(&own.sdk);
    let url = wait(sqs.get_queue_url().queue_name(QUEUE).send()).unwrap().queue_url.unwrap();
    let entry = |(n, body): (usize, &String)| {
        SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(body).build().unwrap()
    };
    let entries = bodies.iter().enumerate().map(entry).collect();
    let sent = sqs.send_message_batch().queue_url(&url).set_entries(Some(entries)).send();
    assert!(wait(sent).unwrap().failed().is_empty());
}

#[test]
fn letters_of_a_stream_are_redriven_purged_and_exported_and_the_stream_is_replayed() {
    let mut own = Own::new(1, ONE_TRY);
    let queues = Queues::new(&own.sdk);
    let texts: Vec<String> = (0..40).map(|n| format!("key{}-{n}", n % 4)).collect();
    own.set(&format!("broken-{SHARD}"));
    own.put(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    own.dev.until("all batches to be letters", |dev| {
        let listed = dev.run(&["dlq", "ls", "--json"]);
        let records = lines(&listed).iter().filter_map(|line| line["letter"]["records_count"].as_u64()).sum::<u64>();
        (records == 40).then_some(())
    });
    let letters = queues.left(QUEUE);

    nothing_goes_without_consent(&own, letters);
    what_fails_again_stays(&own, letters);
    own.unset(&format!("broken-{SHARD}"));
    a_killed_run_and_two_at_once_lose_nothing(&mut own, &queues, &texts);
    a_letter_with_its_payload_goes_by_its_id(&own, &queues);
    exported_letters_stay(&own, &queues);
    a_purge_deletes_as_many_as_were_counted(&own, &queues);
    the_stream_is_replayed_in_order(&own, &texts);
}

fn nothing_goes_without_consent(own: &Own, letters: usize) {
    let refused = own.dev.run(&["dlq", "redrive"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.err.contains("nothing was sent: there is no terminal to ask on"), "{refused:?}");
    let counted = own.dev.run(&["dlq", "redrive", "--dry-run"]);
    let expected = format!("{letters} letters: {letters} RetryAttemptsExhausted\n");
    assert_eq!((counted.code, counted.out), (Some(0), expected));
    assert!(own.did().is_empty());
}

fn what_fails_again_stays(own: &Own, letters: usize) {
    let failed = own.dev.run(&["dlq", "redrive", "--yes", "--json"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    let lines = lines(&failed);
    let all = lines.iter().find(|line| line["event"] == "redriven_all").unwrap();
    assert_eq!((&all["taken"], &all["failed"]), (&json!(0), &json!(letters)), "{all}");
    let one = lines.iter().find(|line| line["event"] == "redriven").unwrap();
    assert!(one["fate"] == "failed" && one["why"].as_str().unwrap().contains("Unhandled (Own): broken"), "{one}");
    let listed = own.dev.run(&["dlq", "ls"]);
    assert_eq!(listed.out.lines().count(), letters, "all are visible again: {listed:?}");
}

fn a_killed_run_and_two_at_once_lose_nothing(own: &mut Own, queues: &Queues, texts: &[String]) {
    let mut killed = redrive(&own.dev, &["--rate", "5"]);
    own.until_done(10);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let path = own.dev.path().to_owned();
    own.dev.until("what the killed run held to be redriven by two at once", |dev| {
        let runs = [redrive(dev, &[]), redrive(dev, &[])];
        for run in runs.map(|run| run.wait_with_output().unwrap()) {
            assert!(run.status.success(), "{run:?} in {}", path.display());
        }
        (queues.left(QUEUE) == 0).then_some(())
    });
    let times = times(own);
    assert!(texts.iter().all(|text| times.contains_key(text)), "{times:?}");
    assert!(times.values().all(|times| *times <= 2), "one run was killed: {times:?}");
}

fn a_letter_with_its_payload_goes_by_its_id(own: &Own, queues: &Queues) {
    send(own, &[letter(own, "one-a"), letter(own, "two-b"), "a message of another tool".to_owned()]);
    let sent = own.dev.pipe(&["dlq", "redrive", "--yes", "--id", &format!("{SHARD}:one-a")]);
    assert!(sent.contains("`gateway-events-consumer` took 1 letter (1 record); 0 failed and 0 were kept"), "{sent}");
    assert_eq!((own.did().last().map(String::as_str), queues.left(QUEUE)), (Some("one-a"), 2));
    let rest = own.dev.run(&["dlq", "redrive", "--yes"]);
    assert_eq!((rest.code, queues.left(QUEUE)), (Some(1), 1), "{rest:?}");
    assert!(rest.out.contains("kept") && rest.out.contains("it is another tool's message"), "{rest:?}");
}

fn exported_letters_stay(own: &Own, queues: &Queues) {
    send(own, &[letter(own, "{\"n\": 1.10}")]);
    let file = own.dev.path().join("letters.ndjson");
    let file = file.to_str().unwrap();
    let exported = own.dev.run(&["dlq", "export", "--out", file]);
    assert!(exported.code == Some(0) && exported.err.contains("2 events of 2 letters written"), "{exported:?}");
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.lines().count() == 2 && text.contains("\"event\":{\"n\": 1.10}"), "{text}");
    assert!(own.dev.run(&["dlq", "export", "--out", file]).err.contains("is there already"), "nothing is overwritten");
    assert_eq!(own.dev.pipe(&["dlq", "export"]).lines().count(), 2, "they are visible at once");
    assert_eq!(queues.left(QUEUE), 2);
}

fn a_purge_deletes_as_many_as_were_counted(own: &Own, queues: &Queues) {
    let purge = |count: &str| own.dev.run(&["dlq", "purge", "--count", count]);
    let refused = purge("3");
    assert!(refused.code == Some(3) && refused.err.contains("the queue has 2 letters, not 3"), "{refused:?}");
    let refused = own.dev.run(&["dlq", "purge"]);
    assert!(refused.code == Some(3) && refused.err.contains("pass --count 2"), "{refused:?}");
    assert_eq!(queues.left(QUEUE), 2);
    let purged = purge("2");
    assert!(purged.code == Some(0) && purged.out.ends_with("2 letters deleted\n"), "{purged:?}");
    assert_eq!(queues.left(QUEUE), 0);
}

fn the_stream_is_replayed_in_order(own: &Own, texts: &[String]) {
    let counted = own.dev.pipe(&["replay", "--since", "1d", "--dry-run"]);
    assert!(counted.ends_with("40 records would be sent\n"), "{counted}");
    let before = own.did().len();
    let replayed = own.dev.pipe(&["replay", "--since", "1d", "--yes"]);
    assert!(replayed.ends_with("40 records were taken\n"), "{replayed}");
    assert_eq!(own.did()[before..], *texts, "one shard keeps its order");
    let from = format!("{SHARD}={}", numbers(own)[25]);
    let rest = own.dev.pipe(&["replay", "--since", "1d", "--from", &from, "--dry-run"]);
    assert!(rest.ends_with("15 records would be sent\n"), "the first 25 are left out: {rest}");

    own.set(&format!("broken-{SHARD}"));
    let stopped = own.dev.run(&["replay", "--since", "1d", "--yes"]);
    assert!(stopped.code == Some(1) && stopped.out.contains("then it stopped: Unhandled (Own): broken"), "{stopped:?}");
    let (_, from) = stopped.err.split_once(" --from ").unwrap();
    let from = from.split_whitespace().next().unwrap().trim_matches('\'').to_owned();
    own.unset(&format!("broken-{SHARD}"));
    let before = own.did().len();
    let went_on = own.dev.pipe(&["replay", "--since", "1d", "--from", &from, "--yes"]);
    assert!(went_on.ends_with("40 records were taken\n") && own.did()[before..] == *texts, "{went_on}");
    let listed = own.dev.run(&["dlq", "ls"]);
    assert!(listed.out.contains("no dead letters"), "a replay makes no letters: {listed:?}");
}

/// The sequence numbers of all records, in their order.
fn numbers(own: &Own) -> Vec<String> {
    let kinesis = aws_sdk_kinesis::Client::new(&own.sdk);
    let from = ShardIteratorType::TrimHorizon;
    let iterator = kinesis.get_shard_iterator().stream_name(STREAM).shard_id(SHARD).shard_iterator_type(from);
    let iterator = wait(iterator.send()).unwrap().shard_iterator;
    let records = wait(kinesis.get_records().set_shard_iterator(iterator).send()).unwrap().records;
    records.into_iter().map(|record| record.sequence_number).collect()
}

/// Fails while a file is there, and writes down what it sees.
const BOOTSTRAP: &str = r#"
while True:
    call, event = ask("GET", "next")
    records = json.loads(event)["Records"]
    broken = os.path.exists(os.path.join(FOLDER, "broken"))
    tell(saw=[[r["body"], r["eventSourceARN"].split(":")[-1], r["attributes"].get("MessageGroupId")] for r in records], broken=broken)
    failed = [{"itemIdentifier": r["messageId"]} for r in records if broken]
    ask("POST", call + "/response", json.dumps({"batchItemFailures": failed}))
"#;

fn write(folder: &Path) {
    runtime::write(folder, "", &format!("{}{BOOTSTRAP}", runtime::TELL));
    std::fs::write(folder.join("broken"), "").unwrap();
}

/// What SQS moved comes to the function as a message of the queue from which it was moved.
#[test]
fn messages_of_a_fifo_queue_are_redriven_and_a_queue_is_not_replayed() {
    let spec = "name: gateway-events\nstream: { queue: { name: events, fifo: true, visibility_seconds: 6, max_receives: 1 } }\n\
                consumer: { function: { handler: ./own, timeout_seconds: 2 } }\ndlq: { queue: { name: failed } }\n";
    let mut dev = Dev::start(spec, None, write);
    let queues = Queues::new(&dev.sdk());
    let texts = ["a-1", "a-2", "b-1"].map(str::to_owned);
    queues.send("events.fifo", &texts);
    dev.until("all to be moved", |_| (queues.left("failed.fifo") == 3).then_some(()));
    let failed = dev.run(&["dlq", "redrive", "--yes"]);
    assert_eq!((failed.code, queues.left("failed.fifo")), (Some(1), 3), "{failed:?}");
    std::fs::remove_file(dev.path().join("broken")).unwrap();
    let sent = dev.pipe(&["dlq", "redrive", "--yes"]);
    assert!(sent.contains("took 3 letters"), "{sent}");
    assert_eq!((queues.left("failed.fifo"), queues.left("events.fifo")), (0, 0));
    let taken: Vec<Value> = journal(&dev).into_iter().filter(|fact| fact["broken"] == false).collect();
    let mut saw: Vec<String> =
        taken.iter().flat_map(|fact| fact["saw"].as_array().unwrap()).map(Value::to_string).collect();
    let expected = ["a-1", "a-2", "b-1"].map(|text| format!(r#"["{text}","events.fifo","{}"]"#, &text[..1]));
    let at = |text: &str| saw.iter().position(|seen| seen == text).unwrap();
    assert!(at(&expected[0]) < at(&expected[1]), "{saw:?}");
    saw.sort();
    assert_eq!(saw, expected);
    let refused = dev.run(&["replay", "--since", "1h", "--yes"]);
    assert!(refused.code == Some(1) && refused.err.contains("a queue cannot be replayed"), "{refused:?}");
}

//! What feeds a function, under load, while the function crashes and is killed: nothing is lost, the records of a key and the messages of a
//! group keep their order, and what fails each time is in the dead-letter queue.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use serde_json::Value;

use super::dev::{Dev, wait};
use super::queues::{Queues, journal};
use super::{killed, runtime};

const TABLE: &str = "Load";
const WRITERS: usize = 4;
/// What BatchWriteItem takes at once.
const KEYS: usize = 25;
/// The one record of a bad key that fails each time.
const POISON: usize = 7;
/// Batches that the function gets between two kills, however slow the machine is: so no other record is met by as many kills as poison
/// is tried.
const BATCHES: usize = 5;
/// How long the slowest machine may take.
const WITHIN: Duration = Duration::from_secs(900);

/// Fails on poison, ends now and then before or after its work, and writes down what it did and which ids failed.
const BOOTSTRAP: &str = r#"
import random

def read(record):
    change = record.get("dynamodb")
    if change:
        image = change["NewImage"]
        return image["id"]["S"], int(image["n"]["N"]), change["SequenceNumber"]
    key, n = record["body"].split("-")
    return key, int(n), record["messageId"]

while True:
    call, event = ask("GET", "next")
    records = json.loads(event)["Records"]
    ordered = "dynamodb" in records[0] or "MessageGroupId" in records[0]["attributes"]
    luck = random.random()
    if luck < 0.01:
        os._exit(7)
    did, bad, held, failed = [], [], set(), []
    for key, n, id in map(read, records):
        poison = key.startswith("bad") and n == 7
        if poison:
            bad.append(id)
        if poison or key in held:
            failed.append(id)
            if ordered:
                held.add(key)
        else:
            did.append([key, n])
    tell(did=did, bad=bad)
    if luck > 0.99:
        os._exit(7)
    ask("POST", call + "/response", json.dumps({"batchItemFailures": [{"itemIdentifier": id} for id in failed]}))
"#;

/// Records of all keys together; the issue's number is 20,000.
fn records() -> usize {
    std::env::var("PIPE_TEST_RECORDS").ok().map_or(4_000, |count| count.parse().unwrap())
}

/// Records of each key, in their order.
fn rounds() -> usize {
    records() / (WRITERS * KEYS)
}

/// The keys that a writer has for itself.
fn keys(writer: usize) -> Vec<String> {
    let key = |n: usize| format!("{}{writer}x{n}", if n == KEYS / 2 { "bad" } else { "key" });
    (0..KEYS).map(key).collect()
}

/// Puts the handler into the folder of the spec.
fn write(folder: &Path) {
    runtime::write(folder, "", &format!("{}{BOOTSTRAP}", runtime::TELL));
}

/// Ends what kills, also when the test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A session that is fed.
struct Case<'a> {
    name: &'a str,
    spec: String,
    /// The queue that is the stream, if it is one.
    queue: Option<&'a str>,
    dlq: &'a str,
}

impl Case<'_> {
    /// Starts `pipe dev`, feeds it by some writers at once, and kills its functions until all is handled or a letter.
    fn run(&self, feed: impl Fn(&Dev, usize) + Sync) -> (Dev, Queues) {
        let mut dev = Dev::start(&self.spec, None, write);
        let queues = Queues::new(&dev.sdk());
        let (stop, killed, start) = (AtomicBool::new(false), AtomicUsize::new(0), Instant::now());
        let (process, path, all) = (dev.process(), dev.path().join("journal"), WRITERS * KEYS * rounds());
        std::thread::scope(|scope| {
            let _stop = Stop(&stop);
            scope.spawn(|| kill(process, &path, &stop, &killed));
            feed_all(&dev, &feed);
            let put = start.elapsed();
            dev.until_within("all to be handled", WITHIN, |dev| {
                std::thread::sleep(Duration::from_millis(500));
                let (letters, handled) = (queues.left(self.dlq), did(dev).values().map(Vec::len).sum::<usize>());
                let none_left = self.queue.is_none_or(|queue| queues.left(queue) == 0);
                (none_left && letters >= poison().len() && handled + letters >= all).then_some(())
            });
            let (name, took, failed, kills) =
                (self.name, start.elapsed(), dev.count("✗"), killed.load(Ordering::Relaxed));
            let text =
                format!("{name}: {all} put in {put:?}, handled in {took:?}; {kills} kills, {failed} failed batches\n");
            std::io::stderr().write_all(text.as_bytes()).unwrap();
        });
        assert!(killed.into_inner() >= 5 && dev.count("✗") >= 5, "too few kills met a batch");
        (dev, queues)
    }
}

fn feed_all(dev: &Dev, feed: &(impl Fn(&Dev, usize) + Sync)) {
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || feed(dev, writer));
        }
    });
}

/// Kills a function as soon as some batches were handled since the last one was killed.
fn kill(dev: u32, journal: &Path, stop: &AtomicBool, killed: &AtomicUsize) {
    let batches = || std::fs::read_to_string(journal).map_or(0, |text| text.lines().count());
    let (mut random, mut seen) = (fastrand::Rng::new(), 0);
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(random.u64(10..60)));
        let now = batches();
        if now >= seen + BATCHES && killed::kill_one(dev, &mut random) {
            killed.fetch_add(1, Ordering::Relaxed);
            seen = now;
        }
    }
}

/// What was handled of each key, each once, in the order in which it was first handled.
fn did(dev: &Dev) -> BTreeMap<String, Vec<usize>> {
    let (mut seen, mut all) = (BTreeSet::new(), BTreeMap::<String, Vec<usize>>::new());
    for fact in journal(dev) {
        for one in fact["did"].as_array().unwrap() {
            let (key, n) = (one[0].as_str().unwrap().to_owned(), usize::try_from(one[1].as_u64().unwrap()).unwrap());
            if seen.insert((key.clone(), n)) {
                all.entry(key).or_default().push(n);
            }
        }
    }
    all
}

/// The ids of what failed each time.
fn bad(dev: &Dev) -> BTreeSet<String> {
    let facts = journal(dev);
    facts.iter().flat_map(|fact| fact["bad"].as_array().unwrap()).map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// The records of a key but for those that are letters.
fn good(key: &str, letters: &BTreeSet<String>) -> Vec<usize> {
    (0..rounds()).filter(|n| !letters.contains(&format!("{key}-{n}"))).collect()
}

fn all_keys() -> impl Iterator<Item = String> {
    (0..WRITERS).flat_map(keys)
}

fn poison() -> BTreeSet<String> {
    all_keys().filter(|key| key.starts_with("bad")).map(|key| format!("{key}-{POISON}")).collect()
}

/// Writes all rounds of a writer's keys straight into the table.
fn put(dev: &Dev, writer: usize) {
    let table = aws_sdk_dynamodb::Client::new(&dev.sdk());
    wait(async {
        for round in 0..rounds() {
            let number = AttributeValue::N(round.to_string());
            let item = |key: String| {
                let put = PutRequest::builder().item("id", AttributeValue::S(key)).item("n", number.clone());
                WriteRequest::builder().put_request(put.build().unwrap()).build()
            };
            let items = keys(writer).into_iter().map(item).collect();
            let written = table.batch_write_item().request_items(TABLE, items).send().await.unwrap();
            assert!(written.unprocessed_items.unwrap_or_default().is_empty());
        }
    });
}

/// Sends all rounds of a writer's keys as messages.
fn send(dev: &Dev, queue: &str, writer: usize) {
    let texts: Vec<String> =
        (0..rounds()).flat_map(|n| keys(writer).into_iter().map(move |key| format!("{key}-{n}"))).collect();
    Queues::new(&dev.sdk()).send(queue, &texts);
}

#[test]
fn changes_of_a_table() {
    let spec = format!(
        "name: load\nstream: {{ table_changes: {{ table: {{ name: {TABLE}, on_destroy: delete }} }} }}\n\
         consumer: {{ function: {{ handler: ./own, batch: {{ size: 20, parallelization: 4 }}, failures: {{ retries: 4 }} }} }}\n\
         dlq: {{ queue: {{ name: failed }} }}\n"
    );
    let (dev, queues) = Case { name: "a table", spec, queue: None, dlq: "failed" }.run(put);
    let did = did(&dev);
    for key in all_keys() {
        assert_eq!(did[&key], good(&key, &poison()), "{key}: each, in its order");
    }
    let mut pointers = BTreeSet::new();
    for letter in queues.take("failed") {
        let letter: Value = serde_json::from_str(&letter).unwrap();
        let of = &letter["DDBStreamBatchInfo"];
        assert_eq!((&of["batchSize"], &of["endSequenceNumber"]), (&1.into(), &of["startSequenceNumber"]), "{letter}");
        assert!(pointers.insert(of["startSequenceNumber"].as_str().unwrap().to_owned()), "twice: {letter}");
    }
    assert_eq!(pointers, bad(&dev), "each poison alone");
}

fn queue(more: &str) -> String {
    format!(
        "name: load\nstream: {{ queue: {{ name: events, max_receives: 8, {more} }} }}\n\
         consumer: {{ function: {{ handler: ./own, timeout_seconds: 2 }} }}\ndlq: {{ queue: {{ name: failed }} }}\n"
    )
}

#[test]
fn messages_of_a_standard_queue() {
    let spec = queue("visibility_seconds: 3");
    let case = Case { name: "a standard queue", spec, queue: Some("events"), dlq: "failed" };
    let (dev, queues) = case.run(|dev, writer| send(dev, "events", writer));
    assert_eq!(queues.take("failed").into_iter().collect::<BTreeSet<_>>(), poison());
    let did = did(&dev);
    for key in all_keys() {
        let mut handled = did[&key].clone();
        handled.sort_unstable();
        assert_eq!(handled, good(&key, &poison()), "{key}: each, in any order");
    }
}

/// Messages that came in one batch behind poison of their group share its receives, and may be moved with it.
#[test]
fn messages_of_a_fifo_queue() {
    let spec = queue("visibility_seconds: 3, fifo: true");
    let case = Case { name: "a FIFO queue", spec, queue: Some("events.fifo"), dlq: "failed.fifo" };
    let (dev, queues) = case.run(|dev, writer| send(dev, "events.fifo", writer));
    let letters: BTreeSet<String> = queues.take("failed.fifo").into_iter().collect();
    assert!(letters.is_superset(&poison()) && letters.iter().all(|text| text.starts_with("bad")), "{letters:?}");
    let mut did = did(&dev);
    for key in all_keys() {
        let handled = did.get_mut(&key).unwrap();
        handled.retain(|n| !letters.contains(&format!("{key}-{n}")));
        assert_eq!(*handled, good(&key, &letters), "{key}: each, in its order");
    }
}

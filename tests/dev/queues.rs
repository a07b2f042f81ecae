//! A queue as a stream: what is posted becomes a row, what fails comes back and ends in the dead-letter queue, and groups keep their order.

use std::path::Path;
use std::sync::OnceLock;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use pipe_test_support::{Emulator, Endpoint, Kind};
use rustix::process::Signal;
use serde_json::Value;

use super::client::Client;
use super::dev::{Dev, TABLE, wait};
use super::runtime;

/// An API, a queue, `stream-to-table` and a table.
const SPEC: &str = "name: gateway-events
source: { api: { routes: [ { post: /submit } ] } }
auth: { basic: {} }
stream: { queue: { name: events, visibility_seconds: 6, max_receives: 2 } }
consumer: { function: { handler: stream-to-table, timeout_seconds: 5 } }
sink: { table: { name: EventTable, partition_key: eventId } }
dlq: { queue: { name: failed } }
";

/// Fails as a message's text asks for, and writes down what it sees.
const BOOTSTRAP: &str = r#"
while True:
    call, event = ask("GET", "next")
    records = json.loads(event)["Records"]
    tell(saw=[[r["body"], int(r["attributes"]["ApproximateReceiveCount"])] for r in records])
    if any("crash" in r["body"] and r["attributes"]["ApproximateReceiveCount"] == "1" for r in records):
        os._exit(7)
    bad, failed = set(), []
    for r in records:
        group = r["attributes"].get("MessageGroupId")
        if "never" in r["body"] or (group and group in bad):
            bad.add(group)
            failed.append(r["messageId"])
    tell(did=[r["body"] for r in records if r["messageId"] not in failed])
    ask("POST", call + "/response", json.dumps({"batchItemFailures": [{"itemIdentifier": id} for id in failed]}))
"#;

/// Puts the handler into the folder of the spec.
fn write(folder: &Path) {
    runtime::write(folder, "", &format!("{}{BOOTSTRAP}", runtime::TELL));
}

fn own(queue: &str) -> Dev {
    let spec = format!(
        "name: gateway-events\nstream: {{ queue: {{ name: events, {queue} }} }}\n\
         consumer: {{ function: {{ handler: ./own, timeout_seconds: 2 }} }}\ndlq: {{ queue: {{ name: failed }} }}\n"
    );
    Dev::start(&spec, None, write)
}

/// The queues of a session.
pub struct Queues(aws_sdk_sqs::Client);

impl Queues {
    pub fn new(sdk: &SdkConfig) -> Self {
        Self(aws_sdk_sqs::Client::new(sdk))
    }

    fn url(&self, name: &str) -> String {
        wait(self.0.get_queue_url().queue_name(name).send()).unwrap().queue_url.unwrap()
    }

    /// Sends texts; what is before the dash is the group of a FIFO queue.
    pub fn send(&self, queue: &str, texts: &[String]) {
        let url = self.url(queue);
        for chunk in texts.chunks(10) {
            let entries = chunk.iter().enumerate().map(|(n, text)| {
                let entry = SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(text);
                let group = queue.ends_with(".fifo").then(|| text.split_once('-').unwrap().0.to_owned());
                let id = group.as_ref().map(|_| text.clone());
                entry.set_message_group_id(group).set_message_deduplication_id(id).build().unwrap()
            });
            let sent = self.0.send_message_batch().queue_url(&url).set_entries(Some(entries.collect())).send();
            assert!(wait(sent).unwrap().failed().is_empty());
        }
    }

    /// How many messages a queue has, visible or not.
    pub fn left(&self, queue: &str) -> usize {
        use aws_sdk_sqs::types::QueueAttributeName as Name;
        let names = [Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesNotVisible];
        let asked = self.0.get_queue_attributes().queue_url(self.url(queue)).attribute_names(Name::All).send();
        let all = wait(asked).unwrap().attributes.unwrap();
        names.iter().map(|name| all[name].parse::<usize>().unwrap()).sum()
    }

    /// The bodies of all messages of a queue, which are taken from it.
    pub fn take(&self, queue: &str) -> Vec<String> {
        let url = self.url(queue);
        let mut bodies = Vec::new();
        loop {
            let received = self.0.receive_message().queue_url(&url).max_number_of_messages(10).visibility_timeout(600);
            let messages = wait(received.send()).unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                bodies.sort();
                return bodies;
            }
            for message in messages {
                let delete = self.0.delete_message().queue_url(&url).set_receipt_handle(message.receipt_handle);
                wait(delete.send()).unwrap();
                bodies.push(message.body.unwrap());
            }
        }
    }
}

/// What the handler of a session wrote down.
pub fn journal(dev: &Dev) -> Vec<Value> {
    let text = std::fs::read_to_string(dev.path().join("journal")).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn did(dev: &Dev) -> Vec<String> {
    let all = journal(dev);
    let texts = all.iter().filter_map(|fact| fact["did"].as_array()).flatten();
    texts.map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_posted_becomes_a_row_and_poison_ends_in_the_dead_letter_queue() {
    let mut dev = Dev::new(SPEC);
    let (client, sdk) = (Client::of(&dev), dev.sdk());
    let queues = Queues::new(&sdk);
    for n in 0..20 {
        let answer = client.post("/submit", &format!(r#"{{"eventId": "e{n}", "v": {n}}}"#));
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let poison = r#"{"no": "key"}"#;
    assert_eq!(client.post("/submit", poison).status, 200);
    let (mut all, mut moved) = (false, Vec::new());
    dev.until("the rows and the letter", |dev| {
        all = all || (0..20).all(|n| dev.row(&sdk, &format!("e{n}")));
        moved.extend(queues.take("failed"));
        (all && !moved.is_empty() && queues.left("events") == 0).then_some(())
    });
    assert_eq!(moved, [poison], "the message itself, once");
    assert_eq!(dev.count("received 2 times, moved in"), 1, "{}", dev.said());
    let get = aws_sdk_dynamodb::Client::new(&sdk).get_item().table_name(TABLE);
    let item = wait(get.key("eventId", AttributeValue::S("e7".to_owned())).send()).unwrap().item.unwrap();
    assert_eq!(item["v"], AttributeValue::N("7".to_owned()));
}

/// The example goes up as it is, prints a command, and takes what a client sends.
#[test]
fn the_example_goes_up() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/queue.yaml");
    let dev = Dev::new(&std::fs::read_to_string(file).unwrap());
    assert!(dev.said().contains("curl"), "{}", dev.said());
}

#[test]
fn what_fails_comes_back_alone_and_what_never_succeeds_is_moved() {
    let mut dev = own("visibility_seconds: 4, max_receives: 3");
    let queues = Queues::new(&dev.sdk());
    let texts = ["a-1", "b-never", "a-2", "c-crash", "a-3"].map(str::to_owned);
    queues.send("events", &texts);
    dev.until("all to be handled or moved", |dev| (did(dev).len() >= 4 && queues.left("events") == 0).then_some(()));
    let mut all = did(&dev);
    all.sort();
    assert_eq!(all, ["a-1", "a-2", "a-3", "c-crash"], "each once");
    assert_eq!(queues.take("failed"), ["b-never"]);
    let seen = journal(&dev);
    let seen = seen.iter().filter_map(|fact| fact["saw"].as_array()).flatten().filter(|one| one[0] == "b-never");
    assert_eq!(seen.map(|one| one[1].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn groups_keep_their_order_over_crashes_and_poison_holds_up_no_group_for_ever() {
    let mut dev = own("fifo: true, visibility_seconds: 3, max_receives: 3");
    let sdk = dev.sdk();
    let queues = Queues::new(&sdk);
    // Names of FIFO queues end in `.fifo`.
    let listed = wait(queues.0.list_queues().send()).unwrap().queue_urls.unwrap_or_default();
    let name = |part: &str| listed.iter().filter_map(|url| url.rsplit('/').next()).find(|name| name.starts_with(part));
    let (events, failed) = (name("events").unwrap(), name("failed").unwrap());
    let texts: Vec<String> = (10..40).flat_map(|n| [format!("a-{n}"), format!("b-{n}")]).collect();
    let bad = |text: String| match text.as_str() {
        "a-15" => "a-15-never".to_owned(),
        "b-25" => "b-25-crash".to_owned(),
        _ => text,
    };
    let texts: Vec<String> = texts.into_iter().map(bad).collect();
    queues.send(events, &texts);
    dev.until("the queue to be empty", |_| (queues.left(events) == 0).then_some(()));
    let (did, moved) = (did(&dev), queues.take(failed));
    assert!(moved.contains(&"a-15-never".to_owned()) && moved.iter().all(|text| text.starts_with("a-")), "{moved:?}");
    for group in ["a-", "b-"] {
        let of_group = |all: &[String]| all.iter().filter(|text| text.starts_with(group)).cloned().collect::<Vec<_>>();
        let mut sorted = of_group(&did);
        sorted.sort();
        sorted.dedup();
        assert_eq!(of_group(&did), sorted, "in order and once");
        assert_eq!(sorted.len() + of_group(&moved).len(), 30);
    }
}

#[test]
fn a_killed_session_loses_nothing_and_a_stopped_one_gives_back_what_waits() {
    static ENDPOINT: OnceLock<Endpoint> = OnceLock::new();
    let account = ENDPOINT.get_or_init(|| Endpoint::start(Emulator::shared(Kind::MiniStack))).account();
    let spec = "name: gateway-events\nstream: { queue: { name: events, visibility_seconds: 8, max_receives: 5 } }\n\
                consumer: { function: { handler: ./own, timeout_seconds: 2, batch: { size: 100, window_seconds: 5 } } }\n\
                dlq: { queue: { name: failed } }\n";
    let mut dev = Dev::start(spec, Some(account), write);
    let sdk = dev.sdk();
    let queues = Queues::new(&sdk);
    let texts: Vec<String> = (0..60).map(|n| format!("a-{n}")).collect();
    queues.send("events", &texts);
    // They are gathered, and not handed over.
    dev.until("them to be received", |_| (queues.left("events") == 60).then_some(()));
    for signal in [Signal::KILL, Signal::INT] {
        dev.restart(signal);
    }
    let queues = Queues::new(&dev.sdk());
    dev.until("all to be handled", |dev| (did(dev).len() >= 60 && queues.left("events") == 0).then_some(()));
    let mut all = did(&dev);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 60);
    assert!(queues.take("failed").is_empty());
}

//! A handler of the user's own, in Python, that fails as a record's text asks for and writes down what it sees.

use std::path::Path;

use aws_config::SdkConfig;
use pipe_test_support::Account;
use serde_json::Value;

use super::dev::{Dev, QUEUE, STREAM, wait};
use super::puts::{Put, put_all};
use super::runtime;

/// What the function is called.
pub const FUNCTION: &str = "gateway-events-consumer";

/// Does with a record what its text asks for, and writes down what it sees.
const BOOTSTRAP: &str = r#"
import base64, sys, time

def there(name):
    return os.path.exists(os.path.join(FOLDER, name))

def read(record):
    data = base64.b64decode(record["kinesis"]["data"]).decode()
    return {"data": data, "sequence": record["kinesis"]["sequenceNumber"], "shard": record["eventID"].split(":")[0]}

named = set()

def handle(records):
    """The sequence numbers that failed."""
    for record in records:
        data = record["data"]
        if "crash" in data:
            os._exit(7)
        if "hang" in data:
            time.sleep(60)
        if there("broken-" + record["shard"]):
            raise RuntimeError("broken")
        if "never" in data or ("once" in data and data not in named):
            named.add(data)
            return [record["sequence"]]
    return []

tell(start=os.getpid())
if there("no-init"):
    sys.exit(1)
while True:
    call, event = ask("GET", "next")
    if there("no-init"):
        os._exit(1)
    records = [read(record) for record in json.loads(event)["Records"]]
    tell(saw=[record["data"] for record in records], call=call, shard=records[0]["shard"])
    try:
        failed = handle(records)
        first = min([n for n, record in enumerate(records) if record["sequence"] in failed], default=len(records))
        tell(did=[record["data"] for record in records[:first]])
        answer = {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}
        ask("POST", call + "/response", json.dumps(answer))
    except RuntimeError as error:
        ask("POST", call + "/error", json.dumps({"errorType": "Own", "errorMessage": str(error)}))
"#;

/// `pipe dev` with this handler on a stream.
pub struct Own {
    pub dev: Dev,
    pub sdk: SdkConfig,
}

/// A call that the function got.
pub struct Invocation {
    pub id: String,
    pub shard: String,
    pub records: Vec<String>,
}

impl Own {
    /// Starts it; `consumer` is what the spec says of the function besides its handler.
    pub fn new(shards: u32, consumer: &str) -> Self {
        Self::on(None, shards, consumer)
    }

    /// The same on a test endpoint, if there is one.
    pub fn on(account: Option<Account>, shards: u32, consumer: &str) -> Self {
        let spec = format!(
            "name: gateway-events\nstream: {{ kinesis: {{ name: {STREAM}, shards: {shards} }} }}\n\
             consumer: {{ function: {{ handler: ./own, {consumer} }} }}\ndlq: {{ queue: {{ name: {QUEUE} }} }}\n"
        );
        let dev = Dev::start(&spec, account, write);
        let sdk = dev.sdk();
        Self { dev, sdk }
    }

    /// Puts texts in one call; what is before the dash is the key.
    pub fn put(&self, texts: &[&str]) -> Vec<Put> {
        put_all(&self.sdk, texts.iter().map(|text| (text.split_once('-').unwrap().0, text.as_bytes())))
    }

    /// Makes a file that the handler looks for.
    pub fn set(&self, name: &str) {
        std::fs::write(self.dev.path().join(name), "").unwrap();
    }

    pub fn unset(&self, name: &str) {
        std::fs::remove_file(self.dev.path().join(name)).unwrap();
    }

    /// The calls that it got, in their order.
    pub fn calls(&self) -> Vec<Invocation> {
        let facts = self.journal().into_iter().filter(|fact| fact["saw"].is_array());
        facts
            .map(|fact| Invocation {
                id: text(&fact["call"]),
                shard: text(&fact["shard"]),
                records: texts(&fact["saw"]),
            })
            .collect()
    }

    /// The records that it handled, in their order.
    pub fn did(&self) -> Vec<String> {
        self.journal().iter().flat_map(|fact| texts(&fact["did"])).collect()
    }

    /// How many processes of it were started.
    pub fn starts(&self) -> usize {
        self.journal().iter().filter(|fact| fact["start"].is_u64()).count()
    }

    /// Waits until it has handled so many.
    pub fn until_done(&mut self, count: usize) {
        let path = self.dev.path().join("journal");
        self.dev.until(&format!("{count} records to be handled"), |_| {
            let handled: usize = journal(&path).iter().map(|fact| texts(&fact["did"]).len()).sum();
            (handled >= count).then_some(())
        });
    }

    fn journal(&self) -> Vec<Value> {
        journal(&self.dev.path().join("journal"))
    }

    /// All documents in the DLQ as they are, in the order of their sequence numbers. They are taken from it.
    pub fn documents(&self) -> Vec<String> {
        let sqs = aws_sdk_sqs::Client::new(&self.sdk);
        let url = wait(sqs.get_queue_url().queue_name(QUEUE).send()).unwrap().queue_url.unwrap();
        let mut bodies = Vec::new();
        loop {
            let received = wait(sqs.receive_message().queue_url(&url).max_number_of_messages(10).send()).unwrap();
            let messages = received.messages.unwrap_or_default();
            if messages.is_empty() {
                bodies.sort_by_key(|body: &String| {
                    let document: Value = serde_json::from_str(body).unwrap();
                    text(&document["KinesisBatchInfo"]["startSequenceNumber"])
                });
                return bodies;
            }
            for message in messages {
                let receipt = message.receipt_handle.unwrap();
                wait(sqs.delete_message().queue_url(&url).receipt_handle(receipt).send()).unwrap();
                bodies.push(message.body.unwrap());
            }
        }
    }
}

/// Lines that are being written are left for the next look.
fn journal(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn texts(values: &Value) -> Vec<String> {
    values.as_array().into_iter().flatten().map(text).collect()
}

/// Puts the handler into the folder of the spec.
fn write(folder: &Path) {
    runtime::write(folder, "", &format!("{}{BOOTSTRAP}", runtime::TELL));
}

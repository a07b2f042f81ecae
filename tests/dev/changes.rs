//! Changes of a table on a laptop: each reaches the function, an item's in their order, whatever happens to the function.

use std::collections::BTreeMap;
use std::path::Path;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use super::dev::{Dev, wait};
use super::runtime;

const TABLE: &str = "Orders";
const KEYS: usize = 20;

/// Writes down what it sees.
const BOOTSTRAP: &str = r#"
while True:
    call, event = ask("GET", "next")
    for record in json.loads(event)["Records"]:
        image = record["dynamodb"].get("NewImage", {})
        crashed = os.path.join(FOLDER, "crashed-" + record["eventID"])
        if "crash" in image and not os.path.exists(crashed):
            open(crashed, "w").close()
            os._exit(7)
        tell(id=record["dynamodb"]["Keys"]["id"]["S"], n=image.get("n", {}).get("N"), name=record["eventName"],
             who=record.get("userIdentity"), size=record["dynamodb"]["SizeBytes"])
    ask("POST", call + "/response", "null")
"#;

fn start() -> (Dev, SdkConfig) {
    let spec = format!(
        "name: orders\nstream: {{ table_changes: {{ table: {{ name: {TABLE}, on_destroy: delete }} }} }}\n\
         consumer: {{ function: {{ handler: ./own }} }}\ndlq: {{ queue: {{}} }}\n"
    );
    let dev = Dev::start(&spec, None, write);
    let sdk = dev.sdk();
    (dev, sdk)
}

/// Puts the handler into the folder of the spec.
fn write(folder: &Path) {
    runtime::write(folder, "", &format!("{}{BOOTSTRAP}", runtime::TELL));
}

fn journal(dev: &Dev) -> Vec<Value> {
    let text = std::fs::read_to_string(dev.path().join("journal")).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn put(table: &aws_sdk_dynamodb::Client, id: &str, more: &[(&str, AttributeValue)]) {
    let put = table.put_item().table_name(TABLE).item("id", AttributeValue::S(id.to_owned()));
    let item = more.iter().fold(put, |put, (name, value)| put.item(*name, value.clone()));
    wait(item.send()).unwrap();
}

#[test]
fn the_example_copies_an_item_that_is_put() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/table-changes.yaml");
    let mut dev = Dev::new(&std::fs::read_to_string(example).unwrap());
    let table = aws_sdk_dynamodb::Client::new(&dev.sdk());
    let names = wait(table.list_tables().send()).unwrap().table_names.unwrap_or_default();
    let (source, sink): (Vec<String>, Vec<String>) = names.into_iter().partition(|name| {
        let described = wait(table.describe_table().table_name(name).send()).unwrap();
        described
            .table()
            .is_some_and(|table| table.stream_specification().is_some_and(|stream| stream.stream_enabled()))
    });
    assert_eq!((source.len(), sink.len()), (1, 1), "{source:?} {sink:?}");
    let id = AttributeValue::S("first".to_owned());
    wait(table.put_item().table_name(&source[0]).item("id", id.clone()).send()).unwrap();
    dev.until("the row", |_| wait(table.get_item().table_name(&sink[0]).key("id", id.clone()).send()).unwrap().item);
}

#[test]
fn changes_come_in_the_order_of_their_items_though_the_function_crashes() {
    let (mut dev, sdk) = start();
    let table = aws_sdk_dynamodb::Client::new(&sdk);
    for n in 0..400 {
        let number = ("n", AttributeValue::N(n.to_string()));
        let crash = ("crash", AttributeValue::Bool(true));
        let more = [number, crash];
        put(&table, &format!("item-{}", n % KEYS), if n % 100 == 50 { &more[..] } else { &more[..1] });
    }
    dev.until("all changes", |dev| {
        let seen: std::collections::BTreeSet<String> = journal(dev).iter().map(|fact| fact["n"].to_string()).collect();
        (seen.len() == 400).then_some(())
    });
    let mut by_item: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for fact in journal(&dev) {
        assert!(fact["size"].as_u64().unwrap() > 0, "{fact}");
        by_item.entry(fact["id"].to_string()).or_default().push(fact["n"].as_str().unwrap().parse().unwrap());
    }
    for (item, mut numbers) in by_item {
        // What the crashed call had seen comes again: the order holds from the first of each.
        let mut seen = Vec::new();
        numbers.retain(|number| {
            !seen.contains(number) && {
                seen.push(*number);
                true
            }
        });
        assert!(numbers.is_sorted() && numbers.len() == 400 / KEYS, "{item}: {numbers:?}");
    }
}

#[test]
fn an_item_that_expires_is_deleted_by_dynamodb_and_one_with_a_text_stays() {
    let (mut dev, sdk) = start();
    let table = aws_sdk_dynamodb::Client::new(&sdk);
    let ttl = aws_sdk_dynamodb::types::TimeToLiveSpecification::builder().enabled(true).attribute_name("end");
    let update = table.update_time_to_live().table_name(TABLE).time_to_live_specification(ttl.build().unwrap());
    wait(update.send()).unwrap();
    let shown = wait(table.describe_time_to_live().table_name(TABLE).send()).unwrap().time_to_live_description.unwrap();
    assert_eq!((shown.time_to_live_status().unwrap().as_str(), shown.attribute_name()), ("ENABLED", Some("end")));
    let past = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() - 5;
    put(&table, "text", &[("end", AttributeValue::S(past.to_string()))]);
    put(&table, "old", &[("end", AttributeValue::N("1000".to_owned()))]);
    put(&table, "gone", &[("end", AttributeValue::N(past.to_string()))]);
    put(&table, "mine", &[]);
    let mine = AttributeValue::S("mine".to_owned());
    wait(table.delete_item().table_name(TABLE).key("id", mine).send()).unwrap();
    let removed =
        |dev: &Dev, id: &str| journal(dev).into_iter().find(|fact| fact["name"] == "REMOVE" && fact["id"] == id);
    let gone = dev.until("the removal", |dev| removed(dev, "gone"));
    assert_eq!(gone["who"], serde_json::json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"}));
    assert_eq!(dev.until("the other", |dev| removed(dev, "mine"))["who"], Value::Null);
    // MiniStack's own reaper comes by once a minute.
    std::thread::sleep(std::time::Duration::from_secs(65));
    assert!(removed(&dev, "text").is_none() && removed(&dev, "old").is_none());
    let rows = wait(table.scan().table_name(TABLE).send()).unwrap();
    assert_eq!(rows.count(), 2, "the text and what is older than five years");
}

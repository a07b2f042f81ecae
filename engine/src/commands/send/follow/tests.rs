use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::operation::change_message_visibility_batch::ChangeMessageVisibilityBatchOutput;
use aws_sdk_sqs::operation::receive_message::ReceiveMessageOutput;
use aws_sdk_sqs::types::Message;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use serde_json::json;

use super::*;
use crate::aws::mocked;

const SHARD: &str = "shardId-000000000000";

/// A table that has a row for each key that is asked for, but for these; and the number of calls of each size.
fn table(but: &'static [&'static str]) -> Rule {
    mock!(aws_sdk_dynamodb::Client::batch_get_item).then_compute_output(move |request| {
        let asked = request.request_items().unwrap()["t"].keys().to_vec();
        let there = asked.into_iter().filter(|key| but.iter().all(|id| key["id"] != AttributeValue::S((*id).into())));
        BatchGetItemOutput::builder().responses("t", there.collect()).build()
    })
}

/// A queue with these messages, each time it is looked into.
fn queue(bodies: Vec<String>) -> [Rule; 2] {
    let call = AtomicUsize::new(0);
    let receive = mock!(aws_sdk_sqs::Client::receive_message).then_compute_output(move |_| {
        let full = call.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        let message = |(at, body): (usize, &String)| {
            Message::builder().message_id(format!("m{at}")).receipt_handle("r").body(body).build()
        };
        let all = bodies.iter().enumerate().map(message).filter(|_| full).collect();
        ReceiveMessageOutput::builder().set_messages(Some(all)).build()
    });
    let back = mock!(aws_sdk_sqs::Client::change_message_visibility_batch).then_output(|| {
        let back = ChangeMessageVisibilityBatchOutput::builder().set_successful(Some(Vec::new()));
        back.set_failed(Some(Vec::new())).build().unwrap()
    });
    [receive, back]
}

fn sent(n: u32, key: bool) -> Sent {
    let key = key.then(|| ItemKey::from([("id".to_owned(), AttributeValue::S(format!("id-{n}")))]));
    Sent { n, taken: Taken::record(SHARD.into(), (1000 + n).to_string()), key, given_key: false }
}

fn places() -> Places {
    Places { table: Some("t".into()), queue: Some("https://sqs/q".into()), taker: None }
}

fn poison(number: u32) -> String {
    json!({
        "version": 1, "reason": "bad-json", "message": "m", "eventID": format!("{SHARD}:{number}"), "streamArn": "arn:s",
        "shardId": SHARD, "sequenceNumber": number.to_string(), "arrivedAt": "2019-11-14T00:38:04Z", "encoding": "none",
    })
    .to_string()
}

/// Rows, dead letters, and what is still on its way.
async fn followed(table: &Rule, queue: [Rule; 2], all: Vec<Sent>, timeout: u64) -> (usize, usize, usize) {
    let cx = mocked::cx(RuleMode::MatchAny, &[table, &queue[0], &queue[1]]);
    let places = places();
    let (_sender, stopped) = watch::channel(false);
    let mut follow = Follow::new(Shell::default(), &cx, &places, all);
    follow.run(Duration::from_secs(timeout), &stopped).await.unwrap();
    let missing = follow.conclude();
    assert_eq!(missing, follow.letters + follow.pending.len(), "a dead letter has not arrived either");
    (follow.rows, follow.letters, follow.pending.len())
}

#[tokio::test(start_paused = true)]
async fn a_thousand_rows_are_found_in_ten_calls() {
    let table = table(&[]);
    let all = (1..=1000).map(|n| sent(n, true)).collect();
    assert_eq!(followed(&table, queue(vec![]), all, 60).await, (1000, 0, 0));
    assert_eq!(table.num_calls(), 10);
}

#[tokio::test(start_paused = true)]
async fn every_event_ends_somewhere() {
    // 2 has no key, 3 has one and is refused all the same; 5 to 6 are a mapping's.
    let batch = json!({
        "requestContext": { "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 2 },
        "KinesisBatchInfo": {
            "shardId": SHARD, "startSequenceNumber": "1005", "endSequenceNumber": "1006", "batchSize": 2,
            "approximateArrivalOfFirstRecord": "", "approximateArrivalOfLastRecord": "", "streamArn": "arn:s",
        },
    });
    let bodies = vec![poison(1002), poison(1003), batch.to_string(), poison(77), "else".into()];
    let all = (1..=6).map(|n| sent(n, n != 2)).collect();
    assert_eq!(followed(&table(&["id-3", "id-5", "id-6"]), queue(bodies), all, 60).await, (2, 4, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_nowhere_is_still_on_its_way_when_the_time_is_up() {
    let table = table(&["id-3"]);
    let all = (1..=5).map(|n| sent(n, true)).collect();
    let start = Instant::now();
    assert_eq!(followed(&table, queue(vec![]), all, 3).await, (4, 0, 1));
    assert!((3..5).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

/// One that waits does not hide the others: the look goes round.
#[tokio::test(start_paused = true)]
async fn events_behind_those_that_wait_are_found() {
    let table = table(&["id-1", "id-2", "id-3", "id-4", "id-5", "id-6", "id-7", "id-8", "id-9", "id-10", "id-11"]);
    let all = (1..=250).map(|n| sent(n, true)).collect();
    assert_eq!(followed(&table, queue(vec![]), all, 5).await, (239, 0, 11));
}

/// The user's own consumer may write no row, or one under another key: the report says which events it is past.
#[tokio::test(start_paused = true)]
async fn what_the_consumer_took_is_not_on_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.checkpoints");
    std::fs::write(&file, json!({ "uuid": { SHARD: { "after": "1002" } } }).to_string()).unwrap();
    let [receive, back] = queue(vec![]);
    let cx = mocked::cx(RuleMode::MatchAny, &[&table(&["id-1", "id-2", "id-3"]), &receive, &back]);
    let places = Places { taker: Some(Taker::Checkpoints(file)), ..places() };
    let (_sender, stopped) = watch::channel(false);
    let mut follow = Follow::new(Shell::default(), &cx, &places, (1..=3).map(|n| sent(n, true)).collect());
    follow.run(Duration::from_secs(1), &stopped).await.unwrap();
    assert_eq!((follow.conclude(), follow.taken), (1, 2));
    assert_eq!(follow.counts(), "0 rows, 0 dead letters, 2 taken without a row, 1 on the way");
}

/// Of a queue's messages a `pipe dev` tells that all were taken, as soon as the queue has none.
#[tokio::test(start_paused = true)]
async fn messages_that_the_function_took_are_waited_for_no_longer() {
    use aws_sdk_sqs::operation::get_queue_attributes::GetQueueAttributesOutput;
    use aws_sdk_sqs::types::QueueAttributeName as Name;
    let asked = AtomicUsize::new(0);
    let counts = mock!(aws_sdk_sqs::Client::get_queue_attributes).then_compute_output(move |request| {
        // The first time one is with the function.
        let hidden = usize::from(asked.fetch_add(1, Ordering::Relaxed) == 0);
        let count = |name: &Name| if *name == Name::ApproximateNumberOfMessagesNotVisible { hidden } else { 0 };
        let all = request.attribute_names().iter().map(|name| (name.clone(), count(name).to_string())).collect();
        GetQueueAttributesOutput::builder().set_attributes(Some(all)).build()
    });
    let [receive, back] = queue(vec![]);
    let cx = mocked::cx(RuleMode::MatchAny, &[&table(&["id-1"]), &receive, &back, &counts]);
    let places = Places { taker: Some(Taker::Queue("https://sqs/jobs".into())), ..places() };
    let all =
        (1..=2).map(|n| Sent { taken: Taken::message(Some("jobs"), format!("id{n}")), ..sent(n, true) }).collect();
    let (_sender, stopped) = watch::channel(false);
    let (mut follow, start) = (Follow::new(Shell::default(), &cx, &places, all), Instant::now());
    follow.run(Duration::from_secs(600), &stopped).await.unwrap();
    assert_eq!((follow.conclude(), follow.rows, follow.taken), (0, 1, 1));
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

/// A message keeps its id when redrive moves it, and a handler's letter about a change holds the item's key attributes.
#[tokio::test(start_paused = true)]
async fn messages_and_items_are_found_among_the_letters() {
    let change = json!({ "Keys": { "id": { "S": "2" } }, "NewImage": {} }).to_string();
    let letter = json!({
        "version": 1, "reason": "no-key", "eventID": "e", "sequenceNumber": "1", "arrivedAt": "2019-11-14T00:38:04Z",
        "streamArn": "arn:aws:dynamodb:eu-central-1:111122223333:table/t/stream/l", "encoding": "base64",
        "payload": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, change),
    });
    let with = |n: u32, taken: Taken| Sent { n, taken, key: None, given_key: false };
    let location = || pipe_local::event::Location { service: "dynamodb".into(), name: Some("t".into()), part: None };
    let of_item = |id: &str| {
        let item = json!({ "id": { "S": id } });
        Taken { location: location(), record: item.to_string(), item: Some(item) }
    };
    let all = vec![
        with(1, Taken::message(Some("q"), "m0".into())),
        with(2, of_item("2")),
        with(3, of_item("3")),
        with(4, Taken::message(Some("q"), "m7".into())),
    ];
    // The message `m0` is any body under that id.
    let bodies = vec!["{".to_owned(), letter.to_string()];
    assert_eq!(followed(&table(&[]), queue(bodies), all, 1).await, (0, 2, 2));
}

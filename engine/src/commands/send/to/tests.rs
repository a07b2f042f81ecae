use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::error::ErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kinesis::operation::put_records::PutRecordsOutput;
use aws_sdk_kinesis::types::PutRecordsResultEntry;
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchOutput;
use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchResultEntry};
use aws_smithy_mocks::{RuleMode, mock};

use super::*;
use crate::aws::mocked;
use crate::kinds::table::KeyKind;

fn event(n: u32, body: &str) -> Event {
    Event {
        n,
        method: "",
        path: String::new(),
        header: None,
        body: body.into(),
        key: None,
        given_key: false,
        lane: None,
    }
}

fn how(group: Option<&'static str>) -> How<'static> {
    How { route: None, group, run: 0xabc }
}

fn statuses(answers: &[Answer]) -> Vec<(u32, u16)> {
    answers.iter().map(|answer| (answer.event.n, answer.status)).collect()
}

#[test]
fn a_call_takes_what_fits() {
    let all = || (1..=5).map(|n| event(n, "12345678")).peekable();
    let lengths = |most: Most| {
        let mut events = all();
        std::iter::from_fn(|| Some(most.next(&mut events).len()).filter(|some| *some > 0)).collect::<Vec<_>>()
    };
    assert_eq!(lengths(Most { events: 2, bytes: 100, each: 0 }), [2, 2, 1]);
    assert_eq!(lengths(Most { events: 9, bytes: 30, each: 2 }), [3, 2]);
    assert_eq!(
        lengths(Most { events: 9, bytes: 1, each: 0 }),
        [1, 1, 1, 1, 1],
        "one that is too large is refused alone"
    );
    assert_eq!(lengths(Most { events: 1, bytes: usize::MAX, each: 0 }), [1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn messages_of_a_fifo_queue_have_a_group_and_an_id_that_no_other_has() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = seen.clone();
    let rule = mock!(aws_sdk_sqs::Client::send_message_batch).then_compute_output(move |request| {
        let mut out = SendMessageBatchOutput::builder().set_successful(Some(Vec::new())).set_failed(Some(Vec::new()));
        for entry in request.entries() {
            let (group, unique) = (entry.message_group_id(), entry.message_deduplication_id());
            kept.lock().unwrap().push((group.map(str::to_owned), unique.map(str::to_owned)));
            out = match entry.message_body() {
                "bad" => {
                    let failed = BatchResultErrorEntry::builder().id(entry.id()).code("Bad").sender_fault(true);
                    out.failed(failed.build().unwrap())
                }
                _ => {
                    let sent = SendMessageBatchResultEntry::builder().id(entry.id()).md5_of_message_body("");
                    out.successful(sent.message_id(format!("m-{}", entry.message_body())).build().unwrap())
                }
            };
        }
        out.build().unwrap()
    });
    let queue = |name: &str, group| {
        let cx = mocked::cx(RuleMode::MatchAny, &[&rule]);
        Target::Queue(Queue::new(cx, name.into(), "https://sqs/q".into(), &how(group)))
    };
    let fifo = queue("q.fifo", None);
    assert_eq!((fifo.at_once(), queue("q", None).at_once()), (1, 10), "order needs one call after the other");
    let answers = fifo.send(vec![event(1, "a"), event(2, "\0"), event(3, "bad"), event(4, "b")]).await.unwrap();
    assert_eq!(statuses(&answers), [(2, 400), (1, 200), (3, 400), (4, 200)]);
    assert_eq!(answers[1].taken, Some(Taken::message(Some("q.fifo"), "m-a".into())));
    let of = |group: &str, unique: &str| (Some(group.to_owned()), Some(unique.to_owned()));
    assert_eq!(*seen.lock().unwrap(), [of("pipe", "abc-1"), of("pipe", "abc-3"), of("pipe", "abc-4")]);
    seen.lock().unwrap().clear();
    queue("q", None).send(vec![event(1, "a")]).await.unwrap();
    queue("q.fifo", Some("g")).send(vec![event(1, "a")]).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [(None, None), of("g", "abc-1")]);
}

#[tokio::test]
async fn records_have_keys_of_their_own_and_each_its_answer() {
    let keys = Arc::new(Mutex::new(Vec::new()));
    let kept = keys.clone();
    let rule = mock!(aws_sdk_kinesis::Client::put_records).then_compute_output(move |request| {
        let some = request.records().iter().filter_map(|record| record.partition_key().map(str::to_owned));
        let some: Vec<String> = some.collect();
        kept.lock().unwrap().extend(some);
        let taken = PutRecordsResultEntry::builder().shard_id("shardId-000000000000").sequence_number("49").build();
        let refused = PutRecordsResultEntry::builder().error_code("ProvisionedThroughputExceededException").build();
        PutRecordsOutput::builder().records(taken).records(refused).build().unwrap()
    });
    let stream = Kinesis::new(mocked::cx(RuleMode::MatchAny, &[&rule]), "s".into());
    let answers = stream.send(vec![event(1, "{"), event(2, "x"), event(3, "y")]).await.unwrap();
    assert_eq!(statuses(&answers), [(1, 200), (2, 429), (3, 500)]);
    assert_eq!(answers[0].taken, Some(Taken::record("shardId-000000000000".into(), "49".into())));
    let mut keys = keys.lock().unwrap();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 3);
}

#[tokio::test]
async fn an_item_is_known_by_its_keys_and_what_is_none_is_refused() {
    let put = mock!(aws_sdk_dynamodb::Client::put_item)
        .match_requests(|request| {
            let item = request.item().unwrap();
            item["k"] == AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new("ab")) && item.contains_key("n")
        })
        .then_output(|| PutItemOutput::builder().build());
    let bad = mock!(aws_sdk_dynamodb::Client::put_item).then_error(|| {
        PutItemError::generic(ErrorMetadata::builder().code("ValidationException").message("a key is missing").build())
    });
    let key = |name: &str, kind| Key { name: name.into(), kind };
    let keys = vec![key("k", KeyKind::Binary), key("n", KeyKind::Number)];
    let table = Table::new(mocked::cx(RuleMode::MatchAny, &[&put, &bad]), "t".into(), keys);
    let events = vec![event(1, r#"{"k":"ab","n":1.0}"#), event(2, "[]"), event(3, r#"{"k":"ab"}"#)];
    let answers = table.send(events).await.unwrap();
    assert_eq!(statuses(&answers), [(1, 200), (2, 400), (3, 400)]);
    let taken = answers[0].taken.as_ref().unwrap();
    assert_eq!(taken.item, Some(serde_json::json!({ "k": { "B": "YWI=" }, "n": { "N": "1.0" } })));
    assert_eq!(answers[1].message.as_deref(), Some("the item must be a JSON object"));
    assert_eq!(answers[2].message.as_deref(), Some("a key is missing"));
}

#[tokio::test]
async fn a_refusal_that_is_about_no_event_is_an_error() {
    let denied = mock!(aws_sdk_dynamodb::Client::put_item).then_error(|| {
        PutItemError::generic(ErrorMetadata::builder().code("AccessDeniedException").message("no").build())
    });
    let table = Table::new(mocked::cx(RuleMode::MatchAny, &[&denied]), "t".into(), Vec::new());
    assert_eq!(table.send(vec![event(1, "{}")]).await.unwrap_err().code(), "AccessDeniedException");
}

use std::time::Duration;

use serde_json::json;

use super::fake::{Clock, Conduct, FakeQueue, FakeTable, event, keys, number, record};
use super::*;
use Conduct::{AtMost, BadJson, DownFor, Good, Hangs, Kept, Panics, Refused, RefusesCall, Throttled};

const TIME: Duration = Duration::from_secs(27);

/// Handles one batch within 27 s, with a queue of this conduct.
async fn handle(records: &[(&str, Conduct)], queue: Conduct) -> (Report, Vec<usize>, Vec<String>) {
    let clock = Clock::new(0);
    let table = FakeTable::new(&clock, records.iter().map(|(_, conduct)| *conduct).collect());
    let queue = FakeQueue::new(&clock, queue);
    let stop = Instant::now() + TIME;
    let report = Consumer::new(&table, Some(&queue), keys()).handle(event(records, 0), stop).await.unwrap();
    assert!(Instant::now() <= stop, "answered after the time was up");
    (report, table.written(), queue.numbers())
}

fn numbers(records: &[usize]) -> Vec<String> {
    records.iter().map(|record| number(*record)).collect()
}

#[tokio::test(start_paused = true)]
async fn good_records_are_written_and_nothing_is_left() {
    let (report, written, dead) = handle(&[("a", Good), ("b", Good), ("a", Good)], Good).await;
    assert_eq!((report.records_in, report.written, report.repeated_calls), (3, 3, 0));
    assert_eq!((report.unfinished, report.cause), (vec![], None));
    assert_eq!(written.len(), 3);
    assert!(dead.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_empty_batch_is_nothing_to_do() {
    let (report, _, _) = handle(&[], Good).await;
    assert_eq!(report, Report { feed: "kinesis", ..Report::default() });
}

#[tokio::test(start_paused = true)]
async fn records_of_one_key_are_written_in_order_though_some_are_throttled() {
    let (report, written, _) =
        handle(&[("a", Throttled(3)), ("a", Good), ("a", Throttled(1)), ("a", Good)], Good).await;
    assert_eq!(written, [0, 1, 2, 3]);
    assert_eq!((report.written, report.repeated_calls), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn poison_goes_to_the_queue_and_the_rest_goes_on() {
    let records = [("a", Good), ("b", BadJson), ("c", Refused), ("a", Panics), ("a", Good)];
    let (report, written, dead) = handle(&records, Good).await;
    assert_eq!(written, [0, 4]);
    assert_eq!(dead, numbers(&[1, 2, 3]));
    let reasons: Vec<&str> = report.dead_lettered.iter().map(|letter| letter.reason.as_str()).collect();
    assert_eq!(reasons, ["bad-json", "refused", "panic"]);
    assert!(report.unfinished.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_later_records_of_a_failing_key_wait_and_other_keys_do_not() {
    let records = [("b", Good), ("a", DownFor(1)), ("a", Good), ("b", Good), ("a", BadJson)];
    let (report, written, dead) = handle(&records, Good).await;
    assert_eq!(written, [0, 3]);
    assert_eq!(report.unfinished, numbers(&[1, 2, 4]));
    assert_eq!(report.cause.as_deref(), Some("ResourceNotFoundException"));
    assert!(dead.is_empty(), "poison behind the lowest failed record was sent");
}

#[tokio::test(start_paused = true)]
async fn poison_before_the_first_failed_record_is_sent() {
    let (report, _, dead) = handle(&[("a", BadJson), ("a", DownFor(1)), ("b", BadJson)], Good).await;
    assert_eq!(dead, numbers(&[0]));
    assert_eq!(report.unfinished, numbers(&[1, 2]));
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_waited_out_until_shortly_before_the_deadline() {
    let start = Instant::now();
    let (report, _, _) = handle(&[("a", DownFor(1))], Good).await;
    assert!(start.elapsed() > TIME - Duration::from_secs(3), "gave up after {:?}", start.elapsed());
    assert!(report.repeated_calls > 10);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_answers_does_not_outlast_the_time() {
    let (report, written, _) = handle(&[("a", Hangs), ("b", Good)], Good).await;
    assert_eq!((written, report.unfinished), (vec![1], numbers(&[0])));
    assert_eq!(report.cause.as_deref(), Some("deadline"));
    let (report, _, _) = handle(&[("a", BadJson)], Hangs).await;
    assert_eq!(report.unfinished, numbers(&[0]));
}

#[tokio::test(start_paused = true)]
async fn without_time_nothing_is_called() {
    let clock = Clock::new(0);
    let (table, queue) = (FakeTable::new(&clock, vec![Good, BadJson]), FakeQueue::new(&clock, Good));
    let records = [("a", Good), ("b", BadJson)];
    let report = Consumer::new(&table, Some(&queue), keys()).handle(event(&records, 0), Instant::now()).await.unwrap();
    assert_eq!(report.unfinished, numbers(&[0, 1]));
    assert_eq!((table.written(), queue.calls.get(), table.most_in_flight.get()), (vec![], 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_refuses_leaves_the_record_and_all_poison_behind_it() {
    let records = [("a", Good), ("b", BadJson), ("c", Good), ("d", BadJson)];
    for (queue, cause) in [(Refused, "InvalidMessageContents"), (Panics, "panic"), (DownFor(1), "AccessDenied")] {
        let (report, written, dead) = handle(&records, queue).await;
        assert_eq!((written.len(), dead.len()), (2, 0), "{queue:?}");
        assert_eq!(report.unfinished, numbers(&[1, 3]));
        assert_eq!(report.cause.as_deref(), Some(cause));
    }
}

/// Queues made before August 2025 take 256 KiB, and others what their owner says.
#[tokio::test(start_paused = true)]
async fn a_queue_for_small_messages_gets_what_fits() {
    let noise: String = std::iter::repeat_with(fastrand::alphanumeric).take(400_000).collect();
    for (data, at_most, encoding) in [
        (noise.clone(), 1_048_576, "base64"),
        ("x".repeat(400_000), 262_144, "gzip+base64"),
        (noise.clone(), 262_144, "none"),
        (noise.clone(), 1_024, "none"),
        ("x".repeat(100_000), 1_024, "gzip+base64"),
        ("x".to_owned(), 600, "base64"),
    ] {
        let clock = Clock::new(0);
        let (table, queue) = (FakeTable::new(&clock, vec![]), FakeQueue::new(&clock, AtMost(at_most)));
        let event = serde_json::from_value(json!({ "Records": [record("1", &data)] })).unwrap();
        let report = Consumer::new(&table, Some(&queue), keys()).handle(event, Instant::now() + TIME).await.unwrap();
        assert_eq!((report.unfinished.len(), queue.messages.borrow()[0].1["encoding"].as_str()), (0, Some(encoding)));
    }
    let (report, _, dead) = handle(&[("a", BadJson)], AtMost(10)).await;
    assert_eq!((dead.len(), report.cause.as_deref()), (0, Some("InvalidParameterValue")));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_behind_a_message_that_was_refused() {
    let records = [("a", BadJson), ("b", BadJson), ("c", Good), ("d", BadJson)];
    let (report, written, dead) = handle(&records, RefusesCall(2)).await;
    assert_eq!((written, dead), (vec![2], numbers(&[0])));
    assert_eq!(report.unfinished, numbers(&[1, 3]));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_queue_is_tried_again() {
    let (report, _, dead) = handle(&[("a", BadJson), ("b", BadJson)], Throttled(4)).await;
    assert_eq!((dead, report.repeated_calls), (numbers(&[0, 1]), 4));
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_poison_is_reported_as_failed_and_the_rest_is_written() {
    let clock = Clock::new(0);
    let table = FakeTable::new(&clock, vec![Good, BadJson, Good]);
    let records = [("a", Good), ("b", BadJson), ("c", Good)];
    let consumer = Consumer::<_, &FakeQueue<'_>>::new(&table, None, keys());
    let report = consumer.handle(event(&records, 0), Instant::now() + TIME).await.unwrap();
    assert_eq!((report.written, report.unfinished), (2, numbers(&[1])));
    assert_eq!(report.cause.as_deref(), Some("no queue"));
}

#[tokio::test(start_paused = true)]
async fn keys_are_written_concurrently_but_not_all_at_once() {
    let clock = Clock::new(0);
    let names: Vec<String> = (0..100).map(|key| key.to_string()).collect();
    let records: Vec<(&str, Conduct)> = names.iter().map(|name| (name.as_str(), Good)).collect();
    let table = FakeTable::new(&clock, vec![Good; 100]);
    let queue = FakeQueue::new(&clock, Good);
    let report =
        Consumer::new(&table, Some(&queue), keys()).handle(event(&records, 0), Instant::now() + TIME).await.unwrap();
    assert_eq!((report.written, table.most_in_flight.get()), (100, CONCURRENT_KEYS));
}

/// Handles records of other keys, each with an attribute `l` of this JSON, and returns how many were written at one time.
async fn at_one_time(conducts: Vec<Conduct>, attribute: &str) -> (Report, usize) {
    let clock = Clock::new(0);
    let data = |index: usize| format!(r#"{{"id":"{index}","v":{index},"l":{attribute}}}"#);
    let records: Vec<_> = (0..conducts.len()).map(|index| record(&number(index), &data(index))).collect();
    let event = serde_json::from_value(json!({ "Records": records })).expect("event");
    let (table, queue) = (FakeTable::new(&clock, conducts), FakeQueue::new(&clock, Good));
    let report = Consumer::new(&table, Some(&queue), keys()).handle(event, Instant::now() + TIME).await.unwrap();
    (report, table.most_in_flight.get())
}

#[tokio::test(start_paused = true)]
async fn as_many_items_are_in_memory_as_fit_into_it() {
    let maps = |count: usize| format!("[{}]", vec![r#"{"a":1}"#; count].join(","));
    for (attribute, records, most) in [
        // 800 bytes of memory for each map, and more than all of it for one item.
        (maps(51_000), 2, 1),
        (maps(MEMORY as usize / 800 / 4), 5, 4),
        (maps(1_000), 17, CONCURRENT_KEYS),
        (format!("\"{}\"", "x".repeat(400_000)), 17, CONCURRENT_KEYS),
    ] {
        let (report, at_one_time) = at_one_time(vec![Good; records], &attribute).await;
        assert_eq!((report.written, at_one_time), (records, most));
    }
}

/// Nor is it kept between two attempts.
#[tokio::test(start_paused = true)]
async fn an_item_that_fails_leaves_the_memory_to_others() {
    let attribute = format!("[{}]", vec!["1"; 200_000].join(","));
    let (report, _) = at_one_time(vec![DownFor(1), Throttled(3), Good], &attribute).await;
    assert_eq!((report.written, report.unfinished), (2, numbers(&[0])));
}

#[tokio::test(start_paused = true)]
async fn what_only_the_whole_item_shows_is_poison_too() {
    let (report, at_one_time) = at_one_time(vec![Good, Good], "1e126").await;
    assert_eq!((report.dead_lettered.len(), report.dead_lettered[0].reason.as_str(), at_one_time), (2, "number", 0));
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_row_is_there_counts_as_written() {
    let (report, written, dead) = handle(&[("a", Kept), ("b", Good), ("a", Kept), ("c", BadJson)], Good).await;
    assert_eq!((report.written, report.kept, written), (3, 2, vec![1]));
    assert_eq!((dead, report.unfinished), (numbers(&[3]), vec![]));
}

#[tokio::test(start_paused = true)]
async fn records_are_taken_in_the_order_of_their_numbers() {
    let clock = Clock::new(0);
    let (table, queue) = (FakeTable::new(&clock, vec![Good; 3]), FakeQueue::new(&clock, Good));
    let data = |v: usize| json!({ "id": "a", "v": v }).to_string();
    let records = [record("100", &data(2)), record("99", &data(1)), record("98", &data(0))];
    let event = serde_json::from_value(json!({ "Records": records })).expect("event");
    Consumer::new(&table, Some(&queue), keys()).handle(event, Instant::now() + TIME).await.unwrap();
    assert_eq!(table.written(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn no_log_line_holds_a_part_of_a_payload() {
    let clock = Clock::new(0);
    let (table, queue) = (FakeTable::new(&clock, vec![Good; 2]), FakeQueue::new(&clock, Good));
    let records =
        [record("1", "{\"id\":\"hunter2\",\"v\":0}"), record("2", "hunter2"), record("3", "{\"id\":{\"hunter2\":1}}")];
    let event = serde_json::from_value(json!({ "Records": records })).expect("event");
    let report = Consumer::new(&table, Some(&queue), keys()).handle(event, Instant::now() + TIME).await.unwrap();
    assert_eq!((report.written, report.dead_lettered.len()), (1, 2));
    let lines = serde_json::to_string(&report.lines("consumer", "r1")).expect("json");
    assert!(!lines.contains("hunter2") && !lines.contains("aHVudGVyMg"), "{lines}");
}

//! Random batches, failures and outages, run as Lambda runs them: again and again from the lowest sequence number that was named.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::fake::{Clock, Conduct, FakeQueue, FakeTable, event, keys, number};
use super::*;

const TIME: Duration = Duration::from_secs(5);
/// More than any outage of a test lasts.
const INVOCATIONS: u32 = 8;

fn conduct() -> impl Strategy<Value = Conduct> {
    prop_oneof![
        6 => Just(Conduct::Good),
        2 => Just(Conduct::BadJson),
        1 => Just(Conduct::Refused),
        1 => Just(Conduct::Panics),
        2 => (1..4u32).prop_map(Conduct::Throttled),
        2 => (1..4u32).prop_map(Conduct::DownFor),
    ]
}

fn batch() -> impl Strategy<Value = Vec<(&'static str, Conduct)>> {
    prop::collection::vec((prop::sample::select(&["a", "b", "c", "d"][..]), conduct()), 0..24)
}

fn queue() -> impl Strategy<Value = Conduct> {
    prop_oneof![(0..4u32).prop_map(Conduct::DownFor), (1..6u32).prop_map(Conduct::RefusesCall)]
}

fn is_poison(conduct: Conduct) -> bool {
    matches!(conduct, Conduct::BadJson | Conduct::Refused | Conduct::Panics)
}

fn index_of(number: &str) -> usize {
    number.parse::<usize>().expect("number") - 98
}

/// Checks what one invocation must guarantee, whatever failed.
fn check_invocation(
    report: &Report,
    records: &[(&str, Conduct)],
    first: usize,
    table: &FakeTable<'_>,
    queue: &FakeQueue<'_>,
) {
    let invocation = table.clock.get();
    let sum = report.written + report.dead_lettered.len() + report.unfinished.len();
    assert_eq!((report.records_in, sum), (records.len() - first, records.len() - first));
    let unfinished: Vec<usize> = report.unfinished.iter().map(|number| index_of(number)).collect();
    assert!(unfinished.is_sorted(), "{unfinished:?}");
    let lowest = unfinished.first().copied().unwrap_or(records.len());
    for (_, message) in queue.messages.borrow().iter().filter(|(at, _)| *at == invocation) {
        let sent = index_of(message["sequenceNumber"].as_str().expect("number"));
        assert!(sent < lowest, "{sent} was sent, though {lowest} will be delivered again");
    }
    let mut written: HashMap<&str, Vec<usize>> = HashMap::new();
    let writes = table.writes.borrow();
    for (_, key, record) in writes.iter().filter(|(at, _, _)| *at == invocation) {
        written.entry(key).or_default().push(*record);
    }
    for (key, written) in written {
        let good = (first..records.len()).filter(|index| records[*index].0 == key && !is_poison(records[*index].1));
        let expected: Vec<usize> = good.take(written.len()).collect();
        assert_eq!(written, expected, "key {key}: not the first records of the key, in order");
    }
}

/// Runs a batch until nothing is left, and checks that nothing was lost, doubled or out of order.
async fn run(records: Vec<(&'static str, Conduct)>, queue: Conduct) {
    let clock = Clock::new(0);
    let table = FakeTable::new(&clock, records.iter().map(|(_, conduct)| *conduct).collect());
    let queue = FakeQueue::new(&clock, queue);
    let consumer = Consumer::new(&table, Some(&queue), keys());
    let mut first = 0;
    loop {
        let stop = Instant::now() + TIME;
        let report = consumer.handle(event(&records, first), stop).await.unwrap();
        assert!(Instant::now() <= stop);
        check_invocation(&report, &records, first, &table, &queue);
        clock.set(clock.get() + 1);
        let Some(lowest) = report.unfinished.first() else { break };
        first = index_of(lowest);
        assert!(clock.get() < INVOCATIONS, "it does not come to an end");
    }
    check_end(&records, &table, &queue);
}

/// Checks that every good record was written, every key holds its last one, and every other was sent once.
fn check_end(records: &[(&str, Conduct)], table: &FakeTable<'_>, queue: &FakeQueue<'_>) {
    let (poison, good): (Vec<usize>, Vec<usize>) = (0..records.len()).partition(|index| is_poison(records[*index].1));
    let poison: Vec<String> = poison.into_iter().map(number).collect();
    assert_eq!(queue.numbers(), poison, "poison is sent once, in order");
    let (mut last_written, mut expected) = (HashMap::new(), HashMap::new());
    for (_, key, record) in table.writes.borrow().iter() {
        last_written.insert(key.clone(), *record);
    }
    let written = table.written();
    for index in good {
        let (key, conduct) = records[index];
        assert!(written.contains(&index), "record {index} ({conduct:?}) was lost");
        expected.insert(key.to_owned(), index);
    }
    assert_eq!(last_written, expected, "each key holds its last record");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_out_of_order(records in batch(), queue in queue()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("runtime").block_on(run(records, queue));
    }
}

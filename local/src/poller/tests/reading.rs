//! How much one read takes.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use tokio::sync::mpsc::unbounded_channel;

use super::{NOW, SHARD, arrived, given, holding, mapping};
use crate::poller::checkpoints::Position;
use crate::poller::reader::Reader;
use crate::poller::record::Record;
use crate::poller::source::kinesis::record::page;
use crate::poller::source::{Page, Source, kinesis};

const MB: usize = 1024 * 1024;

#[tokio::test]
async fn a_backlog_is_read_in_portions_of_a_page_and_none_is_skipped() {
    assert_eq!(asked_for(&[MB; 40]).await, [10, 10, 10, 10]);
    let mixed: Vec<usize> = [[1; 10].as_slice(), &[MB; 45]].concat();
    assert_eq!(
        asked_for(&mixed).await,
        [10, 40, 10],
        "the first ones were small, and the next are read before anybody knows"
    );
}

/// How many records each read asks for, of a backlog of records of so many bytes.
async fn asked_for(bytes: &[usize]) -> Vec<i32> {
    let sized = |(n, bytes): (usize, &usize)| holding(&vec![b'x'; *bytes], n, "key", NOW);
    let backlog: Arc<Vec<Record>> = Arc::new(bytes.iter().enumerate().map(sized).collect());
    let asked: Arc<Mutex<Vec<i32>>> = Arc::default();
    let asks = asked.clone();
    let source = Source {
        pace: kinesis::PACE,
        shards: Arc::new(|| std::future::ready(Ok(Vec::new())).boxed()),
        read: Arc::new(move |_, position, most| {
            asks.lock().unwrap().push(most);
            let from = |record: &&Record| matches!(&position, Position::After(last) if record.sequence <= *last);
            let start = backlog.iter().take_while(from).count();
            let records: Vec<Record> = backlog.iter().skip(start).take(most as usize).cloned().collect();
            let ended = start + records.len() == backlog.len();
            std::future::ready(Ok(Page { records, ended })).boxed()
        }),
    };
    let mut reader = Reader::new(source, SHARD, Position::Oldest, NOW, unbounded_channel().0);
    let mut read = Vec::new();
    while !reader.ended() {
        let page = reader.read(NOW).await;
        read.extend(reader.take(page, NOW));
    }
    let expected: Vec<_> = (0..bytes.len()).map(|n| arrived(n, "key", NOW).sequence).collect();
    assert_eq!(read.into_iter().map(|record| record.sequence).collect::<Vec<_>>(), expected);
    asked.lock().unwrap().clone()
}

#[test]
fn what_an_endpoint_gives_beyond_ten_megabytes_is_left_for_the_next_read() {
    let gives = |count: usize, bytes: usize| {
        let records = (0..count).map(|n| given(&vec![b'x'; bytes], n, "key", NOW)).collect();
        let page = page(records, true, &mapping(), SHARD);
        (page.records.len(), page.ended)
    };
    assert_eq!(gives(10, MB), (10, true));
    assert_eq!(gives(20, MB), (10, false));
    assert_eq!(gives(2, 11 * MB), (1, false));
    assert_eq!(gives(0, 0), (0, true));
}

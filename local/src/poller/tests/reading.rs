//! How much one read takes.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use tokio::sync::mpsc::unbounded_channel;

use super::{NOW, SHARD, arrived};
use crate::poller::checkpoints::Place;
use crate::poller::reader::Reader;
use crate::poller::record::Record;
use crate::poller::stream::{Page, Stream};

const MB: usize = 1024 * 1024;

#[tokio::test]
async fn a_backlog_is_read_in_portions_of_ten_megabytes_and_none_is_skipped() {
    let large = |n| Record { data: vec![b'x'; MB], ..arrived(n, "key", NOW) };
    let backlog: Arc<Vec<Record>> = Arc::new((0..40).map(large).collect());
    let asked: Arc<Mutex<Vec<i32>>> = Arc::default();
    let asks = asked.clone();
    let stream = Stream {
        shards: Arc::new(|| std::future::ready(Ok(Vec::new())).boxed()),
        read: Arc::new(move |_, place, most| {
            asks.lock().unwrap().push(most);
            let from = |record: &&Record| matches!(&place, Place::After(last) if record.sequence <= *last);
            let start = backlog.iter().take_while(from).count();
            // An endpoint that heeds the number only by half.
            let records: Vec<Record> = backlog.iter().skip(start).take(most as usize * 2).cloned().collect();
            let ended = start + records.len() == backlog.len();
            std::future::ready(Ok(Page { records, ended })).boxed()
        }),
        send: Arc::new(|_| std::future::ready(Ok(())).boxed()),
    };
    let mut reader = Reader::new(stream, SHARD, Place::Oldest, NOW, unbounded_channel().0);
    let mut read = Vec::new();
    while !reader.ended() {
        let page = reader.read(NOW).await;
        let records = reader.take(page, NOW);
        assert!(records.iter().map(|record| record.data.len()).sum::<usize>() <= 10 * MB);
        read.extend(records);
    }
    let expected: Vec<_> = (0..40).map(|n| arrived(n, "key", NOW).sequence).collect();
    assert_eq!(read.into_iter().map(|record| record.sequence).collect::<Vec<_>>(), expected);
    assert_eq!(*asked.lock().unwrap(), [10, 10, 10, 10]);
}

//! How a table's stream is read.

use std::sync::{Arc, Mutex};

use aws_sdk_lambda::types::EventSourceMappingConfiguration;
use serde_json::Value;
use tokio::sync::mpsc::unbounded_channel;

use super::stream::{Shard, Stream, serve};
use super::{NOW, STREAM, change, of_table, sequence};
use crate::event::Event;
use crate::poller::access::Access;
use crate::poller::checkpoints::Position;
use crate::poller::mapping::Properties;
use crate::poller::reader::Reader;
use crate::poller::record::Sequence;
use crate::poller::source::dynamodb::{check, source};
use crate::poller::source::{Page, Service, Source};
use crate::poller::trouble::Trouble;

const PARENT: &str = "shardId-00000000000000000001-00000001";
const CHILD: &str = "shardId-00000000000000000002-00000002";

struct World {
    stream: Arc<Mutex<Stream>>,
    access: Access,
    source: Source,
}

impl World {
    /// A parent that is closed, with two pages of records, and its open child.
    async fn new() -> Self {
        let records = |numbers: std::ops::Range<usize>| numbers.map(|n| change(n, "key")).collect::<Vec<Value>>();
        let parent = Shard { records: records(0..1_500), closed: true, ..Shard::default() };
        let child = Shard { parent: Some(PARENT), records: records(1_500..1_510), ..Shard::default() };
        let shards = vec![(PARENT, parent), (CHILD, child)];
        let stream = Arc::new(Mutex::new(Stream { shards, ..Stream::default() }));
        let access = serve(&stream).await;
        let source = source(&access, &Arc::new(of_table()));
        Self { stream, access, source }
    }

    async fn read(&self, shard: &str, position: Position) -> Result<Page, Trouble> {
        (self.source.read)(shard.to_owned(), position, 1_000).await
    }

    fn set(&self, change: impl FnOnce(&mut Stream)) {
        change(&mut self.stream.lock().unwrap());
    }

    fn calls(&self, operation: &str) -> usize {
        self.stream.lock().unwrap().calls.iter().filter(|call| *call == operation).count()
    }
}

fn after(n: usize) -> Position {
    Position::After(Sequence::new(sequence(n)))
}

fn last(page: &Page) -> usize {
    page.records.last().unwrap().sequence.as_str().parse().unwrap()
}

#[tokio::test]
async fn shards_come_with_their_parents_over_all_pages_and_are_read_to_their_end() {
    let world = World::new().await;
    let shards = (world.source.shards)().await.unwrap();
    let ids: Vec<_> = shards.iter().map(|shard| (shard.id.as_str(), shard.parents.clone())).collect();
    assert_eq!(ids, [(PARENT, vec![]), (CHILD, vec![PARENT.to_owned()])]);
    let page = world.read(PARENT, Position::Oldest).await.unwrap();
    assert_eq!((page.records.len(), last(&page), page.ended), (1_000, 999, false));
    let page = world.read(PARENT, after(999)).await.unwrap();
    assert_eq!((page.records.len(), last(&page), page.ended), (500, 1_499, true));
    let page = world.read(CHILD, Position::Oldest).await.unwrap();
    assert_eq!((page.records.len(), page.ended), (10, false));
    let page = world.read(CHILD, after(1_509)).await.unwrap();
    assert_eq!((page.records.len(), page.ended), (0, false));
    assert_eq!(world.calls("GetShardIterator"), 2, "a page costs one call");
    world.set(|stream| stream.shards[1].1.records.push(change(1_510, "key")));
    assert_eq!(last(&world.read(CHILD, after(1_509)).await.unwrap()), 1_510);
    assert_eq!(world.calls("GetShardIterator"), 2);
}

#[tokio::test]
async fn an_iterator_that_expired_or_is_of_another_place_is_asked_for_anew_and_nothing_is_skipped() {
    let world = World::new().await;
    world.read(PARENT, Position::Oldest).await.unwrap();
    world.set(|stream| stream.age += 1);
    let page = world.read(PARENT, after(999)).await.unwrap();
    assert_eq!((page.records.len(), last(&page)), (500, 1_499));
    world.read(PARENT, Position::Oldest).await.unwrap();
    let page = world.read(PARENT, after(9)).await.unwrap();
    assert_eq!((page.records[0].sequence.as_str(), last(&page)), (sequence(10).as_str(), 1_009));
    assert_eq!(world.calls("GetShardIterator"), 4);
}

#[tokio::test]
async fn what_was_trimmed_before_it_was_read_is_told_and_the_rest_is_read() {
    let world = World::new().await;
    let (events, mut told) = unbounded_channel();
    let mut reader = Reader::new(world.source.clone(), PARENT, after(3), NOW, events);
    world.set(|stream| stream.shards[0].1.trimmed = 600);
    let page = reader.read(NOW).await;
    assert!(matches!(page, Err(Trouble::Trimmed(_))), "{page:?}");
    assert!(reader.take(page, NOW).is_empty());
    let Ok(Event::Warning { message }) = told.try_recv() else { panic!("nothing is told") };
    assert!(message.contains(&sequence(3)) && message.contains("lost"), "{message}");
    let page = reader.read(NOW).await;
    let records = reader.take(page, NOW);
    assert_eq!((records[0].sequence.as_str(), records.len()), (sequence(600).as_str(), 900));
    // An iterator that fell behind is no loss to a reader that begins at the oldest.
    let page = world.read(CHILD, Position::Oldest).await.unwrap();
    assert_eq!(page.records.len(), 10);
}

#[tokio::test]
async fn the_newest_start_skips_what_is_older_page_by_page() {
    let world = World::new().await;
    world.set(|stream| {
        for record in &mut stream.shards[0].1.records[..1_200] {
            record["dynamodb"]["ApproximateCreationDateTime"] = (NOW / 1000 - 1).into();
        }
    });
    let since = Position::Since(NOW + 999);
    let page = world.read(PARENT, since.clone()).await.unwrap();
    assert_eq!((page.records.len(), page.ended), (0, false));
    let page = world.read(PARENT, since).await.unwrap();
    assert_eq!((page.records.len(), page.ended), (300, true), "of the second of the start all are given");
    assert_eq!(world.calls("GetShardIterator"), 1);
}

#[tokio::test]
async fn a_stream_that_was_forgotten_has_no_shards_and_its_mapping_idles() {
    let world = World::new().await;
    world.set(|stream| stream.gone = true);
    assert_eq!((world.source.shards)().await, Ok(Vec::new()));
    let mut reader = Reader::new(world.source.clone(), PARENT, after(3), NOW, unbounded_channel().0);
    let page = reader.read(NOW).await;
    assert!(reader.take(page, NOW).is_empty() && reader.ended());
}

#[tokio::test]
async fn every_right_is_checked_by_a_call() {
    let world = World::new().await;
    check(&world.access, &of_table()).await.unwrap();
    let operations = ["DescribeStream", "ListStreams", "GetShardIterator", "GetRecords"];
    assert_eq!(world.stream.lock().unwrap().calls, operations);
    for operation in operations {
        world.set(|stream| stream.denied = operation);
        let error = check(&world.access, &of_table()).await.unwrap_err();
        let expected = "its role `arn:aws:iam::111122223333:role/consumer` may not `dynamodb:";
        assert!(error.message().contains(&format!("{expected}{operation}`")), "{}", error.message());
    }
    world.set(|stream| (stream.denied, stream.gone) = ("", true));
    let error = check(&world.access, &of_table()).await.unwrap_err();
    assert!(error.message().contains("ResourceNotFoundException"), "{}", error.message());
}

#[test]
fn a_mapping_of_a_tables_stream_is_read_and_a_tumbling_window_refused() {
    let answer = EventSourceMappingConfiguration::builder().uuid("u").event_source_arn(STREAM).batch_size(100);
    let properties = Properties::read(&answer.clone().build(), "consumer", "arn:role", 24).unwrap().unwrap();
    assert_eq!((properties.service, properties.region.as_str()), (Service::DynamoDb, "eu-central-1"));
    let error = Properties::read(&answer.tumbling_window_in_seconds(30).build(), "consumer", "arn:role", 24);
    assert!(error.unwrap_err().message().contains("tumbling window"));
}

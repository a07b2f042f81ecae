//! Where records come from, as plain function values: so a poller is tested with streams made up on the spot.
//!
//! A source delivers complete records: what the function gets of them is their source's to make, and everything behind the
//! source (shards, slots, batches, filters) looks at no service.

use std::sync::Arc;

use super::checkpoints::Position;
use super::record::Record;
use super::trouble::{Asked, Trouble};

pub mod dynamodb;
pub mod kinesis;

/// The services whose streams are polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Kinesis,
    /// Queues have no shards: [`super::queue`] polls them.
    Sqs,
    /// Changes of a table.
    DynamoDb,
}

impl Service {
    /// The service of a source's ARN, if its streams are polled here.
    pub fn of(arn: &str) -> Option<Self> {
        match arn.split(':').nth(2)? {
            "kinesis" => Some(Self::Kinesis),
            "sqs" => Some(Self::Sqs),
            "dynamodb" if arn.contains("/stream/") => Some(Self::DynamoDb),
            _ => None,
        }
    }

    /// The member of a document for the on-failure destination that says which records it is about.
    pub fn batch_info(self) -> &'static str {
        match self {
            Self::Kinesis => "KinesisBatchInfo",
            // SQS moves a message itself, and sends no document.
            Self::Sqs => "",
            Self::DynamoDb => "DDBStreamBatchInfo",
        }
    }

    /// Whether a document gives the times of records without their milliseconds, as recorded.
    pub fn tells_whole_seconds(self) -> bool {
        self == Self::DynamoDb
    }

    /// The member of a record that holds what the sender sent, which filters look into as JSON.
    pub fn payload(self) -> &'static str {
        match self {
            Self::Kinesis => "data",
            Self::Sqs => "body",
            Self::DynamoDb => "dynamodb",
        }
    }
}

/// A stream as a mapping's role reaches it. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    pub pace: Pace,
    /// The shards of the stream that still have records or can get some.
    pub shards: Arc<dyn Fn() -> Asked<Vec<ShardFacts>> + Send + Sync>,
    /// The records of a shard from a position on, at most so many.
    pub read: Arc<dyn Fn(String, Position, i32) -> Asked<Page> + Send + Sync>,
}

/// Reads a stream. Cheap to clone.
pub trait Reader: Clone + Send + Sync + 'static {
    /// The shards of the stream that still have records or can get some.
    fn shards(&self) -> impl Future<Output = Result<Vec<ShardFacts>, Trouble>> + Send;

    /// The records of a shard from a position on, at most so many.
    fn read(&self, shard: &str, position: Position, most: i32) -> impl Future<Output = Result<Page, Trouble>> + Send;
}

impl Source {
    /// What this reader reads.
    pub fn of(pace: Pace, reader: impl Reader) -> Self {
        let (list, read) = (reader.clone(), reader);
        Self {
            pace,
            shards: Arc::new(move || {
                let reader = list.clone();
                Box::pin(async move { reader.shards().await })
            }),
            read: Arc::new(move |shard, position, most| {
                let reader = read.clone();
                Box::pin(async move { reader.read(&shard, position, most).await })
            }),
        }
    }

    /// A stream without shards.
    pub fn none() -> Self {
        let pace = Pace { every_ms: 1_000, idle_ms: 1_000, page_bytes: 0, first: 1, most: 1 };
        let shards = Arc::new(|| Box::pin(std::future::ready(Ok(Vec::new()))) as Asked<_>);
        Self { pace, shards, read: Arc::new(|_, _, _| Box::pin(std::future::ready(Ok(Page::default()))) as Asked<_>) }
    }
}

/// How fast a shard may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Milliseconds between two reads while there is more.
    pub every_ms: i64,
    /// Milliseconds between two reads while there is nothing.
    pub idle_ms: i64,
    /// Bytes of complete records that a read should give.
    pub page_bytes: usize,
    /// How many records the first read asks for.
    pub first: i32,
    /// How many a read may ask for.
    pub most: i32,
}

/// A shard and those it came from by resharding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardFacts {
    pub id: String,
    pub parents: Vec<String>,
}

/// What one read gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub records: Vec<Record>,
    /// The shard is closed, and there are no more.
    pub ended: bool,
}

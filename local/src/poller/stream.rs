//! What a poller needs of the world, as plain function values: so it is tested with streams and queues made up on the spot.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::checkpoints::Place;
use super::record::Record;
use crate::event::{Event, Events};

/// What an answer becomes.
pub type Asked<T> = BoxFuture<'static, Result<T, Trouble>>;

/// A stream and a queue, as a mapping's role reaches them. Cheap to clone.
#[derive(Clone)]
pub struct Stream {
    /// The shards of the stream that still have records or can get some.
    pub shards: Arc<dyn Fn() -> Asked<Vec<ShardFacts>> + Send + Sync>,
    /// The records of a shard from a place on, at most so many.
    pub read: Arc<dyn Fn(String, Place, i32) -> Asked<Page> + Send + Sync>,
    /// Sends a document to the on-failure destination.
    pub send: Arc<dyn Fn(String) -> Asked<()> + Send + Sync>,
}

/// A shard and those it came from by resharding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardFacts {
    pub id: String,
    pub parents: Vec<String>,
}

/// One answer of GetRecords.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub records: Vec<Record>,
    /// The shard is closed, and there are no more.
    pub ended: bool,
}

/// Why the world did not do as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No such stream or shard.
    NotFound(String),
    /// The stream does not know the place, since it is another stream under the same ARN.
    Unknown(String),
    /// Rights, throttling, failures: all of which may pass.
    Other(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(why) | Self::Unknown(why) | Self::Other(why) => formatter.write_str(why),
        }
    }
}

/// Whether something works, told once per change of state.
#[derive(Debug)]
pub struct Health {
    what: String,
    well: bool,
    events: Events,
}

impl Health {
    /// `what` fits "... fails".
    pub fn new(what: String, events: Events) -> Self {
        Self { what, well: true, events }
    }

    pub fn well(&mut self) {
        if !std::mem::replace(&mut self.well, true) {
            self.warn(format!("{} works again", self.what));
        }
    }

    pub fn fails(&mut self, why: &str) {
        if std::mem::replace(&mut self.well, false) {
            self.warn(format!("{} fails and is tried again: {why}", self.what));
        }
    }

    fn warn(&self, message: String) {
        let _gone = self.events.send(Event::Warning { message });
    }
}

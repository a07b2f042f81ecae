//! Reads one shard in order, no faster than Kinesis allows.

use futures_util::future::BoxFuture;

use super::checkpoints::Place;
use super::outcome::refused_pause_ms;
use super::record::Record;
use super::stream::{Health, Page, Stream, Trouble};
use crate::event::{Event, Events};

/// Kinesis allows five GetRecords a second and shard, so this is what "at once" comes to while there is more to read.
const EVERY_MS: i64 = 200;
/// AWS's pollers ask an idle shard once a second. These do too, and sooner when a record was put ([`Reader::stirred`]).
const IDLE_MS: i64 = 1_000;
/// The most that one GetRecords of AWS gives. What an emulator gives beyond it is read again.
const PAGE_BYTES: usize = 10 * 1024 * 1024;
/// How many records the first read asks for: of the largest ones, one page.
const FIRST: i32 = 10;
/// The most that GetRecords can be asked for.
const MOST: usize = 10_000;

/// A read that is under way.
pub type Reading = BoxFuture<'static, Result<Page, Trouble>>;

/// Where a shard is read, and when next. All times are in milliseconds.
pub struct Reader {
    stream: Stream,
    shard: String,
    /// After the last record that was read, which is ahead of the checkpoint.
    place: Place,
    /// How many records the next read asks for, so that their size is about that of a page.
    most: i32,
    read_ms: i64,
    next_ms: i64,
    failures: u32,
    ended: bool,
    health: Health,
    events: Events,
}

impl Reader {
    pub fn new(stream: Stream, shard: &str, place: Place, now: i64, events: Events) -> Self {
        Self {
            stream,
            shard: shard.to_owned(),
            ended: place == Place::Done,
            place,
            most: FIRST,
            read_ms: now - EVERY_MS,
            next_ms: now,
            failures: 0,
            health: Health::new(format!("reading shard `{shard}`"), events.clone()),
            events,
        }
    }

    /// Whether the shard is closed and read to its end.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// When the next read may start; never after the end.
    pub fn due(&self) -> Option<i64> {
        (!self.ended).then_some(self.next_ms)
    }

    /// A record was put into some shard: there may be something to read before the idle time is over.
    pub fn stirred(&mut self) {
        if self.failures == 0 {
            self.next_ms = self.next_ms.min(self.read_ms + EVERY_MS);
        }
    }

    /// Starts a read; then tell [`Reader::take`].
    pub fn read(&mut self, now: i64) -> Reading {
        (self.read_ms, self.next_ms) = (now, now + IDLE_MS);
        let (stream, shard, place, most) = (self.stream.clone(), self.shard.clone(), self.place.clone(), self.most);
        Box::pin(async move {
            match (stream.read)(shard.clone(), place, most).await {
                // A shard that the stream lists no more has no records any more: it is at its end.
                Err(Trouble::NotFound(why)) => match (stream.shards)().await {
                    Ok(shards) if shards.iter().all(|listed| listed.id != shard) => {
                        Ok(Page { records: Vec::new(), ended: true })
                    }
                    _ => Err(Trouble::NotFound(why)),
                },
                page => page,
            }
        })
    }

    /// Takes what a read gave, and gives the records.
    pub fn take(&mut self, page: Result<Page, Trouble>, now: i64) -> Vec<Record> {
        match page {
            Ok(Page { mut records, ended }) => {
                self.health.well();
                self.failures = 0;
                let fit = fitting(&records);
                self.ended = ended && fit == records.len();
                records.truncate(fit);
                if let Some(last) = records.last() {
                    self.place = Place::After(last.sequence.clone());
                    self.most = next_most(&records);
                    self.stirred();
                }
                records
            }
            Err(trouble) => {
                self.failed(&trouble, now);
                Vec::new()
            }
        }
    }

    fn failed(&mut self, trouble: &Trouble, now: i64) {
        match (trouble, &self.place) {
            (Trouble::Unknown(why), Place::After(_)) => {
                let message = format!(
                    "shard `{}` does not know its checkpoint and is read from its oldest record: {why}",
                    self.shard
                );
                let _gone = self.events.send(Event::Warning { message });
                self.place = Place::Oldest;
                self.stirred();
            }
            _ => {
                self.health.fails(&trouble.to_string());
                self.next_ms = now + refused_pause_ms(self.failures);
                self.failures += 1;
            }
        }
    }
}

/// How many of the first records are within one page; at least one.
fn fitting(records: &[Record]) -> usize {
    let mut bytes = 0;
    let within = records.iter().take_while(|record| {
        bytes += record.data.len();
        bytes <= PAGE_BYTES
    });
    within.count().max(1).min(records.len())
}

/// How many records of this size make a page.
fn next_most(records: &[Record]) -> i32 {
    let bytes: usize = records.iter().map(|record| record.data.len()).sum();
    let each = (bytes / records.len().max(1)).max(1);
    i32::try_from((PAGE_BYTES / each).clamp(1, MOST)).unwrap_or(FIRST)
}

//! Reads one shard in order, no faster than Kinesis allows.

use futures_util::future::BoxFuture;

use super::checkpoints::Place;
use super::outcome::refused_pause_ms;
use super::record::Record;
use super::stream::{Health, Page, Stream, Trouble};
use crate::event::{Event, Events};

/// Kinesis allows five GetRecords a second and shard, so this is what "at once" comes to while there is more to read. AWS's pollers
/// ask an idle shard once a second; these keep to the same 200 ms then too, so that what one sends is handled while one looks.
const EVERY_MS: i64 = 200;

/// A read that is under way.
pub type Reading = BoxFuture<'static, Result<Page, Trouble>>;

/// Where a shard is read, and when next. All times are in milliseconds.
pub struct Reader {
    stream: Stream,
    shard: String,
    /// After the last record that was read, which is ahead of the checkpoint.
    place: Place,
    iterator: Option<String>,
    next_ms: i64,
    failures: u32,
    ended: bool,
    health: Health,
    events: Events,
}

impl Reader {
    pub fn new(stream: Stream, shard: &str, place: Place, now: i64, events: Events) -> Self {
        let health = Health::new(format!("reading shard `{shard}`"), events.clone());
        let ended = place == Place::Done;
        Self {
            stream,
            shard: shard.to_owned(),
            place,
            iterator: None,
            next_ms: now,
            failures: 0,
            ended,
            health,
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

    /// Starts a read; then tell [`Reader::take`].
    pub fn read(&mut self, now: i64) -> Reading {
        self.next_ms = now + EVERY_MS;
        let (stream, shard, place) = (self.stream.clone(), self.shard.clone(), self.place.clone());
        let iterator = self.iterator.clone();
        Box::pin(async move {
            let page = async {
                let iterator = match iterator {
                    Some(iterator) => iterator,
                    None => (stream.iterator)(shard.clone(), place).await?,
                };
                (stream.read)(iterator).await
            };
            match page.await {
                // A shard that the stream lists no more has no records any more: it is at its end.
                Err(Trouble::NotFound(why)) => match (stream.shards)().await {
                    Ok(shards) if shards.iter().all(|listed| listed.id != shard) => Ok(Page::default()),
                    _ => Err(Trouble::NotFound(why)),
                },
                page => page,
            }
        })
    }

    /// Takes what a read gave, and gives the records.
    pub fn take(&mut self, page: Result<Page, Trouble>, now: i64) -> Vec<Record> {
        match page {
            Ok(page) => {
                self.health.well();
                self.failures = 0;
                if let Some(last) = page.records.last() {
                    self.place = Place::After(last.sequence.clone());
                }
                self.ended = page.next.is_none();
                self.iterator = page.next;
                page.records
            }
            Err(trouble) => {
                self.failed(&trouble, now);
                Vec::new()
            }
        }
    }

    fn failed(&mut self, trouble: &Trouble, now: i64) {
        self.iterator = None;
        match (trouble, &self.place) {
            // Nobody's fault: nothing was read for five minutes.
            (Trouble::Expired, _) => {}
            (Trouble::Unknown(why), Place::After(_)) => {
                let message = format!(
                    "shard `{}` does not know its checkpoint and is read from its oldest record: {why}",
                    self.shard
                );
                let _gone = self.events.send(Event::Warning { message });
                self.place = Place::Oldest;
            }
            _ => {
                self.health.fails(&trouble.to_string());
                self.next_ms = now + refused_pause_ms(self.failures);
                self.failures += 1;
            }
        }
    }
}

//! Reads one shard in order, no faster than its source allows.

use futures_util::future::BoxFuture;

use super::checkpoints::Position;
use super::outcome::refused_pause_ms;
use super::record::Record;
use super::source::{Page, Source};
use super::trouble::{Health, Trouble};
use crate::event::{Event, Events};

/// A read that is under way.
pub type Reading = BoxFuture<'static, Result<Page, Trouble>>;

/// Where a shard is read, and when next. All times are in milliseconds.
pub struct Reader {
    source: Source,
    shard: String,
    /// After the last record that was read, which is ahead of the checkpoint.
    position: Position,
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
    pub fn new(source: Source, shard: &str, position: Position, now: i64, events: Events) -> Self {
        let pace = source.pace;
        Self {
            source,
            shard: shard.to_owned(),
            ended: position == Position::Done,
            position,
            most: pace.first,
            read_ms: now - pace.every_ms,
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
            self.next_ms = self.next_ms.min(self.read_ms + self.source.pace.every_ms);
        }
    }

    /// Starts a read; then tell [`Reader::take`].
    pub fn read(&mut self, now: i64) -> Reading {
        (self.read_ms, self.next_ms) = (now, now + self.source.pace.idle_ms);
        let (source, shard, position, most) =
            (self.source.clone(), self.shard.clone(), self.position.clone(), self.most);
        Box::pin(async move {
            match (source.read)(shard.clone(), position, most).await {
                // A shard that the stream no longer lists has no records left: it is at its end.
                Err(Trouble::NotFound(why)) => match (source.shards)().await {
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
            Ok(Page { records, ended }) => {
                self.health.well();
                self.failures = 0;
                self.ended = ended;
                if let Some(last) = records.last() {
                    self.position = Position::After(last.sequence.clone());
                    self.most = self.next_most(&records);
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
        match (trouble, &self.position) {
            (Trouble::Unknown(why), Position::After(_)) => {
                let message = format!(
                    "shard `{}` does not know its checkpoint and is read from its oldest record: {why}",
                    self.shard
                );
                let _gone = self.events.send(Event::Warning { message });
                self.position = Position::Oldest;
                self.stirred();
            }
            (Trouble::Trimmed(why), Position::After(last)) => {
                let message = format!(
                    "shard `{}` no longer has the record {} after which reading goes on: what came since then and is no longer kept is \
                     lost, and it is read from its oldest record: {why}",
                    self.shard,
                    last.as_str()
                );
                let _gone = self.events.send(Event::Warning { message });
                self.position = Position::Oldest;
                self.stirred();
            }
            _ => {
                self.health.fails(&trouble.to_string());
                self.next_ms = now + refused_pause_ms(self.failures);
                self.failures += 1;
            }
        }
    }

    /// How many records of this size make a page; at most four times as many as before, as the next ones may be larger.
    fn next_most(&self, records: &[Record]) -> i32 {
        let bytes: usize = records.iter().map(|record| record.event.len()).sum();
        let each = (bytes / records.len().max(1)).max(1);
        let pace = self.source.pace;
        i32::try_from(pace.page_bytes / each).unwrap_or(pace.most).clamp(1, pace.most).min(self.most.saturating_mul(4))
    }
}

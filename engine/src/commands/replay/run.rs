//! One shard of a replay: its records from a moment on, in order, in batches as the mapping makes them.

use pipe_local::poller::parts::{MAX_PAYLOAD_BYTES, Properties, Record, bytes};
use tokio::sync::watch;

use super::shards::From;
use crate::aws::Cx;
use crate::commands::dlq::records::pages::{Begin, PAGE, Pages};
use crate::commands::hand::{Call, Pace, Pieces, passes};
use crate::error::{Error, Result};

/// What is replayed, and through what.
pub struct Replay<'a> {
    pub cx: &'a Cx,
    pub stream_arn: &'a str,
    pub mapping: &'a Properties,
    /// Nothing where records are only counted.
    pub call: Option<Call>,
    pub pace: Pace,
    /// Milliseconds since 1970, both included.
    pub since_ms: i64,
    pub until_ms: i64,
    pub stopped: watch::Receiver<bool>,
}

/// How far a shard went.
#[derive(Debug)]
pub struct Went {
    pub shard: String,
    /// Records that the function took, or would get.
    pub records: usize,
    /// Where to go on; nothing where all of it was sent.
    pub from: Option<From>,
    pub why: Option<Error>,
}

impl Replay<'_> {
    /// Sends one shard, until its end, the last moment, or the first record that the function does not take.
    pub async fn shard(&self, shard: String, begin: Begin) -> Went {
        let mut at = Progress { next: begin, records: 0 };
        let ended = self.send(&shard, &mut at).await;
        let Progress { next, records } = at;
        let from = || From {
            shard: shard.clone(),
            number: match next {
                Begin::Number(number) => Some(number),
                Begin::Time(_) => None,
            },
        };
        let (from, why) = match ended {
            Ok(true) => (None, None),
            Ok(false) => (Some(from()), None),
            Err(error) => (Some(from()), Some(error)),
        };
        Went { shard, records, from, why }
    }

    /// Returns whether all was sent.
    async fn send(&self, shard: &str, at: &mut Progress) -> Result<bool> {
        let mut pages = Pages::open(self.cx, self.stream_arn, shard, &at.next).await?;
        let mut pending: Vec<Record> = Vec::new();
        loop {
            let page = pages.next(PAGE).await?;
            let mut over = page.last;
            for given in page.records {
                let record = given.complete(self.mapping, shard)?;
                over |= record.arrived_ms > self.until_ms;
                let within = (self.since_ms..=self.until_ms).contains(&record.arrived_ms);
                if within && passes(self.mapping, &record) {
                    pending.push(record);
                }
            }
            if !self.hand(&mut pending, over, at).await? {
                return Ok(false);
            }
            if over {
                return Ok(true);
            }
        }
    }

    /// Sends full batches, and what is left where nothing comes after it. Returns whether to go on.
    async fn hand(&self, pending: &mut Vec<Record>, over: bool, at: &mut Progress) -> Result<bool> {
        let Some(call) = &self.call else {
            at.records += pending.len();
            pending.clear();
            return Ok(!*self.stopped.borrow());
        };
        while let Some(first) = pending.first() {
            at.next = Begin::Number(first.sequence.as_str().to_owned());
            let large = || bytes(pending.iter().map(|record| &record.event)) >= MAX_PAYLOAD_BYTES;
            if !over && pending.len() < self.mapping.batch_size && !large() {
                break;
            }
            if *self.stopped.borrow() {
                return Ok(false);
            }
            let (taken, why) = Pieces::new(self.mapping, pending).hand_next(0, call, &self.pace).await?;
            pending.drain(..taken);
            at.records += taken;
            if let Some(why) = why {
                return Err(Error::fatal(why));
            }
        }
        // Before the first record that is meant, too.
        Ok(over || !*self.stopped.borrow())
    }
}

/// Where a shard is.
struct Progress {
    /// The record that is sent next.
    next: Begin,
    records: usize,
}

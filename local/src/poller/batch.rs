//! Records that go to the function together.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};

use super::record::Sequence;

/// The most that Lambda's synchronous Invoke takes: 6 MB, with the records' data as base64.
pub const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;
const BEFORE: &[u8] = b"{\"Records\":[";
const AFTER: &[u8] = b"]}";

/// A record on its way to the function.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which of the shard's records it is, counted from where reading began.
    pub ordinal: u64,
    pub sequence: Sequence,
    pub arrived_ms: i64,
    /// When it was read: its batch's window begins no sooner.
    pub taken_ms: i64,
    /// As the function sees it.
    pub event: Bytes,
}

/// What the last call that reached the function said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    pub request_id: String,
    pub status: u16,
    pub error: Option<String>,
}

/// Records that are tried together, in their order, and how often they were.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub entries: Vec<Entry>,
    /// Calls that the function got with exactly these records.
    pub calls: u32,
    /// Calls in a row that did not reach it.
    pub refusals: u32,
    pub last: Option<Last>,
}

impl Batch {
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries, ..Self::default() }
    }

    /// Takes the first records out, with the count of calls and the last answer, which hold for both parts.
    pub fn take_first(&mut self, count: usize) -> Self {
        let rest = self.entries.split_off(count);
        let first = std::mem::replace(&mut self.entries, rest);
        Self { entries: first, calls: self.calls, refusals: 0, last: self.last.clone() }
    }

    /// The same records as a batch that was not tried yet.
    #[must_use]
    pub fn anew(self) -> Self {
        Self { calls: 0, refusals: 0, ..self }
    }

    /// How many of the first records have this age, in milliseconds, or more.
    pub fn older_than(&self, age_ms: i64, now: i64) -> usize {
        self.entries.iter().take_while(|entry| now - entry.arrived_ms >= age_ms).count()
    }

    /// Whether it is too large for the function to ever see it. Then it is a single record: see [`ready`].
    pub fn too_large(&self) -> bool {
        size(self.entries.iter()) > MAX_PAYLOAD_BYTES
    }

    /// The event that the function gets.
    pub fn payload(&self) -> Bytes {
        payload(self.entries.iter().map(|entry| &entry.event))
    }
}

/// The event of these members of `Records`.
pub fn payload<'a>(events: impl ExactSizeIterator<Item = &'a Bytes> + Clone) -> Bytes {
    let mut payload = BytesMut::with_capacity(bytes(events.clone()));
    payload.put_slice(BEFORE);
    for (n, event) in events.enumerate() {
        if n > 0 {
            payload.put_u8(b',');
        }
        payload.put_slice(event);
    }
    payload.put_slice(AFTER);
    payload.freeze()
}

/// How many of the waiting records are the next batch, and whether it is full: by their number, or because another record would
/// be more than the payload takes. A record that is too large by itself is a batch of its own.
pub fn ready(waiting: &VecDeque<Entry>, batch_size: usize) -> (usize, bool) {
    let mut bytes = BEFORE.len() + AFTER.len();
    for (n, entry) in waiting.iter().enumerate() {
        bytes += entry.event.len() + usize::from(n > 0);
        if n == batch_size || (n > 0 && bytes > MAX_PAYLOAD_BYTES) {
            return (n, true);
        }
    }
    (waiting.len(), waiting.len() >= batch_size || bytes > MAX_PAYLOAD_BYTES)
}

fn size<'a>(entries: impl ExactSizeIterator<Item = &'a Entry>) -> usize {
    bytes(entries.map(|entry| &entry.event))
}

/// How large the event of these members of `Records` is.
pub fn bytes<'a>(events: impl ExactSizeIterator<Item = &'a Bytes>) -> usize {
    let commas = events.len().saturating_sub(1);
    BEFORE.len() + AFTER.len() + commas + events.map(Bytes::len).sum::<usize>()
}

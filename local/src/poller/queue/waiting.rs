//! Messages that were received and wait for their batch.

use std::collections::{BTreeSet, VecDeque};

use bytes::{BufMut, Bytes, BytesMut};

use super::record::Message;
use crate::poller::batch::MAX_PAYLOAD_BYTES;

const BEFORE: &[u8] = b"{\"Records\":[";
const AFTER: &[u8] = b"]}";

/// A message that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub message: Message,
    /// When it was asked for.
    pub at_ms: i64,
    /// When it is visible again.
    pub until_ms: i64,
}

/// See the module. Their order is that in which they came.
#[derive(Debug, Default)]
pub struct Waiting(VecDeque<Received>);

impl Waiting {
    pub fn push(&mut self, received: Received) {
        self.0.push_back(received);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes the next batch out: the first messages that fit and whose group is not at work. What is visible again is somebody else's.
    ///
    /// A batch that is not full waits until its first message has waited for the window.
    pub fn batch(&mut self, size: usize, window_ms: i64, busy: &BTreeSet<String>, now: i64) -> Option<Vec<Received>> {
        self.0.retain(|received| received.until_ms > now);
        let (places, full) = self.next(size, busy);
        let first = *places.first()?;
        if !full && now < self.0.get(first)?.at_ms + window_ms {
            return None;
        }
        let taken: BTreeSet<usize> = places.into_iter().collect();
        let mut batch = Vec::with_capacity(taken.len());
        let mut rest = VecDeque::with_capacity(self.0.len() - taken.len());
        for (place, received) in self.0.drain(..).enumerate() {
            match taken.contains(&place) {
                true => batch.push(received),
                false => rest.push_back(received),
            }
        }
        self.0 = rest;
        Some(batch)
    }

    /// The places of the next batch, and whether it is full: by its number, or because another message would be more than the payload takes.
    fn next(&self, size: usize, busy: &BTreeSet<String>) -> (Vec<usize>, bool) {
        let (mut places, mut bytes) = (Vec::new(), BEFORE.len() + AFTER.len());
        for (place, received) in self.0.iter().enumerate() {
            if received.message.group.as_ref().is_some_and(|group| busy.contains(group)) {
                continue;
            }
            bytes += received.message.event.len() + usize::from(!places.is_empty());
            if !places.is_empty() && bytes > MAX_PAYLOAD_BYTES {
                return (places, true);
            }
            places.push(place);
            if places.len() == size {
                return (places, true);
            }
        }
        (places, false)
    }

    /// Drops those of these groups: they are visible again together with the message before them.
    pub fn forget(&mut self, groups: &BTreeSet<String>) {
        self.0.retain(|received| received.message.group.as_ref().is_none_or(|group| !groups.contains(group)));
    }

    /// Takes all.
    pub fn take(&mut self) -> Vec<Received> {
        self.0.drain(..).collect()
    }

    /// When the window of the first one ends.
    pub fn window_ends(&self, window_ms: i64) -> Option<i64> {
        self.0.front().map(|received| received.at_ms + window_ms)
    }
}

/// The event that the function gets.
pub fn payload(batch: &[Received]) -> Bytes {
    let events = batch.iter().map(|received| received.message.event.len() + 1).sum::<usize>();
    let mut payload = BytesMut::with_capacity(BEFORE.len() + AFTER.len() + events);
    payload.put_slice(BEFORE);
    for (n, received) in batch.iter().enumerate() {
        if n > 0 {
            payload.put_u8(b',');
        }
        payload.put_slice(&received.message.event);
    }
    payload.put_slice(AFTER);
    payload.freeze()
}

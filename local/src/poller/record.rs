//! A record as its source delivers it: complete, so that nothing behind the source has to know which service it came from.

use std::cmp::Ordering;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A record's place in its shard: a decimal number of up to 128 digits, ordered as a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(String);

impl Sequence {
    pub fn new(number: impl Into<String>) -> Self {
        Self(number.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn significant(&self) -> (usize, &str) {
        let digits = self.0.trim_start_matches('0');
        (digits.len(), digits)
    }
}

impl Ord for Sequence {
    fn cmp(&self, other: &Self) -> Ordering {
        self.significant().cmp(&other.significant())
    }
}

impl PartialOrd for Sequence {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Sequence {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Sequence {}

/// A record on its way to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub sequence: Sequence,
    /// Records of one key keep their order.
    pub key: String,
    /// When the source got it, in milliseconds since 1970.
    pub arrived_ms: i64,
    /// Its member of `Records` in the event that the function gets, as JSON.
    pub event: Bytes,
    /// What filters look at; null where the mapping has none.
    pub facts: Value,
}

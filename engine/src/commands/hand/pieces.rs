//! Records in the batches of a mapping, and what comes of each.

use bytes::Bytes;
use pipe_local::poller::parts::{MAX_PAYLOAD_BYTES, Properties, Record, Verdict, bytes, failure, judge, payload};

use super::{Answered, Call, Pace};
use crate::error::Result;

/// What is said of records whose answer named them.
const NAMED: &str = "the function named it in batchItemFailures";
const TOO_LARGE: &str = "it is larger than the 6 MB that a call takes";

/// A record that the function did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untaken {
    /// Its place among the records.
    pub place: usize,
    pub why: String,
}

/// Records in their order, handed over in batches.
#[derive(Debug)]
pub struct Pieces<'a> {
    mapping: &'a Properties,
    records: &'a [Record],
}

/// Whether the mapping hands a record over: a filter may keep it from the function.
pub fn passes(mapping: &Properties, record: &Record) -> bool {
    mapping.filters.is_empty() || mapping.filters.iter().any(|filter| filter.matches(&record.facts))
}

/// What came of one batch.
enum Came {
    Taken,
    /// Those before this one were taken; this one was not, and those after it have to come again.
    Until(usize, String),
    /// None was taken.
    Failed(String),
    /// Nobody knows, or nobody is to be asked for now.
    Unknown(String),
}

impl<'a> Pieces<'a> {
    pub fn new(mapping: &'a Properties, records: &'a [Record]) -> Self {
        Self { mapping, records }
    }

    /// Hands over all records, and those behind one that is not taken as well: as a mapping does that bisects what fails and gives it up.
    /// A failed batch is split, so that one bad record keeps no other from the function; these then come to it twice. Where nobody
    /// answers, nothing more is tried.
    ///
    /// # Errors
    /// As of [`Call`].
    pub async fn hand_all(&self, call: &Call, pace: &Pace) -> Result<Vec<Untaken>> {
        let (mut untaken, mut todo) = (Vec::new(), self.batches(0));
        todo.reverse();
        while let Some((start, end)) = todo.pop() {
            match self.hand(start, end, call, pace).await? {
                Came::Taken => {}
                Came::Until(place, why) => {
                    untaken.push(Untaken { place, why });
                    todo.extend((place + 1 < end).then_some((place + 1, end)));
                }
                Came::Failed(why) if end - start == 1 => untaken.push(Untaken { place: start, why }),
                Came::Unknown(why) => {
                    let left = todo.iter().flat_map(|(start, end)| *start..*end).chain(start..end);
                    untaken.extend(left.map(|place| Untaken { place, why: why.clone() }));
                    return Ok(untaken);
                }
                Came::Failed(_) => {
                    let middle = start + (end - start) / 2;
                    todo.extend([(middle, end), (start, middle)]);
                }
            }
        }
        Ok(untaken)
    }

    /// Hands over records from a place on, in one batch, and returns the place behind the last that was taken, and why not all were.
    ///
    /// # Errors
    /// As of [`Call`].
    pub async fn hand_next(&self, start: usize, call: &Call, pace: &Pace) -> Result<(usize, Option<String>)> {
        let Some((_, end)) = self.batches(start).into_iter().next() else { return Ok((start, None)) };
        Ok(match self.hand(start, end, call, pace).await? {
            Came::Taken => (end, None),
            // There was progress: what is left is tried again, as a mapping does.
            Came::Until(place, _) if place > start => (place, None),
            Came::Until(_, why) | Came::Failed(why) | Came::Unknown(why) => (start, Some(why)),
        })
    }

    /// Batches from a place on, by the mapping's size and by the bytes that a call takes.
    fn batches(&self, from: usize) -> Vec<(usize, usize)> {
        let (mut batches, mut start, mut held) = (Vec::new(), from, bytes(self.events(from, from)));
        let empty = held;
        for place in from..self.records.len() {
            let more = self.records[place].event.len() + 1;
            if place > start && (place - start == self.mapping.batch_size || held + more > MAX_PAYLOAD_BYTES) {
                batches.push((start, place));
                (start, held) = (place, empty);
            }
            held += more;
        }
        batches.extend((start < self.records.len()).then_some((start, self.records.len())));
        batches
    }

    fn events(&self, start: usize, end: usize) -> impl ExactSizeIterator<Item = &Bytes> + Clone {
        self.records[start..end].iter().map(|record| &record.event)
    }

    async fn hand(&self, start: usize, end: usize, call: &Call, pace: &Pace) -> Result<Came> {
        if bytes(self.events(start, end)) > MAX_PAYLOAD_BYTES {
            return Ok(Came::Failed(TOO_LARGE.to_owned()));
        }
        pace.take(end - start).await;
        let answer = match call(payload(self.events(start, end))).await? {
            Answered::By(answer) => answer,
            Answered::Nobody(why) => return Ok(Came::Unknown(why)),
        };
        let numbers: Vec<&str> = self.records[start..end].iter().map(|record| record.sequence.as_str()).collect();
        Ok(match judge(&answer, self.mapping.partial, &numbers) {
            Verdict::Success => Came::Taken,
            Verdict::From(place) => Came::Until(start + place, NAMED.to_owned()),
            Verdict::Failed => {
                Came::Failed(failure(&answer).unwrap_or_else(|| "its answer is not understood".to_owned()))
            }
        })
    }
}

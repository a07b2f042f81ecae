//! Counts, rates and times on the ways between the parts.

use std::collections::{BTreeMap, VecDeque};

use pipe_local::event::{Answered, Batch, Event};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Seconds that a rate is taken over.
const OVER: i64 = 10;
/// Times that percentiles are taken of: the last ones.
const TIMES: usize = 512;

/// A way between two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leg {
    /// Requests to the gate.
    Asked,
    /// From the source into the stream, or into the function where there is no stream.
    In,
    /// Requests that are answered without the stream.
    Direct,
    /// From the stream to the function.
    Handed,
    /// From the function to the table.
    Row,
    /// To the dlq.
    Letter,
}

/// The figures of one way.
#[derive(Default)]
struct Figure {
    count: u64,
    errors: u64,
    /// Counts of the last seconds, with the second.
    lately: VecDeque<(i64, u64)>,
    times: VecDeque<u64>,
}

/// Figures as the page gets them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    pub count: u64,
    pub rate: f64,
    pub p50_ms: Option<u64>,
    pub p99_ms: Option<u64>,
    pub errors: u64,
}

/// All figures of a session.
#[derive(Default)]
pub struct Figures {
    legs: BTreeMap<Leg, Figure>,
    /// Records of each shard that functions got.
    pub shards: BTreeMap<String, u64>,
}

impl Figures {
    /// Takes an event of this time, in milliseconds since 1970.
    pub fn take(&mut self, at: i64, event: &Event) {
        match event {
            Event::Answered(answered) => self.answered(at, answered),
            Event::Batch(batch) => self.batch(at, batch),
            Event::Row(_) => self.leg(Leg::Row).add(at, 1, 0),
            Event::DeadLetter(_) => self.leg(Leg::Letter).add(at, 1, 0),
            Event::GivenUp(given_up) => {
                let lost = u64::from(given_up.to.is_none());
                self.leg(Leg::Letter).add(at, 1 - lost, lost);
            }
            // What a request put is counted with its answer.
            Event::Put(_) | Event::Log(_) | Event::Retry(_) | Event::Denied(_) | Event::Warning { .. } => {}
        }
    }

    fn answered(&mut self, at: i64, answered: &Answered) {
        let Answered { status, milliseconds, location, .. } = answered;
        let stopped = u64::from(matches!(status, 401 | 403));
        self.leg(Leg::Asked).add(at, 1, stopped);
        self.leg(Leg::Asked).took(*milliseconds);
        if stopped > 0 {
            return;
        }
        let failed = u64::from(*status >= 400);
        let leg = self.leg(if location.is_some() || failed > 0 { Leg::In } else { Leg::Direct });
        leg.add(at, 1 - failed, failed);
        leg.took(*milliseconds);
    }

    fn batch(&mut self, at: i64, batch: &Batch) {
        let count = |records: usize| u64::try_from(records).unwrap_or(u64::MAX);
        // What a source sends without a stream is a batch of one from it.
        let polled = matches!(batch.location.service.as_str(), "kinesis" | "sqs" | "dynamodb");
        let leg = self.leg(if polled { Leg::Handed } else { Leg::In });
        leg.add(at, count(batch.succeeded), count(batch.records - batch.succeeded.min(batch.records)));
        leg.took(batch.milliseconds);
        if let Some(shard) = &batch.location.part {
            *self.shards.entry(shard.clone()).or_default() += count(batch.records);
        }
    }

    /// How long an event took from where it came in to its row.
    pub fn became_row(&mut self, ms: i64) {
        self.leg(Leg::Row).took(u64::try_from(ms).unwrap_or_default());
    }

    fn leg(&mut self, leg: Leg) -> &mut Figure {
        self.legs.entry(leg).or_default()
    }

    /// The figures of a way at this time.
    pub fn of(&self, leg: Leg, at: i64) -> Shown {
        self.legs.get(&leg).unwrap_or(&Figure::default()).shown(at)
    }

    /// The figures of all these ways, by their ids.
    pub fn all<'a>(&self, at: i64, edges: impl Iterator<Item = (&'a str, Leg)>) -> Value {
        Value::Object(edges.map(|(id, leg)| (id.to_owned(), json!(self.of(leg, at)))).collect::<Map<_, _>>())
    }
}

impl Figure {
    fn add(&mut self, at: i64, count: u64, errors: u64) {
        (self.count, self.errors) = (self.count + count, self.errors + errors);
        let second = at.div_euclid(1000);
        match self.lately.back_mut() {
            Some((last, counted)) if *last >= second => *counted += count,
            _ => self.lately.push_back((second, count)),
        }
        while self.lately.front().is_some_and(|(first, _)| *first <= second - OVER) {
            self.lately.pop_front();
        }
    }

    fn took(&mut self, milliseconds: u64) {
        self.times.push_back(milliseconds);
        if self.times.len() > TIMES {
            self.times.pop_front();
        }
    }

    fn shown(&self, at: i64) -> Shown {
        let since = at.div_euclid(1000) - OVER;
        let lately: u64 = self.lately.iter().filter(|(second, _)| *second > since).map(|(_, count)| count).sum();
        let mut times: Vec<u64> = self.times.iter().copied().collect();
        times.sort_unstable();
        let at_rank = |percent: usize| times.get((times.len().saturating_sub(1) * percent).div_ceil(100)).copied();
        Shown {
            count: self.count,
            rate: lately as f64 / OVER as f64,
            p50_ms: at_rank(50),
            p99_ms: at_rank(99),
            errors: self.errors,
        }
    }
}

#[cfg(test)]
mod tests {
    use pipe_local::event::Location;

    use super::*;

    fn answered(status: u16, milliseconds: u64, taken: bool) -> Event {
        let location = taken.then(|| Location::of("arn:aws:kinesis:r:1:stream/s", Some("shard-1")));
        let (method, path) = ("POST".to_owned(), "/a".to_owned());
        Event::Answered(Answered { method, path, status, milliseconds, location, record: None, reason: None })
    }

    #[test]
    fn a_request_counts_where_it_came_to() {
        let mut figures = Figures::default();
        for event in [answered(200, 1, true), answered(401, 1, false), answered(500, 1, false), answered(200, 1, false)]
        {
            figures.take(1_000, &event);
        }
        let counts = |leg| (figures.of(leg, 1_000).count, figures.of(leg, 1_000).errors);
        assert_eq!((counts(Leg::Asked), counts(Leg::In), counts(Leg::Direct)), ((4, 1), (1, 1), (1, 0)));
    }

    #[test]
    fn a_rate_is_of_the_last_seconds_and_percentiles_are_of_the_last_times() {
        let mut figures = Figures::default();
        (1..=100).for_each(|took| figures.take(5_000, &answered(200, took, true)));
        let shown = figures.of(Leg::In, 5_999);
        assert_eq!((shown.rate, shown.p50_ms, shown.p99_ms), (10.0, Some(51), Some(100)));
        let later = figures.of(Leg::In, 15_000);
        assert_eq!((later.rate, later.count), (0.0, 100));
        (0..TIMES).for_each(|_| figures.take(6_000, &answered(200, 7, true)));
        assert_eq!(figures.of(Leg::In, 6_000).p99_ms, Some(7), "as many times as are kept");
        assert_eq!(figures.of(Leg::Row, 6_000).p50_ms, None);
    }
}

//! Shards that the endpoint forgot when their stream was resharded, as the forwarder keeps them.
//!
//! On AWS a shard that was split or merged is closed, and stays with its records until they expire; ids are never given again
//! (<https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html>). MiniStack makes new, empty shards
//! that begin at the first id. So the ids of its shards are shown with an offset.

use std::collections::HashMap;
use std::fmt;

use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The most that one GetRecords gives, in bytes of its answer.
const PAGE_BYTES: usize = 10 * 1024 * 1024;
/// How long a stream keeps records unless it says otherwise.
const HOURS: f64 = 24.0;

/// What is kept of one stream.
#[derive(Default)]
pub struct Kept {
    /// What is added to the number of an endpoint's shard.
    offset: u64,
    /// In the order of their ends.
    closed: Vec<Closed>,
    /// The parents of open shards, by the ids that are shown.
    parents: HashMap<String, [String; 2]>,
    /// The endpoint's id of some open shard.
    pub open: String,
    hours: Option<f64>,
}

/// A shard that the endpoint has no more. Times are in seconds since 1970.
pub struct Closed {
    shown: Value,
    records: Vec<Record>,
    closed: f64,
}

/// A record as the endpoint gave it.
#[derive(Clone)]
pub struct Record {
    pub sequence: String,
    pub arrived: f64,
    pub text: Box<RawValue>,
}

/// Where an iterator is.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    Oldest,
    At(String),
    After(String),
    Since(f64),
}

impl Place {
    /// The place that GetShardIterator is asked for; the newest one is what comes from now on.
    pub fn of(input: &Value, now: f64) -> Self {
        let sequence = || input["StartingSequenceNumber"].as_str().unwrap_or_default().to_owned();
        match input["ShardIteratorType"].as_str() {
            Some("AT_SEQUENCE_NUMBER") => Self::At(sequence()),
            Some("AFTER_SEQUENCE_NUMBER") => Self::After(sequence()),
            Some("AT_TIMESTAMP") => Self::Since(input["Timestamp"].as_f64().unwrap_or_default()),
            Some("LATEST") => Self::Since(now),
            _ => Self::Oldest,
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('=') {
            Some(("at", sequence)) => Some(Self::At(sequence.to_owned())),
            Some(("after", sequence)) => Some(Self::After(sequence.to_owned())),
            Some(("since", time)) => time.parse().ok().map(Self::Since),
            _ => (text == "oldest").then_some(Self::Oldest),
        }
    }

    fn reaches(&self, record: &Record) -> bool {
        match self {
            Self::Oldest => true,
            Self::At(sequence) => number(&record.sequence) >= number(sequence),
            Self::After(sequence) => number(&record.sequence) > number(sequence),
            Self::Since(time) => record.arrived >= *time,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oldest => formatter.write_str("oldest"),
            Self::At(sequence) => write!(formatter, "at={sequence}"),
            Self::After(sequence) => write!(formatter, "after={sequence}"),
            Self::Since(time) => write!(formatter, "since={time}"),
        }
    }
}

impl Kept {
    /// Whether the endpoint's answers are to be changed.
    pub fn any(&self) -> bool {
        self.offset > 0 || !self.closed.is_empty()
    }

    /// The endpoint's id as it is shown.
    pub fn shown(&self, id: &str) -> String {
        index(id).map_or_else(|| id.to_owned(), |index| named(index + self.offset))
    }

    /// The endpoint's own id of an open shard; nothing for one that is or was closed.
    pub fn endpoints(&self, shown: &str) -> Option<String> {
        match index(shown) {
            Some(index) => index.checked_sub(self.offset).map(named),
            None => Some(shown.to_owned()),
        }
    }

    /// The endpoint's own id of a shard that is open; of another one an id that no shard has.
    pub fn open_shard(&self, shown: &str) -> Option<String> {
        let closed = self.closed.iter().any(|closed| id(&closed.shown) == shown);
        if closed { Some(format!("shardId-{}", "9".repeat(12))) } else { self.endpoints(shown) }
    }

    /// A closed shard that still has its place in the stream.
    pub fn closed(&self, shown: &str, now: f64) -> Option<&Closed> {
        self.living(now).find(|closed| id(&closed.shown) == shown)
    }

    /// Learns how long records are kept, and forgets those that are older.
    pub fn retain(&mut self, hours: f64, now: f64) {
        self.hours = Some(hours);
        let since = self.since(now);
        self.closed.retain(|closed| closed.closed >= since);
        self.closed.iter_mut().for_each(|closed| closed.records.retain(|record| record.arrived >= since));
    }

    /// All shards, in the order of their ids: the closed ones and the endpoint's.
    pub fn listed(&self, open: &[Value], now: f64) -> Vec<Value> {
        let closed = self.living(now).map(|closed| closed.shown.clone());
        let mut all: Vec<Value> = closed.chain(open.iter().map(|shard| self.as_shown(shard))).collect();
        all.sort_by(|one, other| id(one).cmp(id(other)));
        all
    }

    /// Records of a closed shard from a place on, and where the next ones are, if there are any.
    pub fn page(&self, closed: &Closed, place: &Place, most: usize, now: f64) -> (Vec<Record>, Option<Place>) {
        let since = self.since(now);
        let mut bytes = 0;
        let mut left =
            closed.records.iter().filter(|record| record.arrived >= since && place.reaches(record)).peekable();
        let mut records: Vec<Record> = Vec::new();
        while let Some(record) = left.next_if(|record| {
            bytes += record.text.get().len();
            records.len() < most && (bytes <= PAGE_BYTES || records.is_empty())
        }) {
            records.push(record.clone());
        }
        let next = left.peek().and(records.last()).map(|last| Place::After(last.sequence.clone()));
        (records, next)
    }

    /// Takes the shards that the endpoint has no more, with their records, and what it has now: all are other ones, with ids from the first.
    pub fn reshard(&mut self, old: Vec<(Value, Vec<Record>)>, new: &[Value], now: f64) {
        let gone = self.close(old, now);
        let mut next =
            self.closed.iter().filter_map(|closed| index(id(&closed.shown))).max().map_or(0, |last| last + 1);
        let mut parents = Vec::new();
        for shard in new {
            parents.push(self.parents_of(shard, &gone, &mut next, now));
        }
        self.offset = next - new.iter().filter_map(|shard| index(id(shard))).min().unwrap_or_default().min(next);
        self.parents = new.iter().zip(parents).map(|(shard, parents)| (self.shown(id(shard)), parents)).collect();
        self.open = new.first().map(|shard| id(shard).to_owned()).unwrap_or_default();
    }

    /// Takes the shards that were split or merged, with their records, and what the endpoint has now: the others stay, under their ids.
    pub fn replace(&mut self, old: Vec<(Value, Vec<Record>)>, new: &[Value], now: f64) {
        let gone = self.close(old, now);
        for shard in new {
            // Of one or two shards none comes between.
            let parents = self.parents_of(shard, &gone, &mut 0, now);
            if !parents[0].is_empty() {
                self.parents.insert(self.shown(id(shard)), parents);
            }
        }
        self.open = new.first().map(|shard| id(shard).to_owned()).unwrap_or_default();
    }

    /// Keeps shards that the endpoint has no more, and gives them as they are shown.
    fn close(&mut self, old: Vec<(Value, Vec<Record>)>, now: f64) -> Vec<Value> {
        let mut gone = Vec::new();
        for (shard, records) in old {
            let mut shown = self.as_shown(&shard);
            let range = &mut shown["SequenceNumberRange"];
            let last =
                records.last().map_or_else(|| range["StartingSequenceNumber"].clone(), |last| json!(last.sequence));
            range["EndingSequenceNumber"] = last;
            gone.push(shown.clone());
            self.closed.push(Closed { shown, records, closed: now });
        }
        gone
    }

    /// A shard names two parents at most. Where more overlap it, AWS merges in steps: so there are closed, empty shards between.
    fn parents_of(&mut self, child: &Value, gone: &[Value], next: &mut u64, now: f64) -> [String; 2] {
        let (from, to) = range(child);
        let overlaps = |parent: &&Value| range(parent).0 <= to && range(parent).1 >= from;
        let mut all = gone.iter().filter(overlaps).cloned();
        let mut merged = all.next().unwrap_or_default();
        let mut adjacent = all.next().unwrap_or_default();
        for another in all {
            let mut between = merged.clone();
            between["ShardId"] = named(*next).into();
            between["HashKeyRange"]["EndingHashKey"] = adjacent["HashKeyRange"]["EndingHashKey"].clone();
            between["SequenceNumberRange"] = adjacent["SequenceNumberRange"].clone();
            set_parents(&mut between, &[id(&merged).to_owned(), id(&adjacent).to_owned()]);
            *next += 1;
            self.closed.push(Closed { shown: between.clone(), records: Vec::new(), closed: now });
            (merged, adjacent) = (between, another);
        }
        [id(&merged).to_owned(), id(&adjacent).to_owned()]
    }

    fn as_shown(&self, shard: &Value) -> Value {
        let mut shown = shard.clone();
        shown["ShardId"] = self.shown(id(shard)).into();
        if let Some(parents) = self.parents.get(id(&shown)) {
            set_parents(&mut shown, parents);
        }
        shown
    }

    fn living(&self, now: f64) -> impl Iterator<Item = &Closed> {
        let since = self.since(now);
        self.closed.iter().filter(move |closed| closed.closed >= since)
    }

    fn since(&self, now: f64) -> f64 {
        now - self.hours.unwrap_or(HOURS) * 3600.0
    }
}

fn set_parents(shard: &mut Value, parents: &[String; 2]) {
    for (name, parent) in ["ParentShardId", "AdjacentParentShardId"].into_iter().zip(parents) {
        if !parent.is_empty() {
            shard[name] = parent.as_str().into();
        }
    }
}

/// The id of a described shard.
pub fn id(shard: &Value) -> &str {
    shard["ShardId"].as_str().unwrap_or_default()
}

fn named(index: u64) -> String {
    format!("shardId-{index:012}")
}

fn index(id: &str) -> Option<u64> {
    id.strip_prefix("shardId-")?.parse().ok()
}

fn range(shard: &Value) -> (u128, u128) {
    let key = |name: &str| shard["HashKeyRange"][name].as_str().and_then(|key| key.parse().ok()).unwrap_or_default();
    (key("StartingHashKey"), key("EndingHashKey"))
}

/// Orders decimal texts as numbers.
fn number(text: &str) -> (usize, &str) {
    let digits = text.trim_start_matches('0');
    (digits.len(), digits)
}

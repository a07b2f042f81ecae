//! What was counted since the last look. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::embedded;
use crate::event::{Answered, Batch, Event, GivenUp, Location, Put};
use crate::invoke::{Answer, Refusal};

pub const COUNT: &str = "Count";
pub const MILLISECONDS: &str = "Milliseconds";
pub const SECONDS: &str = "Seconds";

/// Reasons for which Lambda gives up an event in its own queue. With any other reason the event has not come so far.
const OF_LAMBDA: [&str; 3] = ["RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"];

/// A metric with its dimensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    pub namespace: String,
    pub name: String,
    pub dimensions: Vec<(String, String)>,
    pub unit: String,
}

impl Metric {
    /// One of AWS's own.
    pub fn of(namespace: &str, name: &str, dimensions: &[(&str, &str)], unit: &str) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.iter().map(owned).collect(),
            unit: unit.to_owned(),
        }
    }
}

/// How often each value came, by metric.
pub type Counted = BTreeMap<Metric, BTreeMap<Value, u64>>;

/// A value of two significant digits, as a whole number of a power of ten: so few differ that one call takes all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Value(u64);

impl Value {
    pub fn new(value: u64) -> Self {
        let unit = 10u64.pow(value.checked_ilog10().unwrap_or_default().saturating_sub(1));
        Self(value.saturating_add(unit / 2) / unit * unit)
    }

    pub fn get(self) -> u64 {
        self.0
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Tally {
    counted: Counted,
    /// The API's name and its stage.
    api: Option<(String, String)>,
    /// How many letters came since the last look, by the name of their queue.
    letters: BTreeMap<String, u64>,
}

impl Tally {
    pub fn serves(&mut self, api: &str, stage: &str) {
        self.api = Some((api.to_owned(), stage.to_owned()));
    }

    /// Takes what was counted.
    pub fn take(&mut self) -> Counted {
        std::mem::take(&mut self.counted)
    }

    /// Takes how many letters came since the last look, by queue.
    pub fn take_letters(&mut self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.letters)
    }

    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Answered(answered) => self.answered(answered),
            Event::Put(put) => self.put(put),
            Event::Batch(batch) => self.batch(batch),
            Event::DeadLetter(letter) => self.letter(&letter.queue),
            Event::GivenUp(given_up) => self.given_up(given_up),
            Event::Log(line) => {
                for (metric, value) in embedded::metrics(&line.line) {
                    self.add(metric, value, 1);
                }
            }
            Event::Row(_) | Event::Retry(_) | Event::Denied(_) | Event::Warning { .. } => {}
        }
    }

    /// Counts a call of a function, whoever made it.
    pub fn call(&mut self, function: &str, outcome: &Result<Answer, Refusal>, took: Duration) {
        let function = function.rsplit([':', '/']).next().unwrap_or_default();
        let mut add = |name, value, unit| self.add(of_function(function, name, unit), value, 1);
        match outcome {
            Ok(answer) => {
                add("Invocations", 1, COUNT);
                add("Errors", u64::from(answer.error.is_some()), COUNT);
                add("Throttles", 0, COUNT);
                add("Duration", u64::try_from(took.as_millis()).unwrap_or(u64::MAX), MILLISECONDS);
            }
            Err(Refusal::Throttled) => add("Throttles", 1, COUNT),
            // Lambda counts no call that it could not make.
            Err(Refusal::NotFound | Refusal::Unavailable(_)) => {}
        }
    }

    fn answered(&mut self, answered: &Answered) {
        let Some((api, stage)) = self.api.clone() else { return };
        let mut add = |name, value, unit| {
            let dimensions = [("ApiName", api.as_str()), ("Stage", stage.as_str())];
            self.add(Metric::of("AWS/ApiGateway", name, &dimensions, unit), value, 1);
        };
        add("Count", 1, COUNT);
        add("4XXError", u64::from((400..500).contains(&answered.status)), COUNT);
        add("5XXError", u64::from(answered.status >= 500), COUNT);
        add("Latency", answered.milliseconds, MILLISECONDS);
    }

    fn put(&mut self, Put { location, records }: &Put) {
        let Location { service, name: Some(name), .. } = location else { return };
        let metric = match service.as_str() {
            "kinesis" => Metric::of("AWS/Kinesis", "IncomingRecords", &[("StreamName", name)], COUNT),
            "sqs" => Metric::of("AWS/SQS", "NumberOfMessagesSent", &[("QueueName", name)], COUNT),
            _ => return,
        };
        self.add(metric, 1, u64::try_from(*records).unwrap_or(u64::MAX));
    }

    fn batch(&mut self, batch: &Batch) {
        let Some(age) = batch.age_milliseconds else { return };
        self.add(of_function(&batch.function, "IteratorAge", MILLISECONDS), age, 1);
        if let Location { service, name: Some(stream), .. } = &batch.location
            && service == "kinesis"
        {
            let name = "GetRecords.IteratorAgeMilliseconds";
            self.add(Metric::of("AWS/Kinesis", name, &[("StreamName", stream)], MILLISECONDS), age, 1);
        }
    }

    fn given_up(&mut self, GivenUp { function, location, reason, to, .. }: &GivenUp) {
        if let Some(queue) = to {
            self.letter(queue);
        }
        if OF_LAMBDA.iter().any(|condition| reason.starts_with(condition)) {
            return self.add(of_function(function, "AsyncEventsDropped", COUNT), 1, 1);
        }
        let Location { service, name: Some(name), .. } = location else { return };
        let metric = match service.as_str() {
            "sns" => Metric::of("AWS/SNS", "NumberOfNotificationsFailed", &[("TopicName", name)], COUNT),
            "events" => Metric::of("AWS/Events", "FailedInvocations", &[("RuleName", name)], COUNT),
            _ => return,
        };
        self.add(metric, 1, 1);
    }

    fn letter(&mut self, queue: &str) {
        *self.letters.entry(queue.to_owned()).or_default() += 1;
    }

    fn add(&mut self, metric: Metric, value: u64, times: u64) {
        *self.counted.entry(metric).or_default().entry(Value::new(value)).or_default() += times;
    }
}

fn of_function(function: &str, name: &str, unit: &str) -> Metric {
    Metric::of("AWS/Lambda", name, &[("FunctionName", function)], unit)
}

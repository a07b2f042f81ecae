//! The section `source`: one file for each thing that events come from.

mod alexa;
mod api;
mod bucket;
mod delivery;
mod events;
mod iot;
mod logs;
mod schedule;
mod topic;

pub use api::{
    ANY_ORIGIN, AccessLogDays, Api, AwsCall, Body, Cors, CorsMethod, Domain, Extra, Limit, MediaType, Method,
    MinimumTls, PartitionKey, Piece, Place, Private, Route, TableAction, Throttle, To, is_json, is_text,
};

pub use alexa::{Alexa, SkillKind};
pub use bucket::{Bucket, ObjectEvent, OwnBucket, Via};
pub use delivery::Delivery;
pub use events::{Bus, BusEvents, Input, LONGEST_PATTERN};
pub use iot::Iot;
pub use logs::Logs;
pub use schedule::{Full, Schedule};
pub use topic::{FilterOn, OwnTopic, Topic, TopicEncryption};

use super::model::{OwnOrExisting, Spec};
use super::stream::Stream;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where the events come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A REST API of API Gateway that puts each request's body on the stream.
    Api(Api),
    /// An SNS topic: its messages go to the function or to the queue.
    Topic(Topic),
    /// An S3 bucket: what happens to its objects.
    Bucket(Bucket),
    /// Events of an EventBridge bus that match a pattern.
    Events(BusEvents),
    /// Events that come by the clock: `rate(5 minutes)`, `cron(0 8 ? * MON-FRI *)`, `at(2026-12-24T18:00:00)`, or a mapping with more. Default: the pipeline has another source.
    Schedule(Schedule),
    /// Lines of a log group that match a filter.
    Logs(Logs),
    /// Messages of IoT devices.
    Iot(Iot),
    /// An Alexa skill, to which the function answers.
    Alexa(Alexa),
}

/// What feeds a function, by its word in the spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feeding {
    /// Lambda polls a stream: `kinesis`, `table_changes`, `queue`.
    Polled(&'static str),
    /// A source calls it, and does not wait for its answer.
    Pushed(&'static str),
    /// A source calls it, and waits for its answer.
    Asked(&'static str),
}

impl Source {
    /// Returns its word in the spec.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Api(_) => "api",
            Self::Topic(_) => "topic",
            Self::Bucket(_) => "bucket",
            Self::Events(_) => "events",
            Self::Logs(_) => "logs",
            Self::Iot(_) => "iot",
            Self::Schedule(_) => "schedule",
            Self::Alexa(_) => "alexa",
        }
    }
}

impl Spec {
    /// Returns the source, unless it is an API: what calls or sends by itself.
    #[must_use]
    pub fn pushing(&self) -> Option<&Source> {
        self.source.as_ref().filter(|source| !matches!(source, Source::Api(_)))
    }

    /// Returns what feeds the consumer; nothing where nothing does.
    #[must_use]
    pub fn feeding(&self) -> Option<Feeding> {
        match &self.stream {
            Some(Stream::Kinesis(_)) => Some(Feeding::Polled("kinesis")),
            Some(Stream::TableChanges(_)) => Some(Feeding::Polled("table_changes")),
            Some(Stream::Queue(_)) => Some(Feeding::Polled("queue")),
            None => self.pushing().map(|source| match source {
                Source::Alexa(_) => Feeding::Asked(source.word()),
                _ => Feeding::Pushed(source.word()),
            }),
        }
    }

    /// Returns whether the source calls the consumer itself, and does not wait for its answer.
    #[must_use]
    pub fn is_pushed(&self) -> bool {
        matches!(self.feeding(), Some(Feeding::Pushed(_)))
    }

    /// Returns the topic.
    #[must_use]
    pub fn topic(&self) -> Option<&Topic> {
        match self.source.as_ref()? {
            Source::Topic(topic) => Some(topic),
            _ => None,
        }
    }

    /// Returns the events of a bus.
    #[must_use]
    pub fn events(&self) -> Option<&BusEvents> {
        match self.source.as_ref()? {
            Source::Events(events) => Some(events),
            _ => None,
        }
    }

    /// Returns the schedule.
    #[must_use]
    pub fn schedule(&self) -> Option<&Full> {
        match self.source.as_ref()? {
            Source::Schedule(Schedule(full)) => Some(full),
            _ => None,
        }
    }

    /// Returns the Alexa skill.
    #[must_use]
    pub fn alexa(&self) -> Option<&Alexa> {
        match self.source.as_ref()? {
            Source::Alexa(alexa) => Some(alexa),
            _ => None,
        }
    }

    /// Returns the bucket.
    #[must_use]
    pub fn bucket(&self) -> Option<&Bucket> {
        match self.source.as_ref()? {
            Source::Bucket(bucket) => Some(bucket),
            _ => None,
        }
    }

    /// Returns the lines of a log group.
    #[must_use]
    pub fn logs(&self) -> Option<&Logs> {
        match self.source.as_ref()? {
            Source::Logs(logs) => Some(logs),
            _ => None,
        }
    }

    /// Returns the messages of IoT devices.
    #[must_use]
    pub fn iot(&self) -> Option<&Iot> {
        match self.source.as_ref()? {
            Source::Iot(iot) => Some(iot),
            _ => None,
        }
    }

    /// Returns the name of IoT's rule, which has no hyphens.
    #[must_use]
    pub fn iot_rule_name(&self) -> String {
        self.iot().and_then(|iot| iot.rule.clone()).unwrap_or_else(|| format!("{}_events", self.name.replace('-', "_")))
    }

    /// Returns the name of the rule that matches events.
    #[must_use]
    pub fn rule_name(&self) -> String {
        self.events().and_then(|events| events.rule.clone()).unwrap_or_else(|| format!("{}-events", self.name))
    }

    /// Returns the name of the schedule and its group.
    #[must_use]
    pub fn schedule_name(&self) -> String {
        self.schedule().and_then(|full| full.name.clone()).unwrap_or_else(|| format!("{}-schedule", self.name))
    }

    /// Returns the name of the topic; of an existing one its own.
    #[must_use]
    pub fn topic_name(&self) -> String {
        super::names::held(&self.name, self.topic().map(|topic| &topic.place), |own| own.name.as_deref(), "-topic")
    }
}

/// Returns the schema of what is the pipeline's own or exists, with the keys of `L`, which both have.
fn beside_existing<T: JsonSchema, L: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = OwnOrExisting::<T>::json_schema(generator);
    let link = L::json_schema(generator);
    let Some(Value::Object(link)) = link.get("properties").cloned() else { return schema };
    let names: Vec<&str> = ["existing"].into_iter().chain(link.keys().map(String::as_str)).collect();
    schema.insert("then".to_owned(), json!({ "propertyNames": { "enum": names } }));
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.extend(link);
    }
    schema
}

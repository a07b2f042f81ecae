//! The section `source`: one file for each thing that events come from.

mod api;
mod topic;

pub use api::{
    ANY_ORIGIN, AccessLogDays, Api, AwsCall, Body, Cors, CorsMethod, Domain, Extra, Limit, MediaType, Method,
    MinimumTls, PartitionKey, Piece, Place, Route, TableAction, Throttle, To, is_json, is_text,
};

pub use topic::{FilterOn, OwnTopic, Topic};

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
}

/// What feeds a function, by its word in the spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feeding {
    /// Lambda polls a stream: `kinesis`, `table_changes`, `queue`.
    Polled(&'static str),
    /// A source calls it, and does not wait for its answer.
    Pushed(&'static str),
}

impl Source {
    /// Returns its word in the spec.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Api(_) => "api",
            Self::Topic(_) => "topic",
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
            None => self.pushing().map(|source| Feeding::Pushed(source.word())),
        }
    }

    /// Returns whether the source calls the consumer itself.
    #[must_use]
    pub fn is_pushed(&self) -> bool {
        matches!(self.feeding(), Some(Feeding::Pushed(_)))
    }

    /// Returns the topic.
    #[must_use]
    pub fn topic(&self) -> Option<&Topic> {
        match self.source.as_ref()? {
            Source::Topic(topic) => Some(topic),
            Source::Api(_) => None,
        }
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

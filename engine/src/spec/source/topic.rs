//! An SNS topic.

use crate::spec::model::{OnDestroy, OwnOrExisting};
use crate::spec::source::beside_existing;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A topic: one that the pipeline makes, or one that exists, and which of its messages are taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// The topic.
    #[serde(flatten)]
    pub place: OwnOrExisting<OwnTopic>,
    /// What a message must have to be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Map<String, Value>>,
    /// What of a message the filter looks at.
    #[serde(default)]
    pub filter_on: FilterOn,
}

/// A standard SNS topic that the pipeline makes; reached only through TLS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnTopic {
    /// Name of the topic, 1 to 256 letters, digits, `_` and `-`; a change replaces it. Default: `<pipeline>-topic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,256}$"),
        extend("patternErrorMessage" = "1 to 256 letters, digits, `_` and `-`")
    )]
    pub name: Option<String>,
    /// Encryption at rest: `none` or `aws_managed` (a KMS key of the account that SNS manages; a service of AWS cannot publish then). Default: `none`.
    #[serde(default)]
    pub encryption: TopicEncryption,
    /// What `pipe destroy` does with the topic: `delete` or `retain`. Default: `delete`.
    #[serde(default)]
    pub on_destroy: OnDestroy,
}

/// Encryption of a topic at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TopicEncryption {
    #[default]
    None,
    AwsManaged,
}

/// What a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilterOn {
    /// The message's attributes.
    #[default]
    Attributes,
    /// The message itself, which must be a JSON object then.
    Body,
}

/// What stands beside `existing`, too.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only the schema of its fields is asked for")]
struct Taken {
    /// What a message must have to be taken, an SNS filter policy of at most 5 keys, as in `{ kind: [order] }`; a change takes up to 15 minutes. Default: all are taken.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 5))]
    filter: Map<String, Value>,
    /// What the filter looks at: `attributes` or `body` (a JSON object). Default: `attributes`.
    filter_on: FilterOn,
}

/// One object: `name` is of what the pipeline makes, the filter of both.
impl JsonSchema for Topic {
    fn schema_name() -> Cow<'static, str> {
        "Topic".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        beside_existing::<OwnTopic, Taken>(generator)
    }
}

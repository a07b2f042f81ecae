//! The section `dlq`: the queue of what cannot be handled.

use super::key::KmsKey;
use super::model::{OnDestroy, OwnOrExisting};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where records go that the consumer cannot handle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dlq {
    /// An SQS queue: `{}` for all defaults.
    Queue(OwnOrExisting<Queue>),
}

/// An SQS queue that the pipeline makes; encrypted by SQS or with a `key`, reached only through TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Name of the queue, 1 to 80 letters, digits, `_` and `-`; a change replaces it. Default: `<pipeline>-dlq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,80}$"),
        extend("patternErrorMessage" = "1 to 80 letters, digits, `_` and `-`")
    )]
    pub name: Option<String>,
    /// Days that messages are kept, 1 to 14. Default: 14.
    #[serde(default = "default_retention_days")]
    #[schemars(range(min = 1, max = 14))]
    pub retention_days: u32,
    /// ARN of a KMS key of your own that messages are encrypted with, of this account and region. Its key policy must let IAM policies of the account use it. Default: SQS encrypts with keys of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KmsKey>,
    /// What `pipe destroy` does with the queue: `delete` or `retain`. Default: `delete`.
    #[serde(default)]
    pub on_destroy: OnDestroy,
}

fn default_retention_days() -> u32 {
    14
}

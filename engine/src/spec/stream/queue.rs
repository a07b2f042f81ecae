//! An SQS queue that feeds the consumer.

use crate::spec::key::KmsKey;
use crate::spec::model::{OnDestroy, OwnOrExisting, Spec};
use crate::spec::stream::Stream;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What every FIFO queue's name ends with.
pub const FIFO: &str = ".fifo";

/// Seconds that a message is hidden where nobody says how long.
const USUAL: u32 = 30;

/// The longest time that SQS hides a message, in seconds.
const LONGEST: u32 = 43_200;

/// An SQS queue that the pipeline makes; reached only through TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueStream {
    /// Name of the queue, 1 to 80 letters, digits, `_` and `-`; that of a FIFO queue ends with `.fifo`, which is added where it is absent. A change replaces it. Default: `<pipeline>-queue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,80}(\.fifo)?$"),
        extend("patternErrorMessage" = "1 to 80 letters, digits, `_` and `-`")
    )]
    pub name: Option<String>,
    /// Whether messages of one group are handled in order, and those of one deduplication id are taken once within 5 minutes; a change replaces the queue and its dlq. Default: false.
    #[serde(default)]
    pub fifo: bool,
    /// Seconds that a message is hidden while it is handled, the function's time-out to 43200. Default: 6 times the time-out, and the batch's window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 43_200))]
    pub visibility_seconds: Option<u32>,
    /// Days that messages are kept, 1 to 14. Default: 4.
    #[serde(default = "default_retention_days")]
    #[schemars(range(min = 1, max = 14))]
    pub retention_days: u32,
    /// Seconds before a message can be handled, 0 to 900. Default: 0.
    #[serde(default)]
    #[schemars(range(min = 0, max = 900))]
    pub delay_seconds: u32,
    /// How often a message is handed over before it moves to the dlq, 1 to 1000. Default: 5.
    #[serde(default = "default_max_receives")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_receives: u32,
    /// Who may send beside the pipeline's API, at most 20: ARNs of roles and users, accounts, and AWS services for this account, as in `events.amazonaws.com`. Default: nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub allow: Vec<Sender>,
    /// Encryption at rest: `sqs_managed` (keys of SQS itself) or `none`. Default: `sqs_managed`.
    #[serde(default)]
    pub encryption: QueueEncryption,
    /// ARN of a KMS key of your own that messages are encrypted with, of this account and region; not together with `encryption`. Its key policy must let IAM policies of the account use it, and the services of `allow`. Default: as `encryption` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KmsKey>,
    /// What `pipe destroy` does with the queue: `delete` or `retain`. Default: `delete`.
    #[serde(default)]
    pub on_destroy: OnDestroy,
}

/// Encryption of a queue at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueEncryption {
    #[default]
    SqsManaged,
    None,
}

/// Somebody who may send to a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sender(String);

impl Sender {
    /// Returns it as the spec has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether it is an AWS service.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.0.ends_with(".amazonaws.com")
    }
}

impl JsonSchema for Sender {
    fn schema_name() -> Cow<'static, str> {
        "Sender".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^([0-9]{12}|arn:aws[a-z-]*:iam::[0-9]{12}:(root|(role|user)/[A-Za-z0-9+=,.@_/-]{1,512})|[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){0,3}\.amazonaws\.com)$",
            "patternErrorMessage": "the ARN of a role or user, an account as a text of 12 digits, or an AWS service, as in `events.amazonaws.com`",
        })
    }
}

impl Spec {
    /// Returns the queue that feeds the consumer, the pipeline's own or an existing one.
    #[must_use]
    pub fn fed_queue(&self) -> Option<&OwnOrExisting<QueueStream>> {
        match self.stream.as_ref()? {
            Stream::Queue(queue) => Some(queue),
            Stream::Kinesis(_) | Stream::TableChanges(_) => None,
        }
    }

    /// Returns whether a FIFO queue feeds the consumer. An existing one says so by its name.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.fed_queue().is_some_and(|queue| match queue {
            OwnOrExisting::Own(own) => own.fifo,
            OwnOrExisting::Existing(existing) => existing.name().ends_with(FIFO),
        })
    }

    /// Returns the name of the queue that feeds the consumer; of an existing one its own.
    #[must_use]
    pub fn fed_queue_name(&self) -> String {
        match self.fed_queue() {
            Some(OwnOrExisting::Existing(existing)) => existing.name().to_owned(),
            Some(OwnOrExisting::Own(own)) => {
                let name = own.name.clone().unwrap_or_else(|| self.fed_queue_default());
                if own.fifo { with_suffix(name) } else { name }
            }
            None => self.fed_queue_default(),
        }
    }

    fn fed_queue_default(&self) -> String {
        format!("{}-queue", self.name)
    }

    /// Returns the seconds that a message of the pipeline's own queue is hidden while it is handled. Six times the function's time-out leaves
    /// room for retries of a throttled call (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>).
    #[must_use]
    pub fn visibility_seconds(&self) -> u32 {
        let said = self.fed_queue().and_then(OwnOrExisting::own).and_then(|own| own.visibility_seconds);
        let derived = self.function().map(|function| function.timeout_seconds * 6 + function.batch.window_seconds);
        said.or(derived).unwrap_or(USUAL).min(LONGEST)
    }

    /// Returns how many records the function is handed at most.
    #[must_use]
    pub fn batch_size(&self) -> u32 {
        let usual = if self.fed_queue().is_some() { 10 } else { 100 };
        self.function().and_then(|function| function.batch.size).unwrap_or(usual)
    }
}

/// Returns the name as a FIFO queue has it.
pub(in crate::spec) fn with_suffix(name: String) -> String {
    if name.ends_with(FIFO) { name } else { name + FIFO }
}

fn default_retention_days() -> u32 {
    4
}

fn default_max_receives() -> u32 {
    5
}

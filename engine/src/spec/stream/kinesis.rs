//! A Kinesis data stream.

use crate::spec::key::KmsKey;
use crate::spec::model::OnDestroy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A Kinesis data stream that the pipeline makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kinesis {
    /// Name of the stream, 1 to 128 letters, digits, `_`, `.` and `-`; a change replaces it. Default: `<pipeline>-stream`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_.-]{1,128}$"),
        extend("patternErrorMessage" = "1 to 128 letters, digits, `_`, `.` and `-`")
    )]
    pub name: Option<String>,
    /// Shards, each of which takes 1 MB and 1000 records per second, 1 to 10000; not together with `on_demand`. Default: 1.
    #[serde(default = "default_shards")]
    #[schemars(range(min = 1, max = 10_000))]
    pub shards: u32,
    /// Whether AWS sizes the stream by its traffic, instead of `shards`. Default: false.
    #[serde(default)]
    pub on_demand: bool,
    /// Hours that records stay readable, 24 to 8760. Default: 24.
    #[serde(default = "default_retention_hours")]
    #[schemars(range(min = 24, max = 8760))]
    pub retention_hours: u32,
    /// KiB that a record holds at most, with its partition key, 1024 to 10240. Default: 1024.
    #[serde(default = "default_max_record_kb", skip_serializing_if = "is_default_max_record_kb")]
    #[schemars(range(min = 1024, max = 10240))]
    pub max_record_kb: u32,
    /// Encryption at rest: `aws_managed` (the key `alias/aws/kinesis`) or `none`. Default: `aws_managed`.
    #[serde(default)]
    pub encryption: StreamEncryption,
    /// ARN of a KMS key of your own that records are encrypted with, of this account and region; not together with `encryption`. Its key policy must let IAM policies of the account use it. Default: as `encryption` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KmsKey>,
    /// What `pipe destroy` does with the stream: `delete` or `retain`. Default: `delete`.
    #[serde(default)]
    pub on_destroy: OnDestroy,
}

/// Encryption of a stream at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamEncryption {
    #[default]
    AwsManaged,
    None,
}

fn default_shards() -> u32 {
    1
}

fn default_retention_hours() -> u32 {
    24
}

fn default_max_record_kb() -> u32 {
    1024
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_default_max_record_kb(kb: &u32) -> bool {
    *kb == default_max_record_kb()
}

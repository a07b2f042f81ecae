//! Basic authentication, and its secret.

use crate::spec::key::KmsKey;
use crate::spec::model::{Existing, OnDestroy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Basic authentication: a Lambda authorizer that compares with a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// Secret with the JSON keys `username` and `password`: the name of one that the pipeline makes, or `{existing: name or ARN}`. Default: `<pipeline>/credentials`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// ARN of a KMS key of your own that the secret is encrypted with, of this account and region; of an existing secret the key that it has. Its key policy must let IAM policies of the account use it. Default: `alias/aws/secretsmanager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KmsKey>,
    /// Seconds that API Gateway keeps the authorizer's answer, 0 to 3600; 0 asks it each time. Default: 300.
    #[serde(default = "default_cache_seconds")]
    #[schemars(range(min = 0, max = 3600))]
    pub cache_seconds: u32,
    /// Concurrent calls of the authorizer that are kept for it, and no more, 1 to 100000: beyond them requests are answered with 500. AWS wants 100 of the account's to stay unreserved. Default: none are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub reserved_concurrency: Option<u32>,
    /// What `pipe destroy` does with the secret: `delete` (after 30 days in its recovery window) or `retain`. Default: `delete`.
    #[serde(default)]
    pub on_destroy: OnDestroy,
}

/// The secret of basic authentication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Secret {
    /// Name of a secret that the pipeline makes.
    Name(
        #[schemars(
            regex(pattern = r"^[A-Za-z0-9/_+=.@-]{1,512}$"),
            extend("patternErrorMessage" = "1 to 512 letters, digits and `/_+=.@-`")
        )]
        String,
    ),
    /// A secret that exists and is never changed.
    Existing(Existing),
}

pub(super) fn default_cache_seconds() -> u32 {
    300
}

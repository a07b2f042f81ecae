//! A KMS key of one's own, which is not the pipeline's: it exists, and is never changed.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The ARN of a KMS key of this account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KmsKey(String);

impl KmsKey {
    /// Returns the ARN, as the spec has it.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for KmsKey {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "KmsKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^arn:aws[a-z-]*:kms:[a-z0-9-]{1,32}:[0-9]{12}:key/[A-Za-z0-9-]{1,64}$",
            "patternErrorMessage": "the ARN of a KMS key (not of an alias), as in `arn:aws:kms:eu-central-1:123456789012:key/ID`",
        })
    }
}

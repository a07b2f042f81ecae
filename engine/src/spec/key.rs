//! A KMS key of one's own, which is not the pipeline's: it exists, and is never changed.

use super::model::{OwnOrExisting, Spec};
use super::stream::TableChanges;
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

impl Spec {
    /// Returns every KMS key of one's own that the spec names.
    pub fn kms_keys(&self) -> impl Iterator<Item = &KmsKey> {
        let table = self.table().and_then(OwnOrExisting::own);
        let changing = self.table_changes().and_then(TableChanges::own);
        let all = [
            self.basic().and_then(|basic| basic.key.as_ref()),
            self.kinesis().and_then(OwnOrExisting::own).and_then(|own| own.key.as_ref()),
            self.fed_queue().and_then(OwnOrExisting::own).and_then(|own| own.key.as_ref()),
            changing.and_then(|own| own.key.as_ref()),
            table.and_then(|own| own.key.as_ref()),
            self.queue().and_then(OwnOrExisting::own).and_then(|own| own.key.as_ref()),
        ];
        all.into_iter().flatten()
    }
}

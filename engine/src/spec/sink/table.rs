//! A DynamoDB table, and how it is written to.

use super::index::Indexes;
use crate::spec::key::KmsKey;
use crate::spec::model::{OnDestroy, OwnOrExisting, yes};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;

/// A table, and how it is written to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The table itself.
    #[serde(flatten)]
    pub table: OwnOrExisting<Table>,
    /// Whether a record replaces the row that is there under its key.
    #[serde(default = "yes")]
    pub overwrite: bool,
    /// Whether an item that is deleted from the table whose changes are read is deleted here, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deletes: bool,
    /// Keys of the table that stands in for an existing one in `pipe dev`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev: Option<Keys>,
}

/// The keys of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Attribute that spreads the items: a name (a string attribute), or `{name, type}`. Required.
    pub partition_key: Key,
    /// Attribute that orders the items of one partition key: a name, or `{name, type}`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_key: Option<Key>,
    /// Global indexes by name, each with `partition_key`, `sort_key` and `project`. Default: none.
    #[serde(default, skip_serializing_if = "Indexes::is_empty")]
    #[schemars(extend("maxProperties" = 20))]
    pub indexes: Indexes,
}

/// One object: `overwrite` and `deletes` are of the writer and not of the table, and so stand beside `existing` too; `dev` stands there alone.
impl JsonSchema for Target {
    fn schema_name() -> Cow<'static, str> {
        "Target".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = OwnOrExisting::<Table>::json_schema(generator);
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            let about = "Whether a record replaces the row that is there under its key; if not, the first one stays, and later ones \
                         count as written. `false` needs the handler `stream-to-table`, and goes with `existing` too. Default: true.";
            let overwrite = json!({ "type": "boolean", "default": true, "description": about });
            properties.insert("overwrite".to_owned(), overwrite);
            let about = "Whether an item that is deleted from the table of `stream.table_changes`, also by its TTL, is deleted here, too. \
                         `true` needs the handler `stream-to-table`, and goes with `existing` too. Default: false.";
            let deletes = json!({ "type": "boolean", "default": false, "description": about });
            properties.insert("deletes".to_owned(), deletes);
            let mut dev = Keys::json_schema(generator);
            let about = "Keys of an existing table, which only `pipe dev` asks for: it makes a stand-in. Default: the \
                         member of a `partition_key: body.NAME`, or else `id`.";
            dev.insert("description".to_owned(), json!(about));
            properties.insert("dev".to_owned(), dev.into());
        }
        schema.insert(
            "then".to_owned(),
            json!({ "propertyNames": { "enum": ["existing", "overwrite", "deletes", "dev"] } }),
        );
        schema
    }
}

/// A DynamoDB table that the pipeline makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Name of the table, 3 to 255 letters, digits, `_`, `.` and `-`; a change replaces it. Default: `<pipeline>-table`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_.-]{3,255}$"),
        extend("patternErrorMessage" = "3 to 255 letters, digits, `_`, `.` and `-`")
    )]
    pub name: Option<String>,
    /// Attribute that spreads the items: a name (a string attribute), or `{name, type}`; a change replaces the table. Required.
    pub partition_key: Key,
    /// Attribute that orders the items of one partition key: a name, or `{name, type}`; a change replaces the table. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_key: Option<Key>,
    /// Global indexes by name (3 to 255 letters, digits, `_`, `.` and `-`), at most 20, each with `partition_key`, `sort_key` and `project`. Default: none.
    #[serde(default, skip_serializing_if = "Indexes::is_empty")]
    #[schemars(extend("maxProperties" = 20))]
    pub indexes: Indexes,
    /// Attribute that says when an item expires, a number of seconds since 1970: AWS deletes the item within days. Default: none expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub ttl: Option<String>,
    /// Capacity: `{read, write}` units per second, or `on_demand`. Default: `on_demand`.
    #[serde(default)]
    pub capacity: Capacity,
    /// Encryption at rest: `aws_managed` (the key `alias/aws/dynamodb`) or `aws_owned`. Default: `aws_managed`.
    #[serde(default)]
    pub encryption: TableEncryption,
    /// ARN of a KMS key of your own that the table, its indexes and its stream are encrypted with, of this account and region; not together with `encryption`. Its key policy must let IAM policies of the account use it. Default: as `encryption` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KmsKey>,
    /// Whether the table can be restored to any second of the last 35 days. Default: true.
    #[serde(default = "yes")]
    pub point_in_time_recovery: bool,
    /// Whether AWS refuses to delete the table. Default: false.
    #[serde(default)]
    pub deletion_protection: bool,
    /// What `pipe destroy` does with the table: `delete` or `retain`. Default: `delete`.
    #[serde(default)]
    pub on_destroy: OnDestroy,
}

/// A key attribute of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "KeyForm")]
pub struct Key {
    /// Name of the attribute.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: KeyType,
}

/// The two ways in which a spec writes a key.
#[derive(Deserialize)]
#[serde(untagged)]
enum KeyForm {
    Name(String),
    Full(FullKey),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FullKey {
    /// Name of the attribute, 1 to 255 characters. Required.
    #[schemars(length(min = 1, max = 255))]
    name: String,
    /// Type of the attribute: `string`, `number` or `binary`. Default: `string`.
    #[serde(rename = "type", default)]
    kind: KeyType,
}

impl From<KeyForm> for Key {
    fn from(form: KeyForm) -> Self {
        match form {
            KeyForm::Name(name) => Self { name, kind: KeyType::String },
            KeyForm::Full(FullKey { name, kind }) => Self { name, kind },
        }
    }
}

impl JsonSchema for Key {
    fn schema_name() -> Cow<'static, str> {
        "Key".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let full = FullKey::json_schema(generator);
        json_schema!({ "anyOf": [{ "type": "string", "minLength": 1, "maxLength": 255 }, full] })
    }
}

/// Type of a key attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyType {
    #[default]
    String,
    Number,
    Binary,
}

/// How much a table reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// By the request, without a limit of its own.
    #[default]
    OnDemand,
    /// Fixed units per second.
    #[serde(untagged)]
    Provisioned(Units),
}

/// Provisioned capacity of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Units {
    /// Read units per second (one strongly consistent read of 4 KB each), 1 to 1000000; a table's quota is 40000 at first. Required.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub read: u32,
    /// Write units per second (one write of 1 KB each), 1 to 1000000; a table's quota is 40000 at first. Required.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub write: u32,
}

/// Encryption of a table at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableEncryption {
    #[default]
    AwsManaged,
    AwsOwned,
}

//! Events of EventBridge.

use crate::spec::model::{Existing, yes};
use crate::spec::source::Delivery;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Bytes of a pattern at most, in characters.
pub const LONGEST_PATTERN: usize = 4096;

/// What matches a pattern on an event bus of EventBridge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BusEvents {
    /// Bus that the events come by: the name of one that the pipeline makes, or `{existing: NAME}`; a change replaces the rule. Default: the account's own bus, `default`.
    #[serde(default, deserialize_with = "bus", skip_serializing_if = "Option::is_none")]
    pub bus: Option<Bus>,
    /// Name of the rule, 1 to 64 letters, digits, `.`, `_` and `-`; a change replaces it. Default: `<pipeline>-events`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^[.A-Za-z0-9_-]{1,64}$"),
        extend("patternErrorMessage" = "1 to 64 letters, digits, `.`, `_` and `-`")
    )]
    pub rule: Option<String>,
    /// Event pattern, at most 4096 characters as JSON, as in `{ source: [shop], detail-type: [OrderPlaced] }`. Required.
    #[serde(rename = "match")]
    #[schemars(extend("minProperties" = 1))]
    pub pattern: Map<String, Value>,
    /// What is sent of an event: `{path: $.detail}`, or `{values, template}`. Default: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Input>,
    /// How long AWS tries to deliver an event. Default: 185 retries within 24 hours.
    #[serde(default)]
    pub delivery: Delivery,
    /// Whether the rule matches events. Default: true.
    #[serde(default = "yes")]
    pub enabled: bool,
}

/// The account's own bus is there, and no pipeline's.
fn bus<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bus>, D::Error> {
    let bus = Option::<Bus>::deserialize(deserializer)?;
    Ok(bus.filter(|bus| bus != &Bus::Own("default".to_owned())))
}

/// A bus of the pipeline's own, or one that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bus {
    Own(String),
    Existing(Existing),
}

impl Bus {
    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Own(name) => name,
            Self::Existing(existing) => existing.name(),
        }
    }
}

impl JsonSchema for Bus {
    fn schema_name() -> Cow<'static, str> {
        "Bus".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut existing = Existing::json_schema(generator);
        existing.insert("required".to_owned(), serde_json::json!(["existing"]));
        let name = json_schema!({
            "type": "string",
            "pattern": "^[.A-Za-z0-9_-]{1,256}$",
            "patternErrorMessage": "1 to 256 letters, digits, `.`, `_` and `-`",
        });
        json_schema!({ "anyOf": [name, existing] })
    }
}

/// What of an event is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// JSON path of the part that is sent, as in `$.detail`, 1 to 256 characters. Default: a `template` says what is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^\$"), extend("patternErrorMessage" = "a JSON path, as in `$.detail`"))]
    pub path: Option<String>,
    /// JSON paths by name, at most 100, for the template. Default: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 100))]
    pub values: BTreeMap<String, String>,
    /// Text that is sent, 1 to 8192 characters, with `<name>` for each of the values. Default: the part at `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8192))]
    pub template: Option<String>,
}

//! What `trace` has to say.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// Where an event was on its way (`trace`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Hop {
    /// When it was there, in RFC 3339; absent where nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Time since the place before, of which the time is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<i64>,
    /// Where: `api`, `stream`, a function's id, `table`, `dlq`.
    pub part: String,
    /// What happened there, for people.
    pub message: String,
    /// What else is known, as in the log or the record.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
}

/// The end of its way (`trace`).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Traced {
    /// The id that was looked for.
    pub id: String,
    /// Whether it was found anywhere.
    pub found: bool,
    /// What could not be found out, and why: a sentence each.
    pub unknown: Vec<String>,
}

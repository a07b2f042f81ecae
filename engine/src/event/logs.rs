//! What `logs` has to say.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// A line of a log (`logs`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Logged {
    /// When it was written, in RFC 3339.
    pub at: String,
    /// Who wrote it: `api`, or the function's id.
    pub part: String,
    /// How serious it is, in capitals as in `WARN`: by the line itself, by the status of a request, by the end of a call. Absent where
    /// nothing says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// What it says: of a line that is no JSON, all of it.
    pub message: String,
    /// What else a line of JSON says.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
}

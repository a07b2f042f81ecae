//! Messages of IoT devices.

use crate::spec::model::yes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A rule of AWS IoT on what devices publish: `topic` with `select` and `where`, or all of it as `sql`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Iot {
    /// Topic filter of MQTT, at most 256 characters, as in `sensors/+/temp`. Default: `sql` says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^[^']+$"), extend("patternErrorMessage" = "a topic filter, as in `sensors/+/temp`"))]
    pub topic: Option<String>,
    /// What of a message is sent, in IoT's SQL, at most 1024 characters. Default: `*, topic() AS topic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub select: Option<String>,
    /// Which messages, in IoT's SQL, at most 1024 characters, as in `temperature > 40`. Default: all.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub condition: Option<String>,
    /// The whole statement, at most 4096 characters, in the place of the three. Default: they say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub sql: Option<String>,
    /// Name of the rule, 1 to 128 letters, digits and `_`; a change replaces it. Default: `<pipeline>_events`, with `_` for each `-`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_]{1,128}$"), extend("patternErrorMessage" = "1 to 128 letters, digits and `_`"))]
    pub rule: Option<String>,
    /// Whether the rule takes messages. Default: true.
    #[serde(default = "yes")]
    pub enabled: bool,
}

impl Iot {
    /// Returns the statement as AWS has it.
    #[must_use]
    pub fn statement(&self) -> String {
        if let Some(sql) = &self.sql {
            return sql.clone();
        }
        let select = self.select.as_deref().unwrap_or("*, topic() AS topic");
        let from = self.topic.as_deref().unwrap_or_default();
        let condition = self.condition.as_ref().map(|text| format!(" WHERE {text}")).unwrap_or_default();
        format!("SELECT {select} FROM '{from}'{condition}")
    }
}

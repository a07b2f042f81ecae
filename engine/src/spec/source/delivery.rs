//! How long a service of EventBridge tries to deliver an event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long AWS tries to deliver an event before it goes to the dlq.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Retries, 0 to 185. Default: 185.
    #[schemars(range(max = 185))]
    pub retries: u32,
    /// Age in hours after which an event is given up, 1 to 24. Default: 24.
    #[schemars(range(min = 1, max = 24))]
    pub max_age_hours: u32,
}

impl Default for Delivery {
    fn default() -> Self {
        Self { retries: 185, max_age_hours: 24 }
    }
}

//! The section `plans`: usage plans, each with an API key of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much the holder of the plan's API key may ask of the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Requests per second in the long run, more than 0 and at most 10000; fractions are allowed. Goes with `burst`. Default: no limit but the stage's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 10_000))]
    pub rate_per_second: Option<f64>,
    /// Requests at once, 1 to 10000. Goes with `rate_per_second`. Default: no limit but the stage's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub burst: Option<u32>,
    /// Requests in a calendar period of UTC. Default: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
}

/// Requests in a calendar period of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Requests of the key, 1 to 2000000000. Required.
    #[schemars(range(min = 1, max = 2_000_000_000))]
    pub requests: u32,
    /// `day`, `week` or `month`. Required.
    pub per: Period,
}

/// A calendar period of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Day,
    Week,
    Month,
}

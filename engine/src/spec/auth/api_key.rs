//! API keys of usage plans.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// API keys: callers send one in the header `x-api-key`. A key says which client calls and how much it may; it is no proof of who
/// calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeys {
    /// Usage plans whose keys open the routes, by their names in `plans`. Default: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub plans: Option<Vec<String>>,
    /// Keys that exist already and are never changed, by their ids, which are no secrets: plan to keys. They open the routes, and the pipeline makes no key for the plan. Default: none, and each plan has a key that the pipeline makes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 100))]
    pub existing: BTreeMap<String, Vec<String>>,
}

//! IAM statements of the user: rights that a handler has beside those that `pipe` gives it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One IAM statement of the function's role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Whether it allows or forbids. Default: `allow`.
    #[serde(default)]
    pub effect: Effect,
    /// IAM actions, as in `dynamodb:Query`; `*` and `?` stand for any letters. Required.
    #[schemars(
        length(min = 1, max = 50),
        extend("items" = {"type": "string", "pattern": r"^(\*|[a-z0-9-]{1,64}:[A-Za-z0-9*?]{1,128})$",
            "patternErrorMessage": "an IAM action, as in `dynamodb:Query`"})
    )]
    pub actions: Vec<String>,
    /// What it is about: `sink`, `stream` or `dlq` for the pipeline's own, with a path behind where one is due (`sink/index/*`), or ARNs with `*` and `?`, in which `${region}` and `${account}` are filled in. Required.
    #[schemars(
        length(min = 1, max = 50),
        extend("items" = {"type": "string", "pattern": r"^(\*|arn:.{1,2000}|(sink|stream|dlq)(/.{1,200})?)$",
            "patternErrorMessage": "`sink`, `stream`, `dlq`, or an ARN"})
    )]
    pub resources: Vec<String>,
    /// Conditions as IAM has them: operator, key, value or values. Default: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conditions: BTreeMap<String, BTreeMap<String, Texts>>,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    #[default]
    Allow,
    Deny,
}

/// One text or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Statement {
    /// Returns the words for the pipeline's own resources that the statement names: `sink`, `stream`, `dlq`.
    pub fn own(&self) -> BTreeSet<&str> {
        let named = self.resources.iter().filter(|resource| !resource.starts_with("arn:") && *resource != "*");
        named.filter_map(|resource| resource.split('/').next()).collect()
    }
}

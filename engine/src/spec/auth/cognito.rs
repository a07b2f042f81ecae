//! API Gateway's own authorizer of Cognito users.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Users of a Cognito user pool: whoever has a token of the pool, through any of its app clients and whatever the groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cognito {
    /// The user pool: a name in `users`, or the ARN of a pool that exists in this account and region. Required.
    #[schemars(length(min = 1, max = 256))]
    pub users: String,
    /// Scopes of which an access token must have one, as in `aws.cognito.signin.user.admin`. Default: none, and an id token is wanted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = 50))]
    pub scopes: BTreeSet<String>,
    /// Seconds that API Gateway keeps the authorizer's answer, 0 to 3600. Default: 300.
    #[serde(default = "super::basic::default_cache_seconds")]
    #[schemars(range(min = 0, max = 3600))]
    pub cache_seconds: u32,
}

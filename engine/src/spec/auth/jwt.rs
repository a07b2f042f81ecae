//! JSON Web Tokens, checked by a Lambda authorizer that knows groups, scopes and plans.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Tokens of a user pool of this file, or of any OIDC issuer, signed by RS256: issuer, audience, expiry, groups and scopes are checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// The user pool, by its name in `users`: its client is the audience. Default: none, and `issuer` says whose tokens they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub users: Option<String>,
    /// URL of an OIDC issuer, exactly as in its tokens (`iss`). Goes with `audience`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$"),
        length(max = 256),
        extend("patternErrorMessage" = "the URL of an issuer, as in `https://example.eu.auth0.com/`")
    )]
    pub issuer: Option<String>,
    /// Whom the issuer's tokens are for (`aud`), at least one. Goes with `issuer`. Default: none.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = 20), inner(length(min = 1, max = 256)))]
    pub audience: BTreeSet<String>,
    /// Which token of the user pool is wanted: `id` or `access`. Default: `id`.
    #[serde(default)]
    pub token: Token,
    /// Groups of which a user must be in one. Default: none, and every user is let in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 128)))]
    pub groups: BTreeSet<String>,
    /// The claim that has the groups. Default: `cognito:groups` of a user pool, else `groups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub groups_claim: Option<String>,
    /// Scopes of which a token must have one. Default: none, and every token is accepted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 256)))]
    pub scopes: BTreeSet<String>,
    /// Usage plans that the requests of these groups' users count for, group to plan; of several the fastest. A user without one is refused. Default: none, and nothing is counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub plan_by_group: BTreeMap<String, String>,
    /// Seconds that API Gateway keeps the authorizer's answer, 0 to 3600; 0 asks it each time. A token that expires meanwhile is accepted for as long. Default: 300.
    #[serde(default = "super::basic::default_cache_seconds")]
    #[schemars(range(min = 0, max = 3600))]
    pub cache_seconds: u32,
    /// Concurrent calls of the authorizer that are kept for it, and no more, 1 to 100000. Default: none are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub reserved_concurrency: Option<u32>,
}

/// The tokens of a user pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Token {
    #[default]
    Id,
    Access,
}

//! The section `users`: Cognito user pools, each with an app client.

use crate::spec::model::yes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A Cognito user pool with one app client, which has no secret. Who is in it is AWS's tools' business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// What users sign in with: `email`, `phone_number`, or `username` for a name of their own. Another one is another pool, without the users of this one. Default: `email`.
    #[serde(default)]
    pub sign_in: SignIn,
    /// Whether anybody may become a user; otherwise administrators make all of them. Default: false.
    #[serde(default)]
    pub self_sign_up: bool,
    /// Groups that users can be in, 1 to 128 characters each. Default: none.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = 300), inner(length(min = 1, max = 128)))]
    pub groups: BTreeSet<String>,
    /// Characters that a password must have, 8 to 99; a small and a capital letter, a digit and a symbol are among them. Default: 12.
    #[serde(default = "default_password_length")]
    #[schemars(range(min = 8, max = 99))]
    pub password_length: u32,
    /// Minutes that an id or access token is good for, 5 to 1440. Default: 60.
    #[serde(default = "default_token_minutes")]
    #[schemars(range(min = 5, max = 1440))]
    pub token_minutes: u32,
    /// Days that users can get new tokens without signing in again, 1 to 3650. Default: 30.
    #[serde(default = "default_refresh_days")]
    #[schemars(range(min = 1, max = 3650))]
    pub refresh_days: u32,
    /// Whether AWS refuses to delete the pool. Default: true.
    #[serde(default = "yes")]
    pub deletion_protection: bool,
    /// Whether the deployer may sign a user in: only in `pipe dev`, for its demo user.
    #[serde(skip)]
    pub demo: bool,
}

/// What users sign in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    #[default]
    Email,
    PhoneNumber,
    Username,
}

fn default_password_length() -> u32 {
    12
}

fn default_token_minutes() -> u32 {
    60
}

fn default_refresh_days() -> u32 {
    30
}

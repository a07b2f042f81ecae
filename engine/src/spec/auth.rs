//! The section `auth`: one file for each way in which callers show who they are.

mod basic;

pub use basic::{Basic, Secret};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may call the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// Basic authentication with one user name and password from Secrets Manager.
    Basic(Basic),
}

impl Auth {
    /// Returns the name that routes know the authorizer by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Basic(_) => "basic",
        }
    }
}

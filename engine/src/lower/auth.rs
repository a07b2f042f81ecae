//! Who may call a route: one file for each kind of authorizer.

pub(super) mod basic;

use serde_json::Value;

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::rest_api::Authorizer;
use crate::lower::Lowering;
use crate::spec::Auth;

/// Who may call a route, and what that takes.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub nodes: Vec<Node>,
    /// API Gateway's type of authorization, e.g. `CUSTOM`.
    pub authorization: &'static str,
    /// Name of the authorizer within the API.
    pub name: String,
    pub authorizer: Authorizer,
    /// The header `WWW-Authenticate` of a refusal.
    pub challenge: String,
    /// What the API's role needs for it.
    pub statements: Vec<Value>,
    /// Ids of what the API and its role name.
    pub mentions: Vec<&'static str>,
}

/// Returns what guards the routes of the API, where something does.
pub(super) fn guard(lowering: &Lowering<'_>) -> Result<Option<Guard>> {
    match &lowering.spec.auth {
        Some(Auth::Basic(basic)) => basic::guard(lowering, basic).map(Some),
        None => Ok(None),
    }
}

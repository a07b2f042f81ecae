//! Who may call a route: one file for each kind of authorizer.

mod api_key;
pub(super) mod basic;
mod cognito;
mod iam;
pub(super) mod jwt;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::rest_api::Authorizer;
use crate::lower::Lowering;
use crate::lower::source::api::ROLE;
use crate::lower::to::invocations;
use crate::spec;

/// Who may call a route, and what that takes.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    pub nodes: Vec<Node>,
    /// API Gateway's type of authorization, e.g. `CUSTOM`.
    pub authorization: &'static str,
    /// The authorizer with its name within the API, where there is one.
    pub authorizer: Option<(String, Authorizer)>,
    /// Scopes of which a token needs one.
    pub scopes: Vec<String>,
    /// Whether callers must send an API key.
    pub api_key: bool,
    /// A challenge for the header `WWW-Authenticate` of a refusal.
    pub challenge: Option<String>,
    /// What the API's role needs for it.
    pub statements: Vec<Value>,
    /// Ids of what the API and its role name.
    pub mentions: Vec<String>,
}

/// Returns what guards the routes of the API, by the names that routes use.
pub(super) fn guards(lowering: &Lowering<'_>) -> Result<BTreeMap<String, Guard>> {
    let guard = |(name, authorizer): (&str, &spec::Authorizer)| {
        let guard = match authorizer {
            spec::Authorizer::Basic(basic) => basic::guard(lowering, basic)?,
            spec::Authorizer::Cognito(cognito) => cognito::guard(lowering, name, cognito)?,
            spec::Authorizer::Jwt(jwt) => jwt::guard(lowering, name, jwt)?,
            spec::Authorizer::ApiKey(_) if lowering.spec.counts_users() => jwt::keys(lowering, name)?,
            spec::Authorizer::ApiKey(_) => api_key::guard(),
            spec::Authorizer::Iam(_) => iam::guard(),
        };
        Ok((name.to_owned(), guard))
    };
    lowering.spec.authorizers().map(guard).collect()
}

/// An authorizer that calls this function under the API's role: no statement in the function's policy is needed.
fn called(lowering: &Lowering<'_>, function: &str) -> Authorizer {
    Authorizer {
        uri: invocations(lowering.place, function),
        credentials: lowering.role_arn(ROLE),
        ..Authorizer::default()
    }
}

/// The challenge of those that take a token (<https://www.rfc-editor.org/rfc/rfc6750#section-3>).
fn bearer(lowering: &Lowering<'_>) -> String {
    format!("Bearer realm=\"{}\"", lowering.spec.name)
}

#[cfg(test)]
mod tests;

//! The JWT authorizer as a program.
//!
//! Environment: `PIPE_ISSUER`; `PIPE_JWKS_URL`, where its keys are not found by discovery; `PIPE_AUDIENCE`, `PIPE_GROUPS` and
//! `PIPE_SCOPES`, lists of texts as JSON; `PIPE_TOKEN_USE`, `id` or `access` for Cognito's; `PIPE_GROUPS_CLAIM`; `PIPE_PLANS`, pairs of a
//! group and the id of an API key as JSON. With `PIPE_KEY_HEADER` alone it checks nothing, and hands on the API key of this header: where
//! one route counts by its user, API Gateway takes no key from a header itself.

use std::collections::BTreeSet;

use aws_config::retry::RetryConfig;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::environment::{optional, process, required};
use crate::event::{Policy, Request};
use crate::http::Http;
use crate::jwt::{Rules, TokenUse};
use crate::jwt_authorizer::{ApiKeys, Issuer, JwtAuthorizer, Refusal, Settings};
use crate::log::{self, Level};
use crate::{aws, deadline};

/// Serves calls until the process ends.
///
/// # Errors
/// Missing or wrong settings in the environment; a runtime interface that is gone.
pub async fn run() -> Result<(), Error> {
    if let Some(header) = optional("PIPE_KEY_HEADER", process) {
        let header = &header;
        return lambda_runtime::run(service_fn(move |event: LambdaEvent<Request>| async move {
            hand_on(&event.payload, header)
        }))
        .await;
    }
    let authorizer = &authorizer().await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Request>| async move {
        let answer = authorizer.authorize(&event.payload, deadline::stop_at(event.context.deadline())).await;
        report(&event.context, &answer);
        answer
    }))
    .await
}

/// Lets everybody pass with the key that they show: API Gateway itself then looks whether it is one.
fn hand_on(request: &Request, header: &str) -> Result<Policy, Refusal> {
    let resource = request.every_route().ok_or(Refusal::NoMethodArn)?;
    Ok(Policy::allow("key", resource).counted_for(request.header(header).map(str::to_owned)))
}

async fn authorizer() -> Result<JwtAuthorizer<Issuer, ApiKeys>, Error> {
    let issuer = required("PIPE_ISSUER", process)?;
    let token = match optional("PIPE_TOKEN_USE", process).as_deref() {
        None => None,
        Some("id") => Some(TokenUse::Id),
        Some("access") => Some(TokenUse::Access),
        Some(_) => return Err("failed to start: PIPE_TOKEN_USE is neither `id` nor `access`".into()),
    };
    let audience: BTreeSet<String> = list("PIPE_AUDIENCE")?;
    if audience.is_empty() {
        return Err("failed to start: PIPE_AUDIENCE names nobody".into());
    }
    let settings = Settings {
        rules: Rules { issuer: issuer.clone(), audience, token },
        groups_claim: optional("PIPE_GROUPS_CLAIM", process).unwrap_or_else(|| "groups".to_owned()),
        groups: list("PIPE_GROUPS")?,
        scopes: list("PIPE_SCOPES")?,
        plans: list("PIPE_PLANS")?,
    };
    let (http, endpoint) = (Http::default(), optional("AWS_ENDPOINT_URL", process));
    let sdk = aws::config(RetryConfig::disabled()).await;
    let region = sdk.region().map(ToString::to_string).unwrap_or_default();
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let credentials = sdk.credentials_provider().ok_or("failed to start: there are no credentials")?;
    let keys = ApiKeys::new(http.clone(), region, domain, endpoint.as_deref(), credentials);
    let jwks = optional("PIPE_JWKS_URL", process);
    Ok(JwtAuthorizer::new(settings, Issuer::new(http, issuer, jwks, endpoint), keys))
}

/// A list as JSON; empty where the variable is not there.
fn list<T: DeserializeOwned + Default>(name: &'static str) -> Result<T, Error> {
    let Some(text) = optional(name, process) else { return Ok(T::default()) };
    serde_json::from_str(&text).map_err(|_| format!("failed to start: {name} is no list").into())
}

/// Logs how it went: no token, and nothing of who the user is.
fn report(context: &Context, answer: &Result<Policy, Refusal>) {
    let emit = |level, message: &str, why: Option<String>| {
        log::emit(&log::line(level, message, json!({ "requestId": context.request_id, "why": why })));
    };
    match answer {
        Ok(policy) if policy.allows() => emit(Level::Info, "allowed", None),
        Ok(_) => emit(Level::Info, "denied", Some("no group or scope that the route wants".to_owned())),
        Err(Refusal::Unauthorized(why)) => {
            emit(Level::Info, "unauthorized", Some(why.map_or_else(|| "no token".to_owned(), |why| why.to_string())));
        }
        Err(refusal) => emit(Level::Error, &refusal.to_string(), None),
    }
}

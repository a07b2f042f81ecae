//! Authorizers: those of Lambda of kind `REQUEST` (identity sources, result cache, policy), and Cognito's.

mod event;
pub mod iam;
pub mod policy;
mod pools;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use self::policy::{Decision, Verdict};
use self::pools::Pools;
use super::definition::{self, function_of};
use super::exchange::{Exchange, milliseconds};
use super::mapping::Source;
use super::refusal::Refusal;
use super::serving::Serving;
use crate::invoke::{Call, Refusal as Unreached};

/// How long an authorizer may take, as an integration.
const LONGEST: Duration = Duration::from_secs(29);
/// How many results are kept; beyond, those that have ended go.
const MOST_RESULTS: usize = 10_000;

/// An authorizer, parsed once, with its results.
#[derive(Debug)]
pub struct Authorizer {
    /// Why it cannot be used, if so.
    unusable: Option<&'static str>,
    /// Of Cognito's kind.
    pools: Option<Pools>,
    function: String,
    credentials: String,
    identity: Vec<Source>,
    keep: Duration,
    results: Mutex<HashMap<Vec<String>, Kept>>,
}

/// An answer and when it is no longer believed.
type Kept = (Arc<Decision>, Instant);

impl Authorizer {
    pub fn new(definition: &definition::Authorizer) -> Self {
        let sources = definition.identity_source.split(',').map(str::trim).filter(|source| !source.is_empty());
        let is_of_pools = definition.kind == "COGNITO_USER_POOLS";
        let function = function_of(&definition.uri);
        let unusable = match () {
            () if is_of_pools => None,
            () if definition.kind != "REQUEST" => Some("is neither of kind REQUEST nor of Cognito's"),
            () if function.is_none() => Some("calls no function"),
            () if definition.credentials.is_empty() => Some("has no role, and policies of functions are not read here"),
            () => None,
        };
        Self {
            unusable,
            pools: is_of_pools.then(|| Pools::new(&definition.pools)),
            function: function.unwrap_or_default(),
            credentials: definition.credentials.clone(),
            identity: sources.map(Source::parse).collect(),
            keep: Duration::from_secs(definition.cache_seconds),
            results: Mutex::default(),
        }
    }

    /// Why it can never let anybody in, if so.
    pub fn unusable(&self) -> Option<&'static str> {
        self.unusable
    }

    /// Whether it is Cognito's, which has no policy of its own.
    pub fn is_of_pools(&self) -> bool {
        self.pools.is_some()
    }

    /// Lets the request pass, and puts what the function said about the caller into `$context.authorizer`.
    ///
    /// # Errors
    /// The gateway response to answer with.
    pub async fn admit(&self, serving: Serving<'_>, scopes: &[String], exchange: &mut Exchange) -> Result<(), Refusal> {
        if let Some(pools) = &self.pools {
            return pools.admit(serving.reach, scopes, exchange).await;
        }
        let started = Instant::now();
        let outcome = self.decide(serving, exchange).await;
        exchange.metrics.insert("authorizer.latency", milliseconds(started).to_string());
        let outcome = outcome.and_then(|decision| {
            let verdict = decision.verdict(&exchange.method_arn(serving.address));
            exchange.metrics.insert("authorizer.integrationLatency", milliseconds(started).to_string());
            exchange.set("authorizer", decision.context(milliseconds(started)));
            exchange.usage_key = decision.usage_key();
            verdict.map_err(|verdict| refused(&verdict))
        });
        let status = outcome.as_ref().map_or_else(refusal_status, |()| 200);
        exchange.metrics.insert("authorizer.status", status.to_string());
        if let Err(refusal) = &outcome {
            let message = refusal.message.clone().unwrap_or_else(|| "Authorizer error".to_owned());
            exchange.metrics.insert("authorizer.error", message);
        }
        outcome
    }

    async fn decide(&self, serving: Serving<'_>, exchange: &Exchange) -> Result<Arc<Decision>, Refusal> {
        if self.unusable.is_some() {
            return Err(misconfigured());
        }
        let values = self.identity.iter().map(|source| source.value(exchange, &[]).filter(|value| !value.is_empty()));
        let values: Option<Vec<String>> = values.collect();
        if self.keep.is_zero() {
            // Without a cache AWS does not look whether the sources are there.
            return self.ask(serving, exchange).await;
        }
        let values = values.ok_or_else(|| Refusal::of("UNAUTHORIZED"))?;
        if let Some(known) = self.known(&values) {
            return Ok(known);
        }
        let decision = self.ask(serving, exchange).await?;
        self.keep(values, &decision);
        Ok(decision)
    }

    async fn ask(&self, serving: Serving<'_>, exchange: &Exchange) -> Result<Arc<Decision>, Refusal> {
        if !serving.permits.allows(serving.reach, &self.credentials, &self.function).await {
            return Err(misconfigured());
        }
        let event = Bytes::from(event::of(serving.address, exchange).to_string());
        let answer = timeout(LONGEST, (serving.reach.invoke)(Call::new(self.function.clone(), event))).await;
        let answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(Unreached::NotFound)) => return Err(misconfigured()),
            Ok(Err(Unreached::Throttled | Unreached::Unavailable(_))) | Err(_) => {
                return Err(Refusal::of("AUTHORIZER_FAILURE"));
            }
        };
        if answer.error.is_some() {
            let error: Value = serde_json::from_slice(&answer.payload).unwrap_or_default();
            // Exactly this text is a 401 with the challenge; anything else is the authorizer's own fault.
            let unauthorized = error["errorMessage"] == "Unauthorized";
            return Err(if unauthorized { Refusal::of("UNAUTHORIZED") } else { misconfigured() });
        }
        Decision::parse(&answer.payload).map(Arc::new).ok_or_else(misconfigured)
    }

    fn known(&self, values: &[String]) -> Option<Arc<Decision>> {
        let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.get(values).filter(|(_, until)| *until > Instant::now()).map(|(decision, _)| Arc::clone(decision))
    }

    fn keep(&self, values: Vec<String>, decision: &Arc<Decision>) {
        let now = Instant::now();
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        if results.len() >= MOST_RESULTS {
            results.retain(|_, (_, until)| *until > now);
        }
        if results.len() < MOST_RESULTS {
            results.insert(values, (Arc::clone(decision), now + self.keep));
        }
    }
}

fn misconfigured() -> Refusal {
    Refusal::of("AUTHORIZER_CONFIGURATION_ERROR")
}

fn refused(verdict: &Verdict) -> Refusal {
    let denied = Refusal::of("ACCESS_DENIED");
    match verdict {
        Verdict::Denied => denied.saying("User is not authorized to access this resource with an explicit deny"),
        Verdict::NotAllowed => denied,
    }
}

fn refusal_status(refusal: &Refusal) -> u16 {
    match refusal.kind {
        "UNAUTHORIZED" => 401,
        "ACCESS_DENIED" => 403,
        _ => 500,
    }
}

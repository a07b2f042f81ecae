//! API Gateway's own authorizer of Cognito users: any client of the pools, an id token, or an access token with one of the scopes.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use pipe_handlers::jwt::{Claims, Key, Rules, TokenUse, Wrong, keys};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::super::exchange::Exchange;
use super::super::reach::Reach;
use super::super::refusal::Refusal;

/// How often an unknown key has a pool's keys read again.
const LEAST_INTERVAL: Duration = Duration::from_secs(60);
/// The most that the keys of a pool have, in bytes.
const LONGEST: usize = 1024 * 1024;

/// The user pools of an authorizer, and what is known of their keys.
#[derive(Default)]
pub struct Pools {
    /// Ids of the pools, with the issuers that they are.
    issuers: BTreeMap<String, String>,
    known: Mutex<BTreeMap<String, Known>>,
}

struct Known {
    keys: BTreeMap<String, Key>,
    read_at: Instant,
}

impl std::fmt::Debug for Pools {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pools").field("issuers", &self.issuers).finish_non_exhaustive()
    }
}

impl Pools {
    /// Of these ARNs.
    pub fn new(arns: &[String]) -> Self {
        let issuer = |arn: &String| {
            let (region, id) = (arn.split(':').nth(3)?, arn.rsplit_once('/')?.1);
            Some((format!("https://cognito-idp.{region}.amazonaws.com/{id}"), id.to_owned()))
        };
        Self { issuers: arns.iter().filter_map(issuer).collect(), known: Mutex::default() }
    }

    /// Lets a user pass, and puts the claims into `$context.authorizer`.
    ///
    /// # Errors
    /// The gateway response to answer with.
    pub async fn admit(&self, reach: &Reach, scopes: &[String], exchange: &mut Exchange) -> Result<(), Refusal> {
        let header = exchange.header("authorization").unwrap_or_default().trim();
        let token = header.strip_prefix("Bearer ").unwrap_or(header).trim().to_owned();
        let claims = self.checked(reach, &token, scopes).await.map_err(|wrong| {
            let refusal = Refusal::of("UNAUTHORIZED");
            if wrong == Wrong::Expired { refusal.saying("The incoming token has expired") } else { refusal }
        })?;
        exchange.set("authorizer", json!({ "claims": texts(claims.all()) }));
        Ok(())
    }

    async fn checked(&self, reach: &Reach, token: &str, scopes: &[String]) -> Result<Claims, Wrong> {
        let key = Rules::key_of(token)?;
        let said = said(token).ok_or(Wrong::Malformed)?;
        let text = |name: &str| said[name].as_str().map(str::to_owned);
        let issuer = text("iss").ok_or(Wrong::Issuer)?;
        let pool = self.issuers.get(&issuer).ok_or(Wrong::Issuer)?;
        let (kind, client) = match scopes {
            [] => (TokenUse::Id, text("aud")),
            _ => (TokenUse::Access, text("client_id")),
        };
        // Any client of the pool: which one it is makes no difference.
        let rules = Rules { issuer, audience: client.into_iter().collect(), token: Some(kind) };
        let key = self.key(reach, pool, &key).await.ok_or(Wrong::Signature)?;
        let claims = rules.check(token, &key)?;
        let has = claims.words("scope");
        let one = scopes.is_empty() || scopes.iter().any(|scope| has.contains(scope.as_str()));
        one.then_some(claims).ok_or(Wrong::Use)
    }

    async fn key(&self, reach: &Reach, pool: &str, id: &str) -> Option<Key> {
        let mut known = self.known.lock().await;
        let fresh = |known: &Known| known.keys.contains_key(id) || known.read_at.elapsed() < LEAST_INTERVAL;
        if !known.get(pool).is_some_and(fresh) {
            let read = read(reach, pool).await;
            match read {
                Ok(keys) => _ = known.insert(pool.to_owned(), Known { keys, read_at: Instant::now() }),
                Err(why) => reach.warn(format!("failed to read the keys of the user pool `{pool}`: {why}")),
            }
        }
        known.get(pool)?.keys.get(id).cloned()
    }
}

async fn read(reach: &Reach, pool: &str) -> Result<BTreeMap<String, Key>, String> {
    let endpoint = reach.roles.root().endpoint_url().ok_or("there is no endpoint")?;
    let url = format!("{}/{pool}/.well-known/jwks.json", endpoint.trim_end_matches('/'));
    let request = hyper::Request::get(url).body(Full::<Bytes>::default()).map_err(|error| error.to_string())?;
    let answer = reach.http.request(request).await.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("status {}", answer.status()));
    }
    let body = Limited::new(answer.into_body(), LONGEST).collect().await.map_err(|error| error.to_string())?;
    keys(&body.to_bytes()).map_err(str::to_owned)
}

/// What a token says of itself, before it is checked.
fn said(token: &str) -> Option<Value> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok()
}

/// As API Gateway gives claims: all of them texts, lists with commas between.
fn texts(claims: &Map<String, Value>) -> Map<String, Value> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => {
            let words = all.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned));
            words.collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    };
    claims.iter().map(|(name, value)| (name.clone(), Value::from(text(value)))).collect()
}

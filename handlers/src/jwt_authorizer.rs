//! Tokens of an OIDC issuer, such as a Cognito user pool, checked with its keys (a `REQUEST` authorizer).
//!
//! A token that is not accepted is answered 401, a user without a group or scope that the route wants 403. Without keys nobody gets in.
//! Keys are kept for [`MAX_AGE`], through outages of the issuer for at most [`MAX_OUTAGE`], and read again for an unknown one, at most
//! once in [`LEAST_INTERVAL`]. A token is good until it expires, whatever its user was deprived of meanwhile, and for as long after that as
//! API Gateway keeps an answer.

mod issuer;
mod plans;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use lambda_runtime::Diagnostic;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

pub use self::issuer::Issuer;
pub use self::plans::ApiKeys;
use crate::event::{Policy, Request};
use crate::http::Failed;
use crate::jwt::{Claims, Rules, Wrong};

/// An unknown key has the keys read again, but not more often: nobody can make the function call the issuer at will.
pub const LEAST_INTERVAL: Duration = Duration::from_secs(60);
/// The same where no keys are known: an issuer that is back is found soon.
const LEAST_INTERVAL_WITHOUT: Duration = Duration::from_secs(1);
/// Keys are read again after this long: one that the issuer withdrew dies in warm functions too.
pub const MAX_AGE: Duration = Duration::from_secs(3600);
/// The longest that keys serve after they were read.
pub const MAX_OUTAGE: Duration = Duration::from_secs(6 * 3600);

type Keys = BTreeMap<String, DecodingKey>;

/// Where the issuer's keys are read.
pub trait Jwks {
    /// Returns the keys as they are now.
    fn read(&self) -> impl Future<Output = Result<Keys, Failed>>;
}

/// Where the values of API keys are read.
pub trait Values {
    /// Returns the value of the key with this id, which never changes.
    fn value(&self, id: &str) -> impl Future<Output = Result<String, Failed>>;
}

/// Whom the routes let in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    pub rules: Rules,
    /// The claim with the user's groups.
    pub groups_claim: String,
    /// Groups of which a user must be in one; none for every user.
    pub groups: BTreeSet<String>,
    /// Scopes of which a token must have one; none for every token.
    pub scopes: BTreeSet<String>,
    /// Groups with the ids of the API keys that their users' requests count for; the first that fits.
    pub plans: Vec<(String, String)>,
}

/// Why a request gets neither a yes nor a no that API Gateway keeps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No token, or one that is not accepted. API Gateway answers 401 with the challenge only to exactly this text.
    #[error("Unauthorized")]
    Unauthorized(Option<Wrong>),
    #[error("failed to read the issuer's keys: {0}")]
    NoKeys(Failed),
    #[error("failed to read the API key of the plan: {0}")]
    NoPlan(Failed),
    #[error("failed to read the request: `methodArn` is missing or is not the ARN of a REST API")]
    NoMethodArn,
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Diagnostic {
        let error_type = match refusal {
            Refusal::Unauthorized(_) => "Unauthorized",
            Refusal::NoKeys(_) => "KeysUnreadable",
            Refusal::NoPlan(_) => "PlanUnreadable",
            Refusal::NoMethodArn => "BadRequest",
        };
        Diagnostic { error_type: error_type.into(), error_message: refusal.to_string() }
    }
}

/// The authorizer and what it knows.
pub struct JwtAuthorizer<J, V> {
    settings: Settings,
    jwks: J,
    values: V,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    keys: Keys,
    read_at: Option<Instant>,
    asked_at: Option<Instant>,
    values: BTreeMap<String, String>,
}

impl<J: Jwks, V: Values> JwtAuthorizer<J, V> {
    /// Makes an authorizer that knows nothing yet.
    pub fn new(settings: Settings, jwks: J, values: V) -> Self {
        Self { settings, jwks, values, memory: Mutex::default() }
    }

    /// Lets a request in, or says why not. Nothing is waited for beyond `stop`.
    ///
    /// The policy covers every route of the stage, so that API Gateway may serve all that this authorizer guards from one answer.
    ///
    /// # Errors
    /// A token that is not accepted; keys or values that cannot be read.
    pub async fn authorize(&self, request: &Request, stop: Instant) -> Result<Policy, Refusal> {
        let token = request.authorization().and_then(token).ok_or(Refusal::Unauthorized(None))?;
        let resource = request.every_route().ok_or(Refusal::NoMethodArn)?;
        let id = Rules::key_of(token).map_err(unauthorized)?;
        let mut memory = self.memory.lock().await;
        self.renew(&mut memory, &id, stop).await?;
        let key = memory.keys.get(&id).ok_or(Refusal::Unauthorized(Some(Wrong::Signature)))?;
        let claims = self.settings.rules.check(token, key).map_err(unauthorized)?;
        let user = claims.text("sub").ok_or(Refusal::Unauthorized(Some(Wrong::Malformed)))?;
        if !self.settings.admit(&claims) {
            return Ok(Policy::deny(user, resource));
        }
        let usage = self.usage(&mut memory, &claims, stop).await?;
        Ok(Policy::allow(user, resource).knowing(self.settings.known(&claims)).counted_for(usage))
    }

    /// Reads the keys where they are not known, are old, or lack this one.
    async fn renew(&self, memory: &mut Memory, id: &str, stop: Instant) -> Result<(), Refusal> {
        let age = memory.read_at.map(|at| at.elapsed());
        if age.is_some_and(|age| age >= MAX_OUTAGE) {
            (memory.keys, memory.read_at) = (Keys::new(), None);
        }
        let has = memory.keys.contains_key(id);
        let due = !has || age.is_none_or(|age| age >= MAX_AGE);
        let interval = if memory.read_at.is_some() { LEAST_INTERVAL } else { LEAST_INTERVAL_WITHOUT };
        let may = memory.asked_at.is_none_or(|at| at.elapsed() >= interval);
        if !due || (!may && memory.read_at.is_some()) {
            return Ok(());
        }
        if !may {
            return Err(Refusal::NoKeys(Failed("it was asked a moment ago".to_owned())));
        }
        memory.asked_at = Some(Instant::now());
        let answer = timeout_at(stop, self.jwks.read()).await;
        match answer.unwrap_or_else(|_| Err(Failed("no answer before the deadline".to_owned()))) {
            Ok(keys) => (memory.keys, memory.read_at) = (keys, Some(Instant::now())),
            // An outage of the issuer must not take a working API down: what is known serves on.
            Err(_) if has => {}
            Err(why) => return Err(Refusal::NoKeys(why)),
        }
        Ok(())
    }

    /// The value of the API key that the request counts for.
    async fn usage(&self, memory: &mut Memory, claims: &Claims, stop: Instant) -> Result<Option<String>, Refusal> {
        let groups = claims.texts(&self.settings.groups_claim);
        let plan = self.settings.plans.iter().find(|(group, _)| groups.contains(group.as_str()));
        let Some((_, id)) = plan else { return Ok(None) };
        if let Some(value) = memory.values.get(id) {
            return Ok(Some(value.clone()));
        }
        let answer = timeout_at(stop, self.values.value(id)).await;
        let answer = answer.unwrap_or_else(|_| Err(Failed("no answer before the deadline".to_owned())));
        let value = answer.map_err(Refusal::NoPlan)?;
        memory.values.insert(id.clone(), value.clone());
        Ok(Some(value))
    }
}

impl Settings {
    /// Whether the routes are for this user.
    fn admit(&self, claims: &Claims) -> bool {
        let one = |wanted: &BTreeSet<String>, had: BTreeSet<&str>| {
            wanted.is_empty() || wanted.iter().any(|one| had.contains(one.as_str()))
        };
        let scopes = claims.words("scope").into_iter().chain(claims.words("scp")).collect();
        one(&self.groups, claims.texts(&self.groups_claim)) && one(&self.scopes, scopes)
    }

    /// What mapping templates and functions may know of the user.
    fn known(&self, claims: &Claims) -> BTreeMap<&'static str, String> {
        let groups = claims.texts(&self.groups_claim).into_iter().collect::<Vec<_>>().join(",");
        let text = |name: &str| claims.text(name).map(str::to_owned);
        let username = text("cognito:username").or_else(|| text("username"));
        let all = [("sub", text("sub")), ("username", username), ("groups", Some(groups)), ("scope", text("scope"))];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// The token of a header: `Bearer TOKEN`, or the token alone, as API Gateway's own authorizer takes it.
fn token(header: &str) -> Option<&str> {
    let header = header.trim();
    match header.split_once(' ') {
        Some((scheme, token)) => scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()),
        None => Some(header).filter(|token| !token.is_empty()),
    }
}

fn unauthorized(wrong: Wrong) -> Refusal {
    Refusal::Unauthorized(Some(wrong))
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;

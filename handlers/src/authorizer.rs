//! Basic credentials of a REST API, checked against a secret (a `REQUEST` authorizer).
//!
//! Limits: the secret is JSON with the non-empty texts `username` and `password`; a password changed in the secret is
//! accepted at once, or a minute after the secret was read last; the old one for at most [`MAX_AGE`]. A copy that cannot be renewed
//! serves through outages of Secrets Manager, for at most [`MAX_OUTAGE`]; a secret that is gone, denied or no credentials ends it at
//! once. Needs `secretsmanager:GetSecretValue` on the secret.

mod basic;
mod secret;

use std::future::Future;
use std::time::Duration;

use lambda_runtime::Diagnostic;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

pub use self::basic::Credentials;
pub use self::secret::{SecretsManager, Unreadable};
pub use crate::event::{Policy, Request};

/// After a mismatch the secret is read again, but not more often than this, so that a rotation works and nobody can make
/// the function call Secrets Manager at will.
const LEAST_INTERVAL: Duration = Duration::from_secs(60);
/// A copy in memory that keeps matching is renewed after this long: a password that was withdrawn dies in warm functions too.
pub const MAX_AGE: Duration = Duration::from_secs(300);
/// The longest that a copy serves after it was read: keeping the function from the secret does not keep old passwords alive.
pub const MAX_OUTAGE: Duration = Duration::from_secs(3600);

/// Where the secret is read. The errors carry codes, never a value.
pub trait Secrets {
    /// Returns the credentials that the secret holds now.
    fn read(&self) -> impl Future<Output = Result<Credentials, Unreadable>>;
}

/// Why a request is not let in.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// No credentials, or wrong ones. API Gateway answers 401 with the challenge only to exactly this text; any other error
    /// is a 500, and a Deny would be a 403.
    #[error("Unauthorized")]
    Unauthorized,
    #[error("failed to read the secret: {0}")]
    Unreadable(#[from] Unreadable),
    #[error("failed to read the request: `methodArn` is missing or is not the ARN of a REST API")]
    NoMethodArn,
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Diagnostic {
        let error_type = match refusal {
            Refusal::Unauthorized => "Unauthorized",
            Refusal::Unreadable(_) => "SecretUnreadable",
            Refusal::NoMethodArn => "BadRequest",
        };
        Diagnostic { error_type: error_type.into(), error_message: refusal.to_string() }
    }
}

/// An answer, and what the log should say beside it.
#[derive(Debug, PartialEq, Eq)]
pub struct Decision {
    pub answer: Result<Policy, Refusal>,
    /// Why the secret could not be read again, where the copy in memory served instead.
    pub not_renewed: Option<Unreadable>,
}

/// What an authorizer remembers between invocations.
#[derive(Default)]
struct Memory {
    /// The credentials, and when they were read.
    known: Option<(Credentials, Instant)>,
    /// When the secret was asked for last, with or without an answer.
    asked_at: Option<Instant>,
}

impl Memory {
    /// Whether the secret has not been asked for in this time.
    fn older_than(&self, age: Duration) -> bool {
        self.asked_at.is_none_or(|at| at.elapsed() >= age)
    }

    fn accepts(&self, offered: &Credentials) -> bool {
        self.known.as_ref().is_some_and(|(known, _)| known.matches(offered))
    }
}

/// Checks requests against one secret.
pub struct Authorizer<S> {
    secrets: S,
    memory: Mutex<Memory>,
}

impl<S: Secrets> Authorizer<S> {
    /// Makes an authorizer that knows nothing yet: the secret is read when the first credentials come.
    pub fn new(secrets: S) -> Self {
        Authorizer { secrets, memory: Mutex::default() }
    }

    /// Lets a request in, or says why not. The secret is never waited for beyond `stop`.
    ///
    /// The policy covers every route of the stage, so that API Gateway may serve all of them from one cached answer.
    pub async fn authorize(&self, request: &Request, stop: Instant) -> Decision {
        let mut not_renewed = None;
        let answer = self.decide(request, stop, &mut not_renewed).await;
        Decision { answer, not_renewed }
    }

    /// # Errors
    /// [`Refusal::Unauthorized`] for missing, malformed and wrong credentials; [`Refusal::Unreadable`] when there is no secret to
    /// compare with, or when the comparison failed and the secret, then due, could not be read again.
    async fn decide(
        &self,
        request: &Request,
        stop: Instant,
        not_renewed: &mut Option<Unreadable>,
    ) -> Result<Policy, Refusal> {
        let offered = request.credentials().ok_or(Refusal::Unauthorized)?;
        let resource = request.every_route().ok_or(Refusal::NoMethodArn)?;
        let mut memory = self.memory.lock().await;
        memory.known.take_if(|(_, read_at)| read_at.elapsed() >= MAX_OUTAGE);
        if memory.known.is_none() {
            self.read(&mut memory, stop).await?;
        } else if memory.older_than(MAX_AGE) {
            // An outage of Secrets Manager must not take a working API down: the copy serves until it can be renewed.
            match self.read(&mut memory, stop).await {
                Err(why) if why.passes() => *not_renewed = Some(why),
                read => read?,
            }
        }
        if !memory.accepts(&offered) && memory.older_than(LEAST_INTERVAL) {
            self.read(&mut memory, stop).await?;
        }
        match &memory.known {
            Some((known, _)) if known.matches(&offered) => Ok(Policy::allow(known.username(), resource)),
            _ => Err(Refusal::Unauthorized),
        }
    }

    /// Reads the secret into memory. A failure that passes leaves what is known, and every other one ends it.
    async fn read(&self, memory: &mut Memory, stop: Instant) -> Result<(), Unreadable> {
        memory.asked_at = Some(Instant::now());
        let answer = timeout_at(stop, self.secrets.read()).await;
        match answer.unwrap_or_else(|_| Err(Unreadable::passing("no answer before the deadline"))) {
            Ok(credentials) => memory.known = Some((credentials, Instant::now())),
            Err(why) => {
                memory.known.take_if(|_| !why.passes());
                return Err(why);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

//! Basic credentials of a REST API, checked against a secret (a `REQUEST` authorizer).
//!
//! Limits: the secret is JSON with the non-empty texts `username` and `password`; a password changed in the secret is
//! accepted at once, or a minute after the secret was read last; the old one for at most [`MAX_AGE`]. Needs
//! `secretsmanager:GetSecretValue` on the secret.

mod basic;
mod event;
mod secret;

use std::future::Future;
use std::time::Duration;

use lambda_runtime::Diagnostic;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

pub use self::basic::Credentials;
pub use self::event::{Policy, Request};
pub use self::secret::{SecretsManager, Unreadable};

/// After a mismatch the secret is read again, but not more often than this, so that a rotation works and nobody can make
/// the function call Secrets Manager at will.
const LEAST_INTERVAL: Duration = Duration::from_secs(60);
/// A copy in memory that keeps matching is renewed after this long: a password that was withdrawn dies in warm functions too.
pub const MAX_AGE: Duration = Duration::from_secs(300);

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
    #[error("failed to read the request: `methodArn` is missing or is no ARN of a REST API")]
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

/// What an authorizer remembers between invocations.
#[derive(Default)]
struct Memory {
    known: Option<Credentials>,
    read_at: Option<Instant>,
}

impl Memory {
    fn older_than(&self, age: Duration) -> bool {
        self.read_at.is_none_or(|at| at.elapsed() >= age)
    }

    fn accepts(&self, offered: &Credentials) -> bool {
        self.known.as_ref().is_some_and(|known| known.matches(offered))
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
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] for missing, malformed and wrong credentials; [`Refusal::Unreadable`] when there is no secret to
    /// compare with, or when the comparison failed and the secret, then due, could not be read again.
    pub async fn authorize(&self, request: &Request, stop: Instant) -> Result<Policy, Refusal> {
        let offered = request.credentials().ok_or(Refusal::Unauthorized)?;
        let resource = request.every_route().ok_or(Refusal::NoMethodArn)?;
        let mut memory = self.memory.lock().await;
        if memory.known.is_none() {
            self.read(&mut memory, stop).await?;
        } else if memory.older_than(MAX_AGE) {
            // An outage of Secrets Manager must not take a working API down: the copy serves until it can be renewed.
            let _ = self.read(&mut memory, stop).await;
        }
        if !memory.accepts(&offered) && memory.older_than(LEAST_INTERVAL) {
            self.read(&mut memory, stop).await?;
        }
        match &memory.known {
            Some(known) if known.matches(&offered) => Ok(Policy::allow(known.username(), resource)),
            _ => Err(Refusal::Unauthorized),
        }
    }

    /// Reads the secret into memory. A failure counts as a reading too, and leaves what is known.
    async fn read(&self, memory: &mut Memory, stop: Instant) -> Result<(), Unreadable> {
        memory.read_at = Some(Instant::now());
        let answer = timeout_at(stop, self.secrets.read()).await;
        memory.known = Some(answer.map_err(|_| Unreadable::new("no answer before the deadline"))??);
        Ok(())
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

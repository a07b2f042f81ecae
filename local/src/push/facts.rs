//! What Lambda knows of a function that events are sent to: its role, its policy, and what becomes of failed events.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use tokio::time::Instant;

use super::attempts::Limits;
use super::policy::Policy;
use crate::poller::access::reason;
use crate::roles::Roles;

/// How long an answer counts: a permission that was just added or removed is seen soon, and a burst of events asks once.
const FRESH: Duration = Duration::from_secs(3);

/// A function, as far as its events are concerned.
#[derive(Clone, Debug)]
pub struct Function {
    pub role: String,
    pub policy: Policy,
    pub limits: Limits,
    /// ARN of the destination of what is given up.
    pub on_failure: Option<String>,
}

/// Why nothing is known of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    NotFound,
    /// The endpoint did not say.
    Other(String),
}

/// The functions of the endpoint, each asked about once in a while.
pub struct Functions {
    client: Client,
    known: Mutex<HashMap<String, (Instant, Function)>>,
}

impl Functions {
    pub fn new(roles: Roles) -> Self {
        Self { client: Client::new(roles.root()), known: Mutex::default() }
    }

    /// Asks again from now on.
    pub fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The function of this ARN.
    ///
    /// # Errors
    /// It is not there, or the endpoint does not say.
    pub async fn of(&self, arn: &str) -> Result<Function, Unknown> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(arn).cloned();
        if let Some((_, function)) = known.filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(function);
        }
        let function = self.read(arn).await?;
        let known = (Instant::now(), function.clone());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.to_owned(), known);
        Ok(function)
    }

    async fn read(&self, arn: &str) -> Result<Function, Unknown> {
        let configuration = self.client.get_function_configuration().function_name(arn).send();
        let invokes = self.client.get_function_event_invoke_config().function_name(arn).send();
        let policy = self.client.get_policy().function_name(arn).send();
        let concurrency = self.client.get_function_concurrency().function_name(arn).send();
        let (configuration, invokes, policy, concurrency) = tokio::join!(configuration, invokes, policy, concurrency);
        let configuration = if_there(configuration)?.ok_or(Unknown::NotFound)?;
        let invokes = if_there(invokes)?;
        let policy = if_there(policy)?.and_then(|policy| policy.policy);
        let defaults = Limits::default();
        let (retries, age) = invokes
            .as_ref()
            .map(|config| (config.maximum_retry_attempts, config.maximum_event_age_in_seconds))
            .unwrap_or_default();
        let limits = Limits {
            retries: retries.and_then(|retries| u32::try_from(retries).ok()).unwrap_or(defaults.retries),
            max_age_ms: age.map_or(defaults.max_age_ms, |seconds| i64::from(seconds) * 1000),
            none_may_run: if_there(concurrency)?.and_then(|it| it.reserved_concurrent_executions) == Some(0),
        };
        let destinations = invokes.and_then(|config| config.destination_config);
        Ok(Function {
            role: configuration.role.unwrap_or_default(),
            policy: policy.as_deref().map(Policy::parse).unwrap_or_default(),
            limits,
            on_failure: destinations.and_then(|all| all.on_failure).and_then(|on_failure| on_failure.destination),
        })
    }
}

/// The answer, or nothing where what is asked for is not there.
fn if_there<T, E>(answer: Result<T, SdkError<E>>) -> Result<Option<T>, Unknown>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
        Err(error) => Err(Unknown::Other(reason(&error))),
    }
}

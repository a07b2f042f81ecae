//! Runs Lambda functions on this machine: native bootstraps from their zips, as Lambda runs them, and code in Python and JavaScript by
//! this machine's own interpreters.
//!
//! A function is read from the endpoint when it is first called: its configuration, role and code. One process serves one call
//! at a time; warm ones are used again, the one used last first, and more are started when all are busy.

mod boto3;
mod caller;
mod code;
mod definition;
mod environment;
mod failure;
mod invocation;
mod logs;
mod pool;
mod process;
mod program;
mod report;
mod runtime_api;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, watch};
use tokio::time::timeout;

use crate::error::{Error, Result};
use crate::event::Events;
use crate::invoke::{Answer, Call, Invoke, Refusal};
use crate::roles::Roles;
use crate::seen::Lens;
use definition::Definition;
use invocation::Invocation;
use pool::Pool;
use program::Program;

/// The most that a synchronous call may be given, in bytes (Lambda quotas: 6 MB).
const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;
/// How long stopping may take.
const STOP: Duration = Duration::from_secs(2);

/// What the host of functions needs.
pub struct Settings {
    /// The command in front of every child, an absolute path first: it runs the rest of its arguments as [`crate::supervise::run`] does.
    pub supervisor: Vec<OsString>,
    /// The folder where code is unpacked and kept.
    pub cache: PathBuf,
    pub events: Events,
    pub lens: Lens,
    pub roles: Roles,
    /// The URL that the functions' AWS SDKs call.
    pub endpoint_url: String,
    pub region: String,
}

/// The functions of one endpoint. Cheap to clone; when the last clone is dropped, all processes are ended.
#[derive(Clone)]
pub struct Functions {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Arc<Settings>,
    client: aws_sdk_lambda::Client,
    pools: Mutex<HashMap<String, Arc<OnceCell<Arc<Pool>>>>>,
    /// True once everything is to end. Each process, call and log holds a receiver as long as it lasts.
    stop: watch::Sender<bool>,
}

impl Functions {
    /// Functions of the endpoint that the roles' own configuration leads to. Nothing is read or started yet.
    pub fn new(settings: Settings) -> Self {
        let client = aws_sdk_lambda::Client::new(settings.roles.root());
        let stop = watch::Sender::new(false);
        Self { inner: Arc::new(Inner { settings: Arc::new(settings), client, pools: Mutex::default(), stop }) }
    }

    /// Calls a function by its name, partial or full ARN, and waits for its answer.
    ///
    /// The call goes on when this future is dropped, as on Lambda.
    ///
    /// # Errors
    /// The function was not reached: see [`Refusal`]. A payload above 6 MB is one of these.
    pub async fn invoke(&self, call: Call) -> std::result::Result<Answer, Refusal> {
        let Call { function, payload, id } = call;
        if payload.len() > PAYLOAD_LIMIT {
            let message =
                format!("request must be smaller than {PAYLOAD_LIMIT} bytes for the InvokeFunction operation");
            return Err(Refusal::Unavailable(message));
        }
        let pool = self.pool(&function).await?;
        let stop = self.inner.stop.subscribe();
        tokio::spawn(pool.call(Invocation::of(payload, id), stop)).await.unwrap_or_else(|_| Err(stopped()))
    }

    /// The same as a plain function value.
    pub fn as_invoke(&self) -> Invoke {
        let functions = self.clone();
        Arc::new(move |call| {
            let functions = functions.clone();
            Box::pin(async move { functions.invoke(call).await })
        })
    }

    /// Reads the known functions again, as after an apply.
    ///
    /// One that differs in code, configuration or role starts again with the next call; calls under way end on the processes that
    /// they are on, which are then ended. One that is gone is forgotten.
    ///
    /// # Errors
    /// A function could not be read, or its new code not be fetched: it stays as it was, and the others are done all the same.
    pub async fn refresh(&self) -> Result<()> {
        let known: Vec<_> = self.lock().values().filter_map(|pool| pool.get().cloned()).collect();
        let mut outcome = Ok(());
        for pool in known {
            outcome = outcome.and(self.renew(&pool).await);
        }
        outcome
    }

    /// Makes the first process of a function ready before its first call.
    ///
    /// # Errors
    /// The function cannot be read, or its init fails. The next call tries again.
    pub async fn warm(&self, function: &str) -> Result<()> {
        let pool = self.pool(function).await.map_err(|refusal| error(function, refusal))?;
        let mut stop = self.inner.stop.subscribe();
        let alive = stop.clone();
        tokio::select! {
            warm = pool.warm(&alive) => warm,
            _ = stop.wait_for(|stopped| *stopped) => Err(error(function, stopped())),
        }
    }

    /// Ends all processes, and sends what their logs still hold. It takes 2 seconds at most; later calls are refused.
    pub async fn stop(&self) {
        self.inner.stop.send_replace(true);
        self.lock().clear();
        let _ = timeout(STOP, self.inner.stop.closed()).await;
    }

    async fn pool(&self, function: &str) -> std::result::Result<Arc<Pool>, Refusal> {
        if *self.inner.stop.borrow() {
            return Err(stopped());
        }
        let name = definition::name(function).ok_or(Refusal::NotFound)?;
        let cell = self.lock().entry(name.to_owned()).or_default().clone();
        let pool = cell.get_or_try_init(|| async {
            let (definition, place) = definition::read(&self.inner.client, name).await?;
            self.make(definition, &place).await
        });
        pool.await.cloned()
    }

    async fn make(&self, definition: Definition, place: &str) -> std::result::Result<Arc<Pool>, Refusal> {
        let settings = &self.inner.settings;
        let folder = code::unpacked(&settings.cache, &definition.code_sha256, place).await;
        let folder = folder.map_err(|reason| Refusal::Unavailable(format!("{reason} (`{}`)", definition.name)))?;
        let program = Program::of(&definition, &folder, settings).await.map_err(Refusal::Unavailable)?;
        Ok(Pool::new(definition, folder, program, settings.clone()))
    }

    async fn renew(&self, old: &Pool) -> Result<()> {
        let name = &old.definition.name;
        let fresh = match definition::read(&self.inner.client, name).await {
            Ok((definition, _)) if definition == old.definition => return Ok(()),
            Ok((definition, place)) => {
                Some(self.make(definition, &place).await.map_err(|refusal| error(name, refusal))?)
            }
            Err(Refusal::NotFound) => None,
            Err(refusal) => return Err(error(name, refusal)),
        };
        match fresh {
            Some(pool) => self.lock().insert(name.clone(), Arc::new(OnceCell::new_with(Some(pool)))),
            None => self.lock().remove(name),
        };
        old.retire();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<OnceCell<Arc<Pool>>>>> {
        self.inner.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stopped() -> Refusal {
    Refusal::Unavailable("the functions are being stopped".to_owned())
}

/// A refusal as an error.
fn error(function: &str, refusal: Refusal) -> Error {
    match refusal {
        Refusal::NotFound => Error::new(format!("find the function `{function}`")),
        Refusal::Throttled => Error::new(format!("call the function `{function}`: too many calls are under way")),
        Refusal::Unavailable(reason) => Error::new(reason),
    }
}

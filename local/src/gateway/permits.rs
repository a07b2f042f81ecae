//! Whether a role may invoke a function, asked with Lambda's `DryRun`.
//!
//! The gateway calls functions itself, so that nobody else would notice a role without `lambda:InvokeFunction`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_lambda::types::InvocationType;
use tokio::time::Instant;

use super::reach::Reach;

/// How long a refusal is believed.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// What is known by role and function: an allowance until the next refresh, a refusal for a minute.
#[derive(Debug, Default)]
pub struct Permits {
    known: Mutex<HashMap<(String, String), (bool, Instant)>>,
}

impl Permits {
    /// Whether the role may invoke the function. If that cannot be found out, the answer is no, and the next request asks again.
    pub async fn allows(&self, reach: &Reach, role: &str, function: &str) -> bool {
        let key = (role.to_owned(), function.to_owned());
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some((allowed, asked)) = known
            && (allowed || asked.elapsed() < ASK_AGAIN)
        {
            return allowed;
        }
        let verdict = ask(reach, role, function).await;
        let allowed = verdict == Ok(true);
        match verdict {
            Ok(true) => {}
            Ok(false) => {
                reach.warn(format!("the role `{role}` may not invoke `{function}`: every call of it answers 500"))
            }
            Err(reason) => {
                reach.warn(format!("failed to ask whether `{role}` may invoke `{function}`: {reason}"));
                return false;
            }
        }
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (allowed, Instant::now()));
        allowed
    }
}

async fn ask(reach: &Reach, role: &str, function: &str) -> Result<bool, String> {
    let config = reach.roles.config(role).await.map_err(|error| error.to_string())?;
    let call = Client::new(&config).invoke().function_name(function).invocation_type(InvocationType::DryRun);
    match call.send().await {
        Ok(_) => Ok(true),
        Err(error) if error.code().is_some_and(|code| code.starts_with("AccessDenied")) => Ok(false),
        Err(error) => Err(DisplayErrorContext(&error).to_string()),
    }
}

//! The authorizer as a program. Environment: `PIPE_SECRET`, the name or ARN of the secret.

use std::time::Duration;

use crate::authorizer::{Authorizer, Decision, Refusal, Request, SecretsManager};
use crate::log::{self, Level};
use crate::{aws, deadline, environment};
use aws_config::retry::RetryConfig;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::json;

/// Serves calls until the process ends.
///
/// # Errors
/// Missing or wrong settings in the environment; a runtime interface that is gone.
pub async fn run() -> Result<(), Error> {
    let secret = environment::required("PIPE_SECRET", environment::process)?;
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(50));
    let client = aws_sdk_secretsmanager::Client::new(&aws::config(retries).await);
    let authorizer = &Authorizer::new(SecretsManager::new(client, secret));
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Request>| async move {
        let decision = authorizer.authorize(&event.payload, deadline::stop_at(event.context.deadline())).await;
        report(&event.context, &decision);
        decision.answer
    }))
    .await
}

/// Logs how it went: neither the user's name, which may be a password typed into the wrong field, nor any header.
fn report(context: &Context, decision: &Decision) {
    let emit = |level, message: &str| {
        log::emit(&log::line(level, message, json!({ "requestId": context.request_id })));
    };
    if let Some(why) = &decision.not_renewed {
        emit(Level::Warn, &format!("failed to renew the secret, its copy in memory serves: {why}"));
    }
    match &decision.answer {
        Ok(_) => emit(Level::Info, "allowed"),
        Err(Refusal::Unauthorized) => emit(Level::Info, "unauthorized"),
        Err(refusal) => emit(Level::Error, &refusal.to_string()),
    }
}

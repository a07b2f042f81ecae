//! The authorizer's `main`. Environment: `PIPE_SECRET`, the name or ARN of the secret.

use std::process::ExitCode;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use pipe_handlers::authorizer::{Authorizer, Policy, Refusal, Request, SecretsManager};
use pipe_handlers::log::{self, Level};
use pipe_handlers::{aws, deadline, environment};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log::panics_by_place_only();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::emit(&log::line(Level::Error, &error.to_string(), json!({})));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let secret = environment::required("PIPE_SECRET", environment::process)?;
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(50));
    let client = aws_sdk_secretsmanager::Client::new(&aws::config(retries).await);
    let authorizer = &Authorizer::new(SecretsManager::new(client, secret));
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Request>| async move {
        let answer = authorizer.authorize(&event.payload, deadline::stop_at(event.context.deadline())).await;
        report(&event.context, &answer);
        answer
    }))
    .await
}

/// Logs how it went: neither the user's name, which may be a password typed into the wrong field, nor any header.
fn report(context: &Context, answer: &Result<Policy, Refusal>) {
    let (level, message) = match answer {
        Ok(_) => (Level::Info, "allowed".to_owned()),
        Err(Refusal::Unauthorized) => (Level::Info, "unauthorized".to_owned()),
        Err(refusal) => (Level::Error, refusal.to_string()),
    };
    log::emit(&log::line(level, &message, json!({ "requestId": context.request_id })));
}

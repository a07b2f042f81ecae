//! The secret in Secrets Manager.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use serde::Deserialize;

use super::{Credentials, Secrets};

/// Why the secret cannot be used: an error code or a fixed text, never a part of the secret.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{why}")]
pub struct Unreadable {
    why: String,
    passes: bool,
}

impl Unreadable {
    /// Nobody said anything about the secret: there was no answer, or the service was busy or broken.
    pub fn passing(why: impl Into<String>) -> Self {
        Unreadable { why: why.into(), passes: true }
    }

    /// The secret is gone, denied, or holds no credentials: what was read before is worth nothing.
    pub fn lasting(why: impl Into<String>) -> Self {
        Unreadable { why: why.into(), passes: false }
    }

    /// Whether an earlier copy of the secret may still serve.
    pub fn passes(&self) -> bool {
        self.passes
    }
}

/// One secret, by its name or ARN.
pub struct SecretsManager {
    client: Client,
    id: String,
}

impl SecretsManager {
    /// Makes a reader; nothing is called yet.
    pub fn new(client: Client, id: String) -> Self {
        SecretsManager { client, id }
    }
}

impl Secrets for SecretsManager {
    async fn read(&self) -> Result<Credentials, Unreadable> {
        let answer = Box::pin(self.client.get_secret_value().secret_id(&self.id).send()).await;
        let answer = answer.map_err(|error| classify(&error))?;
        parse(answer.secret_string().ok_or_else(|| Unreadable::lasting("the secret holds no text"))?)
    }
}

/// Tells what passes by itself from what somebody did to the secret. An unknown failure counts as the latter: it lets nobody in.
fn classify<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Unreadable {
    let code = error.code().unwrap_or_default();
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let passes = match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => true,
        // An answer that broke off says nothing.
        SdkError::ResponseError(_) => !(400..500).contains(&status),
        SdkError::ServiceError(_) => status >= 500 || status == 429 || is_throttling(code),
        _ => false,
    };
    let why = match error {
        _ if !code.is_empty() => code,
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "connection failed",
        _ => "no understandable answer",
    };
    if passes { Unreadable::passing(why) } else { Unreadable::lasting(why) }
}

fn is_throttling(code: &str) -> bool {
    code.contains("Throttl") || ["TooManyRequestsException", "RequestLimitExceeded"].contains(&code)
}

#[derive(Deserialize)]
struct Document {
    username: String,
    password: String,
}

/// Reads the secret's JSON. The error does not quote it, as serde's would; empty halves would let anybody in.
fn parse(text: &str) -> Result<Credentials, Unreadable> {
    let wrong =
        || Unreadable::lasting("the secret is not a JSON object with the non-empty texts `username` and `password`");
    let document: Document = serde_json::from_str(text).map_err(|_| wrong())?;
    if document.username.is_empty() || document.password.is_empty() {
        return Err(wrong());
    }
    Ok(Credentials::new(document.username.as_bytes(), document.password.as_bytes()))
}

#[cfg(test)]
mod tests;

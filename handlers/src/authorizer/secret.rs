//! The secret in Secrets Manager.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use serde::Deserialize;

use super::{Credentials, Secrets};

/// Why the secret cannot be used: an error code or a fixed text, never a part of the secret.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Unreadable(String);

impl Unreadable {
    /// Takes an error code or a fixed text.
    pub fn new(why: impl Into<String>) -> Self {
        Unreadable(why.into())
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
        let answer = answer.map_err(|error| Unreadable::new(code_of(&error)))?;
        parse(answer.secret_string().ok_or_else(|| Unreadable::new("the secret holds no text"))?)
    }
}

fn code_of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match (error.code(), error) {
        (Some(code), _) => code.to_owned(),
        (None, SdkError::TimeoutError(_)) => "timeout".to_owned(),
        (None, SdkError::DispatchFailure(_)) => "connection failed".to_owned(),
        (None, _) => "no understandable answer".to_owned(),
    }
}

#[derive(Deserialize)]
struct Document {
    username: String,
    password: String,
}

/// Reads the secret's JSON. The error does not quote it, as serde's would; empty halves would let anybody in.
fn parse(text: &str) -> Result<Credentials, Unreadable> {
    let wrong = || Unreadable::new("the secret is no JSON object with the non-empty texts `username` and `password`");
    let document: Document = serde_json::from_str(text).map_err(|_| wrong())?;
    if document.username.is_empty() || document.password.is_empty() {
        return Err(wrong());
    }
    Ok(Credentials::new(document.username.as_bytes(), document.password.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_json_with_two_texts() {
        let credentials = parse(r#"{"username":"ann","password":"p","more":1}"#).expect("credentials");
        assert!(credentials.matches(&Credentials::new(b"ann", b"p")));
    }

    #[test]
    fn another_secret_is_an_error_that_does_not_quote_it() {
        for text in [
            "hunter2",
            r#"{"username":"hunter2"}"#,
            r#"{"username":"ann","password":7}"#,
            r#"{"username":"ann","password":""}"#,
            r#"{"username":"","password":"hunter2"}"#,
        ] {
            let error = parse(text).err().expect(text).to_string();
            assert!(error.contains("`username` and `password`") && !error.contains("hunter2"), "{error}");
        }
    }
}

//! What a mapping's role is used for: clients under it, and words for what it may not do.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_kinesis::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::trouble::Trouble;
use crate::error;
use crate::roles::Roles;

/// A role. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    roles: Roles,
    role: Arc<str>,
    clients: Arc<Mutex<Option<Clients>>>,
}

#[derive(Clone)]
pub struct Clients {
    /// The credentials that these were made with, by their id.
    key: String,
    pub kinesis: aws_sdk_kinesis::Client,
    pub sqs: aws_sdk_sqs::Client,
}

impl Access {
    pub fn new(roles: Roles, role: &str) -> Self {
        Self { roles, role: role.into(), clients: Arc::default() }
    }

    /// The deployer's configuration and the roles.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// The role's credentials, for calls that are signed by hand.
    ///
    /// # Errors
    /// The role cannot be assumed.
    pub async fn credentials(&self) -> error::Result<Credentials> {
        self.roles.credentials(&self.role).await
    }

    /// Clients under the role, made again when its credentials are.
    ///
    /// # Errors
    /// The role cannot be assumed.
    pub async fn clients(&self) -> error::Result<Clients> {
        let credentials = self.roles.credentials(&self.role).await?;
        let mut known = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clients) = known.as_ref().filter(|clients| clients.key == credentials.access_key_id()) {
            return Ok(clients.clone());
        }
        let key = credentials.access_key_id().to_owned();
        let provider = SharedCredentialsProvider::new(credentials);
        let config = self.roles.root().to_builder().credentials_provider(provider).build();
        let clients =
            Clients { key, kinesis: aws_sdk_kinesis::Client::new(&config), sqs: aws_sdk_sqs::Client::new(&config) };
        *known = Some(clients.clone());
        Ok(clients)
    }
}

/// Does a call; what fails names the role, the action and AWS's reason.
///
/// # Errors
/// The call's failure, by its class.
pub async fn under<T, E>(
    role: &str,
    action: &str,
    call: impl Future<Output = Result<T, SdkError<E>>>,
) -> Result<T, Trouble>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    call.await.map_err(|error| {
        let message = match denied(&error) {
            true => format!("the role `{role}` may not `{action}`"),
            false => format!("`{action}` under the role `{role}`: {}", reason(&error)),
        };
        trouble(&error, message)
    })
}

/// Whether it is the role's rights that are missing.
pub fn denied<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code).is_some_and(|code| code.contains("AccessDenied"))
}

/// AWS's code and message, or what kept the call from an answer.
pub fn reason<E: ProvideErrorMetadata + std::error::Error + 'static>(error: &SdkError<E>) -> String {
    match error.as_service_error() {
        Some(service) if service.code().is_some() => {
            let (code, message) = (service.code().unwrap_or_default(), service.message().unwrap_or_default());
            format!("{code}: {message}")
        }
        _ => DisplayErrorContext(error).to_string(),
    }
}

fn trouble<E: ProvideErrorMetadata>(error: &SdkError<E>, message: String) -> Trouble {
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some("ResourceNotFoundException") => Trouble::NotFound(message),
        Some("InvalidArgumentException") => Trouble::Unknown(message),
        _ => Trouble::Other(message),
    }
}

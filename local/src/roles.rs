//! Credentials of the roles that functions, pollers and integrations act under, and of those who call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use crate::error::{Error, Result};
use crate::poller::access::reason;

/// Finds the credentials of an access key that the endpoint has given out in this session: a plain function value.
pub type GivenOut = Arc<dyn Fn(&str) -> Option<Credentials> + Send + Sync>;

/// How long before their end credentials are asked for again.
const AHEAD: Duration = Duration::from_secs(120);

/// The ARN of a role, and that of what a service acts for under it.
type Acting = (String, Option<String>);

/// Assumes roles at the endpoint and remembers their credentials while they last. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Roles {
    root: SdkConfig,
    known: Arc<Mutex<HashMap<Acting, Credentials>>>,
}

impl Roles {
    /// Roles of the account that this configuration leads to, as the identity that may assume them.
    pub fn new(root: SdkConfig) -> Self {
        Self { root, known: Arc::default() }
    }

    /// The configuration of the deployer, which may do everything.
    pub fn root(&self) -> &SdkConfig {
        &self.root
    }

    /// Credentials of a role, by its ARN.
    ///
    /// # Errors
    /// The role is not there or cannot be assumed.
    pub async fn credentials(&self, role: &str) -> Result<Credentials> {
        self.of(role, None).await
    }

    async fn of(&self, role: &str, source: Option<&str>) -> Result<Credentials> {
        let soon = SystemTime::now() + AHEAD;
        let key = (role.to_owned(), source.map(str::to_owned));
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known.filter(|known| known.expiry().is_none_or(|end| end > soon)) {
            return Ok(known);
        }
        let fresh = self.assume(role, source).await?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, fresh.clone());
        Ok(fresh)
    }

    /// The configuration of a role, for clients that act under it.
    ///
    /// # Errors
    /// As [`Roles::credentials`].
    pub async fn config(&self, role: &str) -> Result<SdkConfig> {
        self.config_for(role, None).await
    }

    /// The same of a role that a service takes on for the resource of this ARN, which the role's trust may name (`aws:SourceArn`). To the
    /// session's own MiniStack the ARN is told as the external id, which `endpoint/emulator/start.py` takes for it.
    ///
    /// # Errors
    /// As [`Roles::credentials`].
    pub async fn config_for(&self, role: &str, source: Option<&str>) -> Result<SdkConfig> {
        let credentials = SharedCredentialsProvider::new(self.of(role, source).await?);
        Ok(self.root.to_builder().credentials_provider(credentials).build())
    }

    /// Forgets all credentials: after an apply a role may be another one under the same ARN.
    pub fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    async fn assume(&self, role: &str, source: Option<&str>) -> Result<Credentials> {
        let sts = aws_sdk_sts::Client::new(&self.root);
        let answer = sts.assume_role().role_arn(role).role_session_name("pipe-dev");
        let answer = answer.set_external_id(source.map(str::to_owned)).send().await;
        let answer = answer.map_err(|error| {
            let reason = reason(&error);
            Error::new(format!("assume the role `{role}`: {reason}"))
        })?;
        let given =
            answer.credentials().ok_or_else(|| Error::new(format!("assume the role `{role}`: no credentials")))?;
        let end = SystemTime::try_from(*given.expiration()).ok();
        let token = Some(given.session_token().to_owned());
        Ok(Credentials::new(given.access_key_id(), given.secret_access_key(), token, end, "pipe-dev"))
    }
}

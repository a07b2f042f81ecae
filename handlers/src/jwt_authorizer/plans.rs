//! The values of API keys, which API Gateway's control plane alone knows.

use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use serde_json::Value;
use tokio::time::sleep;

use super::Values;
use crate::http::{Failed, Http, Signer};

/// All functions that start at one time ask an API of 10 calls a second, which deployers use, too (docs/aws.md#api-gateway-quotas).
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// API keys of this account and region. Needs `apigateway:GET` on each of them.
pub struct ApiKeys {
    http: Http,
    /// Without a `/` at its end.
    endpoint: String,
    region: String,
    credentials: SharedCredentialsProvider,
}

impl ApiKeys {
    /// Makes a reader; nothing is called yet. `endpoint`: in the place of AWS's own.
    pub fn new(
        http: Http,
        region: String,
        domain: &str,
        endpoint: Option<&str>,
        credentials: SharedCredentialsProvider,
    ) -> Self {
        let own = || format!("https://apigateway.{region}.{domain}");
        let endpoint = endpoint.map_or_else(own, |endpoint| endpoint.trim_end_matches('/').to_owned());
        Self { http, endpoint, region, credentials }
    }
}

impl Values for ApiKeys {
    async fn value(&self, id: &str) -> Result<String, Failed> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match self.read(id).await {
                Err(why) if why.passes() => sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await,
                answer => return answer,
            }
            pause *= 2;
        }
        self.read(id).await
    }
}

impl ApiKeys {
    async fn read(&self, id: &str) -> Result<String, Failed> {
        let credentials = self.credentials.provide_credentials().await;
        let credentials = credentials.map_err(|_| Failed("the role has no credentials".to_owned()))?;
        let signer = Signer { credentials: &credentials, region: &self.region, service: "apigateway" };
        let answer = self.http.get(&format!("{}/apikeys/{id}?includeValue=true", self.endpoint), Some(signer)).await?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|_| Failed("the answer is no JSON".to_owned()))?;
        let value = answer["value"].as_str().filter(|_| answer["enabled"] == true).map(str::to_owned);
        value.ok_or_else(|| Failed("the key is disabled, or has no value".to_owned()))
    }
}

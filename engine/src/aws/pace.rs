//! No service is called faster than its published quota, whoever calls: a wrapper of the HTTP client.
//!
//! The service is read from the request's SigV4 credential scope, so it holds with `--endpoint-url` as well.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Calls per second and burst of a service, over all its operations of an account and region.
const QUOTAS: &[(&str, u32, u32)] = &[
    // Fixed, cannot be raised (`docs/aws.md#api-gateway-quotas`).
    ("apigateway", 10, 40),
    // All control-plane calls but GetFunction together (`docs/aws.md#lambda-quotas`).
    ("lambda", 15, 15),
    // IAM's are not published; bursts are throttled.
    ("iam", 20, 20),
];

/// Where AWS's services put the request id.
const REQUEST_ID: &[&str] = &["x-amzn-requestid", "x-amz-request-id"];

/// The name of a request's operation, on its way to the trace.
#[derive(Clone, Debug)]
pub(super) struct Operation(pub String);

#[derive(Debug)]
struct Paced {
    inner: SharedHttpClient,
    limits: Arc<Limits>,
}

#[derive(Debug)]
struct PacedConnector {
    inner: SharedHttpConnector,
    limits: Arc<Limits>,
}

#[derive(Debug)]
struct Limits(Vec<(&'static str, DefaultDirectRateLimiter)>);

/// The HTTP client that all AWS clients share: rustls, paced.
pub fn client() -> SharedHttpClient {
    let tls = Provider::Rustls(CryptoMode::AwsLc);
    let inner = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
    SharedHttpClient::new(Paced { inner, limits: Arc::new(Limits::published()) })
}

impl Limits {
    fn published() -> Self {
        let limiter = |&(service, rate, burst): &(&'static str, u32, u32)| {
            let (rate, burst) = (NonZeroU32::new(rate)?, NonZeroU32::new(burst)?);
            Some((service, RateLimiter::direct(Quota::per_second(rate).allow_burst(burst))))
        };
        Self(QUOTAS.iter().filter_map(limiter).collect())
    }

    async fn wait(&self, service: Option<&str>) {
        let Some(service) = service else { return };
        if let Some((_, limiter)) = self.0.iter().find(|(name, _)| *name == service) {
            limiter.until_ready().await;
        }
    }
}

impl HttpClient for Paced {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(PacedConnector { inner, limits: self.limits.clone() })
    }
}

impl HttpConnector for PacedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, limits) = (self.inner.clone(), self.limits.clone());
        let service = request.headers().get("authorization").and_then(service_of).map(str::to_owned);
        HttpConnectorFuture::new(async move {
            if !is_data(&request) {
                limits.wait(service.as_deref()).await;
            }
            let traced = Traced::begin(service.unwrap_or_default(), operation(&request));
            let answer = inner.call(request).await;
            traced.end(&answer);
            answer
        })
    }
}

/// A call that is traced when it ends, however it does.
struct Traced {
    service: String,
    operation: String,
    start: Instant,
    answered: bool,
}

impl Traced {
    fn begin(service: String, operation: String) -> Self {
        Self { service, operation, start: Instant::now(), answered: false }
    }

    fn end(mut self, answer: &Result<HttpResponse, ConnectorError>) {
        self.answered = true;
        let (service, operation, milliseconds) = (&self.service, &self.operation, self.start.elapsed().as_millis());
        match answer {
            Ok(answer) => {
                let (status, request_id) = (answer.status().as_u16(), request_id(answer));
                tracing::debug!(service, operation, status, milliseconds, request_id);
            }
            Err(error) => tracing::debug!(service, operation, %error, milliseconds),
        }
    }
}

impl Drop for Traced {
    /// The SDK drops a call whose time is over.
    fn drop(&mut self) {
        if !self.answered {
            let (service, operation, milliseconds) = (&self.service, &self.operation, self.start.elapsed().as_millis());
            tracing::debug!(service, operation, error = "no answer in time", milliseconds);
        }
    }
}

/// Whether a call is one of the data plane, which no quota of the control plane counts: that of a function
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>).
fn is_data(request: &HttpRequest) -> bool {
    request.uri().split('?').next().is_some_and(|path| path.ends_with("/invocations"))
}

/// AWS's request id; empty where the answer has none.
pub(super) fn request_id(answer: &HttpResponse) -> &str {
    REQUEST_ID.iter().find_map(|name| answer.headers().get(*name)).unwrap_or_default()
}

/// The operation as the client names it that makes the call. The SDK's own calls, for credentials, have no such name: AWS's JSON
/// protocols name it in a header, the query protocol in the body (of which nothing else is looked at), the REST ones by method
/// and path.
fn operation(request: &HttpRequest) -> String {
    if let Some(Operation(name)) = request.extension() {
        return name.clone();
    }
    if let Some(target) = request.headers().get("x-amz-target") {
        return target.rsplit('.').next().unwrap_or(target).to_owned();
    }
    let body = request.body().bytes().and_then(|body| std::str::from_utf8(body).ok()).unwrap_or_default();
    match body.strip_prefix("Action=").and_then(|rest| rest.split('&').next()) {
        Some(action) => action.to_owned(),
        None => {
            let path = request.uri().split_once("://").map_or("", |(_, rest)| rest);
            let path = path.split_once('/').map_or("", |(_, path)| path);
            format!("{} /{}", request.method(), path.split('?').next().unwrap_or_default())
        }
    }
}

/// The service in `AWS4-HMAC-SHA256 Credential=AKID/20261121/us-east-1/iam/aws4_request, ...`.
fn service_of(authorization: &str) -> Option<&str> {
    authorization.split("Credential=").nth(1)?.split(',').next()?.split('/').nth(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_in_the_credential_scope() {
        let header = "AWS4-HMAC-SHA256 Credential=AKID/20261121/us-east-1/apigateway/aws4_request, SignedHeaders=host";
        assert_eq!(service_of(header), Some("apigateway"));
        assert_eq!(service_of("Bearer x"), None);
    }

    #[tokio::test]
    async fn a_burst_beyond_the_quota_waits() {
        let limits = Limits::published();
        let (name, limiter) = &limits.0[0];
        assert_eq!(*name, "apigateway");
        assert!((0..40).all(|_| limiter.check().is_ok()));
        // One comes back in 100 ms, should the machine pause here.
        assert!((0..100).any(|_| limiter.check().is_err()), "that is beyond API Gateway's burst");
    }
}

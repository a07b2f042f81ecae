//! Contexts of unit tests: the clients of every service answer by the rules of a test.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_mocks::{MockResponseInterceptor, Rule, RuleMode, create_mock_http_client};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use crate::aws::{Aws, Cx, Place};

/// The account and region of every test.
pub fn place() -> Place {
    Place { partition: "aws".into(), account: "111122223333".into(), region: "eu-central-1".into() }
}

/// A context of the pipeline `demo`. Each call is made once, and one that no rule fits panics, to whatever service it goes.
pub fn cx(mode: RuleMode, rules: &[&Rule]) -> Cx {
    cx_with(RetryConfig::disabled(), mode, rules)
}

/// The same with clients that repeat calls by themselves, as those of a run do: shows what the code keeps them from repeating.
pub fn cx_that_repeats(mode: RuleMode, rules: &[&Rule]) -> Cx {
    cx_with(RetryConfig::standard(), mode, rules)
}

/// A context for calls without an SDK crate: `answer` gets the operation and its input, and gives the answer.
pub fn cx_answered(answer: impl FnMut(&str, &Value) -> HttpResponse + Send + 'static) -> Cx {
    cx_answering(RetryConfig::disabled(), answer)
}

/// The same where calls are repeated, as those of a run are: shows which of them must not be.
pub fn cx_answered_that_repeats(answer: impl FnMut(&str, &Value) -> HttpResponse + Send + 'static) -> Cx {
    cx_answering(RetryConfig::standard(), answer)
}

/// A context for calls to services that speak REST: `answer` gets the request.
pub fn cx_http(answer: impl FnMut(&HttpRequest) -> HttpResponse + Send + 'static) -> Cx {
    cx_http_after(|| Duration::ZERO, answer)
}

/// The same where each request is so long on its way.
pub fn cx_http_after(
    way: impl Fn() -> Duration + Send + Sync + 'static,
    answer: impl FnMut(&HttpRequest) -> HttpResponse + Send + 'static,
) -> Cx {
    let http = Answered { answer: Arc::new(Mutex::new(answer)), way: Arc::new(way) };
    Cx::new(Arc::new(Aws::new(&sdk(RetryConfig::disabled(), http), place())), "demo")
}

fn cx_answering(retry: RetryConfig, mut answer: impl FnMut(&str, &Value) -> HttpResponse + Send + 'static) -> Cx {
    let answer = move |request: &HttpRequest| {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        // A GET has no body.
        let input = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        answer(target.rsplit('.').next().unwrap_or_default(), &input)
    };
    let http = Answered { answer: Arc::new(Mutex::new(answer)), way: Arc::new(|| Duration::ZERO) };
    Cx::new(Arc::new(Aws::new(&sdk(retry, http), place())), "demo")
}

fn sdk(retry: RetryConfig, http: impl HttpClient + 'static) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(place().region))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("key", "secret", None, None, "test")))
        .retry_config(retry)
        .http_client(http)
        .build()
}

/// An HTTP client that asks a test.
struct Answered<F> {
    answer: Arc<Mutex<F>>,
    way: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl<F> Clone for Answered<F> {
    fn clone(&self) -> Self {
        Self { answer: self.answer.clone(), way: self.way.clone() }
    }
}

impl<F> fmt::Debug for Answered<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Answered")
    }
}

impl<F: FnMut(&HttpRequest) -> HttpResponse + Send + 'static> HttpClient for Answered<F> {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl<F: FnMut(&HttpRequest) -> HttpResponse + Send + 'static> HttpConnector for Answered<F> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, way) = (self.answer.clone(), (self.way)());
        HttpConnectorFuture::new(async move {
            if !way.is_zero() {
                tokio::time::sleep(way).await;
            }
            Ok((answer.lock().unwrap())(&request))
        })
    }
}

fn cx_with(retry: RetryConfig, mode: RuleMode, rules: &[&Rule]) -> Cx {
    let sdk = sdk(retry, create_mock_http_client());
    // A rule knows its operation by the type of the input, so that one list does for all services.
    let answers = MockResponseInterceptor::new().rule_mode(mode);
    let answers = SharedInterceptor::new(rules.iter().fold(answers, |answers, rule| answers.with_rule(rule)));
    Cx::new(Arc::new(Aws::intercepted(&sdk, place(), || answers.clone())), "demo")
}

/// A success of the services that speak JSON.
pub fn success(body: &Value) -> HttpResponse {
    HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body.to_string()))
}

/// A refusal as the services that speak JSON give it, with status 400.
pub fn refusal(code: &str, message: &str) -> HttpResponse {
    let body = json!({ "__type": code, "message": message }).to_string();
    HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body))
}

//! Contexts of unit tests: the clients of every service answer by the rules of a test.

use std::sync::Arc;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_mocks::{MockResponseInterceptor, Rule, RuleMode, create_mock_http_client};
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use serde_json::json;

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

fn cx_with(retry: RetryConfig, mode: RuleMode, rules: &[&Rule]) -> Cx {
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(place().region))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("key", "secret", None, None, "test")))
        .retry_config(retry)
        .http_client(create_mock_http_client())
        .build();
    // A rule knows its operation by the type of the input, so that one list does for all services.
    let answers = MockResponseInterceptor::new().rule_mode(mode);
    let answers = SharedInterceptor::new(rules.iter().fold(answers, |answers, rule| answers.with_rule(rule)));
    Cx::new(Arc::new(Aws::intercepted(&sdk, place(), || answers.clone())), "demo")
}

/// A refusal as the services that speak JSON give it, with status 400.
pub fn refusal(code: &str, message: &str) -> HttpResponse {
    let body = json!({ "__type": code, "message": message }).to_string();
    HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body))
}

//! What the tests of the endpoint share: an account, its clients, and the making of a few resources.

use std::collections::HashMap;
use std::io::Write;
use std::time::{Duration, Instant};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kinesis::config::Credentials;
use aws_sdk_lambda::operation::create_event_source_mapping::CreateEventSourceMappingError;
use aws_sdk_lambda::operation::create_function::CreateFunctionError;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{EventSourcePosition, FunctionCode, Runtime};
use pipe_test_support::{Account, Emulator, Endpoint, Kind};

/// Lets Lambda assume a role.
pub const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// An account on an endpoint, with its clients.
pub struct Cloud {
    pub endpoint: Endpoint,
    pub account: Account,
    pub config: SdkConfig,
}

impl Cloud {
    pub async fn on(kind: Kind) -> Self {
        let emulator = tokio::task::spawn_blocking(move || Emulator::shared(kind)).await.unwrap();
        let endpoint = Endpoint::start(emulator);
        let account = endpoint.account();
        let config = config(&endpoint, account.id(), "test").await;
        Self { endpoint, account, config }
    }

    pub async fn on_both() -> [Self; 2] {
        [Self::on(Kind::MiniStack).await, Self::on(Kind::Moto).await]
    }

    pub fn kinesis(&self) -> aws_sdk_kinesis::Client {
        aws_sdk_kinesis::Client::new(&self.config)
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    pub fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.config)
    }

    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }

    pub fn api_gateway(&self) -> aws_sdk_apigateway::Client {
        aws_sdk_apigateway::Client::new(&self.config)
    }

    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:eu-central-1:{}:{resource}", self.account.id())
    }

    pub async fn make_stream(&self, name: &str) -> String {
        let made = self.kinesis().create_stream().stream_name(name).shard_count(1);
        made.set_tags(Some(tags())).send().await.unwrap();
        self.arn("kinesis", &format!("stream/{name}"))
    }

    /// Makes a role that Lambda may assume, and returns its ARN.
    pub async fn make_role(&self, name: &str) -> String {
        let iam = aws_sdk_iam::Client::new(&self.config);
        let role = iam.create_role().role_name(name).assume_role_policy_document(TRUST).send().await.unwrap();
        role.role().unwrap().arn().to_owned()
    }

    /// Makes a function with its role; moto wants the role to exist.
    pub async fn make_function(&self, name: &str) -> String {
        let role = self.make_role(name).await;
        self.try_make_function(name, &role).await.unwrap()
    }

    pub async fn try_make_function(&self, name: &str, role: &str) -> Result<String, CreateFunctionError> {
        let made = self.lambda().create_function().function_name(name).role(role);
        let made = made.runtime(Runtime::Providedal2023).handler("bootstrap").set_tags(Some(tags()));
        let made = made.code(FunctionCode::builder().zip_file(zip()).build()).send().await;
        made.map(|made| made.function_arn().unwrap().to_owned()).map_err(|error| error.into_service_error())
    }

    pub async fn make_mapping(&self, stream: &str, function: &str) -> Result<String, CreateEventSourceMappingError> {
        let made = self.lambda().create_event_source_mapping().event_source_arn(stream).function_name(function);
        let made = made.starting_position(EventSourcePosition::TrimHorizon).enabled(false).set_tags(Some(tags()));
        made.send().await.map(|made| made.uuid().unwrap().to_owned()).map_err(|error| error.into_service_error())
    }
}

/// Does the same on both emulators at once: most of it is waiting.
pub async fn on_both(check: impl AsyncFn(Kind)) {
    tokio::join!(check(Kind::MiniStack), check(Kind::Moto));
}

pub async fn config(endpoint: &Endpoint, key: &str, secret: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint.url())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new(key, secret, None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .load()
        .await
}

/// Asks again and again until the answer is yes, for at most a minute.
pub async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds().await {
        assert!(Instant::now() < end, "it does not come about");
        soon(Duration::from_millis(50)).await;
    }
}

pub async fn soon(after: Duration) {
    tokio::time::sleep(after).await;
}

pub fn tags() -> HashMap<String, String> {
    HashMap::from([("pipe:pipeline".to_owned(), "orders".to_owned()), ("team".to_owned(), "a".to_owned())])
}

fn zip() -> Blob {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("bootstrap", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(b"#!/bin/sh\n").unwrap();
    Blob::new(archive.finish().unwrap().into_inner())
}

//! What the tests share: MiniStack with its functions calling back through the endpoint, and an account's clients.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::AttributeValue;
use pipe_test_support::{Account, Emulator, Endpoint, Kind, Sandbox};

/// The main pipeline.
pub const MAIN: &str = include_str!("../../pipeline.yaml");
pub const TABLE: &str = "EventTable";
pub const STREAM: &str = "GatewayEventsStream";
pub const QUEUE: &str = "LambdaDeadLetterQueue";
pub const SECRET: &str = "gateway/credentials";

/// The endpoint in front of the one emulator of this kind. The functions call the endpoint, not the emulator: it records
/// their calls, and to it they seem to come by TLS, which the DLQ's policy asks for.
pub fn endpoint(kind: Kind) -> &'static Endpoint {
    static STARTED: [OnceLock<(Emulator, Endpoint)>; 2] = [OnceLock::new(), OnceLock::new()];
    let started = &STARTED[usize::from(kind == Kind::MiniStackWithAuth)];
    let (_, endpoint) = started.get_or_init(|| {
        let port = Emulator::free_port();
        let endpoint = Endpoint::start_on(0, kind, &format!("http://127.0.0.1:{port}"));
        (Emulator::start_on(kind, port, &endpoint.url()), endpoint)
    });
    endpoint
}

/// A user at work in an account of their own.
pub fn sandbox(kind: Kind) -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint(kind).account(), MAIN)
}

/// The SDK as the account's root.
pub async fn root(account: &Account) -> SdkConfig {
    let [(_, key), (_, secret), (_, region), (_, url), _] = account.environment();
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new(region))
        .credentials_provider(Credentials::new(key, secret, None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .load()
        .await
}

/// Asks again and again until there is an answer. Panics, saying for what it waited, when the time is up.
pub async fn wait<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + within;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited {within:?} in vain for {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// All items of the table, by partition key.
pub async fn rows(aws: &SdkConfig) -> HashMap<String, HashMap<String, AttributeValue>> {
    let table = aws_sdk_dynamodb::Client::new(aws);
    let items = table.scan().table_name(TABLE).consistent_read(true).into_paginator().items().send();
    let items = items.collect::<Result<Vec<_>, _>>().await.unwrap();
    items.into_iter().map(|item| (item["eventId"].as_s().unwrap().clone(), item)).collect()
}

/// Everything that a function has logged.
pub async fn logs(aws: &SdkConfig, function: &str) -> String {
    let logs = aws_sdk_cloudwatchlogs::Client::new(aws);
    let pages = logs.filter_log_events().log_group_name(format!("/aws/lambda/{function}")).into_paginator();
    let pages = pages.send().collect::<Result<Vec<_>, _>>().await.unwrap();
    let events = pages.iter().flat_map(|page| page.events());
    events.filter_map(|event| event.message()).collect::<Vec<_>>().join("\n")
}

//! The AWS SDK as the handlers use it: short time-outs, and nothing read over the network at init.

use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

/// Covers a TLS handshake on the fourteenth of a CPU that a 128 MB function has.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The SDK has no time-out of its own for an answer: a connection that died would last as long as the function.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the configuration of the function's own role and region; `AWS_ENDPOINT_URL` is honoured.
///
/// Region and credentials come from the environment that Lambda sets and from nowhere else, so that a missing one fails
/// at once and never waits for an instance metadata service.
pub async fn config(retries: RetryConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .region(EnvironmentVariableRegionProvider::new())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .retry_config(retries)
        .timeout_config(timeouts)
        .load()
        .await
}

/// Returns the configuration without a time-out for an answer, for calls that do something twice when they are made twice.
///
/// A late answer is then waited for, and the call is not repeated. The caller ends such a call with its own time-out.
pub fn patient(config: &SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build();
    config.to_builder().timeout_config(timeouts).build()
}

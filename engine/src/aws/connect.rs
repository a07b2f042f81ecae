//! Clients for one account and region, and who is asking.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use serde::{Deserialize, Serialize};

use crate::aws::attempts::Attempts;
use crate::aws::endpoints::without_empty_endpoints;
use crate::aws::operation::Operations;
use crate::aws::pace;
use crate::error::{Error, Result};

/// Where resources live; what ARNs are made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// 12 digits.
    pub account: String,
    pub region: String,
}

impl Place {
    /// An ARN of this account and region: `place.arn("kinesis", "stream/events")`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    /// An ARN of this account that has no region: those of IAM and of dashboards.
    pub fn global_arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}::{}:{resource}", self.partition, self.account)
    }

    /// An ARN of API Gateway, which has no account.
    pub fn apigateway_arn(&self, resource: &str) -> String {
        format!("arn:{}:apigateway:{}::{resource}", self.partition, self.region)
    }

    /// What the host names of this partition's services end in.
    pub fn domain(&self) -> &'static str {
        match self.partition.as_str() {
            "aws-cn" => "amazonaws.com.cn",
            "aws-eusc" => "amazonaws.eu",
            "aws-iso" => "c2s.ic.gov",
            "aws-iso-b" => "sc2s.sgov.gov",
            "aws-iso-e" => "cloud.adc-e.uk",
            "aws-iso-f" => "csp.hci.ic.gov",
            _ => "amazonaws.com",
        }
    }

    /// What `kms:ViaService` calls a service of this region: the name of its host.
    pub fn host(&self, service: &str) -> String {
        format!("{service}.{}.{}", self.region, self.domain())
    }

    /// A KMS key by its ARN, where a service gives back its bare id.
    pub fn key_arn(&self, given: &str) -> String {
        let bare = !given.is_empty() && !given.contains([':', '/']);
        if bare { self.arn("kms", &format!("key/{given}")) } else { given.to_owned() }
    }

    /// The part of an ARN after service, region and account, if the ARN is of this place and `service`.
    pub fn resource_of<'a>(&self, service: &str, arn: &'a str) -> Option<&'a str> {
        arn.strip_prefix(&self.arn(service, ""))
    }
}

/// What the command line says about the way to AWS; the standard environment variables and profiles fill the rest.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub endpoint_url: Option<String>,
    /// Instead of what the environment has.
    pub keys: Option<Keys>,
}

/// An access key's id and its secret, which is not shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys(pub String, pub String);

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Keys").field(&self.0).finish_non_exhaustive()
    }
}

/// Makes [`Aws`] from a table of fields and crates, so that a service is one line.
macro_rules! clients {
    ($($field:ident: $service:ident,)*) => {
        /// A client for each service, all on one paced HTTP client.
        #[derive(Debug)]
        pub struct Aws {
            pub place: Place,
            pub operations: Operations,
            $(pub $field: $service::Client,)*
        }

        impl Aws {
            /// Clients of this configuration, for this place, each with an interceptor that `each` gives.
            pub(super) fn intercepted<I: Intercept + 'static>(sdk: &SdkConfig, place: Place, each: impl Fn() -> I) -> Self {
                Self {
                    operations: Operations::new(sdk, place.clone(), SharedInterceptor::new(each())),
                    place,
                    $($field: $service::Client::from_conf(
                        $service::config::Builder::from(sdk).interceptor(each()).build(),
                    ),)*
                }
            }
        }
    };
}

clients! {
    apigateway: aws_sdk_apigateway,
    dynamodb: aws_sdk_dynamodb,
    events: aws_sdk_eventbridge,
    iam: aws_sdk_iam,
    kinesis: aws_sdk_kinesis,
    lambda: aws_sdk_lambda,
    logs: aws_sdk_cloudwatchlogs,
    scheduler: aws_sdk_scheduler,
    secrets: aws_sdk_secretsmanager,
    sns: aws_sdk_sns,
    sqs: aws_sdk_sqs,
    tagging: aws_sdk_resourcegroupstagging,
}

impl Aws {
    /// Clients of this configuration, for this place. Each names its calls for the trace, and reports the calls that it repeats.
    pub fn new(sdk: &SdkConfig, place: Place) -> Self {
        Self::intercepted(sdk, place, || Attempts)
    }
}

/// Finds region, credentials and account, and makes the clients. One call: STS GetCallerIdentity.
///
/// # Errors
/// No region, no or wrong credentials, an endpoint that does not answer: each with what to do.
pub async fn connect(options: &ConnectOptions) -> Result<Aws> {
    let sdk = sdk(options).await?;
    let region = sdk.region().map(ToString::to_string).unwrap_or_default();
    // The SDK's own error for missing credentials does not say which sources were tried.
    if let Some(provider) = sdk.credentials_provider()
        && let Err(error) = provider.provide_credentials().await
    {
        let unknown = unknown_profile(&sdk, options).await;
        return Err(unknown.unwrap_or_else(|| no_credentials(&error, options.profile.as_deref())));
    }
    // An absent endpoint should be reported soon; one that fails now and then should not.
    let few = RetryConfig::standard().with_max_attempts(5).with_initial_backoff(Duration::from_millis(100));
    let few = aws_sdk_sts::config::Builder::from(&sdk).retry_config(few).interceptor(Attempts).build();
    let identity = aws_sdk_sts::Client::from_conf(few).get_caller_identity().send().await;
    let identity = identity.map_err(|error| unreachable(Error::from(error), sdk.endpoint_url()))?;
    let arn = identity.arn().unwrap_or_default();
    let partition = arn.split(':').nth(1).filter(|text| !text.is_empty()).unwrap_or("aws").to_owned();
    let account = identity.account().unwrap_or_default().to_owned();
    Ok(Aws::new(&sdk, Place { partition, account, region }))
}

fn no_credentials(error: &CredentialsError, profile: Option<&str>) -> Error {
    let mut reason: &dyn std::error::Error = error;
    while let Some(cause) = reason.source() {
        reason = cause;
    }
    let message = match (error, profile) {
        (_, Some(profile)) => format!("the profile `{profile}` gives no AWS credentials: {reason}"),
        (CredentialsError::CredentialsNotLoaded(_), None) => "no AWS credentials were found".to_owned(),
        _ => format!("the AWS credentials cannot be loaded: {reason}"),
    };
    Error::fatal(message)
        .hint("set AWS_PROFILE or --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws sso login`")
}

/// If the requested profile does not exist, says so: then that is why there is no region, or no credentials.
async fn unknown_profile(sdk: &SdkConfig, options: &ConnectOptions) -> Option<Error> {
    let asked =
        options.profile.clone().or_else(|| std::env::var("AWS_PROFILE").ok()).filter(|name| !name.is_empty())?;
    let provider = with_profile(sdk.clone(), &asked).credentials_provider()?;
    let error = provider.provide_credentials().await.err()?;
    let mut causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    // The SDK has no type for it that others could see.
    let absent = format!("profile `{asked}` was not defined: could not find");
    (no_files() || causes.any(|cause| cause.to_string().contains(&absent))).then(|| {
        Error::fatal(format!("there is no profile `{asked}` in AWS's configuration files"))
            .hint("`aws configure list-profiles` lists them; choose one with --profile or AWS_PROFILE")
    })
}

/// Whether AWS's configuration files have no profiles, because they are not there or are empty.
fn no_files() -> bool {
    let files = [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")];
    files.iter().all(|(variable, name)| {
        let named = std::env::var_os(variable).map(PathBuf::from);
        let path = named.or_else(|| Some(dirs::home_dir()?.join(".aws").join(name)));
        path.and_then(|path| std::fs::metadata(path).ok()).is_none_or(|about| about.len() == 0)
    })
}

/// Names the endpoint where it is one of the user's own choice.
fn unreachable(error: Error, endpoint: Option<&str>) -> Error {
    match (endpoint, error.failed_call()) {
        (Some(url), Some(call)) if call.code.is_empty() => {
            let message = match error.message().strip_prefix("AWS answered") {
                Some(rest) => format!("`{url}` is not an AWS endpoint: it answered{rest}"),
                None => format!("`{url}` cannot be reached: {}", error.message()),
            };
            Error::new(error.class(), message).call(call.clone()).hint(
                "is the URL right, and the endpoint running? It comes from --endpoint-url, AWS_ENDPOINT_URL or the profile",
            )
        }
        _ => error,
    }
}

/// The configuration that the options lead to. No call is made.
///
/// # Errors
/// No region.
pub async fn sdk(options: &ConnectOptions) -> Result<SdkConfig> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(pace::client())
        // The SDK's defaults are 3 attempts, a first back-off of 1 s and no time-out at all.
        .retry_config(RetryConfig::standard().with_max_attempts(8).with_initial_backoff(Duration::from_millis(100)))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5))
                .operation_attempt_timeout(Duration::from_secs(10))
                .build(),
        );
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = options.endpoint_url.as_ref().filter(|url| !url.is_empty()) {
        loader = loader.endpoint_url(url);
    }
    if let Some(Keys(id, secret)) = &options.keys {
        loader = loader.credentials_provider(Credentials::new(id, secret, None, None, "pipe dev"));
    }
    let sdk = without_empty_endpoints(loader.load().await);
    if sdk.region().is_none() {
        let none =
            || Error::fatal("no AWS region").hint("pass --region, set AWS_REGION, or set `region` in the profile");
        return Err(unknown_profile(&sdk, options).await.unwrap_or_else(none));
    }
    Ok(match &options.profile {
        Some(profile) => with_profile(sdk, profile),
        None => sdk,
    })
}

/// A profile that was asked for comes before credentials in the environment, as with AWS's own command line: the SDK would take
/// those first, and with them perhaps another account.
fn with_profile(sdk: SdkConfig, profile: &str) -> SdkConfig {
    let region = ProviderConfig::without_region().with_region(sdk.region().cloned());
    let provider = ProfileFileCredentialsProvider::builder().configure(&region).profile_name(profile).build();
    sdk.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
}

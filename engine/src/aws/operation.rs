//! Calls to services without an SDK crate: where `pipe` makes a few, a crate of the service's size costs the first build a minute.
//!
//! Credentials, retries, time-outs, pace, trace and endpoints are those of the SDK's clients, for this is made of their parts.

mod host;
pub mod query;
mod rest;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::ServiceClockSkewInterceptor;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime::client::orchestrator::operation::{Operation, OperationBuilder};
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::identity::{SharedIdentityCache, SharedIdentityResolver};
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use aws_types::service_config::ServiceConfigKey;
use serde_json::Value;

use crate::aws::{Place, attempts, call};
use crate::error::{Error, Result};

use host::host;
pub(in crate::aws) use rest::elsewhere;
pub use rest::{Request, encoded};

/// A service that speaks AWS JSON, or REST.
#[derive(Debug)]
pub struct Service {
    /// Its name in hosts, as in `ssm`. In signatures and IAM's actions it is what stands behind the last dot: `streams.dynamodb` is
    /// `dynamodb`.
    pub name: &'static str,
    /// The name before the operation's in `X-Amz-Target`: `AmazonSSM`; empty where requests have none.
    pub target: &'static str,
}

impl Service {
    fn signed_as(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// DynamoDB and CloudWatch want version 1.0 of the form
    /// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html>), the others 1.1.
    fn content_type(&self) -> &'static str {
        match self.signed_as() {
            "dynamodb" | "monitoring" => "application/x-amz-json-1.0",
            _ => "application/x-amz-json-1.1",
        }
    }
}

/// How often a call is made where it fails for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    AsUsual,
    /// A repetition would take effect twice.
    Never,
}

/// The client for all of these services.
#[derive(Debug)]
pub struct Operations {
    sdk: SdkConfig,
    place: Place,
    interceptor: SharedInterceptor,
    identities: SharedIdentityCache,
}

/// A refusal, before it has its class.
#[derive(Debug)]
struct Refused(ErrorMetadata);

impl std::fmt::Display for Refused {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for Refused {}

impl ProvideErrorMetadata for Refused {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

impl Operations {
    pub(super) fn new(sdk: &SdkConfig, place: Place, interceptor: SharedInterceptor) -> Self {
        let identities = sdk.identity_cache().unwrap_or_else(|| IdentityCache::lazy().build());
        Self { sdk: sdk.clone(), place, interceptor, identities }
    }

    /// Makes one call and returns its answer's body.
    ///
    /// # Errors
    /// As the SDK's clients give them: a refusal with its code, message and request id; no answer; one that cannot be read.
    pub async fn call(&self, of: &Service, operation: &'static str, input: &Value, repeat: Repeat) -> Result<Value> {
        self.dated(of, operation, input, repeat).await.map(|(body, _)| body)
    }

    /// The same with the answer's `Date`: the clock of this machine may be wrong.
    ///
    /// # Errors
    /// As [`Operations::call`].
    pub async fn dated(
        &self,
        of: &Service,
        operation: &'static str,
        input: &Value,
        repeat: Repeat,
    ) -> Result<(Value, Option<String>)> {
        let (name, content_type) = (call::named(of.signed_as(), operation), of.content_type());
        let endpoint = self.endpoint(of.name);
        let target = format!("{}.{operation}", of.target);
        let sent = input.to_string();
        let call = self
            .common(of, operation, repeat)
            .endpoint_url(&endpoint)
            .serializer(move |(): ()| {
                let mut request = HttpRequest::new(SdkBody::from(sent.as_str()));
                request.set_method("POST")?;
                request.set_uri("/")?;
                request.headers_mut().insert("content-type", content_type);
                request.headers_mut().insert("x-amz-target", target.clone());
                Ok(request)
            })
            .deserializer(|answer: &HttpResponse| Ok((read(answer)?, answer.headers().get("date").map(str::to_owned))));
        call.build().invoke(()).await.map_err(|error| call::failed(name, error))
    }

    /// The credentials that calls are signed with.
    ///
    /// # Errors
    /// There are none, or none any more.
    pub async fn credentials(&self) -> Result<Credentials> {
        let provider = self.sdk.credentials_provider().ok_or_else(|| Error::fatal("there are no AWS credentials"))?;
        let given = provider.provide_credentials().await;
        given.map_err(|error| Error::fatal(format!("the AWS credentials cannot be loaded: {error}")))
    }

    /// All that a call has beside its request.
    fn common(&self, of: &Service, operation: &'static str, repeat: Repeat) -> OperationBuilder {
        let retries = match repeat {
            Repeat::AsUsual => self.sdk.retry_config().cloned().unwrap_or_else(RetryConfig::standard),
            Repeat::Never => RetryConfig::disabled(),
        };
        let times = self.sdk.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled);
        let mut call = Operation::builder()
            .service_name(of.name)
            .operation_name(operation)
            .behavior_version(aws_config::BehaviorVersion::latest())
            .standard_retry(&retries)
            .retry_classifier(TransientErrorClassifier::<Refused>::new())
            .retry_classifier(AwsErrorCodeClassifier::<Refused>::new())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .timeout_config(times)
            .with_connection_poisoning()
            .interceptor(ServiceClockSkewInterceptor::new())
            .interceptor(RequestInfoInterceptor::new())
            .interceptor(InvocationIdInterceptor::new())
            .interceptor(self.interceptor.clone())
            .runtime_plugin(self.signed(of.signed_as()));
        if let Some(client) = self.sdk.http_client() {
            call = call.http_client(client);
        }
        match self.sdk.sleep_impl() {
            Some(sleep) => call.sleep_impl(sleep),
            None => call,
        }
    }

    /// Signature Version 4 with the configuration's credentials.
    fn signed(&self, name: &'static str) -> StaticRuntimePlugin {
        let mut config = Layer::new("signature");
        config.store_put(AuthSchemeOptionResolverParams::new(()));
        config.store_put(SigV4OperationSigningConfig::default());
        config.store_put(SigningName::from_static(name));
        if let Some(region) = self.sdk.region() {
            config.store_put(SigningRegion::from(region.clone()));
        }
        let options = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
        let mut parts = RuntimeComponentsBuilder::new("signature")
            .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()))
            .with_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(options)))
            .with_identity_cache(Some(self.identities.clone()));
        if let Some(credentials) = self.sdk.credentials_provider() {
            parts.set_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(credentials));
        }
        StaticRuntimePlugin::new().with_config(config.freeze()).with_runtime_components(parts)
    }

    /// The endpoint that was asked for, for this service or for all; else AWS's own.
    fn endpoint(&self, name: &str) -> String {
        let (fips, dual) = (self.sdk.use_fips() == Some(true), self.sdk.use_dual_stack() == Some(true));
        self.asked(name).unwrap_or_else(|| host(name, &self.place, fips, dual))
    }

    /// The endpoint that was asked for, for this service or for all.
    fn asked(&self, name: &str) -> Option<String> {
        let key = ServiceConfigKey::builder().service_id(name).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
        let own = self.sdk.service_config().zip(key.ok()).and_then(|(settings, key)| settings.load_config(key));
        // As the SDK's clients do: what the command line says comes before the environment's word for one service.
        let said = self.sdk.get_origin("endpoint_url").is_client_config();
        let own = own.filter(|_| !said);
        own.or_else(|| self.sdk.endpoint_url().map(str::to_owned))
    }
}

/// The body of an answer, or its refusal.
fn read(answer: &HttpResponse) -> std::result::Result<Value, OrchestratorError<Refused>> {
    if !answer.status().is_success() {
        return Err(OrchestratorError::operation(Refused(attempts::metadata(answer))));
    }
    let body = match answer.body().bytes().unwrap_or_default() {
        // Of an operation without an output there need be none.
        [] => b"{}",
        body => body,
    };
    serde_json::from_slice(body).map_err(OrchestratorError::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{ConnectOptions, Keys};

    /// Else the lease would go to another place than the rest, where `AWS_ENDPOINT_URL_SSM` is set as well.
    #[tokio::test]
    async fn the_endpoint_of_the_command_line_is_known_as_such() {
        for profile in [None, Some("default".to_owned())] {
            let options = ConnectOptions {
                region: Some("eu-central-1".to_owned()),
                endpoint_url: Some("http://127.0.0.1:1".to_owned()),
                keys: Some(Keys("key".to_owned(), "secret".to_owned())),
                profile,
            };
            let sdk = crate::aws::sdk(&options).await.unwrap();
            assert!(sdk.get_origin("endpoint_url").is_client_config(), "{:?}", options.profile);
        }
    }

    #[test]
    fn a_name_of_several_parts_is_signed_by_its_last() {
        let of = |name| Service { name, target: "T" };
        assert_eq!((of("ssm").signed_as(), of("ssm").content_type()), ("ssm", "application/x-amz-json-1.1"));
        let streams = of("streams.dynamodb");
        assert_eq!((streams.signed_as(), streams.content_type()), ("dynamodb", "application/x-amz-json-1.0"));
    }
}

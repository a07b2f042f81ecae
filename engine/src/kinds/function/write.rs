//! The calls that change a function. Each is repeated while the role is not everywhere yet, or another change is under way.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    ApplicationLogLevel, Architecture, Environment, FunctionCode, LogFormat, LoggingConfig, Runtime, SystemLogLevel,
    TracingConfig, TracingMode,
};

use super::Function;
use crate::aws::{Cx, lacking, patiently};
use crate::error::{Class, Error, Result};
use crate::resource::Name;

/// A call that carries code may take so long; others have the usual 10 s.
const UPLOADED_WITHIN: Duration = Duration::from_secs(60);

/// Who acts as the role of a function.
const LAMBDA: &str = "lambda.amazonaws.com";

impl Function {
    /// Creates the function with everything but its concurrency, which is a call of its own.
    pub(super) async fn create(&self, cx: &Cx, name: &Name) -> Result<()> {
        let code = FunctionCode::builder().zip_file(self.zip(cx)?).build();
        let tags: HashMap<_, _> = cx.tags.clone().into_iter().collect();
        let request = (cx.aws.lambda.create_function().function_name(name.as_str()).code(code))
            .role(&self.role)
            .runtime(Runtime::from(self.runtime.as_str()))
            .handler(&self.handler)
            .architectures(Architecture::from(self.architecture.as_str()))
            .memory_size(signed(self.memory_mb))
            .timeout(signed(self.timeout_seconds))
            .environment(self.variables())
            .tracing_config(self.tracing_config())
            .logging_config(self.logging())
            .description(&self.description)
            .set_vpc_config(self.vpc.as_ref().map(super::network::to_request))
            .set_tags(Some(tags).filter(|tags| !tags.is_empty()));
        let create =
            || async { request.clone().customize().config_override(uploading()).send().await.map(drop).map_err(told) };
        let what = format!("the role of function `{name}` to be known to Lambda");
        patiently(cx, &what, create).await.map_err(|error| lacking(error, &self.role, LAMBDA))?;
        cx.role_is_known();
        Ok(())
    }

    /// Whether UpdateFunctionConfiguration has something to do.
    pub(super) fn differs_in_configuration(&self, live: &Self) -> bool {
        let of_other_calls = Self {
            architecture: self.architecture.clone(),
            code_sha256: self.code_sha256.clone(),
            reserved_concurrency: self.reserved_concurrency,
            asynchronous: self.asynchronous.clone(),
            allows_recursion: self.allows_recursion,
            ..live.clone()
        };
        *self != of_other_calls
    }

    /// Sets the whole configuration in one call: what is left out keeps its value, so nothing is left out.
    pub(super) async fn configure(&self, cx: &Cx, name: &Name, live: &Self) -> Result<()> {
        let request = (cx.aws.lambda.update_function_configuration().function_name(name.as_str()))
            .role(&self.role)
            .runtime(Runtime::from(self.runtime.as_str()))
            .handler(&self.handler)
            .memory_size(signed(self.memory_mb))
            .timeout(signed(self.timeout_seconds))
            .environment(self.variables())
            .tracing_config(self.tracing_config())
            .logging_config(self.logging())
            .description(&self.description)
            .set_vpc_config(super::network::change(self.vpc.as_ref(), live.vpc.as_ref()));
        let configure = || async { request.clone().send().await.map(drop).map_err(told) };
        let what = format!("function `{name}` and its role to be ready for the change");
        patiently(cx, &what, configure).await.map_err(|error| lacking(error, &self.role, LAMBDA))
    }

    /// Sends the code, and with it the architecture.
    pub(super) async fn replace_code(&self, cx: &Cx, name: &Name) -> Result<()> {
        let request = (cx.aws.lambda.update_function_code().function_name(name.as_str()))
            .zip_file(self.zip(cx)?)
            .architectures(Architecture::from(self.architecture.as_str()));
        let replace =
            || async { request.clone().customize().config_override(uploading()).send().await.map(drop).map_err(told) };
        patiently(cx, &format!("function `{name}` to be ready for its code"), replace).await
    }

    /// Reserves concurrency, or gives it back.
    pub(super) async fn reserve(&self, cx: &Cx, name: &Name) -> Result<()> {
        let (lambda, what) = (&cx.aws.lambda, format!("function `{name}` to be ready for its concurrency"));
        match self.reserved_concurrency {
            Some(reserved) => {
                let request = lambda.put_function_concurrency().function_name(name.as_str());
                let request = request.reserved_concurrent_executions(signed(reserved));
                patiently(cx, &what, || async { request.clone().send().await.map(drop).map_err(told) }).await
            }
            None => {
                let request = lambda.delete_function_concurrency().function_name(name.as_str());
                patiently(cx, &what, || async { request.clone().send().await.map(drop).map_err(told) }).await
            }
        }
    }

    fn zip(&self, cx: &Cx) -> Result<Blob> {
        let missing = || Error::defect(format!("the bundle has no code with the SHA-256 `{}`", self.code_sha256));
        Ok(Blob::new(cx.bundle.get(&self.code_sha256).ok_or_else(missing)?.as_ref()))
    }

    /// `Environment` without `Variables` would keep the old ones.
    fn variables(&self) -> Environment {
        Environment::builder().set_variables(Some(self.environment.clone().into_iter().collect())).build()
    }

    fn tracing_config(&self) -> TracingConfig {
        TracingConfig::builder().mode(if self.tracing { TracingMode::Active } else { TracingMode::PassThrough }).build()
    }

    fn logging(&self) -> LoggingConfig {
        LoggingConfig::builder()
            .log_format(LogFormat::Json)
            .application_log_level(ApplicationLogLevel::from(self.log_level.to_uppercase().as_str()))
            .system_log_level(SystemLogLevel::Info)
            .log_group(&self.log_group)
            .build()
    }
}

/// What Lambda's refusals mean beyond what holds for all of AWS.
pub(super) fn told(error: impl Into<Error>) -> Error {
    let error: Error = error.into();
    match error.code() {
        // "Function already exist: f" (sic): somebody was faster, or it was ourselves and the answer got lost.
        "ResourceConflictException" if error.message().contains("already exist") => error.class_as(Class::Unclear),
        "ResourceConflictException" if error.message().contains("in progress") => error.class_as(Class::Busy),
        "RequestEntityTooLargeException" => {
            error.hint("Lambda takes zips of 50 MB at most: build the handler in release, and strip its symbols")
        }
        "InvalidParameterValueException" if error.message().contains("UnreservedConcurrentExecution") => error.hint(
            "AWS keeps a part of the account's concurrency unreserved: reserve less, or ask AWS for a higher quota",
        ),
        _ => error,
    }
}

fn uploading() -> Builder {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(UPLOADED_WITHIN).build();
    Builder::new().timeout_config(timeouts)
}

/// All numbers here are far below 2^31.
fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

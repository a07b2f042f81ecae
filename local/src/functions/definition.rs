//! What a function is, as the endpoint has it: GetFunction.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_lambda::error::DisplayErrorContext;
use aws_sdk_lambda::operation::get_function::GetFunctionOutput;

use crate::invoke::Refusal;

/// What the concurrency is where none is reserved. AWS shares 1,000 among an account's functions; a laptop has less.
const UNRESERVED: u32 = 100;

/// Everything of a function that its processes depend on. Two that are equal run the same.
#[derive(Clone, PartialEq)]
pub(super) struct Definition {
    pub name: String,
    pub arn: String,
    /// SHA-256 of the zip, in base64.
    pub code_sha256: String,
    pub handler: String,
    /// As in `python3.13`; empty where the endpoint says none.
    pub runtime: String,
    pub role: String,
    pub memory_mb: u32,
    pub timeout: Duration,
    pub variables: HashMap<String, String>,
    pub log_group: String,
    /// Lambda's own lines, and those of runtimes that look at it, are JSON.
    pub log_json: bool,
    pub application_log_level: Option<String>,
    pub system_log_level: Option<String>,
    /// How many calls may run at once.
    pub concurrency: u32,
    /// Tells a function that was deleted and made again from the one before.
    revision: String,
}

/// The name in what Invoke takes: a name, a partial or a full ARN, each maybe with `:$LATEST`.
///
/// Nothing for another qualifier: the pipelines have no versions and aliases.
pub(super) fn name(function: &str) -> Option<&str> {
    let last = function.rsplit_once(":function:").map_or(function, |(_, last)| last);
    let (name, qualifier) = last.split_once(':').unwrap_or((last, "$LATEST"));
    (!name.is_empty() && qualifier == "$LATEST").then_some(name)
}

/// Reads a function, and the address that its zip is at for some minutes.
pub(super) async fn read(client: &aws_sdk_lambda::Client, name: &str) -> Result<(Definition, String), Refusal> {
    let answer = client.get_function().function_name(name).send().await.map_err(|error| {
        if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) {
            return Refusal::NotFound;
        }
        Refusal::Unavailable(format!("read the function `{name}`: {}", DisplayErrorContext(&error)))
    })?;
    let place = answer.code().and_then(|code| code.location()).map(str::to_owned);
    match (of(name, &answer), place) {
        (Some(definition), Some(place)) => Ok((definition, place)),
        _ => {
            Err(Refusal::Unavailable(format!("read the function `{name}`: it has no zip, no role or no configuration")))
        }
    }
}

fn of(name: &str, answer: &GetFunctionOutput) -> Option<Definition> {
    let known = answer.configuration()?;
    let logging = known.logging_config();
    let variables = known.environment().and_then(|environment| environment.variables()).cloned().unwrap_or_default();
    let group = logging.and_then(|logging| logging.log_group()).map(str::to_owned);
    let reserved = answer.concurrency().and_then(|concurrency| concurrency.reserved_concurrent_executions());
    Some(Definition {
        name: name.to_owned(),
        arn: known.function_arn()?.to_owned(),
        code_sha256: known.code_sha256()?.to_owned(),
        handler: known.handler().unwrap_or_default().to_owned(),
        runtime: known.runtime().map(|runtime| runtime.as_str()).unwrap_or_default().to_owned(),
        role: known.role()?.to_owned(),
        memory_mb: known.memory_size().and_then(|size| u32::try_from(size).ok()).unwrap_or(128),
        timeout: Duration::from_secs(known.timeout().and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(3)),
        variables,
        log_group: group.unwrap_or_else(|| format!("/aws/lambda/{name}")),
        log_json: logging.and_then(|logging| logging.log_format()).is_some_and(|format| format.as_str() == "JSON"),
        application_log_level: logging
            .and_then(|logging| logging.application_log_level())
            .map(|level| level.as_str().to_owned()),
        system_log_level: logging.and_then(|logging| logging.system_log_level()).map(|level| level.as_str().to_owned()),
        concurrency: reserved.map_or(UNRESERVED, |reserved| u32::try_from(reserved).unwrap_or(0)),
        revision: known.revision_id().unwrap_or_default().to_owned(),
    })
}

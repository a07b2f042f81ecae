//! What GetFunction answers, in canonical form, and waiting for it to answer something else.

use std::time::Duration;

use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::types::{
    Architecture, Concurrency, FunctionConfiguration, LastUpdateStatus, LogFormat, LoggingConfig, State as Lambda,
    SystemLogLevel, TracingMode,
};

use super::Function;
use crate::aws::{Cx, nothing_if_absent, poll};
use crate::error::{Error, Result};
use crate::resource::{Name, State};

/// Each change takes a second or two, but into or out of a VPC mostly one minute, and 10 have been seen (`docs/aws.md#vpc-interfaces`).
const SETTLED_WITHIN: Duration = Duration::from_secs(15 * 60);

/// Whether there is a function of this name; asked together with its reading in one look.
pub(in crate::kinds) async fn exists(cx: &Cx, name: &Name) -> Result<bool> {
    Ok(found(cx, name).await?.is_some())
}

/// As [`get`]; asked once in one look.
pub(super) async fn found(cx: &Cx, name: &Name) -> Result<Option<GetFunctionOutput>> {
    cx.asked_once("GetFunction", name.as_str(), || get(cx, name)).await
}

/// Reads the function; nothing where there is none.
pub(super) async fn get(cx: &Cx, name: &Name) -> Result<Option<GetFunctionOutput>> {
    let sent = cx.aws.lambda.get_function().function_name(name.as_str()).send().await;
    nothing_if_absent(sent)
}

/// The properties, with the defaults that AWS fills in.
pub(super) fn props(live: &FunctionConfiguration, concurrency: Option<&Concurrency>, name: &Name) -> Function {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
    // Where Lambda may not decrypt the variables (its role was made again), there are none: writing them again repairs it.
    let environment = live.environment().and_then(|environment| environment.variables()).cloned().unwrap_or_default();
    let architecture = live.architectures().first().map_or("x86_64", Architecture::as_str);
    Function {
        role: text(live.role()),
        runtime: text(live.runtime().map(|runtime| runtime.as_str())),
        handler: text(live.handler()),
        architecture: architecture.to_owned(),
        memory_mb: number(live.memory_size()).unwrap_or(128),
        timeout_seconds: number(live.timeout()).unwrap_or(3),
        environment: environment.into_iter().collect(),
        tracing: live.tracing_config().and_then(|tracing| tracing.mode()) == Some(&TracingMode::Active),
        log_group: live
            .logging_config()
            .and_then(LoggingConfig::log_group)
            .map_or(format!("/aws/lambda/{name}"), str::to_owned),
        log_level: log_level(live.logging_config()),
        reserved_concurrency: number(concurrency.and_then(Concurrency::reserved_concurrent_executions)),
        code_sha256: if failure(live).is_some() { String::new() } else { text(live.code_sha256()) },
        description: text(live.description()),
        asynchronous: None,
        allows_recursion: false,
        vpc: live.vpc_config().and_then(super::network::of_answer),
    }
}

/// The level in lower case; a value that `pipe` never sets stands beside it, so that it is a difference.
fn log_level(logging: Option<&LoggingConfig>) -> String {
    // Levels are answered with the format JSON only.
    let Some(logging) = logging.filter(|logging| logging.log_format() == Some(&LogFormat::Json)) else {
        return "text".to_owned();
    };
    let level = logging.application_log_level().map_or("INFO", |level| level.as_str()).to_lowercase();
    match logging.system_log_level() {
        None | Some(SystemLogLevel::Info) => level,
        Some(system) => format!("{level} (system: {})", system.as_str().to_lowercase()),
    }
}

pub(super) fn state(live: &FunctionConfiguration) -> State {
    if live.state() == Some(&Lambda::Deleting) { State::Leaving } else { State::Live }
}

/// Why the function, or its last update, is not what it was asked to be.
fn failure(live: &FunctionConfiguration) -> Option<String> {
    let reason = if live.state() == Some(&Lambda::Failed) {
        live.state_reason()
    } else if live.last_update_status() == Some(&LastUpdateStatus::Failed) {
        live.last_update_status_reason()
    } else {
        return None;
    };
    Some(reason.unwrap_or("AWS gives no reason").to_owned())
}

/// Waits until the last change is done, and the function can be called, mapped and changed.
///
/// # Errors
/// Lambda gave the change up, or it takes longer than 15 minutes.
pub(super) async fn settled(cx: &Cx, name: &Name) -> Result<()> {
    poll(cx, &format!("function `{name}` to be ready"), SETTLED_WITHIN, || async {
        // A function that was created just now may not be everywhere yet.
        let Some(found) = get(cx, name).await? else {
            return Ok(None);
        };
        found.configuration.as_ref().map_or(Ok(None), |live| ready(live, name))
    })
    .await
}

/// Whether the last change is done. Only `Pending` and `InProgress` are on their way: an idle function is `Inactive`, and fine.
pub(super) fn ready(live: &FunctionConfiguration, name: &Name) -> Result<Option<()>> {
    if let Some(reason) = failure(live) {
        return Err(Error::fatal(format!("the last change of function `{name}` failed: {reason}"))
            .hint("fix the cause and run the command again: the code is sent again"));
    }
    Ok((!under_way(live)).then_some(()))
}

fn under_way(live: &FunctionConfiguration) -> bool {
    live.state() == Some(&Lambda::Pending) || live.last_update_status() == Some(&LastUpdateStatus::InProgress)
}

/// Waits until nothing is under way: one that failed, or that is gone, can be deleted.
pub(super) async fn quiet(cx: &Cx, name: &Name) -> Result<()> {
    poll(cx, &format!("the last change of function `{name}` to end"), SETTLED_WITHIN, || async {
        let found = get(cx, name).await?;
        Ok(found.and_then(|found| found.configuration).is_none_or(|live| !under_way(&live)).then_some(()))
    })
    .await
}

/// Waits until a function that is being deleted is gone.
pub(super) async fn gone(cx: &Cx, name: &Name) -> Result<()> {
    let what = format!("the deleted function `{name}` to be gone");
    poll(cx, &what, SETTLED_WITHIN, || async { Ok(get(cx, name).await?.is_none().then_some(())) }).await
}

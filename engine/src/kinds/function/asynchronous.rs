//! What becomes of asynchronous calls that fail: PutFunctionEventInvokeConfig, which AWS keeps beside the function. It has no tags; the
//! function's tag (`parts.rs`) says that the pipeline has set it, and only then it is read. What others set on a function whose spec says
//! nothing of it stays.

use std::time::Duration;

use aws_sdk_lambda::types::{DestinationConfig, OnFailure};
use serde::{Deserialize, Serialize};

use super::write::told;
use crate::aws::{Cx, nothing_if_absent, patiently};
use crate::error::{Error, Result};
use crate::resource::Name;

/// What the tag says.
pub(super) const PART: &str = "asynchronous";

/// What AWS does where nobody says otherwise: 2 retries, within 6 hours
/// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html>).
const USUAL_RETRIES: u32 = 2;
const USUAL_AGE: Duration = Duration::from_secs(6 * 60 * 60);

/// How asynchronous calls are retried, and where the event goes when they fail for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asynchronous {
    /// 0 to 2, after 1 and after 2 more minutes.
    pub retries: u32,
    /// Age at which an event is given up, 60 to 21600 seconds.
    pub max_age_seconds: u32,
    /// ARN of the queue for the records of events that failed, or empty: they are dropped.
    pub on_failure: String,
}

/// Reads the setting.
pub(super) async fn read(cx: &Cx, name: &Name) -> Result<Option<Asynchronous>> {
    let sent = cx.aws.lambda.get_function_event_invoke_config().function_name(name.as_str()).send().await;
    Ok(nothing_if_absent(sent)?.map(|live| {
        let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
        let to = live.destination_config.and_then(|config| config.on_failure).and_then(|to| to.destination);
        Asynchronous {
            retries: number(live.maximum_retry_attempts).unwrap_or(USUAL_RETRIES),
            max_age_seconds: number(live.maximum_event_age_in_seconds)
                .unwrap_or(u32::try_from(USUAL_AGE.as_secs()).unwrap_or(u32::MAX)),
            on_failure: to.unwrap_or_default(),
        }
    }))
}

/// Sets the whole of it, or takes it away.
pub(super) async fn write(cx: &Cx, name: &Name, desired: Option<&Asynchronous>) -> Result<()> {
    let Some(desired) = desired else {
        let gone = || async {
            let request = cx.aws.lambda.delete_function_event_invoke_config().function_name(name.as_str());
            nothing_if_absent(request.send().await.map_err(told))
        };
        return patiently(cx, &format!("function `{name}` to be ready for the change"), gone).await.map(drop);
    };
    let to = Some(desired.on_failure.clone()).filter(|arn| !arn.is_empty());
    let to =
        to.map(|arn| DestinationConfig::builder().on_failure(OnFailure::builder().destination(arn).build()).build());
    let signed = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let request = (cx.aws.lambda.put_function_event_invoke_config().function_name(name.as_str()))
        .maximum_retry_attempts(signed(desired.retries))
        .maximum_event_age_in_seconds(signed(desired.max_age_seconds))
        .set_destination_config(to);
    let put = || async { request.clone().send().await.map(drop).map_err(|error| young(told(error))) };
    patiently(cx, &format!("the role of function `{name}` to be allowed to send to the dlq"), put).await
}

/// A destination that was made just now may not be known yet.
fn young(error: Error) -> Error {
    let is = error.code() == "InvalidParameterValueException" && error.message().contains("destination ARN");
    if is { error.class_as(crate::error::Class::Propagating) } else { error }
}

//! Calls of a function, as Lambda's pollers make them: what never reached it is tried again, what may have is not.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use pipe_local::invoke::Answer;
use tokio::time::sleep;

use super::Consumer;
use crate::aws::Cx;
use crate::error::{Class, Result};

/// Tries of a call that Lambda throttles: with pauses of 1, 2, 4, 8 and 16 seconds.
const TRIES: u32 = 6;

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The function answered, or failed.
    By(Answer),
    /// Nobody knows whether the function got it, or Lambda throttled it for long.
    Nobody(String),
}

/// Calls the consumer's function with an event. An error ends the run: it would meet each event.
///
/// A plain function value, so that whoever hands over is tested with a function made up on the spot.
pub type Call = Arc<dyn Fn(Bytes) -> BoxFuture<'static, Result<Answered>> + Send + Sync>;

/// Calls this function.
pub fn calls(cx: &Cx, consumer: &Consumer) -> Call {
    let (cx, name, patience) = (cx.clone(), consumer.name.clone(), consumer.patience);
    Arc::new(move |event| {
        let (cx, name) = (cx.clone(), name.clone());
        async move { patiently(&cx, &name, patience, event).await }.boxed()
    })
}

async fn patiently(cx: &Cx, name: &str, patience: Duration, event: Bytes) -> Result<Answered> {
    let mut tries = 0;
    loop {
        tries += 1;
        match once(cx, name, patience, event.clone()).await {
            Ok(answer) => return Ok(Answered::By(answer)),
            Err(error) if error.class() == Class::Throttled && tries < TRIES => {
                sleep(Duration::from_secs(1 << (tries - 1))).await;
            }
            Err(error) if error.class() == Class::Throttled => {
                return Ok(Answered::Nobody(format!("Lambda throttled the call {tries} times: {error}")));
            }
            Err(error) if error.class() == Class::Unclear => {
                return Ok(Answered::Nobody(format!("nobody knows whether the function took it: {error}")));
            }
            Err(error) => return Err(error),
        }
    }
}

/// The SDK repeats nothing: a call without an answer may have reached the function. It waits for as long as the function may take.
async fn once(cx: &Cx, name: &str, patience: Duration, event: Bytes) -> Result<Answer> {
    let times = TimeoutConfig::builder().operation_attempt_timeout(patience).build();
    let alone = aws_sdk_lambda::config::Builder::new().retry_config(RetryConfig::disabled()).timeout_config(times);
    let request = cx.aws.lambda.invoke().function_name(name).invocation_type(InvocationType::RequestResponse);
    let sent = request.payload(Blob::new(event)).customize().config_override(alone).send().await;
    let answer = sent?;
    Ok(Answer {
        payload: answer.payload.map(|payload| payload.into_inner().into()).unwrap_or_default(),
        error: answer.function_error,
        request_id: String::new(),
        memory: None,
    })
}

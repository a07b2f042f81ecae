//! A call of a function.

use bytes::Bytes;
use serde_json::Value;

use super::super::refusal::Refusal;
use super::super::serving::Serving;
use super::messages::BackendAnswer;
use crate::invoke::{Call, Refusal as Unreached};

/// Invokes a function if the integration's role may.
pub async fn invoke(
    serving: Serving<'_>,
    role: &str,
    function: &str,
    payload: Bytes,
) -> Result<BackendAnswer, Refusal> {
    if role.is_empty() || !serving.permits.allows(serving.reach, role, function).await {
        return Err(Refusal::misconfigured());
    }
    let answer = (serving.reach.invoke)(Call::new(function.to_owned(), payload)).await;
    let answer = answer.map_err(|refusal| match refusal {
        Unreached::NotFound => Refusal::misconfigured(),
        // Lambda's own refusals come out as 500, not as 429.
        Unreached::Throttled | Unreached::Unavailable(_) => Refusal::of("INTEGRATION_FAILURE").status(500),
    })?;
    let message = || {
        let error: Value = serde_json::from_slice(&answer.payload).unwrap_or_default();
        error["errorMessage"].as_str().unwrap_or_default().to_owned()
    };
    let error = answer.error.as_ref().map(|_| message());
    let headers = vec![("x-amzn-requestid".to_owned(), answer.request_id.clone())];
    Ok(BackendAnswer { status: 200, headers, body: answer.payload, error })
}

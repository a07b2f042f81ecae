//! What came of a call, in words and figures.

use tokio::time::Instant;

use crate::invoke::{Answer, Refusal};

/// What the function says of its failure.
pub(super) fn message(answer: &Answer) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(&answer.payload).ok()?;
    document["errorMessage"].as_str().map(str::to_owned)
}

/// Why a call did not reach the function.
pub(super) fn refused(refusal: Refusal) -> String {
    match refusal {
        Refusal::NotFound => "the function is not there".to_owned(),
        Refusal::Throttled => "too many calls of the function run".to_owned(),
        Refusal::Unavailable(why) => why,
    }
}

/// How long it took.
pub(super) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

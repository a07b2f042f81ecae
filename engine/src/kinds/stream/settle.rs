//! Changes of a stream, each seen through, and what AWS refuses of them.

use std::future::Future;

use aws_sdk_kinesis::types::{StreamDescriptionSummary, StreamStatus};

use super::read::{props, summary};
use super::{RESHARDED_WITHIN, Stream};
use crate::aws::{Cx, patiently, poll};
use crate::error::{Class, Error, Result};
use crate::resource::Name;

/// Makes one change and waits until AWS shows it and would take the next.
pub async fn change<F, Fut>(
    cx: &Cx,
    name: &Name,
    call: F,
    shows: impl Fn(&Stream) -> bool + Send + Sync,
) -> Result<StreamDescriptionSummary>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<()>>,
{
    patiently(cx, &format!("stream `{name}` to accept the next change"), call).await.map_err(limited)?;
    settled(cx, name, shows).await
}

/// Waits until the stream is ACTIVE and as expected: just after a call, AWS may still show what was before.
pub async fn settled(
    cx: &Cx,
    name: &Name,
    shows: impl Fn(&Stream) -> bool + Send + Sync,
) -> Result<StreamDescriptionSummary> {
    let shows = &shows;
    let ask = || async move {
        let Some(found) = summary(cx, name).await? else { return Ok(None) };
        if found.stream_status == StreamStatus::Deleting {
            return Err(Error::new(Class::Unclear, format!("stream `{name}` is being deleted by someone else")));
        }
        Ok((found.stream_status == StreamStatus::Active && shows(&props(&found))).then_some(found))
    };
    poll(cx, &format!("stream `{name}` to become active"), RESHARDED_WITHIN, ask).await
}

/// Says which limit a refusal is about, which AWS does not always do. A refusal that passes by itself has another class.
pub fn limited(error: Error) -> Error {
    if error.code() != "LimitExceededException" || error.class() != Class::Fatal {
        return error;
    }
    let operation = error.failed_call().map(|call| call.operation.clone()).unwrap_or_default();
    let hint = match operation.as_str() {
        _ if error.message().contains("shard limit") => {
            "this account has no more shards in this region: lower `shards`, delete an unused stream, or ask AWS Service Quotas \
             for more"
        }
        "kinesis:UpdateShardCount" => {
            "AWS changes a stream's shard count at most 10 times in 24 h, and only within the account's shard limit; apply again \
             later: it goes on from the count that it reached"
        }
        "kinesis:UpdateStreamMode" => "AWS switches a stream between provisioned and on demand at most twice in 24 h",
        "kinesis:StartStreamEncryption" | "kinesis:StopStreamEncryption" => {
            "AWS starts and stops the encryption of a stream at most 25 times each in 24 h"
        }
        _ => "ask AWS Service Quotas for more streams or shards in this region, or delete unused ones",
    };
    error.hint(hint)
}

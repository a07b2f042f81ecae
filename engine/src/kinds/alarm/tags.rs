//! The tags of alarms. To ask for those of one is a call for each, but the tagging API, which a look asks anyway, knows those of all: some
//! minutes late. So its answer is taken within one look, and where the alarm was last written long before.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{TURN, WAIT};
use crate::aws::cloudwatch::CLOUDWATCH;
use crate::aws::{Cx, Repeat, TagCall, TagDiff, carriers, in_turn};
use crate::error::{Class, Result};
use crate::owner::PIPELINE;
use crate::resource::Tags;

/// By when the tagging API surely shows what an alarm was given.
const SETTLED: Duration = Duration::from_secs(60 * 60);

/// The tags of an alarm, of which `found` is what DescribeAlarms says. One that is deleted meanwhile has none.
pub(super) async fn of(cx: &Cx, arn: &str, found: &Value) -> Result<Tags> {
    if cx.is_one_look() && is_settled(&found["AlarmConfigurationUpdatedTimestamp"]) {
        let all = match carriers(cx, PIPELINE).await {
            Ok(all) => all,
            // Without permission for it each is asked for.
            Err(error) if error.class() == Class::Fatal => Vec::new(),
            Err(error) => return Err(error),
        };
        if let Some((_, tags)) = all.into_iter().find(|(carrier, _)| carrier == arn) {
            return Ok(tags);
        }
    }
    let input = json!({ "ResourceARN": arn });
    let answer = cx.aws.operations.call(&CLOUDWATCH, "ListTagsForResource", &input, Repeat::AsUsual).await;
    let answer = crate::aws::nothing_if_absent(answer)?.unwrap_or_default();
    let tag = |tag: &Value| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].as_str()?.to_owned()));
    Ok(answer["Tags"].as_array().into_iter().flatten().filter_map(tag).collect())
}

/// Whether a time, in seconds since 1970, is long ago.
fn is_settled(written: &Value) -> bool {
    let written = written.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let written = written.and_then(|since| UNIX_EPOCH.checked_add(since));
    written.and_then(|time| SystemTime::now().duration_since(time).ok()).is_some_and(|age| age > SETTLED)
}

/// Tags as CloudWatch takes them.
pub(super) fn list(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// Makes the calls that a difference takes.
pub(super) async fn sync(cx: &Cx, arn: &str, difference: TagDiff) -> Result<()> {
    for call in difference.calls() {
        let (operation, input) = match call {
            TagCall::Set(tags) => ("TagResource", json!({ "ResourceARN": arn, "Tags": list(&tags) })),
            TagCall::Remove(keys) => ("UntagResource", json!({ "ResourceARN": arn, "TagKeys": keys })),
        };
        let change = || cx.aws.operations.call(&CLOUDWATCH, operation, &input, Repeat::AsUsual);
        in_turn(cx, WAIT, TURN, change).await?;
    }
    Ok(())
}

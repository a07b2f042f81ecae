//! Tags of what Lambda has: functions, and the mappings that call them.

use super::write::told;
use crate::aws::{Cx, TagCall, TagDiff, patiently};
use crate::error::Result;
use crate::resource::Tags;

/// Sets and removes the tags that differ. `what` names the thing that is waited for.
pub async fn sync_tags(cx: &Cx, arn: &str, what: &str, live: &Tags) -> Result<()> {
    for call in TagDiff::of(&cx.tags, live).calls() {
        match call {
            TagCall::Set(tags) => {
                let tag = cx.aws.lambda.tag_resource().resource(arn).set_tags(Some(tags.into_iter().collect()));
                patiently(cx, what, || async { tag.clone().send().await.map(drop).map_err(told) }).await?;
            }
            TagCall::Remove(keys) => {
                let untag = cx.aws.lambda.untag_resource().resource(arn).set_tag_keys(Some(keys));
                patiently(cx, what, || async { untag.clone().send().await.map(drop).map_err(told) }).await?;
            }
        }
    }
    Ok(())
}

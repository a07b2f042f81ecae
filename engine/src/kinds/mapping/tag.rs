//! The tags of a mapping.

use super::arn;
use crate::aws::{Cx, TagCall, TagDiff, patiently};
use crate::error::Result;
use crate::resource::Tags;

/// Sets and removes what differs.
pub async fn sync_tags(cx: &Cx, uuid: &str, live: &Tags) -> Result<()> {
    let arn = arn(&cx.aws.place, uuid);
    let what = format!("mapping {uuid} to accept its tags");
    for call in TagDiff::of(&cx.tags, live).calls() {
        match call {
            TagCall::Set(tags) => {
                let tag = cx.aws.lambda.tag_resource().resource(&arn).set_tags(Some(tags.into_iter().collect()));
                patiently(cx, &what, || async { Ok(tag.clone().send().await.map(drop)?) }).await?;
            }
            TagCall::Remove(keys) => {
                let untag = cx.aws.lambda.untag_resource().resource(&arn).set_tag_keys(Some(keys));
                patiently(cx, &what, || async { Ok(untag.clone().send().await.map(drop)?) }).await?;
            }
        }
    }
    Ok(())
}

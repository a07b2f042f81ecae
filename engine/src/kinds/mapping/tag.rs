//! The tags of a mapping.

use super::arn;
use crate::aws::{Cx, TagDiff, patiently};
use crate::error::Result;
use crate::resource::Tags;

/// Sets and removes what differs.
pub async fn sync_tags(cx: &Cx, uuid: &str, live: &Tags) -> Result<()> {
    let TagDiff { set, remove } = TagDiff::of(&cx.tags, live);
    let arn = arn(&cx.aws.place, uuid);
    let what = format!("mapping {uuid} to accept its tags");
    if !set.is_empty() {
        let tag = cx.aws.lambda.tag_resource().resource(&arn).set_tags(Some(set.into_iter().collect()));
        patiently(cx, &what, || async { Ok(tag.clone().send().await.map(drop)?) }).await?;
    }
    if !remove.is_empty() {
        let untag = cx.aws.lambda.untag_resource().resource(&arn).set_tag_keys(Some(remove));
        patiently(cx, &what, || async { Ok(untag.clone().send().await.map(drop)?) }).await?;
    }
    Ok(())
}

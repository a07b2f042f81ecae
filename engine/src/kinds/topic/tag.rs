//! The tags of topics.

use aws_sdk_sns::types::Tag;

use crate::aws::{Cx, TagCall, TagDiff, nothing_if_absent, patiently};
use crate::error::Result;
use crate::kinds::table::unbuilt;
use crate::resource::Tags;

pub(super) async fn of(cx: &Cx, arn: &str) -> Result<Option<Tags>> {
    let sent = cx.aws.sns.list_tags_for_resource().resource_arn(arn).send().await;
    let Some(answer) = nothing_if_absent(sent)? else {
        return Ok(None);
    };
    Ok(Some(answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

pub(super) fn list(tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(unbuilt)).collect()
}

pub(super) async fn sync(cx: &Cx, arn: &str, live: &Tags) -> Result<()> {
    const WAIT: &str = "another change of the topic's tags to end";
    for call in TagDiff::of(&cx.tags, live).calls() {
        match call {
            TagCall::Set(tags) => {
                let tag = cx.aws.sns.tag_resource().resource_arn(arn).set_tags(Some(list(&tags)?));
                patiently(cx, WAIT, || async { Ok(tag.clone().send().await.map(drop)?) }).await?;
            }
            TagCall::Remove(keys) => {
                let untag = cx.aws.sns.untag_resource().resource_arn(arn).set_tag_keys(Some(keys));
                patiently(cx, WAIT, || async { Ok(untag.clone().send().await.map(drop)?) }).await?;
            }
        }
    }
    Ok(())
}

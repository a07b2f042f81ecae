//! The tags of a table.

use aws_sdk_dynamodb::types::Tag;

use super::{arn, unbuilt};
use crate::aws::{Cx, TagDiff, patiently};
use crate::error::Result;
use crate::resource::{Name, Tags};

/// Sets and takes away the tags that differ, when the table takes that.
pub async fn sync_tags(cx: &Cx, name: &Name, live: &Tags) -> Result<()> {
    let TagDiff { set, remove } = TagDiff::of(&cx.tags, live);
    let arn = arn(&cx.aws.place, name);
    let what = format!("table `{name}` to accept its tags");
    if !set.is_empty() {
        let tags = set.iter().map(|(key, value)| tag(key, value)).collect::<Result<_>>()?;
        let request = cx.aws.dynamodb.tag_resource().resource_arn(&arn).set_tags(Some(tags));
        patiently(cx, &what, || async { Ok(request.clone().send().await.map(drop)?) }).await?;
    }
    if !remove.is_empty() {
        let request = cx.aws.dynamodb.untag_resource().resource_arn(&arn).set_tag_keys(Some(remove));
        patiently(cx, &what, || async { Ok(request.clone().send().await.map(drop)?) }).await?;
    }
    Ok(())
}

/// One tag as DynamoDB takes it.
pub fn tag(key: &str, value: &str) -> Result<Tag> {
    Tag::builder().key(key).value(value).build().map_err(unbuilt)
}

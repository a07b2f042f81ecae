//! The tags of a table.

use aws_sdk_dynamodb::types::Tag;

use std::time::Duration;

use super::{Table, arn, read, record, unbuilt};
use crate::aws::{Cx, TagCall, TagDiff, patiently, poll_twice};
use crate::error::Result;
use crate::resource::{Name, Tags};

/// DynamoDB shows new tags after a few seconds (its API reference, TagResource).
const SHOWN_WITHIN: Duration = Duration::from_secs(2 * 60);

/// Sets and takes away the tags that differ, when the table takes that, and waits until they show: until then AWS may show the
/// old ones or none at all, and the table would look like nobody's.
pub async fn sync_tags(cx: &Cx, name: &Name, live: &Tags) -> Result<()> {
    let diff = TagDiff::of(&cx.tags, live);
    if diff == TagDiff::default() {
        return Ok(());
    }
    let arn = arn(&cx.aws.place, name);
    let what = format!("table `{name}` to accept its tags");
    for call in diff.clone().calls() {
        match call {
            TagCall::Set(tags) => {
                let tags = tags.iter().map(|(key, value)| tag(key, value)).collect::<Result<_>>()?;
                let request = cx.aws.dynamodb.tag_resource().resource_arn(&arn).set_tags(Some(tags));
                patiently(cx, &what, || async { Ok(request.clone().send().await.map(drop)?) }).await?;
            }
            TagCall::Remove(keys) => {
                let request = cx.aws.dynamodb.untag_resource().resource_arn(&arn).set_tag_keys(Some(keys));
                patiently(cx, &what, || async { Ok(request.clone().send().await.map(drop)?) }).await?;
            }
        }
    }
    // Other hands may tag it meanwhile, and delete it.
    let shown = || async {
        let Some(live) = read::tags(cx, name).await? else { return Ok(Some(())) };
        let shows = diff.set.iter().all(|(key, value)| live.get(key) == Some(value));
        Ok((shows && !diff.remove.iter().any(|key| live.contains_key(key))).then_some(()))
    };
    poll_twice(cx, &format!("DynamoDB to show the tags of table `{name}`"), SHOWN_WITHIN, shown).await
}

/// Writes down which indexes, which TTL and whether a key are about to be the pipeline's, before they are made: a run that is killed must
/// leave none that looks like another's.
pub async fn remember(cx: &Cx, name: &Name, desired: &Table, live: &Table) -> Result<()> {
    let new = |part: &String| !record::knows(&live.known, part);
    let key = desired.own_key().is_some() && !record::has_key(&live.known);
    if !key && !record::parts(desired).iter().any(new) {
        return Ok(());
    }
    let tag = tag(record::PARTS, &record::of_both(desired, live))?;
    let request = cx.aws.dynamodb.tag_resource().resource_arn(arn(&cx.aws.place, name)).tags(tag);
    let what = format!("table `{name}` to accept its tags");
    patiently(cx, &what, || async { Ok(request.clone().send().await.map(drop)?) }).await
}

/// One tag as DynamoDB takes it.
pub fn tag(key: &str, value: &str) -> Result<Tag> {
    Tag::builder().key(key).value(value).build().map_err(unbuilt)
}

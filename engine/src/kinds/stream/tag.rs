//! The tags of a stream.

use crate::aws::{Cx, TagDiff, patiently};
use crate::error::Result;
use crate::resource::{Name, Tags};

/// Sets and takes away the tags that differ, when the stream takes that: only while it is ACTIVE (aws-facts 2.8).
pub async fn sync_tags(cx: &Cx, name: &Name, live: &Tags) -> Result<()> {
    let TagDiff { set, remove } = TagDiff::of(&cx.tags, live);
    let (kinesis, what) = (&cx.aws.kinesis, format!("stream `{name}` to accept its tags"));
    if !set.is_empty() {
        let request = kinesis.add_tags_to_stream().stream_name(name.as_str()).set_tags(Some(set.into_iter().collect()));
        patiently(cx, &what, || async { Ok(request.clone().send().await.map(drop)?) }).await?;
    }
    if !remove.is_empty() {
        let request = kinesis.remove_tags_from_stream().stream_name(name.as_str()).set_tag_keys(Some(remove));
        patiently(cx, &what, || async { Ok(request.clone().send().await.map(drop)?) }).await?;
    }
    Ok(())
}

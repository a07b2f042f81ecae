//! The tags of a stream.

use crate::aws::{Cx, TagCall, TagDiff, patiently};
use crate::error::Result;
use crate::resource::{Name, Tags};

/// Sets and removes the tags that differ, when the stream takes that: only while it is ACTIVE.
pub async fn sync_tags(cx: &Cx, name: &Name, live: &Tags) -> Result<()> {
    let (kinesis, what) = (&cx.aws.kinesis, format!("stream `{name}` to accept its tags"));
    for call in TagDiff::of(&cx.tags, live).calls() {
        match call {
            TagCall::Set(tags) => {
                let request = kinesis.add_tags_to_stream().stream_name(name.as_str());
                let request = request.set_tags(Some(tags.into_iter().collect()));
                patiently(cx, &what, || async { Ok(request.clone().send().await.map(drop)?) }).await?;
            }
            TagCall::Remove(keys) => {
                let request = kinesis.remove_tags_from_stream().stream_name(name.as_str()).set_tag_keys(Some(keys));
                patiently(cx, &what, || async { Ok(request.clone().send().await.map(drop)?) }).await?;
            }
        }
    }
    Ok(())
}

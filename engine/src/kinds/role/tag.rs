//! The tags of a role.

use aws_sdk_iam::types::Tag;

use super::{WAIT, fresh};
use crate::aws::{Cx, TagCall, TagDiff, patiently};
use crate::error::Result;
use crate::kinds::table::unbuilt;
use crate::resource::{Name, Tags};

/// The tags as IAM takes them.
pub fn tag_list(tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(unbuilt)).collect()
}

/// Sets and removes the tags that differ.
pub async fn sync_tags(cx: &Cx, name: &Name, live: &Tags) -> Result<()> {
    // To IAM `Env` and `env` are one key: what goes does so before what comes.
    for call in TagDiff::of(&cx.tags, live).calls() {
        match call {
            TagCall::Set(tags) => {
                let tag = cx.aws.iam.tag_role().role_name(name.as_str()).set_tags(Some(tag_list(&tags)?));
                patiently(cx, WAIT, || async { tag.clone().send().await.map(drop).map_err(fresh) }).await?;
            }
            TagCall::Remove(keys) => {
                let untag = cx.aws.iam.untag_role().role_name(name.as_str()).set_tag_keys(Some(keys));
                patiently(cx, WAIT, || async { untag.clone().send().await.map(drop).map_err(fresh) }).await?;
            }
        }
    }
    Ok(())
}

//! Decides from a resource's tags alone whose it is.

use crate::aws::{OWN, TAGS, record};
use crate::graph::Node;
use crate::resource::{Id, Tags};

/// Tag with the pipeline's name: what carries it is owned by that pipeline.
pub const PIPELINE: &str = "pipe:pipeline";
/// Tag with the logical id.
pub const RESOURCE: &str = "pipe:resource";
/// Tag with the hash of the desired form that was applied last: tells drift from edit.
pub const APPLIED: &str = "pipe:applied";
/// Tag that says `retain` where destroy releases instead of deletes.
pub const ON_DESTROY: &str = "pipe:on-destroy";
/// Tag with what AWS assigned to the resource that this one follows.
pub const FOLLOWS: &str = "pipe:follows";
/// Tag that a released resource keeps: the pipeline that may take it back without asking.
pub const RETAINED: &str = "pipe:retained";

/// Whose a resource is, from the point of view of one pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This pipeline's, under this id.
    Ours(Id),
    /// Released by this pipeline, to be taken back.
    Released,
    /// Another pipeline's.
    Other(String),
    /// No pipeline's.
    Nobody,
}

impl Owner {
    /// Reads the owner from tags.
    pub fn of(tags: &Tags, pipeline: &str) -> Self {
        match (tags.get(PIPELINE), tags.get(RETAINED)) {
            (Some(name), _) if name == pipeline => {
                Self::Ours(Id::new(tags.get(RESOURCE).map(String::as_str).unwrap_or_default()))
            }
            (Some(other), _) => Self::Other(other.clone()),
            (None, Some(name)) if name == pipeline => Self::Released,
            _ => Self::Nobody,
        }
    }
}

/// The tags that a resource of the pipeline is to have, but for [`FOLLOWS`].
pub fn desired_tags(pipeline: &str, user: &Tags, node: &Node, applied: &str) -> Tags {
    let own = Tags::from([(PIPELINE.into(), pipeline.into()), (RESOURCE.into(), node.id.to_string())]);
    if node.kind.labelled {
        return own;
    }
    let mut tags = user.clone();
    tags.extend(own);
    if node.kind.stamped {
        tags.insert(APPLIED.into(), applied.into());
    }
    if !user.is_empty() {
        tags.insert(TAGS.into(), record(user));
    }
    if node.retain {
        tags.insert(ON_DESTROY.into(), "retain".into());
    }
    tags
}

/// What a thing without tags is known by, in its name or id. The ids of such things are one word: so no label of another pipeline can be
/// read as one of this, whose name may be the beginning of the other's.
pub fn label(pipeline: &str, id: &Id) -> String {
    format!("pipe-{pipeline}-{id}")
}

/// Returns the tags that a label stands for; `None` where it is not one of this pipeline.
pub fn labelled(label: &str, pipeline: &str) -> Option<Tags> {
    let id = label.strip_prefix("pipe-")?.strip_prefix(pipeline)?.strip_prefix('-')?;
    let is_word = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_lowercase());
    is_word.then(|| Tags::from([(PIPELINE.into(), pipeline.into()), (RESOURCE.into(), id.into())]))
}

/// What a resource keeps of its tags when the pipeline releases it.
pub fn released_tags(pipeline: &str, live: &Tags) -> Tags {
    let mut tags: Tags =
        live.iter().filter(|(key, _)| !key.starts_with(OWN)).map(|(k, v)| (k.clone(), v.clone())).collect();
    tags.insert(RETAINED.into(), pipeline.into());
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_read_by_its_own_pipeline_alone() {
        let id = Id::new("permission");
        let of = |pipeline: &str, by: &str| labelled(&label(pipeline, &id), by).is_some();
        assert!(of("a", "a") && of("a-b", "a-b") && of("a-permission", "a-permission"));
        assert!(!of("a-b", "a") && !of("a", "a-b") && !of("a-permission", "a") && !of("a", "a-permission"));
        for text in ["pipe-a-", "pipe-a", "pipe-a-Permission", "pipe-a-x_y", "Pipe-a-permission", ""] {
            assert_eq!(labelled(text, "a"), None, "{text}");
        }
        assert_eq!(labelled("pipe-a-permission", "a").map(|tags| tags[RESOURCE].clone()), Some("permission".into()));
    }
}

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
    let mut tags = user.clone();
    tags.insert(PIPELINE.into(), pipeline.into());
    tags.insert(RESOURCE.into(), node.id.to_string());
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

/// What a resource keeps of its tags when the pipeline releases it.
pub fn released_tags(pipeline: &str, live: &Tags) -> Tags {
    let mut tags: Tags =
        live.iter().filter(|(key, _)| !key.starts_with(OWN)).map(|(k, v)| (k.clone(), v.clone())).collect();
    tags.insert(RETAINED.into(), pipeline.into());
    tags
}

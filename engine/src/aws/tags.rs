//! Tags as a property like any other.

use crate::resource::Tags;

/// What to set and what to take away so that live tags become the desired ones. AWS's own (`aws:`) never count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagDiff {
    pub set: Tags,
    pub remove: Vec<String>,
}

impl TagDiff {
    /// Compares desired with live tags.
    pub fn of(desired: &Tags, live: &Tags) -> Self {
        let set = desired.iter().filter(|(key, value)| live.get(*key) != Some(value));
        let remove = live.keys().filter(|key| !key.starts_with("aws:") && !desired.contains_key(*key));
        Self { set: set.map(|(k, v)| (k.clone(), v.clone())).collect(), remove: remove.cloned().collect() }
    }
}

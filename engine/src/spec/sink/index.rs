//! The global indexes of a table.

use super::table::Key;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The global indexes of a table, by name.
pub type Indexes = BTreeMap<String, Index>;

/// A global index of a table: its items under another key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Attribute that spreads the items of the index: a name (a string attribute), or `{name, type}`; a change makes the index anew. Required.
    pub partition_key: Key,
    /// Attribute that orders the items of one partition key: a name, or `{name, type}`; a change makes the index anew. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_key: Option<Key>,
    /// Attributes that the index holds: `all`, `keys` (its own and the table's), or a list of others beside the keys; a change makes the index anew. Default: `all`.
    #[serde(default)]
    pub project: Project,
}

/// Which attributes an index holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Project {
    #[default]
    All,
    Keys,
    /// The keys, and these attributes.
    #[serde(untagged)]
    Named(#[schemars(length(min = 1, max = 100), inner(length(min = 1, max = 255)))] Vec<String>),
}

impl Index {
    /// Returns its keys, each with what the spec calls it.
    pub fn keys(&self) -> impl Iterator<Item = (&'static str, &Key)> {
        let sort = self.sort_key.as_ref().map(|key| ("sort_key", key));
        [Some(("partition_key", &self.partition_key)), sort].into_iter().flatten()
    }
}

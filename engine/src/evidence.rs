//! What shows whose a resource is, beside its tags. A user who may tag, but may do nothing else, must not be able to have it
//! deleted.

use std::collections::BTreeSet;

use crate::graph::Node;
use crate::live::Key;
use crate::resource::{Id, Kind, Name};

/// A name to look at.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub kind: &'static Kind,
    pub name: Name,
    pub why: Why,
    /// Whether it is probably there, because the spec or the user names it; of a default name nobody knows.
    pub likely: bool,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The spec gives it to this id, or it is the id's default.
    Own(Id),
    /// `existing:` in the spec: whatever its tags say, the pipeline only uses it.
    Existing,
    /// The user says that it is the pipeline's, as its tags do.
    Claimed,
}

/// Ids that begin with a word and a dot, by kind: one for each name that a spec gives. Or the word alone.
pub type Families = BTreeSet<(&'static str, &'static str)>;

/// What is known before a plan is made.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The ids that there may be, by kind.
    pub ids: BTreeSet<(&'static str, Id)>,
    /// The families of ids that there may be.
    pub families: Families,
    /// Names that are the pipeline's: those of the spec, the defaults, and what a kind knows to be owned.
    pub names: BTreeSet<Key>,
    pub existing: BTreeSet<Key>,
    pub claimed: BTreeSet<Key>,
    /// Resources and what hangs on them.
    pub children: BTreeSet<(Key, Key)>,
}

impl Evidence {
    /// Returns whether there may be such an id for this kind.
    pub fn fits(&self, kind: &'static str, id: &Id) -> bool {
        let family = || self.families.contains(&(kind, id.family().unwrap_or(id.as_str())));
        self.ids.contains(&(kind, id.clone())) || family()
    }

    /// Keeps what a name stands for.
    pub fn tell(&mut self, wanted: &Wanted) {
        let key = (wanted.kind.name, wanted.name.clone());
        match &wanted.why {
            Why::Own(id) => {
                self.ids.insert((wanted.kind.name, id.clone()));
                self.names.insert(key);
            }
            Why::Existing => _ = self.existing.insert(key),
            Why::Claimed => _ = self.claimed.insert(key),
        }
    }
}

impl From<&Node> for Wanted {
    fn from(node: &Node) -> Self {
        let why = if node.existing { Why::Existing } else { Why::Own(node.id.clone()) };
        Self { kind: node.kind, name: node.name.clone(), why, likely: true }
    }
}

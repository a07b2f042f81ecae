//! A fake resource as an account has it.

use std::collections::BTreeSet;

use pipe::resource::{Handle, Name, Outputs, Tags};

use super::world::World;

/// One fake resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    pub kind: &'static str,
    pub name: Name,
    pub handle: Handle,
    /// Its handle at first; another one's, where somebody made it again under its name.
    pub identity: String,
    pub value: u32,
    pub fixed: u32,
    pub refs: Vec<String>,
    pub from: String,
    pub tied: String,
    pub seal: String,
    pub tags: Tags,
    pub leaving: bool,
}

impl Thing {
    /// `id` as AWS assigned it, and `label`, which an update changes.
    pub fn outputs(&self) -> Outputs {
        let label = format!("label-{}", self.value);
        Outputs::from([("id".to_owned(), self.identity.clone()), ("label".to_owned(), label)])
    }
}

type Essence = (&'static str, Name, u32, u32, Vec<(String, String)>);

/// What an account comes to: everything but what AWS assigns.
pub fn essence(world: &World) -> BTreeSet<Essence> {
    let tags = |tags: &Tags| {
        tags.iter().filter(|(key, _)| *key != "pipe:follows").map(|(k, v)| (k.clone(), v.clone())).collect::<Vec<_>>()
    };
    world.things.iter().map(|t| (t.kind, t.name.clone(), t.value, t.fixed, tags(&t.tags))).collect()
}

//! A fake resource as an account has it.

use pipe::resource::{Handle, Name, Outputs, Tags};

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

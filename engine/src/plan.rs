//! From desired and live to ordered changes. Pure: the same graph and the same account give the same plan.
//!
//! `apply` runs this very value and nothing else; it is empty exactly when `apply` would write nothing.

mod advice;
mod checks;
mod decide;
mod elsewhere;
mod open;
mod orphans;
mod proof;
mod steps;
mod stranded;
mod within;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::diff::Field;
use crate::error::Error;
use crate::resource::{Handle, Id, Kind, Live, Name, Tags, show, shown};

pub(crate) use decide::follow_tag;
pub use decide::plan;
pub(crate) use open::unresolved;
pub use steps::{Step, Verb, steps};

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed in place, which is also what adopting and releasing do.
    Update,
    /// It is deleted and created again.
    Replace,
    /// It is deleted.
    Delete,
    /// Nothing.
    Same,
}

/// One resource's difference.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Change {
    /// The resource's id.
    pub id: Id,
    /// The resource's kind, as in `kinesis:Stream`.
    #[serde(serialize_with = "kind_name")]
    #[schemars(with = "String")]
    pub kind: &'static Kind,
    /// The name that it has afterwards, or had before a delete.
    pub name: Name,
    /// The name that it has now, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_name: Option<Name>,
    /// What is done to it.
    pub action: Action,
    /// Why, where the properties do not say it: `adopted`, `released`, `consumer-role is replaced`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Ours, but no longer in the spec; another change may have the same id.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub orphan: bool,
    /// Live differs although the spec did not change since the last apply.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub drift: bool,
    /// The properties that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// What is lost: it needs consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<String>,
    /// What it does to the records on their way, and to clients.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub means: Vec<String>,
    /// Who may do more after it: it needs consent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub widens: Vec<String>,
    /// An orphan whose name neither the spec nor a default gives: only its tags, or a resource that names it, led to it.
    #[serde(skip)]
    pub told_by_tags: bool,
    /// What it was when the plan was made.
    #[serde(skip)]
    pub live: Option<Live<Value>>,
    /// What it is to be.
    #[serde(skip)]
    pub desired: Value,
    /// The same before it keeps anything of the live one, where outputs are in it that are known only when their resources are
    /// made: marks stand for them, here and in `desired`.
    #[serde(skip)]
    pub open: Option<Value>,
    /// What it is to be until the deletes are done, where that differs.
    #[serde(skip)]
    pub meanwhile: Option<Value>,
    /// All tags that it is to have, but for what it follows.
    #[serde(skip)]
    pub tags: Tags,
    /// Whom it needs, and whether it follows them.
    #[serde(skip)]
    pub needs: Vec<crate::graph::Need>,
}

impl Change {
    /// Nothing to do, so far.
    pub(super) fn of(id: &Id, kind: &'static Kind, name: &Name, desired: Value, tags: Tags) -> Self {
        Self {
            id: id.clone(),
            kind,
            name: name.clone(),
            old_name: None,
            action: Action::Same,
            reasons: Vec::new(),
            orphan: false,
            drift: false,
            fields: Vec::new(),
            loss: None,
            means: Vec::new(),
            widens: Vec::new(),
            told_by_tags: false,
            live: None,
            desired,
            open: None,
            meanwhile: None,
            tags,
            needs: Vec::new(),
        }
    }

    /// Puts words in the place of the marks in all that people and machines read.
    fn show(&mut self) {
        if self.open.is_some() {
            let new = self.fields.iter_mut().filter_map(|field| field.new.as_mut());
            new.for_each(show);
            let told = self.means.iter_mut().chain(&mut self.widens).chain(&mut self.loss);
            told.for_each(|text| *text = shown(text));
        }
    }

    /// What finds the live resource again.
    pub fn handle(&self) -> Option<&Handle> {
        self.live.as_ref().map(|live| &live.handle)
    }

    /// The name under which the live resource is found.
    pub fn live_name(&self) -> &Name {
        self.old_name.as_ref().unwrap_or(&self.name)
    }

    /// The live resource as users name it: `dynamodb:Table/EventTable`.
    pub fn kind_and_name(&self) -> String {
        format!("{}/{}", self.kind.name, self.live_name())
    }

    /// A delete, or a replacement under a new name, which deletes the old one when all else is done.
    pub fn deletes_late(&self) -> bool {
        self.action == Action::Delete || (self.action == Action::Replace && !self.keeps_name())
    }

    /// A replacement that frees its name before it takes it again.
    pub fn keeps_name(&self) -> bool {
        self.action == Action::Replace && self.old_name.is_none()
    }
}

/// Ordered changes, and what is worth knowing about what stays.
#[derive(Debug, Default)]
pub struct Plan {
    pub pipeline: String,
    /// In the order of needs, deletes last; what stays the same is among them.
    pub changes: Vec<Change>,
    /// What the pipeline uses and never changes.
    pub uses: Vec<Used>,
    /// What stays behind when all is deleted, and why.
    pub left: Vec<String>,
    pub notes: Vec<String>,
    /// Why this plan must not run; all of them at once.
    pub refusals: Vec<Error>,
}

/// A resource that the pipeline uses.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Used {
    /// The id that it has in the pipeline.
    pub id: Id,
    /// The resource's kind, as in `kinesis:Stream`.
    #[serde(serialize_with = "kind_name")]
    #[schemars(with = "String")]
    pub kind: &'static Kind,
    /// The resource's name.
    pub name: Name,
    #[serde(skip)]
    pub live: Live<Value>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|change| change.action == Action::Same)
    }

    /// The changes that do something.
    pub fn work(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.action != Action::Same)
    }

    /// The changes that need consent.
    pub fn losses(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.loss.is_some())
    }

    /// What names this change and no other, for consent: its id, or kind and name where the id may be another's too.
    pub fn consent(&self, change: &Change) -> String {
        let alone = self.changes.iter().filter(|other| other.id == change.id).count() == 1;
        if alone && !change.told_by_tags { change.id.to_string() } else { change.kind_and_name() }
    }

    /// The changes after which somebody may do more.
    pub fn widening(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| !change.widens.is_empty())
    }
}

fn kind_name<S: Serializer>(kind: &&'static Kind, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(kind.name)
}

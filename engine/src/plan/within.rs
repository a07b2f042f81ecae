//! What goes with the resource that it is kept within.

use crate::graph::Node;
use crate::plan::decide::{Planner, field};
use crate::plan::{Action, Change};
use crate::resource::{Id, UNKNOWN};

impl Planner<'_> {
    /// What is kept within another resource is gone when that is made again under its name.
    pub(super) fn goes_with_its_place(&self, node: &Node, change: &mut Change) {
        let made_again = |id: &Id| {
            let again = |other: &Change| other.action == Action::Replace && other.old_name.is_none();
            self.plan.changes.iter().any(|other| other.id == *id && again(other))
        };
        let place = node.needs.iter().map(|need| &need.of).find(|id| node.kind.within && made_again(id));
        if let Some(place) = place {
            change.reasons.push(format!("it is kept within {place}, which is made again"));
            change.fields.insert(0, field("within", place.as_str(), UNKNOWN, true));
        }
    }
}

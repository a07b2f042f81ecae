//! What changes mean for records and clients. Their kinds say it; they are told how, and what becomes of what they name.

use serde_json::Value;

use crate::owner::{FOLLOWS, ON_DESTROY};
use crate::plan::decide::{ADOPTED, Planner, TAKEN_BACK};
use crate::plan::{Action, Change};
use crate::resource::{How, Id, Kind, Live, Name};

impl Planner<'_> {
    /// Asks the kinds when all changes are known: what one means depends on the others.
    pub(super) fn means(&mut self) {
        let means: Vec<Vec<String>> = self.plan.changes.iter().map(|change| self.meaning(change)).collect();
        for (change, means) in self.plan.changes.iter_mut().zip(means) {
            change.means = means;
        }
    }

    fn meaning(&self, change: &Change) -> Vec<String> {
        let Some(live) = &change.live else { return self.caught_up(change) };
        match change.action {
            Action::Replace | Action::Update if !change.orphan => {
                let replaced = change.action == Action::Replace;
                let how = How { replaced, keeps_name: change.keeps_name(), anew: self.anew(change, live) };
                let mut means = (change.kind.means)(&change.desired, &live.props, &how);
                means.extend(adopted(change));
                means
            }
            // Where all goes nobody waits for records, and what has another in its place does not end.
            Action::Delete if !self.graph.nodes().is_empty() && self.graph.node(change.id.as_str()).is_none() => {
                (change.kind.ends)(&live.props, &self.gone(live))
            }
            _ => Vec::new(),
        }
    }

    /// What a new one reads that another resource held before it was the pipeline's.
    fn caught_up(&self, change: &Change) -> Vec<String> {
        if change.orphan || !(change.kind.catches_up)(&change.desired) {
            return Vec::new();
        }
        let taken = |other: &&Change| {
            let old = |reason: &String| matches!(reason.as_str(), ADOPTED | TAKEN_BACK);
            other.kind.holds_data && !other.orphan && other.action == Action::Update && other.reasons.iter().any(old)
        };
        let taken = self.plan.changes.iter().filter(taken);
        let of = taken.filter(|other| change.needs.iter().any(|need| need.of == other.id && need.follow));
        let told =
            |of: &Change| format!("the records that `{}` holds already are sent as well (`batch.start`)", of.name);
        of.map(told).collect()
    }

    /// Properties that stay as they are and hold the ARN of a need that this plan makes, or that was made since it was followed.
    fn anew(&self, change: &Change, live: &Live<Value>) -> Vec<String> {
        let mut followed = live.tags.get(FOLLOWS).into_iter().flat_map(|tag| tag.split(' '));
        let mut others = Vec::new();
        for need in &change.needs {
            let then = if need.follow { followed.next() } else { None };
            let known = then.zip(self.identities.get(&need.of)).is_some_and(|(then, now)| then != now);
            if known || self.makes(&need.of) {
                others.extend(self.graph.node(need.of.as_str()).map(|node| (node.kind, &node.name)));
            }
        }
        let mut holding = holding(&change.desired, &others);
        holding.retain(|property| live.props.get(property) == change.desired.get(property));
        holding
    }

    fn makes(&self, id: &Id) -> bool {
        let made = |change: &&Change| matches!(change.action, Action::Create | Action::Replace) && !change.orphan;
        self.plan.changes.iter().filter(made).any(|change| change.id == *id)
    }

    /// Properties of the live resource that hold the ARN of what this plan deletes, even to replace it.
    fn gone(&self, live: &Live<Value>) -> Vec<String> {
        let deletes = |change: &&Change| matches!(change.action, Action::Delete | Action::Replace);
        let gone: Vec<(&Kind, &Name)> =
            self.plan.changes.iter().filter(deletes).map(|change| (change.kind, change.live_name())).collect();
        holding(&live.props, &gone)
    }
}

/// What it means to take over what nobody owned.
fn adopted(change: &Change) -> Option<String> {
    let adopted = change.reasons.iter().any(|reason| reason == ADOPTED);
    let retained = change.tags.get(ON_DESTROY).is_some_and(|value| value == "retain");
    let keeps = if change.kind.holds_data { ", unless the spec says `on_destroy: retain` for it" } else { "" };
    (adopted && !retained).then(|| format!("it is the pipeline's from now on: `pipe destroy` deletes it{keeps}"))
}

/// The top-level properties that hold the ARN of one of these.
fn holding(props: &Value, of: &[(&Kind, &Name)]) -> Vec<String> {
    let all = props.as_object().into_iter().flatten();
    all.filter(|(_, value)| holds(value, of)).map(|(property, _)| property.clone()).collect()
}

fn holds(value: &Value, of: &[(&Kind, &Name)]) -> bool {
    match value {
        Value::String(arn) => of.iter().any(|(kind, name)| (kind.name_of)(arn).as_ref() == Some(name)),
        Value::Array(all) => all.iter().any(|value| holds(value, of)),
        Value::Object(all) => all.values().any(|value| holds(value, of)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;

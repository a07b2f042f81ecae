//! What changes lose, widen and mean. Their kinds say it; the plan adds what becomes of the resources that they name, and asks
//! for consent.

use serde_json::Value;

use crate::error::Error;
use crate::owner::{FOLLOWS, ON_DESTROY, Owner};
use crate::plan::decide::{ADOPTED, Planner, TAKEN_BACK};
use crate::plan::{Action, Change};
use crate::resource::{Advice, Changed, How, Id, Kind, Live, Name, Refusal, State};

impl Planner<'_> {
    /// Asks the kinds when all changes are known, for what one means depends on the others; refuses what live resources protect.
    pub(super) fn advise(&mut self) {
        let advised: Vec<Advice> = self.plan.changes.iter().map(|change| self.advice(change)).collect();
        let mut changes = std::mem::take(&mut self.plan.changes);
        for (change, advice) in changes.iter_mut().zip(advised) {
            if let Some(property) = advice.protected.filter(|_| goes(change)) {
                self.refuse(protected(change, property));
            }
            if let Some(refusal) = advice.refuses {
                self.refuse(refused(change, refusal));
            }
            change.loss = if change.kind.holds_data && goes(change) { Some(all(change.kind)) } else { advice.loses };
            change.means = advice.means;
            // Drift or not: only a tag shows that something is drift, others can set it, and they may have meant what they took
            // away.
            change.widens = advice.widens;
            self.elsewhere(change);
        }
        self.plan.changes = changes;
    }

    fn advice(&self, change: &Change) -> Advice {
        let ask = |of| (change.kind.advice)(of);
        let Some(live) = &change.live else {
            let mut advice = ask(Changed::New(&change.desired));
            advice.means.extend(self.caught_up(change, &advice));
            advice.refuses = advice.refuses.or_else(|| self.beside_others(change));
            return advice;
        };
        match change.action {
            Action::Update if change.orphan => Advice::default(),
            Action::Replace | Action::Update => {
                let how = How {
                    replaced: change.action == Action::Replace,
                    keeps_name: change.keeps_name(),
                    adopted: change.action == Action::Update && self.owner(live) == Owner::Nobody,
                    anew: self.anew(change, live),
                };
                let mut advice = ask(Changed::Edit { desired: &change.desired, live: &live.props, how: &how });
                advice.means.extend(adopted(change));
                advice.refuses = advice.refuses.or_else(|| self.beside_others(change));
                advice
            }
            Action::Delete => {
                let advice = ask(Changed::End { live: &live.props, gone: &self.gone(live) });
                // If all goes, nobody waits for records, and a mapping that has another in its place does not end; one that drains does.
                let ends = self.graph.node(change.id.as_str()).is_none() || live.state == State::Draining;
                let ends = ends && !self.graph.nodes().is_empty();
                Advice { means: if ends { advice.means } else { Vec::new() }, ..advice }
            }
            Action::Create | Action::Same => Advice::default(),
        }
    }

    /// Why a new one must not be made beside what others have in its place.
    fn beside_others(&self, change: &Change) -> Option<Refusal> {
        let lives = self.found.lives.get(&(change.kind.name, change.name.clone()))?;
        let others = lives.iter().find(|live| live.state == State::Absent)?;
        let of = Changed::Edit { desired: &change.desired, live: &others.props, how: &How::default() };
        (change.kind.advice)(of).refuses
    }

    /// What a new one reads that another resource held before it was the pipeline's.
    fn caught_up(&self, change: &Change, advice: &Advice) -> Vec<String> {
        if change.orphan || !advice.catches_up {
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

/// Whether the live one goes.
fn goes(change: &Change) -> bool {
    matches!(change.action, Action::Replace | Action::Delete)
}

/// What goes with one that holds data.
fn all(kind: &Kind) -> String {
    match kind.lingers {
        "" => "its contents are deleted".to_owned(),
        lingers => format!("its contents are deleted; it stays {lingers}"),
    }
}

fn protected(change: &Change, property: &str) -> Error {
    let (id, kind, name) = (&change.id, change.kind.name, change.live_name());
    Error::fatal(format!("`{id}` ({kind} `{name}`) is protected by `{property}`"))
        .hint(format!("set `{property}: false` and apply that first"))
}

fn refused(change: &Change, refusal: Refusal) -> Error {
    let (id, kind, name) = (&change.id, change.kind.name, change.live_name());
    Error::fatal(format!("`{id}` ({kind} `{name}`) {}", refusal.why)).hint(refusal.hint)
}

/// What it means to take over what nobody owned.
fn adopted(change: &Change) -> Option<String> {
    let adopted = change.reasons.iter().any(|reason| reason == ADOPTED);
    let retained = change.tags.get(ON_DESTROY).is_some_and(|value| value == "retain");
    let keeps = if change.kind.holds_data { ", unless the spec says `on_destroy: retain` for it" } else { "" };
    (adopted && !retained).then(|| format!("it belongs to the pipeline from now on: `pipe destroy` deletes it{keeps}"))
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

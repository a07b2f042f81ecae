//! Resources that are ours but in no node: deleted, or released.

use crate::error::Error;
use crate::live::Key;
use crate::names::quoted;
use crate::owner::{Owner, released_tags};
use crate::plan::decide::{Planner, retained, tag_fields};
use crate::plan::{Action, Change};
use crate::resource::{Id, Kind, Live, Name, State};
use serde_json::Value;

impl Planner<'_> {
    /// What is ours and belongs to no node: deleted, or released where its tag says so. In reverse order of kinds.
    pub(super) fn orphans(&mut self) {
        for kind in self.kinds.iter().rev() {
            let of_kind = self.found.lives.iter().filter(|((name, _), _)| *name == kind.name);
            for (name, live) in of_kind.flat_map(|((_, name), lives)| lives.iter().map(move |live| (name, live))) {
                if kind.of_account {
                    if self.graph.nodes().is_empty() {
                        let which = live.outputs.get("arn").map_or(name.as_str(), String::as_str);
                        self.plan.left.push(format!("{} `{which}`: it belongs to the account", kind.name));
                    }
                    continue;
                }
                let Owner::Ours(id) = self.owner(live) else { continue };
                if live.state == State::Leaving {
                    let taken_back = self.graph.nodes().iter().any(|n| n.kind.name == kind.name && n.name == *name);
                    if !kind.lingers.is_empty() && !taken_back {
                        self.plan.left.push(format!("{} `{name}`: {}", kind.name, kind.lingers));
                    }
                    continue;
                }
                if live.state == State::Draining && self.goes_on(kind, name) {
                    continue;
                }
                // One resource may be found under two names.
                if !self.better_known(kind, name, live) && self.taken.insert((kind.name, &live.handle)) {
                    match self.proven.contains(&(kind.name, &live.handle)) {
                        true => self.orphan(&id, kind, name, live),
                        false => self.unproven(kind, name),
                    }
                }
            }
        }
        self.claims();
        self.still_used();
    }

    /// Whether one that handles what is left for it may go on: the one in its place is the spec's. Says so.
    fn goes_on(&mut self, kind: &Kind, name: &Name) -> bool {
        let stays = self.graph.nodes().iter().any(|node| node.kind.name == kind.name && node.name == *name);
        if stays {
            let what = "another one goes on beside the new one with what is left for it; an apply deletes it when that is over";
            self.plan.notes.push(format!("{} `{name}`: {what}", kind.name));
        }
        stays
    }

    /// Whether this very one was found under a name that the spec or a default gives, too: users know it by that. The other is what its
    /// ARN holds, the id of a user pool.
    fn better_known(&self, kind: &'static Kind, name: &Name, live: &Live<Value>) -> bool {
        let known = |key: &Key| self.found.evidence.names.contains(key);
        let mut of_kind = self.found.lives.iter().filter(|(key, _)| key.0 == kind.name);
        !known(&(kind.name, name.clone()))
            && of_kind.any(|(key, lives)| known(key) && lives.iter().any(|other| other.handle == live.handle))
    }

    /// A role stays while something acts under it that this plan leaves as it is: without its role a function runs on, and fails
    /// at each call.
    fn still_used(&mut self) {
        let plan = &mut self.plan;
        let touched = |key: &Key, live: &Live<Value>| {
            plan.changes.iter().any(|change| change.kind.name == key.0 && change.handle() == Some(&live.handle))
        };
        let all = self.found.lives.iter().flat_map(|(key, lives)| lives.iter().map(move |live| (key, live)));
        let stays: Vec<(&Key, &Live<Value>)> =
            all.filter(|(key, live)| live.state == State::Live && !touched(key, live)).collect();
        let mut kept = Vec::new();
        plan.changes.retain(|change| {
            let is_its = |(key, live): &&(&Key, &Live<Value>)| {
                let kind = self.kinds.iter().find(|kind| kind.name == key.0);
                let acts_as = kind.map(|kind| (kind.ties)(&live.props).acts_as).unwrap_or_default();
                acts_as.iter().any(|arn| (change.kind.name_of)(arn).as_ref() == Some(change.live_name()))
            };
            let user = stays.iter().find(is_its).filter(|_| change.action == Action::Delete);
            kept.extend(user.map(|((kind, name), _)| {
                format!("{} `{}`: {kind} `{name}` acts under it", change.kind.name, change.live_name())
            }));
            user.is_none()
        });
        let all_goes = self.graph.nodes().is_empty();
        if all_goes { plan.left.extend(kept) } else { plan.notes.extend(kept) }
    }

    /// Somebody gave it our tags; that is all that there is. It stays as it is.
    fn unproven(&mut self, kind: &'static Kind, name: &Name) {
        let flag = quoted(&format!("{}/{name}", kind.name));
        let told = format!(
            "{} `{name}`: it carries our tags, but nothing else says that it is ours; if it is, pass --orphan {flag}",
            kind.name
        );
        let all_goes = self.graph.nodes().is_empty();
        if all_goes { self.plan.left.push(told) } else { self.plan.notes.push(told) }
    }

    /// The resource that the user claims must be there, and be the only one.
    fn claims(&mut self) {
        for (kind, name) in &self.found.evidence.claimed {
            let lives = self.found.lives.get(&(kind, name.clone())).into_iter().flatten();
            match lives.filter(|live| matches!(self.owner(live), Owner::Ours(_))).count() {
                1 => {}
                0 => self.plan.notes.push(format!("--orphan {kind}/{name}: nothing of this name carries our tags")),
                _ => self.plan.refusals.push(
                    Error::fatal(format!("--orphan {kind}/{name}: more than one of this name carries our tags"))
                        .hint("remove the tag `pipe:pipeline` from those that do not belong to the pipeline"),
                ),
            }
        }
    }

    /// Whether the spec says that the pipeline only uses this.
    fn used(&self, kind: &Kind, live: &Live<Value>) -> bool {
        let lives = |key| self.found.lives.get(key).into_iter().flatten();
        let existing = self.found.evidence.existing.iter().filter(|(used, _)| *used == kind.name);
        existing.flat_map(lives).any(|used| used.handle == live.handle)
    }

    /// If something is deleted or released at the end, whatever still names it does so until then; and what others need of a resource
    /// becomes less when they have changed.
    pub(super) fn meanwhile(&mut self) {
        let late = self.plan.changes.iter().any(|change| change.deletes_late() || change.told_by_tags);
        let updates = self.plan.changes.iter_mut().filter(|change| change.action == Action::Update);
        for change in updates.filter(|change| late || change.kind.narrows_last) {
            let live = change.live.as_ref().map(|live| &live.props);
            change.meanwhile = live.and_then(|live| (change.kind.meanwhile)(&change.desired, live));
        }
    }

    fn orphan(&mut self, id: &Id, kind: &'static Kind, name: &Name, live: &Live<Value>) {
        let known = self.found.evidence.names.contains(&(kind.name, name.clone()));
        let mut change = Change { told_by_tags: !known, ..self.release(id, kind, name, live) };
        if retained(live) {
            self.plan.left.push(format!("{} `{name}`: it is retained, and nobody owns it from now on", kind.name));
        } else if self.used(kind, live) {
            self.plan.left.push(format!("{} `{name}`: the spec only uses it; nobody owns it from now on", kind.name));
        } else {
            change = Change { action: Action::Delete, reasons: Vec::new(), fields: Vec::new(), ..change };
            if !kind.lingers.is_empty() {
                self.plan.left.push(format!("{} `{name}`: {}", kind.name, kind.lingers));
            }
        }
        self.plan.changes.push(change);
    }

    /// Lets go of a resource: its properties stay, its ownership tags go.
    pub(super) fn release(&self, id: &Id, kind: &'static Kind, name: &Name, live: &Live<Value>) -> Change {
        let tags = released_tags(&self.graph.pipeline, &live.tags);
        Change {
            action: Action::Update,
            reasons: vec!["released: it stays, and no longer belongs to the pipeline".into()],
            orphan: true,
            fields: tag_fields(&live.tags, &tags, None),
            live: Some(live.clone()),
            ..Change::of(id, kind, name, live.props.clone(), tags)
        }
    }
}

#[cfg(test)]
mod tests;

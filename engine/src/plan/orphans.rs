//! What is ours but in no node: deleted, or let go.

use crate::owner::{Owner, released_tags};
use crate::plan::decide::{Planner, retained, tag_fields};
use crate::plan::{Action, Change};
use crate::resource::{Id, Kind, Live, Name, State};
use serde_json::Value;

impl Planner<'_> {
    /// What is ours and belongs to no node: deleted, or released where its tag says so. In reverse order of kinds.
    pub(super) fn orphans(&mut self, kinds: &'static [Kind]) {
        for kind in kinds.iter().rev() {
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
                if !self.taken.contains(&(kind.name, &live.handle)) {
                    self.orphan(&id, kind, name, live);
                }
            }
        }
    }

    /// Where something is deleted at the end, what still tells of it does so until then.
    pub(super) fn meanwhile(&mut self) {
        if self.plan.changes.iter().any(Change::deletes_late) {
            for change in self.plan.changes.iter_mut().filter(|change| change.action == Action::Update) {
                let live = change.live.as_ref().map(|live| &live.props);
                change.meanwhile = live.and_then(|live| (change.kind.meanwhile)(&change.desired, live));
            }
        }
    }

    fn orphan(&mut self, id: &Id, kind: &'static Kind, name: &Name, live: &Live<Value>) {
        let mut change = self.release(id, kind, name, live);
        if retained(live) {
            self.plan.left.push(format!("{} `{name}`: it is retained, and nobody's from now on", kind.name));
        } else {
            change = Change { action: Action::Delete, reasons: Vec::new(), fields: Vec::new(), ..change };
            self.guard(&mut change, live);
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
            reasons: vec!["released: it stays, and is no longer the pipeline's".into()],
            orphan: true,
            fields: tag_fields(&live.tags, &tags, None),
            live: Some(live.clone()),
            ..Change::of(id, kind, name, live.props.clone(), tags)
        }
    }
}

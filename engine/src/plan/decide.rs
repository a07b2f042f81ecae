//! What to do with each resource.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::aws::{TAGS, TagDiff};
use crate::diff::{Field, diff};
use crate::error::Error;
use crate::graph::{Graph, Node};
use crate::live::Found;
use crate::owner::{APPLIED, FOLLOWS, ON_DESTROY, Owner, desired_tags};
use crate::plan::open::Known;
use crate::plan::proof::proven;
use crate::plan::{Action, Change, Plan, Used};
use crate::resource::{Handle, Id, Kind, Live, Name, State, Tags, UNKNOWN, is_open};

/// Why something is the pipeline's that was nobody's.
pub(super) const ADOPTED: &str = "adopted";
/// Why something is the pipeline's again.
pub(super) const TAKEN_BACK: &str = "taken back";

/// By kind and handle: one resource may be found under two names, such as a secret under its ARN.
pub(super) type Taken<'a> = BTreeSet<(&'static str, &'a Handle)>;

/// Plans the way from what was found to what the graph wants. `kinds` gives the order of deletes, `adopt` takes over what
/// nobody owns. Changes that must not be made are in [`Plan::refusals`].
pub fn plan(graph: &Graph, found: &Found, kinds: &'static [Kind], adopt: bool) -> Plan {
    let proven = proven(graph, found, kinds);
    let mut planner = Planner {
        graph,
        found,
        kinds,
        adopt,
        plan: Plan { pipeline: graph.pipeline.clone(), notes: found.notes.clone(), ..Plan::default() },
        renamed: renamed(graph, found, &proven),
        proven,
        taken: Taken::new(),
        identities: BTreeMap::new(),
        outputs: BTreeMap::new(),
    };
    for node in graph.nodes() {
        planner.node(node);
    }
    planner.checks();
    planner.orphans();
    planner.stranded();
    planner.meanwhile();
    planner.advise();
    planner.plan.changes.iter_mut().for_each(Change::show);
    planner.plan
}

pub(super) struct Planner<'a> {
    pub(super) graph: &'a Graph,
    pub(super) found: &'a Found,
    pub(super) kinds: &'static [Kind],
    adopt: bool,
    pub(super) plan: Plan,
    renamed: BTreeMap<(&'static str, Id), (&'a Name, &'a Live<Value>)>,
    /// What carries the pipeline's tags and is the pipeline's; nothing else that carries them is touched.
    pub(super) proven: Taken<'a>,
    /// Live resources that belong to a node; the rest of ours are orphans.
    pub(super) taken: Taken<'a>,
    /// What AWS assigned to each resource, as far as it is known.
    pub(super) identities: BTreeMap<Id, String>,
    /// What each resource gives that stays, or is there already.
    pub(super) outputs: BTreeMap<Id, Known<'a>>,
}

impl<'a> Planner<'a> {
    pub(super) fn owner(&self, live: &Live<Value>) -> Owner {
        Owner::of(&live.tags, &self.graph.pipeline)
    }

    pub(super) fn refuse(&mut self, error: Error) {
        self.plan.refusals.push(error);
    }

    fn take(&mut self, node: &'a Node, live: &'a Live<Value>) {
        self.taken.insert((node.kind.name, &live.handle));
        self.identities.insert(node.id.clone(), live.identity.clone());
        self.outputs.insert(node.id.clone(), Known::of(live));
    }

    fn node(&mut self, node: &'a Node) {
        let mut lives = self.found.live(node.kind, &node.name);
        // Several after a crash, or because somebody made one of our name: of those with our id the one that is proven is kept, then
        // the first; the rest of ours are orphans.
        let proven = |live: &Live<Value>| self.proven.contains(&(node.kind.name, &live.handle));
        let half_made = |live: &Live<Value>| (node.kind.ties)(&live.props).acts_as.is_empty();
        let ours = |live: &Live<Value>| self.owner(live) == Owner::Ours(node.id.clone());
        lives.sort_by_key(|live| (!ours(live), !proven(live), half_made(live), &live.handle));
        if node.existing {
            return self.existing(node, lives.first().copied());
        }
        let Some(live) = lives.first().copied() else { return self.absent(node) };
        if node.kind.of_account {
            self.outputs.insert(node.id.clone(), Known::of(live));
            return;
        }
        match self.owner(live) {
            Owner::Ours(_) => self.compare(node, &node.name, live, Vec::new()),
            Owner::Released => self.compare(node, &node.name, live, vec![TAKEN_BACK.into()]),
            Owner::Nobody if node.adopt || self.adopt => self.compare(node, &node.name, live, vec![ADOPTED.into()]),
            Owner::Nobody => self.refuse(
                Error::fatal(format!("{} `{}` exists, and no pipeline owns it", node.kind.name, node.name))
                    .hint(format!("take it over with --adopt, or choose another name for `{}`", node.id)),
            ),
            Owner::Other(other) => self.refuse(
                Error::fatal(format!("{} `{}` belongs to the pipeline `{other}`", node.kind.name, node.name))
                    .hint(format!("choose another name for `{}`, or refer to it with `existing:`", node.id)),
            ),
        }
    }

    fn existing(&mut self, node: &'a Node, live: Option<&'a Live<Value>>) {
        let Some(live) = live else {
            return self
                .refuse(Error::fatal(format!("{} `{}` does not exist", node.kind.name, node.name)).hint(format!(
                "`{}` is used and not made: create it first, or have the spec name another one, or none that exists",
                node.id
            )));
        };
        self.take(node, live);
        self.plan.uses.push(Used { id: node.id.clone(), kind: node.kind, name: node.name.clone(), live: live.clone() });
        if matches!(self.owner(live), Owner::Ours(_)) {
            let change = self.release(&node.id, node.kind, &node.name, live);
            self.plan.changes.push(change);
        }
    }

    /// Nothing has the node's name: it is new, or it had another name.
    fn absent(&mut self, node: &'a Node) {
        match self.renamed.get(&(node.kind.name, node.id.clone())).copied() {
            Some((name, live)) => self.compare(node, name, live, Vec::new()),
            None => {
                let change = self.change(node);
                self.create(change);
            }
        }
    }

    fn create(&mut self, change: Change) {
        self.unknown(&change.id);
        let change = Change { action: Action::Create, ..change };
        let fields = diff(&Value::Object(Default::default()), &change.desired, &[]);
        self.plan.changes.push(Change { fields, ..change });
    }

    /// Of what AWS will have assigned to it nothing is known.
    fn unknown(&mut self, id: &Id) {
        self.identities.insert(id.clone(), UNKNOWN.into());
        self.outputs.remove(id);
    }

    fn change(&mut self, node: &Node) -> Change {
        let (desired, applied) = self.desired(node);
        let mut tags = match node.kind.of_account {
            true => Tags::new(),
            false => desired_tags(&self.graph.pipeline, &self.graph.tags, node, &applied),
        };
        tags.extend((node.kind.records)(&desired));
        let open = is_open(&desired).then(|| desired.clone());
        Change { needs: node.needs.clone(), open, ..Change::of(&node.id, node.kind, &node.name, desired, tags) }
    }

    /// Something live belongs to the node: compares every property and tag.
    fn compare(&mut self, node: &'a Node, name: &'a Name, live: &'a Live<Value>, reasons: Vec<String>) {
        self.take(node, live);
        let new = self.change(node);
        let beside = retained(live).then(|| new.clone());
        let mut change = Change { reasons, live: Some(live.clone()), ..new };
        if let Some(kept) = (node.kind.keeping)(&change.desired, &live.props) {
            change.desired = kept;
        }
        let replace_on = if (node.kind.succeeds)(&change.desired, &live.props) { &[] } else { node.kind.replace_on };
        change.fields = diff(&live.props, &change.desired, replace_on);
        change.drift = self.drifted(&change, live);
        if *name != node.name {
            change.old_name = Some(name.clone());
            change.told_by_tags = !self.found.evidence.names.contains(&(node.kind.name, name.clone()));
            change.fields.insert(0, field("name", name.as_str(), node.name.as_str(), !node.kind.renames));
        }
        self.goes_with_its_place(node, &mut change);
        let follow = self.follows(node, live, &mut change);
        let tags = tag_fields(&live.tags, &change.tags, follow.as_deref());
        let in_place = change.fields.iter().all(|field| !field.forces_replacement);
        change.action = match () {
            () if !in_place => Action::Replace,
            () if change.fields.is_empty() && tags.is_empty() => Action::Same,
            () => Action::Update,
        };
        change.fields.extend(tags);
        if let Some(beside) = beside.filter(|_| change.action == Action::Replace && change.old_name.is_some()) {
            // It stays under its old name, released as an orphan; a new one is made beside it.
            self.taken.remove(&(node.kind.name, &live.handle));
            return self.create(beside);
        }
        match change.action {
            Action::Replace => self.unknown(&node.id),
            _ => self.moved(&change),
        }
        self.plan.changes.push(change);
    }

    /// Whether the live one differs from what was applied last, and the spec does not: in properties, or in the spec's tags.
    fn drifted(&self, change: &Change, live: &Live<Value>) -> bool {
        let as_applied = |key: &str| live.tags.get(key) == change.tags.get(key);
        let user = &self.graph.tags;
        let moved = || as_applied(TAGS) && user.iter().any(|(key, value)| live.tags.get(key) != Some(value));
        // Nobody has changed a value that follows from another change of this plan.
        let differs = || change.fields.iter().any(|field| !field.new.as_ref().is_some_and(is_open));
        change.kind.stamped && as_applied(APPLIED) && (differs() || moved())
    }

    /// Compares what the live one follows with what is there to be followed. A difference replaces it. Gives the identity that
    /// its tag is to hold, where that is known.
    fn follows(&self, node: &Node, live: &Live<Value>, change: &mut Change) -> Option<String> {
        let followed: Vec<&Id> = node.needs.iter().filter(|need| need.follow).map(|need| &need.of).collect();
        if followed.is_empty() {
            return None;
        }
        let identity = follow_tag(&followed, &self.identities);
        let Some(tag) = live.tags.get(FOLLOWS) else {
            // Nothing to compare with: an adopted one. From now on it follows what is there.
            return Some(identity);
        };
        if *tag != identity {
            let replaced = followed.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
            change.reasons.push(format!("{replaced} is another resource now"));
            change.fields.insert(0, field("follows", tag, &identity, true));
            return Some(tag.clone());
        }
        Some(identity)
    }
}

/// Whether the live resource says that it is to outlive the pipeline.
pub(super) fn retained(live: &Live<Value>) -> bool {
    live.tags.get(ON_DESTROY).is_some_and(|value| value == "retain")
}

/// What is ours under a name that no node has, by kind and id: it may be a node's under its old name.
fn renamed<'a>(
    graph: &Graph,
    found: &'a Found,
    proven: &Taken<'a>,
) -> BTreeMap<(&'static str, Id), (&'a Name, &'a Live<Value>)> {
    let wanted: BTreeSet<(&str, &Name)> = graph.nodes().iter().map(|node| (node.kind.name, &node.name)).collect();
    let mut renamed = BTreeMap::new();
    for ((kind, name), lives) in found.lives.iter().filter(|((kind, name), _)| !wanted.contains(&(*kind, name))) {
        let ours = |live: &&Live<Value>| live.state == State::Live && proven.contains(&(*kind, &live.handle));
        for live in lives.iter().filter(ours) {
            if let Owner::Ours(id) = Owner::of(&live.tags, &graph.pipeline) {
                renamed.entry((*kind, id)).or_insert((name, live));
            }
        }
    }
    renamed
}

/// The value of the tag [`FOLLOWS`]: the identities of what is followed, in the order of the needs.
pub(crate) fn follow_tag(followed: &[&Id], identities: &BTreeMap<Id, String>) -> String {
    let identity = |id: &&Id| identities.get(*id).map_or(UNKNOWN, String::as_str);
    followed.iter().map(identity).collect::<Vec<_>>().join(" ")
}

pub(super) fn field(path: &str, old: &str, new: &str, forces_replacement: bool) -> Field {
    Field { path: path.into(), old: Some(old.into()), new: Some(new.into()), forces_replacement }
}

/// The tags that differ, but for those that others set.
pub(super) fn tag_fields(live: &Tags, desired: &Tags, follow: Option<&str>) -> Vec<Field> {
    let mut desired = desired.clone();
    desired.extend(follow.map(|identity| (FOLLOWS.to_owned(), identity.to_owned())));
    let TagDiff { set, remove } = TagDiff::of(&desired, live);
    let mut keys: Vec<&String> = set.keys().chain(&remove).collect();
    keys.sort();
    let value = |tags: &Tags, key: &str| tags.get(key).map(|value| Value::from(value.as_str()));
    let field = |key: &String| Field {
        path: format!("tags.{key}"),
        old: value(live, key),
        new: value(&desired, key),
        forces_replacement: false,
    };
    keys.into_iter().map(field).collect()
}

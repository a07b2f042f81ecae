//! Which of the resources that carry the pipeline's tags are the pipeline's: tags alone prove nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::evidence::Evidence;
use crate::graph::Graph;
use crate::live::{Found, Key, named};
use crate::owner::Owner;
use crate::plan::decide::Taken;
use crate::resource::{Id, Kind, Live, Name};

/// What is the pipeline's by more than its tags, so that a user who may only tag gets nothing deleted, released or changed.
///
/// It begins with names: those of the spec, the default ones, and the roles below the pipeline's own path. From there proof
/// spreads, as long as it finds something new, along what only somebody with more rights can have set:
/// - what a proven resource holds is proven (the policy of a role names a table, the stage of an API its log group);
/// - what hangs on a proven resource is (a function's mappings);
/// - what acts under a proven role is (a function, an API): to set that takes `iam:PassRole` on the role
///   (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>);
/// - what has the pipeline's label within it is, where making that takes the right to change it (the app client of a user pool).
///
/// Its tags must also give it an id that exists for its kind. A resource that the user claims by kind and name needs neither.
/// A policy names what the spec only uses as well: what a spec at hand calls `existing` is never deleted, and without a spec its
/// data is lost only with consent to this very name.
pub(super) fn proven<'a>(graph: &Graph, found: &'a Found, kinds: &'static [Kind]) -> Taken<'a> {
    let mut proof = Proof::of(graph, &found.evidence, kinds);
    loop {
        let known = proof.proven.len();
        for ((kind, name), lives) in &found.lives {
            let Some(kind) = kinds.iter().find(|known| known.name == *kind) else { continue };
            let ours: Vec<(Id, &Live<Value>)> =
                lives.iter().filter_map(|live| Some((id(graph, live)?, live))).collect();
            let alone = ours.len() == 1;
            ours.into_iter().for_each(|(id, live)| proof.look(kind, name, &id, live, alone));
        }
        if proof.proven.len() == known {
            return proof.proven;
        }
    }
}

/// The id that the tags of a live resource give it, if they are this pipeline's.
fn id(graph: &Graph, live: &Live<Value>) -> Option<Id> {
    match Owner::of(&live.tags, &graph.pipeline) {
        Owner::Ours(id) => Some(id),
        _ => None,
    }
}

struct Proof<'a> {
    evidence: &'a Evidence,
    kinds: &'static [Kind],
    /// Those of the graph.
    ids: BTreeSet<(&'static str, Id)>,
    /// What is the pipeline's if it carries its tags.
    names: BTreeSet<Key>,
    /// The names of what is proven.
    owners: BTreeSet<Key>,
    proven: Taken<'a>,
}

impl<'a> Proof<'a> {
    fn of(graph: &Graph, evidence: &'a Evidence, kinds: &'static [Kind]) -> Self {
        let own = || graph.nodes().iter().filter(|node| !node.existing);
        let ids = own().map(|node| (node.kind.name, node.id.clone())).collect();
        let mut names = evidence.names.clone();
        names.extend(own().map(|node| (node.kind.name, node.name.clone())));
        Self { evidence, kinds, ids, names, owners: BTreeSet::new(), proven: Taken::new() }
    }

    /// `alone`: nothing else of this name carries our tags. If names are not unique, anyone who may make a resource could take
    /// ours; of several those that act under another role are not ours, and those under none are what a dead run has left.
    fn look(&mut self, kind: &'static Kind, name: &Name, id: &Id, live: &'a Live<Value>, alone: bool) {
        let key = (kind.name, name.clone());
        let ties = (kind.ties)(&live.props);
        let fits = self.ids.contains(&(kind.name, id.clone())) || self.evidence.fits(kind.name, id);
        let named = (alone || ties.acts_as.is_empty()) && self.names.contains(&key);
        let acts = || ties.acts_as.iter().flat_map(|arn| self.keys(arn)).any(|role| self.owners.contains(&role));
        let proven = self.evidence.claimed.contains(&key) || (fits && (named || ties.labelled || acts()));
        if !proven || !self.proven.insert((kind.name, &live.handle)) {
            return;
        }
        let held: Vec<Key> = ties.holds.iter().flat_map(|arn| self.keys(arn)).collect();
        self.names.extend(held);
        let children = self.evidence.children.iter().filter(|(parent, _)| *parent == key);
        self.names.extend(children.map(|(_, child)| child.clone()));
        self.owners.insert(key);
    }

    fn keys(&self, arn: &str) -> Vec<Key> {
        named(self.kinds, arn).into_iter().map(|(kind, name)| (kind.name, name)).collect()
    }
}

#[cfg(test)]
mod tests;

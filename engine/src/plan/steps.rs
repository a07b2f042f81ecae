//! The order in which a plan is carried out: what waits for what.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::{Action, Change, Plan};
use crate::resource::Kind;

/// One of the things that are ever done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Reconcile it.
    Ensure,
    /// Delete what it was.
    Delete,
    /// Reconcile it once more, now that nothing is left to delete: it loses what it still had meanwhile.
    Finish,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Index in [`Plan::changes`].
    pub change: usize,
    pub verb: Verb,
    /// Steps that must have succeeded.
    pub after: Vec<usize>,
    /// Length of the longest chain of steps that begins here: of the ready ones the longest goes first.
    pub chain: usize,
}

impl Step {
    /// What became of the resource when the step has succeeded.
    pub fn outcome(&self, change: &Change) -> &'static str {
        match (self.verb, change.action) {
            (Verb::Delete, _) => change.kind.deleted,
            (Verb::Finish, _) if change.kind.narrows_last => "updated again, now that nothing needs more of it",
            (Verb::Finish, _) => "updated again, now that nothing is left to delete",
            (Verb::Ensure, Action::Create) => "created",
            (Verb::Ensure, Action::Replace) => "created anew",
            (Verb::Ensure, _) => "updated",
        }
    }
}

/// The steps of a plan.
///
/// - A resource is ensured after its needs.
/// - A replacement that keeps its name first deletes the resources that need it and are replaced too, then itself, then ensures
///   all again; one with a new name ensures first and deletes last.
/// - All other deletes come after everything that is ensured, in reverse order of `kinds`; whatever still named them ends then.
pub fn steps(plan: &Plan, kinds: &'static [Kind]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (change, planned) in plan.changes.iter().enumerate() {
        let verbs: &[Verb] = match planned.action {
            Action::Same => &[],
            Action::Update if planned.meanwhile.is_some() => &[Verb::Ensure, Verb::Finish],
            Action::Create | Action::Update => &[Verb::Ensure],
            Action::Replace => &[Verb::Delete, Verb::Ensure],
            Action::Delete => &[Verb::Delete],
        };
        steps.extend(verbs.iter().map(|&verb| Step { change, verb, after: Vec::new(), chain: 0 }));
    }
    let order = Order { plan, kinds, steps: &steps };
    let after: Vec<Vec<usize>> = (0..steps.len()).map(|step| order.after(step)).collect();
    for (step, after) in steps.iter_mut().zip(after) {
        step.after = after;
    }
    measure(&mut steps);
    steps
}

struct Order<'a> {
    plan: &'a Plan,
    kinds: &'static [Kind],
    steps: &'a [Step],
}

impl Order<'_> {
    fn change(&self, step: usize) -> &Change {
        &self.plan.changes[self.steps[step].change]
    }

    fn find(&self, verb: Verb, fits: impl Fn(&Change) -> bool) -> impl Iterator<Item = usize> {
        (0..self.steps.len()).filter(move |&step| self.steps[step].verb == verb && fits(self.change(step)))
    }

    fn after(&self, step: usize) -> Vec<usize> {
        let change = self.change(step);
        match self.steps[step].verb {
            Verb::Ensure => {
                let needed = |other: &Change| !other.orphan && change.needs.iter().any(|need| need.of == other.id);
                let mut after: Vec<usize> = self.find(Verb::Ensure, needed).collect();
                if change.keeps_name() {
                    after.extend(self.find(Verb::Delete, |other| std::ptr::eq(other, change)));
                }
                after
            }
            Verb::Finish => self.find(Verb::Delete, |_| true).chain(self.find(Verb::Ensure, |_| true)).collect(),
            Verb::Delete if change.keeps_name() => {
                let needs = |other: &Change| other.needs.iter().any(|need| need.of == change.id);
                self.find(Verb::Delete, |other| other.keeps_name() && needs(other)).collect()
            }
            Verb::Delete => {
                let mut after: Vec<usize> = self.find(Verb::Ensure, |_| true).collect();
                let rank = self.rank(change);
                after.extend(self.find(Verb::Delete, |other| !other.keeps_name() && self.rank(other) > rank));
                after
            }
        }
    }

    /// The place of a change's kind in the order of creation.
    fn rank(&self, change: &Change) -> usize {
        self.kinds.iter().position(|kind| kind.name == change.kind.name).unwrap_or_default()
    }
}

/// Fills in the length of the longest chain behind each step. Steps have no circle: needs have none, and deletes only wait.
fn measure(steps: &mut [Step]) {
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    let mut waits: Vec<usize> = steps.iter().map(|step| step.after.len()).collect();
    for (step, waiting) in steps.iter().enumerate() {
        waiting.after.iter().for_each(|&before| behind[before].push(step));
    }
    let mut order: Vec<usize> = (0..steps.len()).filter(|&step| waits[step] == 0).collect();
    let mut next = 0;
    while let Some(&step) = order.get(next) {
        next += 1;
        for &later in &behind[step] {
            waits[later] -= 1;
            if waits[later] == 0 {
                order.push(later);
            }
        }
    }
    for &step in order.iter().rev() {
        steps[step].chain = 1 + behind[step].iter().map(|&later| steps[later].chain).max().unwrap_or_default();
    }
}

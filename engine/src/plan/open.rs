//! Outputs in desired properties: resolved as far as they are known when the plan is made.

use serde_json::Value;

use crate::diff::hash;
use crate::error::Error;
use crate::graph::Node;
use crate::plan::Change;
use crate::plan::decide::Planner;
use crate::resource::{Live, Output, Outputs, is_open, outputs_in, resolve};

/// What is known of a resource's outputs before the run.
pub(super) struct Known<'a> {
    outputs: &'a Outputs,
    /// Those that the plan changes.
    moved: Vec<&'static str>,
}

impl<'a> Known<'a> {
    /// As they are now.
    pub(super) fn of(live: &'a Live<Value>) -> Self {
        Self { outputs: &live.outputs, moved: Vec::new() }
    }

    fn find(&self, output: &Output) -> Option<String> {
        if self.moves(output) { None } else { output.among(self.outputs) }
    }

    fn moves(&self, output: &Output) -> bool {
        self.moved.contains(&output.attribute.as_str())
    }
}

impl Planner<'_> {
    /// Returns the desired properties with all outputs that are known, and the hash for `pipe:applied`.
    ///
    /// The hash is of the form in which only outputs of what the pipeline uses are resolved, so that it is the same before a
    /// resource is made and after.
    pub(super) fn desired(&mut self, node: &Node) -> (Value, String) {
        let mut desired = node.desired.clone();
        if !is_open(&desired) {
            let applied = hash(&desired);
            return (desired, applied);
        }
        let known = |output: &Output| self.outputs.get(&output.of)?.find(output);
        let used = |output: &Output| self.graph.node(output.of.as_str()).is_some_and(|node| node.existing);
        resolve(&mut desired, &|output| known(output).filter(|_| used(output)));
        let applied = hash(&desired);
        resolve(&mut desired, &known);
        let never = |output: &Output| self.outputs.get(&output.of).is_some_and(|known| !known.moves(output));
        let never: Vec<Output> = outputs_in(&desired).into_iter().filter(never).collect();
        never.iter().for_each(|output| self.refuse(self.lacking(node, output)));
        match (node.kind.sealed)(&desired) {
            Ok(sealed) => desired = sealed,
            Err(error) => self.refuse(error),
        }
        (desired, applied)
    }

    /// Why an output is not there that AWS would have given by now.
    fn lacking(&self, node: &Node, output: &Output) -> Error {
        let of = self.graph.node(output.of.as_str());
        match of.and_then(|of| Some((of, (of.kind.lacking)(&of.name, &output.attribute)?))) {
            Some((of, refusal)) => {
                let (id, kind, name) = (&of.id, of.kind.name, &of.name);
                Error::fatal(format!("`{id}` ({kind} `{name}`) {}", refusal.why)).hint(refusal.hint)
            }
            None => unresolved(node.id.as_str(), output),
        }
    }

    /// Remembers which outputs an update in place changes.
    pub(super) fn moved(&mut self, change: &Change) {
        let (Some(known), Some(live)) = (self.outputs.get_mut(&change.id), &change.live) else { return };
        known.moved = (change.kind.moves)(&change.desired, &live.props);
        known.moved.extend((change.old_name.is_some()).then_some("name"));
    }
}

/// A mark that nothing resolves is a defect of the code that made it: an empty text would be a wrong property in AWS.
pub(crate) fn unresolved(id: &str, output: &Output) -> Error {
    Error::defect(format!("`{id}` needs the output `{}` of `{}`, which it does not have", output.attribute, output.of))
}

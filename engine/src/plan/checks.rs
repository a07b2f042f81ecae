//! What must hold between two resources, of which AWS alone may know one: refused here, before anything is written.

use serde_json::Value;

use crate::error::Error;
use crate::plan::decide::Planner;
use crate::resource::Refusal;

impl Planner<'_> {
    /// Refuses what does not hold between resources as they are to be.
    pub(super) fn checks(&mut self) {
        let checks = self.graph.nodes().iter().flat_map(|node| &node.checks);
        let refused: Vec<Error> = checks
            .filter_map(|check| {
                let [one, other] = check.between;
                let refusal = (check.refuses)(self.props(one)?, self.props(other)?)?;
                Some(self.unfit(one, refusal))
            })
            .collect();
        refused.into_iter().for_each(|error| self.refuse(error));
    }

    /// The properties that the resource of this id has when the plan has been carried out.
    fn props(&self, id: &str) -> Option<&Value> {
        let used = self.plan.uses.iter().find(|used| used.id.as_str() == id).map(|used| &used.live.props);
        let change = || self.plan.changes.iter().find(|change| change.id.as_str() == id && !change.orphan);
        used.or_else(|| Some(&change()?.desired))
    }

    fn unfit(&self, id: &str, refusal: Refusal) -> Error {
        let named = self.graph.node(id).map(|node| format!(" ({} `{}`)", node.kind.name, node.name));
        Error::fatal(format!("`{id}`{} {}", named.unwrap_or_default(), refusal.why)).hint(refusal.hint)
    }
}

//! What of the pipeline is pointed at something that is not the pipeline's.

use serde_json::Value;

use crate::graph::Node;
use crate::plan::decide::Planner;
use crate::plan::{Action, Change};

impl Planner<'_> {
    /// Tells that a change points a resource at what the spec calls `existing`, and that it was not pointed at before: records or
    /// credentials go to somebody else's from then on. The kinds report what the pipeline puts in the place of its own.
    pub(super) fn elsewhere(&self, change: &mut Change) {
        let edited = matches!(change.action, Action::Replace | Action::Update) && !change.orphan;
        let Some(live) = change.live.as_ref().filter(|_| edited) else { return };
        for used in self.graph.nodes().iter().filter(|node| node.existing) {
            let (now, then) = (holding(&change.desired, used), holding(&live.props, used));
            let told = |text: &String| now.iter().any(|held| text.contains(held));
            if !now.is_empty() && then.is_empty() && !change.widens.iter().any(told) {
                let (kind, name) = (used.kind.name, &used.name);
                change.widens.push(format!("it is pointed at {kind} `{name}`, which is not the pipeline's"));
            }
        }
    }
}

/// The texts in a value that mean this resource: its ARN, its name, or a template that has its name in quotes.
fn holding<'v>(value: &'v Value, node: &Node) -> Vec<&'v str> {
    let name = |text: &str| (node.kind.name_of)(text).map_or_else(|| text.to_owned(), |name| name.to_string());
    let own = name(node.name.as_str());
    let quoted = format!("\"{own}\"");
    let mut texts = texts(value);
    texts.retain(|text| name(text) == own || text.contains(&quoted));
    texts
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::Object(all) => all.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;

//! A plan as JSON lines.

use serde_json::{Value, json};

use crate::event::VERSION;
use crate::plan::Plan;

/// The plan as one event.
pub fn plan_lines(plan: &Plan) -> Value {
    let changes: Vec<Value> = plan.work().filter_map(|change| serde_json::to_value(change).ok()).collect();
    json!({
        "event": "plan",
        "version": VERSION,
        "pipeline": plan.pipeline,
        "changes": changes,
        "uses": plan.uses,
        "left": plan.left,
        "notes": plan.notes,
    })
}

//! A schedule of EventBridge Scheduler, which sends as a role of the pipeline's.

use serde_json::{Value, json};

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::schedule::{self, Schedule};
use crate::lower::consumer::CONSUMER;
use crate::lower::known::Family;
use crate::lower::source::{Acts, Letters, Link, Next, ROLE, brings, next};
use crate::lower::stream::kinesis::STREAM;
use crate::lower::{Lowering, dlq};
use crate::resource::Name;
use crate::spec::Full;

pub const SCHEDULE: &str = "schedule";

const SCHEDULED: &str = "<aws.scheduler.scheduled-time>";

/// Found by its role, whose trust names it.
pub(in crate::lower) const FAMILIES: &[Family] = &[Family::of::<Schedule>(SCHEDULE)];

pub(super) fn link(lowering: &Lowering<'_>, full: &Full) -> Result<Link> {
    let Some(next) = next(lowering) else {
        return Ok(Link { nodes: Vec::new(), sender: None, role: None, letters: Letters::Lost });
    };
    let arn = schedule::group_arn(lowering.place, &Name::new(lowering.spec.schedule_name()));
    let statements = next.reached(lowering).into_iter().chain(brings(lowering)).collect();
    let role = Acts { service: "scheduler.amazonaws.com", arns: vec![arn], statements };
    Ok(Link { nodes: vec![node(lowering, full, &next)?], sender: None, role: Some(role), letters: Letters::ByRole })
}

fn node(lowering: &Lowering<'_>, full: &Full, next: &Next) -> Result<Node> {
    let name = lowering.spec.schedule_name();
    let props = Schedule {
        expression: full.expression(),
        time_zone: full.time_zone.clone(),
        flexible_minutes: full.flexible_minutes,
        input: input(full).to_string(),
        enabled: full.enabled,
        starts: full.starts.as_deref().map(schedule::moment).transpose()?.unwrap_or_default(),
        ends: full.ends.as_deref().map(schedule::moment).transpose()?.unwrap_or_default(),
        target: next.arn().to_owned(),
        role: lowering.role_arn(ROLE),
        retries: full.delivery.retries,
        max_age_seconds: full.delivery.max_age_hours * 60 * 60,
        dead_letters: dlq::arn(lowering).unwrap_or_default(),
        partition_key: if matches!(next, Next::Kinesis { .. }) { name.clone() } else { String::new() },
        message_group: String::new(),
    };
    Ok(Node::new(SCHEDULE, name, &props)?.needs([ROLE, CONSUMER, STREAM, dlq::DLQ]))
}

/// What a schedule sends. AWS fills in what stands in angle brackets
/// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>).
pub fn input(full: &Full) -> Value {
    // Without an input of its own the event's `detail` would be a text.
    let usual = || {
        json!({
            "id": "<aws.scheduler.execution-id>",
            "schedule": "<aws.scheduler.schedule-arn>",
            "time": SCHEDULED,
            "attempt": "<aws.scheduler.attempt-number>",
        })
    };
    full.input.clone().map_or_else(usual, timed)
}

/// The same with AWS's word for the time of the event.
fn timed(input: Value) -> Value {
    match input {
        Value::String(text) => text.replace("{time}", SCHEDULED).into(),
        Value::Array(all) => all.into_iter().map(timed).collect(),
        Value::Object(all) => all.into_iter().map(|(key, value)| (key, timed(value))).collect(),
        plain => plain,
    }
}

//! The alarms of CloudWatch that are about the pipeline.
//!
//! IAM: cloudwatch:DescribeAlarms.

use std::collections::BTreeSet;

use serde_json::Value;

use super::figures::Figures;
use super::station::{Station, station};
use crate::aws::Cx;
use crate::aws::alarms::{alarms, prefix};
use crate::commands::running::APPLY;
use crate::error::Result;
use crate::event::status::Part;

/// An alarm, as CloudWatch shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Alarm {
    name: String,
    state: String,
    /// Why it is in that state, in CloudWatch's words.
    reason: String,
}

/// The pipeline's alarms. `wanted` are the names of those that the spec asks for.
pub fn at<'a>(cx: &'a Cx, wanted: BTreeSet<String>) -> Station<'a> {
    let said = move |alarms: Option<Vec<Alarm>>, _: &Figures, part: &mut Part| {
        alarms.iter().for_each(|alarms| judge(alarms, &wanted, part));
    };
    station(("alarms", &format!("{}*", prefix(&cx.pipeline))), Vec::new(), look(cx), said)
}

async fn look(cx: &Cx) -> Result<Option<Vec<Alarm>>> {
    Ok(Some(alarms(cx).await?.iter().map(alarm).collect()))
}

fn alarm(shown: &Value) -> Alarm {
    let text = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
    Alarm { name: text("AlarmName"), state: text("StateValue"), reason: text("StateReason") }
}

fn judge(alarms: &[Alarm], wanted: &BTreeSet<String>, part: &mut Part) {
    let missing = wanted.iter().filter(|name| alarms.iter().all(|alarm| alarm.name != **name));
    missing.for_each(|name| part.needs_person(format!("{name} is not there"), APPLY));
    let (raised, quiet): (Vec<_>, Vec<_>) = alarms.iter().partition(|alarm| alarm.state == "ALARM");
    for Alarm { name, reason, .. } in &raised {
        part.needs_person(format!("{name} is in ALARM: {reason}"), "its description in CloudWatch says what to do");
    }
    let unsure = quiet.iter().filter(|alarm| alarm.state != "OK").count();
    part.note(match (alarms.len(), unsure) {
        (0, _) => "there are none".to_owned(),
        (all, 0) => format!("{} of {all} are quiet", quiet.len()),
        (all, unsure) => format!("{} of {all} are quiet, {unsure} of these for want of data", quiet.len()),
    });
}

#[cfg(test)]
mod tests;

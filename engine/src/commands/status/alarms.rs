//! The alarms of CloudWatch that are about the pipeline.
//!
//! IAM: cloudwatch:DescribeAlarms.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::figures::Figures;
use super::station::{Station, station};
use crate::aws::cloudwatch::CLOUDWATCH;
use crate::aws::{Cx, Repeat};
use crate::commands::running::APPLY;
use crate::error::Result;
use crate::event::status::Part;

/// What a call gives at the most.
const PAGE: u32 = 100;

/// An alarm, as CloudWatch shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Alarm {
    name: String,
    state: String,
    /// Why it is in that state, in CloudWatch's words.
    reason: String,
}

/// The pipeline's alarms: their names begin with its own and a `/`, which no pipeline's name has. `wanted` are those that the spec asks for.
pub fn at<'a>(cx: &'a Cx, wanted: BTreeSet<String>) -> Station<'a> {
    let prefix = format!("{}/", cx.pipeline);
    let said = move |alarms: Option<Vec<Alarm>>, _: &Figures, part: &mut Part| {
        alarms.iter().for_each(|alarms| judge(alarms, &wanted, part));
    };
    station(("alarms", &format!("{prefix}*")), Vec::new(), look(cx, prefix), said)
}

async fn look(cx: &Cx, prefix: String) -> Result<Option<Vec<Alarm>>> {
    let mut input = json!({ "AlarmNamePrefix": prefix, "MaxRecords": PAGE });
    let mut all = Vec::new();
    loop {
        let mut page = cx.aws.operations.call(&CLOUDWATCH, "DescribeAlarms", &input, Repeat::AsUsual).await?;
        all.extend(page["MetricAlarms"].as_array().into_iter().flatten().map(alarm));
        match page["NextToken"].take() {
            Value::String(next) if !next.is_empty() => input["NextToken"] = next.into(),
            _ => return Ok(Some(all)),
        }
    }
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

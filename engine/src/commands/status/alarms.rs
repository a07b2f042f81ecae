//! The alarms of CloudWatch that are about the pipeline.
//!
//! IAM: cloudwatch:DescribeAlarms.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::figures::Figures;
use super::station::{Station, station};
use crate::aws::alarms::prefix;
use crate::aws::cloudwatch::CLOUDWATCH;
use crate::aws::{Cx, Repeat};
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

/// The pipeline's own alarms, and those of others whose names begin with its name and that measure something of it: another pipeline's name may
/// begin with this one's.
pub fn at<'a>(cx: &'a Cx, names: BTreeSet<String>) -> Station<'a> {
    let prefix = cx.pipeline.clone();
    let said = |alarms: Option<Vec<Alarm>>, _: &Figures, part: &mut Part| {
        alarms.iter().for_each(|alarms| judge(alarms, part));
    };
    station(("alarms", &format!("{prefix}*")), Vec::new(), look(cx, prefix, names), said)
}

async fn look(cx: &Cx, prefix: String, names: BTreeSet<String>) -> Result<Option<Vec<Alarm>>> {
    let mut input = json!({ "AlarmNamePrefix": prefix, "MaxRecords": PAGE });
    let mut all = Vec::new();
    loop {
        let mut page = cx.aws.operations.call(&CLOUDWATCH, "DescribeAlarms", &input, Repeat::AsUsual).await?;
        let alarms = page["MetricAlarms"].as_array().into_iter().flatten();
        all.extend(alarms.filter(|one| is_own(one, &cx.pipeline) || is_about(one, &names)).map(alarm));
        match page["NextToken"].take() {
            Value::String(next) if !next.is_empty() => input["NextToken"] = next.into(),
            _ => return Ok(Some(all)),
        }
    }
}

fn is_own(alarm: &Value, pipeline: &str) -> bool {
    alarm["AlarmName"].as_str().is_some_and(|name| name.starts_with(&prefix(pipeline)))
}

/// Whether one of its metrics has a dimension with one of these names.
fn is_about(alarm: &Value, names: &BTreeSet<String>) -> bool {
    let queries = alarm["Metrics"].as_array().into_iter().flatten().map(|query| &query["MetricStat"]["Metric"]);
    let dimensions = |of: &Value| of["Dimensions"].as_array().cloned().unwrap_or_default();
    let named = |one: &Value| one["Value"].as_str().is_some_and(|value| names.contains(value));
    std::iter::once(alarm).chain(queries).any(|of| dimensions(of).iter().any(named))
}

fn alarm(shown: &Value) -> Alarm {
    let text = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
    Alarm { name: text("AlarmName"), state: text("StateValue"), reason: text("StateReason") }
}

fn judge(alarms: &[Alarm], part: &mut Part) {
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

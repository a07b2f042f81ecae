//! A schedule, which is the only one of its group.
//!
//! IAM: scheduler:GetSchedule.

use aws_sdk_scheduler::types::ScheduleState;

use super::switched_off;
use super::topic::undelivered;
use crate::aws::{Cx, nothing_if_absent};
use crate::commands::status::figures::Stat::Sum;
use crate::commands::status::figures::{Figures, Table, asks};
use crate::commands::status::station::{Station, station};
use crate::error::Result;
use crate::event::status::Part;
use crate::event::status::Unit::Count;

/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html>
const FIGURES: &Table = &[
    ("attempts", "InvocationAttemptCount", Sum, Count),
    ("errors", "TargetErrorCount", Sum, Count),
    ("undelivered", "InvocationDroppedCount", Sum, Count),
    ("lost", "InvocationsFailedToBeSentToDeadLetterCount", Sum, Count),
];

pub fn at<'a>(cx: &'a Cx, id: &str, name: String, enabled: bool) -> Station<'a> {
    let figures = asks("AWS/Scheduler", &[("ScheduleGroup", name.as_str())], FIGURES);
    let judge = move |on: Option<bool>, figures: &Figures, part: &mut Part| {
        if on == Some(false) {
            switched_off(enabled, part);
        }
        let errors = figures.value("errors");
        if errors > 0.0 {
            part.note(format!("{errors} attempts failed; what is still undelivered is tried again"));
        }
        undelivered(figures, part);
    };
    station((id, &name.clone()), figures, look(cx, name), judge)
}

/// Whether it is enabled; nothing where there is no such schedule.
async fn look(cx: &Cx, name: String) -> Result<Option<bool>> {
    let sent = cx.aws.scheduler.get_schedule().group_name(&name).name(&name).send().await;
    Ok(nothing_if_absent(sent)?.map(|schedule| schedule.state != Some(ScheduleState::Disabled)))
}

//! A rule of EventBridge.
//!
//! IAM: events:DescribeRule.

use aws_sdk_eventbridge::types::RuleState;

use super::switched_off;
use super::topic::undelivered;
use crate::aws::{Cx, nothing_if_absent};
use crate::commands::status::figures::Stat::Sum;
use crate::commands::status::figures::{Ask, Figures, Table, asks};
use crate::commands::status::station::{Station, station};
use crate::error::Result;
use crate::event::status::Part;
use crate::event::status::Unit::Count;
use crate::kinds::bus::DEFAULT;
use crate::spec::{Bus, BusEvents};

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>
const FIGURES: &Table = &[
    ("calls", "Invocations", Sum, Count),
    ("undelivered", "FailedInvocations", Sum, Count),
    ("to the dlq", "InvocationsSentToDlq", Sum, Count),
    ("lost", "InvocationsFailedToBeSentToDlq", Sum, Count),
];

pub fn at<'a>(cx: &'a Cx, id: &str, events: &'a BusEvents, rule: String) -> Station<'a> {
    let bus = events.bus.as_ref().map_or(DEFAULT, Bus::name);
    let (figures, enabled) = (figures(bus, &rule), events.enabled);
    let said = move |on: Option<bool>, figures: &Figures, part: &mut Part| judge(on, enabled, figures, part);
    station((id, &rule.clone()), figures, look(cx, bus, rule), said)
}

/// Figures of a rule on the default bus name the rule alone.
pub fn figures(bus: &str, rule: &str) -> Vec<Ask> {
    let both = [("EventBusName", bus), ("RuleName", rule)];
    asks("AWS/Events", if bus == DEFAULT { &both[1..] } else { &both }, FIGURES)
}

/// Whether the rule is enabled; nothing where there is none.
pub async fn look(cx: &Cx, bus: &str, rule: String) -> Result<Option<bool>> {
    let sent = cx.aws.events.describe_rule().event_bus_name(bus).name(rule).send().await;
    Ok(nothing_if_absent(sent)?.map(|rule| rule.state != Some(RuleState::Disabled)))
}

pub fn judge(on: Option<bool>, enabled: bool, figures: &Figures, part: &mut Part) {
    if on == Some(false) {
        switched_off(enabled, part);
    }
    undelivered(figures, part);
}

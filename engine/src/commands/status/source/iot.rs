//! A rule of AWS IoT.
//!
//! IAM: iot:GetTopicRule; of a rule that is not there, which IoT does not say, also iot:ListTopicRules.

use super::switched_off;
use crate::aws::Cx;
use crate::commands::status::figures::Stat::Sum;
use crate::commands::status::figures::{Figures, Table, asks};
use crate::commands::status::station::{Station, station};
use crate::error::Result;
use crate::event::status::Part;
use crate::event::status::Unit::Count;
use crate::kinds::iot_rule;
use crate::resource::Name;

/// <https://docs.aws.amazon.com/iot/latest/developerguide/metrics_dimensions.html>
const FIGURES: &Table = &[
    ("messages", "TopicMatch", Sum, Count),
    ("unreadable", "ParseError", Sum, Count),
    ("throttled", "RuleMessageThrottled", Sum, Count),
];

pub fn at<'a>(cx: &'a Cx, id: &str, name: String, enabled: bool) -> Station<'a> {
    let figures = asks("AWS/IoT", &[("RuleName", name.as_str())], FIGURES);
    let judge = move |on: Option<bool>, figures: &Figures, part: &mut Part| {
        if on == Some(false) {
            switched_off(enabled, part);
        }
        for (figure, what) in [("unreadable", "are no JSON"), ("throttled", "were throttled")] {
            let count = figures.value(figure);
            if count > 0.0 {
                part.needs_person(
                    format!("{count} messages {what}, and are lost"),
                    "look at the devices that send them",
                );
            }
        }
    };
    station((id, &name.clone()), figures, look(cx, Name::new(name)), judge)
}

/// Whether the rule is enabled.
async fn look(cx: &Cx, name: Name) -> Result<Option<bool>> {
    Ok(iot_rule::get(cx, &name).await?.map(|rule| rule["ruleDisabled"] != true))
}

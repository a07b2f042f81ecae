//! A topic.
//!
//! IAM: sns:GetTopicAttributes.

use crate::aws::{Cx, nothing_if_absent};
use crate::commands::status::figures::Stat::Sum;
use crate::commands::status::figures::{Figures, Table, asks};
use crate::commands::status::station::{Station, station};
use crate::error::Result;
use crate::event::status::Part;
use crate::event::status::Unit::Count;
use crate::kinds::topic;
use crate::resource::Name;

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html>
const FIGURES: &Table = &[
    ("messages", "NumberOfMessagesPublished", Sum, Count),
    ("undelivered", "NumberOfNotificationsFailed", Sum, Count),
    ("lost", "NumberOfNotificationsFailedToRedriveToDlq", Sum, Count),
];

pub fn at<'a>(cx: &'a Cx, id: &str, name: String) -> Station<'a> {
    let figures = asks("AWS/SNS", &[("TopicName", name.as_str())], FIGURES);
    station((id, &name.clone()), figures, look(cx, Name::new(name)), judge)
}

/// How many subscriptions it has; nothing where there is no such topic.
async fn look(cx: &Cx, name: Name) -> Result<Option<u64>> {
    let sent = cx.aws.sns.get_topic_attributes().topic_arn(topic::arn(&cx.aws.place, &name)).send().await;
    let Some(answer) = nothing_if_absent(sent)? else { return Ok(None) };
    let said = answer.attributes.unwrap_or_default();
    Ok(Some(said.get("SubscriptionsConfirmed").and_then(|text| text.parse().ok()).unwrap_or_default()))
}

fn judge(subscriptions: Option<u64>, figures: &Figures, part: &mut Part) {
    if subscriptions == Some(0) {
        part.needs_person(
            "nothing is subscribed to it: its messages reach nobody",
            "`pipe apply` subscribes the pipeline",
        );
    }
    undelivered(figures, part);
}

/// Says of what did not arrive where it is now.
pub fn undelivered(figures: &Figures, part: &mut Part) {
    let (failed, lost) = (figures.value("undelivered"), figures.value("lost"));
    if failed > 0.0 {
        let message = format!("{failed} could not be delivered");
        part.needs_person(
            message,
            "`pipe diff` shows whether it may still send; what has a dlq is in it: `pipe dlq ls`",
        );
    }
    if lost > 0.0 {
        let message = format!("{lost} could not be sent to the dlq either, and are lost");
        part.needs_person(message, "`pipe diff` shows whether the dlq's policy still lets it in");
    }
}

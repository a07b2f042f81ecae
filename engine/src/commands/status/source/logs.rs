//! A filter of a log group.
//!
//! IAM: logs:DescribeSubscriptionFilters.

use super::Next;
use super::topic::undelivered;
use crate::aws::{Cx, nothing_if_absent};
use crate::commands::status::figures::Stat::Sum;
use crate::commands::status::figures::{Figures, Table, asks};
use crate::commands::status::station::{Station, station};
use crate::error::Result;
use crate::event::status::Part;
use crate::event::status::Unit::Count;
use crate::kinds::log_filter::label;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html>
const FIGURES: &Table = &[
    ("lines", "ForwardedLogEvents", Sum, Count),
    ("undelivered", "DeliveryErrors", Sum, Count),
    ("throttled", "DeliveryThrottling", Sum, Count),
];

pub fn at<'a>(cx: &'a Cx, id: &str, group: &'a str, next: &'a Next) -> Station<'a> {
    let filter = label(cx);
    let to = if next.is_stream { "Kinesis" } else { "Lambda" };
    let dimensions = [("LogGroupName", group), ("DestinationType", to), ("FilterName", filter.as_str())];
    let figures = asks("AWS/Logs", &dimensions, FIGURES);
    let judge = |there: Option<bool>, figures: &Figures, part: &mut Part| {
        if there == Some(false) {
            part.needs_person("it has no filter of the pipeline: its lines reach nobody", "`pipe apply` makes one");
        }
        let throttled = figures.value("throttled");
        if throttled > 0.0 {
            part.note(format!("{throttled} deliveries were throttled, and are tried again for a day"));
        }
        undelivered(figures, part);
    };
    station((id, group), figures, look(cx, group, filter, next), judge)
}

/// Whether the group has the filter; nothing where there is no such group.
async fn look(cx: &Cx, group: &str, filter: String, next: &Next) -> Result<Option<bool>> {
    let asked = cx.aws.logs.describe_subscription_filters().log_group_name(group).filter_name_prefix(&filter);
    let Some(answer) = nothing_if_absent(asked.send().await)? else { return Ok(None) };
    let ours = |name: Option<&str>, to: Option<&str>| name == Some(&filter) && to == Some(&next.arn);
    Ok(Some(answer.subscription_filters().iter().any(|one| ours(one.filter_name(), one.destination_arn()))))
}

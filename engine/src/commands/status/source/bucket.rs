//! A bucket, which tells of its objects by itself or by a rule of EventBridge. AWS has no figures of the former.
//!
//! IAM: s3:GetBucketNotification; by a rule also events:DescribeRule.

use super::events;
use crate::aws::s3::Call;
use crate::aws::{Cx, nothing_if_absent};
use crate::commands::status::figures::Figures;
use crate::commands::status::station::{Station, station};
use crate::error::Result;
use crate::event::status::Part;
use crate::kinds::bus::DEFAULT;
use crate::spec::{Bucket, Via};

/// The element that turns EventBridge on.
const SWITCH: &str = "EventBridgeConfiguration";

/// What S3 and EventBridge say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    /// The bucket tells what is next, or EventBridge.
    tells: bool,
    /// The rule is enabled; nothing where there is none.
    rule: Option<bool>,
}

pub fn at<'a>(cx: &'a Cx, id: &str, bucket: &'a Bucket, next: &'a str, rule: String) -> Station<'a> {
    let by_rule = bucket.way() == Via::Events;
    let figures = if by_rule { events::figures(DEFAULT, &rule) } else { Vec::new() };
    let said = move |seen: Option<Seen>, figures: &Figures, part: &mut Part| judge(seen, by_rule, figures, part);
    station((id, bucket.name()), figures, look(cx, bucket, next, rule), said)
}

async fn look(cx: &Cx, bucket: &Bucket, next: &str, rule: String) -> Result<Option<Seen>> {
    let call = Call::new("GetBucketNotification", "GET", bucket.name(), "notification");
    let notifications = async { nothing_if_absent(call.make(&cx.aws).await) };
    let by_rule = bucket.way() == Via::Events;
    let rule = async { if by_rule { events::look(cx, DEFAULT, rule).await } else { Ok(None) } };
    let (notifications, rule) = tokio::try_join!(notifications, rule)?;
    let Some(document) = notifications else { return Ok(None) };
    let document = String::from_utf8_lossy(&document);
    // An ARN stands in the document as it is: it has nothing that XML would escape.
    Ok(Some(Seen { tells: document.contains(if by_rule { SWITCH } else { next }), rule }))
}

fn judge(seen: Option<Seen>, by_rule: bool, figures: &Figures, part: &mut Part) {
    let apply = "`pipe apply` sets it";
    if let Some(seen) = seen {
        match (seen.tells, by_rule) {
            (true, _) => {}
            (false, true) => part.needs_person("EventBridge is off for it: its events reach nobody", apply),
            (false, false) => {
                part.needs_person("it has no notification for the pipeline: its events reach nobody", apply)
            }
        }
        if by_rule && seen.rule.is_none() {
            part.needs_person("there is no rule for its events: they reach nobody", apply);
        }
        events::judge(seen.rule, true, figures, part);
    }
}

//! A queue.
//!
//! IAM: sqs:GetQueueAttributes.

use super::behind;
use crate::aws::Cx;
use crate::commands::status::figures::Stat::{Maximum, Sum};
use crate::commands::status::figures::{Figures, Table, asks};
use crate::commands::status::queue::{Seen, look};
use crate::commands::status::station::{Station, station};
use crate::commands::status::time::duration;
use crate::event::status::Part;
use crate::event::status::Unit::{Count, Seconds};
use crate::resource::Name;

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>
const FIGURES: &Table = &[
    ("messages", "NumberOfMessagesSent", Sum, Count),
    ("done", "NumberOfMessagesDeleted", Sum, Count),
    ("oldest unread", "ApproximateAgeOfOldestMessage", Maximum, Seconds),
];

pub fn at<'a>(cx: &'a Cx, (id, name): (&str, &'a Name), now: u64) -> Station<'a> {
    let figures = asks("AWS/SQS", &[("QueueName", name.as_str())], FIGURES);
    let said = move |seen: Option<Seen>, figures: &Figures, part: &mut Part| {
        seen.into_iter().for_each(|seen| judge(seen, figures, now, part));
    };
    station((id, name.as_str()), figures, look(cx, name), said)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an age in seconds")]
fn judge(seen: Seen, figures: &Figures, now: u64, part: &mut Part) {
    let oldest = figures.newest("oldest unread").unwrap_or_default() as u64;
    if seen.depth() > 0 {
        behind(oldest, seen.retention_seconds, now, part);
    }
    let Seen { ready, in_flight, delayed, retention_seconds } = seen;
    let delayed = if delayed == 0 { String::new() } else { format!(", {delayed} delayed") };
    part.note(format!("{ready} wait, {in_flight} are handled{delayed}; messages kept {}", duration(retention_seconds)));
}

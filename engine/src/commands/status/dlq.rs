//! The dead-letter queue: how many letters it has, until when, and until when the records are there that letters only point to.
//!
//! Nothing is received, so that a look hides no letter from others and counts as no receive. So the age of the oldest letter is CloudWatch's, which
//! passes over letters that were received three times and more
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>):
//! times are "at the latest". `pipe dlq ls` tells them exactly.
//!
//! IAM: sqs:GetQueueAttributes; behind a Kinesis stream also kinesis:DescribeStreamSummary.

use super::figures::Figures;
use super::figures::Stat::Maximum;
use super::figures::asks;
use super::queue::{self, Seen};
use super::station::{Station, station};
use super::stream::{Pointed, Retention};
use super::time::{duration, moment};
use crate::aws::Cx;
use crate::error::Result;
use crate::event::status::{Part, Unit};
use crate::resource::Name;

const LS: &str =
    "`pipe dlq ls` shows them; when the cause is mended, `pipe dlq redrive` hands them to the consumer again";

/// `stream` is the one whose records letters may only point to, where there is one.
pub fn at<'a>(cx: &'a Cx, id: &str, name: &'a Name, stream: Option<Pointed<'a>>, now: u64) -> Station<'a> {
    let oldest = [("oldest", "ApproximateAgeOfOldestMessage", Maximum, Unit::Seconds)];
    let figures = asks("AWS/SQS", &[("QueueName", name.as_str())], &oldest);
    let said = move |seen: Option<(Seen, Option<Retention>)>, figures: &Figures, part: &mut Part| {
        if let Some((queue, stream)) = seen {
            judge(queue, stream, figures.newest("oldest"), now, part);
        }
    };
    station((id, name.as_str()), figures, look(cx, name, stream), said)
}

async fn look(cx: &Cx, name: &Name, stream: Option<Pointed<'_>>) -> Result<Option<(Seen, Option<Retention>)>> {
    let retention = async {
        match stream {
            // The stream's own part says why it cannot be read.
            Some(stream) => stream.retention(cx).await.unwrap_or_default(),
            None => None,
        }
    };
    let (queue, retention) = tokio::join!(queue::look(cx, name), retention);
    Ok(queue?.map(|queue| (queue, retention)))
}

/// `oldest` is the age of the oldest letter in seconds, `now` in seconds since 1970.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an age in seconds")]
fn judge(queue: Seen, stream: Option<Retention>, oldest: Option<f64>, now: u64, part: &mut Part) {
    let depth = queue.depth();
    if depth == 0 {
        return part.note("no letters");
    }
    let letters = if depth == 1 { "1 letter".to_owned() } else { format!("{depth} letters") };
    let Some(age) = oldest.map(|age| age as u64) else {
        let kept = duration(queue.retention_seconds);
        let message = format!("{letters}; SQS deletes each {kept} after it came, and CloudWatch does not say yet when");
        return part.needs_person(message, LS);
    };
    let came = now.saturating_sub(age);
    let deleted = came + queue.retention_seconds;
    let left = duration(deleted.saturating_sub(now));
    let message =
        format!("{letters}, the oldest {} old at least: SQS deletes it in {left} at the latest", duration(age));
    part.until(deleted, message, LS);
    let Some(stream) = stream else { return };
    if stream.made.is_some_and(|made| came < made) {
        let message =
            "the stream was made after the oldest letter came: if that letter only points to records, they are gone";
        return part.needs_person(message, LS);
    }
    let expires = came + stream.seconds;
    match expires.checked_sub(now).filter(|left| *left > 0) {
        Some(left) => {
            let left = duration(left);
            let message = format!("if the oldest only points to records, the stream has them for {left} at the most");
            part.until(expires, message, "`pipe dlq redrive` before that, or read them: `pipe dlq show ID`");
        }
        None => {
            let since = moment(expires);
            let message =
                format!("if the oldest only points to records, the stream has lost them since {since} at the latest");
            part.needs_person(message, LS);
        }
    }
}

#[cfg(test)]
mod tests;

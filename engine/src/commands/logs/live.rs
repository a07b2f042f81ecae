//! New lines as they come, by Live Tail. It has no memory, and of more than 500 lines a second it shows a part
//! (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/logs/CloudWatchLogs_LiveTail.html>), so the groups are read beside it now
//! and then.
//!
//! IAM: logs:StartLiveTail.

use aws_sdk_cloudwatchlogs::config::Builder;
use aws_sdk_cloudwatchlogs::types::{LiveTailSessionLogEvent, StartLiveTailResponseStream};
use aws_smithy_types::retry::RetryConfig;
use tokio::sync::mpsc;

use super::pages::Line;
use crate::aws::Cx;
use crate::error::{Class, Result};
use crate::kinds::log_group;
use crate::resource::Name;

/// Groups of one session.
pub const MOST_GROUPS: usize = 10;
/// Lines that wait to be shown. What finds no room is found by the next reading.
const WAITING: usize = 10_000;

/// A session: its lines, each with the place of its group. It ends after three hours, or when AWS ends it.
pub type Live = mpsc::Receiver<(usize, Line)>;

/// Starts a session for these groups.
///
/// # Errors
/// Those of CloudWatch Logs: above all that it is not allowed, or that the endpoint has none.
pub async fn start(cx: &Cx, names: &[(usize, String)]) -> Result<Live> {
    let arn = |(_, name): &(usize, String)| log_group::arn(&cx.aws.place, &Name::new(name));
    let arns = names.iter().map(arn).collect();
    // What is refused is refused again, and nobody should wait for that.
    let once = Builder::new().retry_config(RetryConfig::disabled());
    let call = cx.aws.logs.start_live_tail().set_log_group_identifiers(Some(arns));
    let mut session = call.customize().config_override(once).send().await?.response_stream;
    let (sender, receiver) = mpsc::channel(WAITING);
    let names = names.to_vec();
    tokio::spawn(async move {
        while let Ok(Some(event)) = session.recv().await {
            let StartLiveTailResponseStream::SessionUpdate(update) = event else { continue };
            for event in update.session_results.unwrap_or_default() {
                let Some(line) = line(&names, event) else { continue };
                if let Err(mpsc::error::TrySendError::Closed(_)) = sender.try_send(line) {
                    return;
                }
            }
        }
    });
    Ok(receiver)
}

fn line(names: &[(usize, String)], event: LiveTailSessionLogEvent) -> Option<(usize, Line)> {
    let group = event.log_group_identifier?;
    // `ACCOUNT:NAME`, an ARN, or the name: no name has a colon.
    let name = group.trim_end_matches(":*").rsplit(':').next()?;
    let (at, _) = names.iter().find(|(_, known)| known == name)?;
    let (stream, text) = (event.log_stream_name.unwrap_or_default(), event.message.unwrap_or_default());
    Some((*at, Line { at: event.timestamp?, stream, text }))
}

/// Whether the reason why there is no session is worth a word: an endpoint that has none is not.
pub fn is_refusal(class: Class) -> bool {
    !matches!(class, Class::Unclear | Class::Defect)
}

#[cfg(test)]
mod tests;

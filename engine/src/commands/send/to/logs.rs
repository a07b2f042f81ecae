//! Lines of a log group, in a log stream of its own, which is made where it is not there. A call is made once: what is repeated might come
//! twice.
//!
//! IAM: logs:CreateLogStream, PutLogEvents.

use std::time::SystemTime;

use aws_sdk_cloudwatchlogs::config::Builder;
use aws_sdk_cloudwatchlogs::types::InputLogEvent as Line;
use aws_smithy_types::DateTime;
use aws_smithy_types::retry::RetryConfig;
use serde_json::{Map, Value};

use super::push::{Answers, Push, missing, text};
use super::{Answer, Most, Taken, all_refused, refused};
use crate::aws::Cx;
use crate::commands::send::event::Event;
use crate::error::{Class, Error, Result};
use crate::spec;

/// The log stream.
const STREAM: &str = "pipe-send";

/// What a call takes, with what AWS counts of each line
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>).
const MOST: Most = Most { events: 100, bytes: 1024 * 1024, each: 26 };

/// What AWS says to lines that it can never take.
const BAD: &[&str] = &["InvalidParameterException"];

/// A log group.
pub struct Logs {
    cx: Cx,
    group: String,
}

impl Logs {
    /// The group, with a log stream in it.
    ///
    /// # Errors
    /// The group is not there, or nothing may be written into it.
    pub async fn open(cx: Cx, logs: &spec::Logs) -> Result<Self> {
        let group = logs.group.clone();
        let make = cx.aws.logs.create_log_stream().log_group_name(&group).log_stream_name(STREAM);
        match make.send().await.map_err(Error::from) {
            Err(error) if error.class() != Class::Exists => Err(missing(error, &format!("log group `{group}`"))),
            _ => Ok(Self { cx, group }),
        }
    }

    async fn put(&self, events: Vec<Event>) -> Result<Vec<Answer>> {
        let (mut answers, mut lines, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        let now = DateTime::from(SystemTime::now()).to_millis().map_err(|error| Error::defect(error.to_string()))?;
        for event in events {
            match text(&event.body) {
                Ok(line) => {
                    let line = Line::builder().timestamp(now).message(line).build();
                    lines.push(line.map_err(|error| Error::defect(error.to_string()))?);
                    sent.push(event);
                }
                Err(why) => answers.push(refused(event, 400, why)),
            }
        }
        if !sent.is_empty() {
            answers.extend(self.call(sent, lines, now).await?);
        }
        Ok(answers)
    }

    async fn call(&self, events: Vec<Event>, lines: Vec<Line>, now: i64) -> Result<Vec<Answer>> {
        let once = Builder::new().retry_config(RetryConfig::disabled());
        let call = self.cx.aws.logs.put_log_events().log_group_name(&self.group).log_stream_name(STREAM);
        let call = call.set_log_events(Some(lines));
        let answer = match call.customize().config_override(once).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let refusals = all_refused(events, error.into(), BAD);
                return refusals.map_err(|error| missing(error, &format!("log group `{}`", self.group)));
            }
        };
        // Lines of one moment are rejected together: as too old or too new by the group's clock.
        let rejected = answer.rejected_log_events_info.is_some_and(|info| {
            info.too_new_log_event_start_index.is_some()
                || info.too_old_log_event_end_index.is_some()
                || info.expired_log_event_end_index.is_some()
        });
        let answered = |event: Event| match rejected {
            true => refused(event, 400, "CloudWatch Logs rejects its time"),
            false => {
                let record = format!("{STREAM}-{now}-{}", event.n);
                Answer { event, status: 200, taken: Some(Taken::by("logs", &self.group, record)), message: None }
            }
        };
        Ok(events.into_iter().map(answered).collect())
    }
}

impl Push for Logs {
    fn told(&self) -> String {
        format!("the log group `{}`", self.group)
    }

    fn most(&self) -> Most {
        MOST
    }

    fn send(&self, events: Vec<Event>) -> Answers<'_> {
        Box::pin(self.put(events))
    }

    fn hint(&self, status: u16) -> Option<&'static str> {
        match status {
            400 => Some("a line is a text of 1 byte to 1 MB; its time is this machine's: is its clock right?"),
            429 => Some("CloudWatch Logs takes no more calls for a moment: send fewer"),
            500..=599 => Some("CloudWatch Logs did not take it: send it again"),
            _ => None,
        }
    }
}

/// A line that the pattern matches, as far as it is made of terms.
pub fn line(pattern: &str, plain: &Map<String, Value>) -> String {
    let text = Value::Object(plain.clone()).to_string();
    match terms(pattern) {
        Some(terms) if !terms.asked.is_empty() => format!("{} {text}", terms.asked.join(" ")),
        _ => text,
    }
}

pub fn remark(logs: &spec::Logs, own: bool) -> Option<String> {
    if own {
        return None;
    }
    let fits = terms(&logs.pattern).is_some_and(|terms| {
        let line = line(&logs.pattern, &spec::sample(None, ""));
        terms.not.iter().all(|term| !line.contains(term))
    });
    (!fits).then(|| "no line is known that `match` takes: give one with --data".to_owned())
}

/// The terms of a pattern.
struct Terms {
    /// Those that a line must have, and the first of those of which it must have one.
    asked: Vec<String>,
    /// Those that it must not have.
    not: Vec<String>,
}

/// Nothing where a pattern asks for more than terms: members of JSON, columns, or a regular expression
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/logs/FilterAndPatternSyntax.html>).
fn terms(pattern: &str) -> Option<Terms> {
    let (mut found, mut rest) = (Terms { asked: Vec::new(), not: Vec::new() }, pattern.trim());
    if rest.starts_with(['{', '[']) {
        return None;
    }
    let mut has_choice = false;
    while let Some(first) = rest.chars().next() {
        let sign = if matches!(first, '?' | '-') { first } else { ' ' };
        let term = rest.strip_prefix(['?', '-']).unwrap_or(rest);
        let (term, after) = match term.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => term.split_once(' ').unwrap_or((term, "")),
        };
        match sign {
            _ if term.starts_with('%') => return None,
            '-' => found.not.push(term.to_owned()),
            '?' if has_choice => {}
            sign => {
                has_choice |= sign == '?';
                found.asked.push(term.to_owned());
            }
        }
        rest = after.trim_start();
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_terms_of_the_pattern() {
        let plain = spec::sample(None, "");
        let text = r#"{"hello":"world"}"#;
        for (pattern, expected) in [
            ("", text.to_owned()),
            ("ERROR", format!("ERROR {text}")),
            ("?ERROR ?WARN", format!("ERROR {text}")),
            (r#""time out" -INFO"#, format!("time out {text}")),
            ("ERROR shop", format!("ERROR shop {text}")),
            (r#"{ $.level = "ERROR" }"#, text.to_owned()),
            ("%ERR.*%", text.to_owned()),
        ] {
            assert_eq!(line(pattern, &plain), expected, "{pattern}");
        }
        let told = |pattern: &str| {
            let logs = spec::Logs { group: "g".into(), pattern: pattern.into(), stand_in: false };
            remark(&logs, false).is_some()
        };
        assert!(told("{ $.a = 1 }") && told("[a, b]") && told("%x%") && told("-hello") && told("\"open"));
        assert!(!told("") && !told("ERROR") && !told("?A ?B -C"));
    }
}

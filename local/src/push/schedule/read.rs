//! A schedule's properties, read from the API's answer.

use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_scheduler::primitives::DateTime;
use aws_sdk_scheduler::types::{FlexibleTimeWindowMode, ScheduleState};
use jiff::tz::TimeZone;

use super::expression::{Expression, Timetable};
use crate::error::{Error, Result};

/// A schedule. The defaults of what is absent are AWS's.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    pub arn: String,
    pub name: String,
    pub table: Timetable,
    pub enabled: bool,
    /// 0 to 86,400.
    pub window_seconds: u64,
    pub target: Target,
}

/// Whom a schedule calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub arn: String,
    /// ARN of the role that calls.
    pub role: String,
    pub input: Option<String>,
    /// ARN of the queue for what cannot be delivered.
    pub queue: Option<String>,
    /// Tries after the first, 0 to 185.
    pub retries: u32,
    pub max_age_ms: i64,
    /// Of a stream.
    pub partition_key: Option<String>,
    /// Of a FIFO queue.
    pub group: Option<String>,
}

/// Whether this is the name of a time zone.
pub fn is_time_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// Reads the answer about a schedule.
///
/// # Errors
/// Its expression or its time zone is none that AWS takes, or it has no target.
pub fn schedule(answer: &GetScheduleOutput) -> Result<Schedule> {
    let name = answer.name().unwrap_or_default().to_owned();
    let cannot = |what: String| Error::new(format!("run the schedule `{name}` locally: {what}"));
    let text = answer.schedule_expression().unwrap_or_default();
    let expression = Expression::parse(text).ok_or_else(|| cannot(format!("Invalid Schedule Expression {text}.")))?;
    let zone = answer.schedule_expression_timezone().unwrap_or("UTC");
    let zone = TimeZone::get(zone).map_err(|_| cannot(format!("`{zone}` is no time zone")))?;
    let target = answer.target().ok_or_else(|| cannot("it has no target".to_owned()))?;
    let retry = target.retry_policy();
    let number =
        |value: Option<i32>, default: u32| value.and_then(|value| u32::try_from(value).ok()).unwrap_or(default);
    let window = answer.flexible_time_window().filter(|window| *window.mode() == FlexibleTimeWindowMode::Flexible);
    Ok(Schedule {
        arn: answer.arn().unwrap_or_default().to_owned(),
        table: Timetable {
            expression,
            zone,
            made: answer.creation_date().map(DateTime::secs).unwrap_or_default(),
            start: answer.start_date().map(DateTime::secs),
            end: answer.end_date().map(DateTime::secs),
        },
        enabled: answer.state() != Some(&ScheduleState::Disabled),
        window_seconds: u64::from(number(window.and_then(|window| window.maximum_window_in_minutes()), 0)) * 60,
        target: Target {
            arn: target.arn().to_owned(),
            role: target.role_arn().to_owned(),
            input: target.input().map(str::to_owned),
            queue: target.dead_letter_config().and_then(|config| config.arn()).map(str::to_owned),
            retries: number(retry.and_then(|retry| retry.maximum_retry_attempts()), 185),
            max_age_ms: i64::from(number(retry.and_then(|retry| retry.maximum_event_age_in_seconds()), 86_400)) * 1000,
            partition_key: target.kinesis_parameters().map(|stream| stream.partition_key().to_owned()),
            group: target.sqs_parameters().and_then(|queue| queue.message_group_id()).map(str::to_owned),
        },
        name,
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_scheduler::types::{FlexibleTimeWindow, Target};

    use super::*;

    #[test]
    fn what_is_absent_has_awss_defaults_and_what_cannot_run_says_why() {
        let target = Target::builder().arn("arn:t").role_arn("arn:r").build().unwrap();
        let answer = GetScheduleOutput::builder().name("nightly").target(target).schedule_expression("rate(1 day)");
        let made = schedule(&answer.clone().build()).unwrap();
        assert!(made.enabled && made.window_seconds == 0 && made.target.input.is_none());
        assert_eq!((made.target.retries, made.target.max_age_ms), (185, 86_400_000));
        let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Flexible).maximum_window_in_minutes(15);
        let wide = answer.clone().flexible_time_window(window.build().unwrap()).state(ScheduleState::Disabled).build();
        let wide = schedule(&wide).unwrap();
        assert!(!wide.enabled && wide.window_seconds == 900);
        let error = schedule(&answer.clone().schedule_expression("rate(1 week)").build()).unwrap_err();
        assert_eq!(error.message(), "run the schedule `nightly` locally: Invalid Schedule Expression rate(1 week).");
        let error = schedule(&answer.schedule_expression_timezone("Mars/Base").build()).unwrap_err();
        assert!(error.message().ends_with("`Mars/Base` is no time zone"), "{error}");
    }
}

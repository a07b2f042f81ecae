//! A schedule as AWS has it and in canonical form.

use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_scheduler::types::{
    DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, KinesisParameters, RetryPolicy, ScheduleState,
    SqsParameters, Target,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::{Schedule, busy, taken};
use crate::aws::{Cx, lacking, nothing_if_absent, patiently};
use crate::error::{Error, Result};
use crate::kinds::table::unbuilt;
use crate::resource::Name;

/// What Scheduler does for a schedule that says nothing: 185 retries within 24 hours.
const RETRIES: u32 = 185;
const MAX_AGE_SECONDS: u32 = 86_400;

const ROLE: &str = "EventBridge Scheduler to know the schedule's role";

/// The canonical form of a time that is given in RFC 3339 with any offset: whole seconds in UTC.
///
/// # Errors
/// The text is not such a time.
pub fn moment(time: &str) -> Result<String> {
    let time = DateTime::from_str(time, Format::DateTimeWithOffset).map_err(|_| {
        Error::fatal(format!("`{time}` is not a time")).hint("write it like `2026-11-21T10:00:00Z` or with an offset")
    })?;
    Ok(text(&time))
}

fn text(time: &DateTime) -> String {
    DateTime::from_secs(time.secs()).to_string()
}

/// What AWS is given for a time that [`moment`] made.
fn date(moment: &str) -> Result<Option<DateTime>> {
    let given = Some(moment).filter(|text| !text.is_empty());
    given
        .map(|text| DateTime::from_str(text, Format::DateTime))
        .transpose()
        .map_err(|e| Error::defect(format!("`{moment}`: {e}")))
}

/// The schedule of this name in its group.
pub(super) async fn read(cx: &Cx, name: &Name) -> Result<Option<Schedule>> {
    let sent = cx.aws.scheduler.get_schedule().group_name(name.as_str()).name(name.as_str()).send().await;
    Ok(nothing_if_absent(sent)?.map(Schedule::of))
}

impl Schedule {
    fn of(live: GetScheduleOutput) -> Self {
        let target = live.target;
        let retry = target.as_ref().and_then(Target::retry_policy);
        let number = |given: Option<i32>, usual| given.and_then(|n| u32::try_from(n).ok()).unwrap_or(usual);
        let retries = number(retry.and_then(RetryPolicy::maximum_retry_attempts), RETRIES);
        let max_age_seconds = number(retry.and_then(RetryPolicy::maximum_event_age_in_seconds), MAX_AGE_SECONDS);
        let window = live.flexible_time_window.and_then(|window| window.maximum_window_in_minutes);
        let to = target.as_ref();
        let dead = to.and_then(Target::dead_letter_config).and_then(DeadLetterConfig::arn).unwrap_or_default();
        let group = to.and_then(Target::sqs_parameters).and_then(SqsParameters::message_group_id).unwrap_or_default();
        let key = to.and_then(Target::kinesis_parameters).map(KinesisParameters::partition_key).unwrap_or_default();
        Self {
            expression: live.schedule_expression.unwrap_or_default(),
            time_zone: live.schedule_expression_timezone.unwrap_or_else(|| "UTC".to_owned()),
            flexible_minutes: number(window, 0),
            input: to.and_then(Target::input).unwrap_or_default().to_owned(),
            enabled: live.state != Some(ScheduleState::Disabled),
            starts: live.start_date.as_ref().map(text).unwrap_or_default(),
            ends: live.end_date.as_ref().map(text).unwrap_or_default(),
            target: to.map(Target::arn).unwrap_or_default().to_owned(),
            role: to.map(Target::role_arn).unwrap_or_default().to_owned(),
            retries,
            max_age_seconds,
            dead_letters: dead.to_owned(),
            partition_key: key.to_owned(),
            message_group: group.to_owned(),
        }
    }

    fn described(&self) -> Result<Target> {
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let retry = RetryPolicy::builder()
            .maximum_retry_attempts(i32::try_from(self.retries).unwrap_or(i32::MAX))
            .maximum_event_age_in_seconds(i32::try_from(self.max_age_seconds).unwrap_or(i32::MAX));
        let kinesis = some(&self.partition_key)
            .map(|key| KinesisParameters::builder().partition_key(key).build().map_err(unbuilt))
            .transpose()?;
        let sqs = some(&self.message_group).map(|group| SqsParameters::builder().message_group_id(group).build());
        (Target::builder().arn(&self.target).role_arn(&self.role).set_input(some(&self.input)))
            .retry_policy(retry.build())
            .set_dead_letter_config(some(&self.dead_letters).map(|arn| DeadLetterConfig::builder().arn(arn).build()))
            .set_kinesis_parameters(kinesis)
            .set_sqs_parameters(sqs)
            .build()
            .map_err(unbuilt)
    }

    fn window(&self) -> Result<FlexibleTimeWindow> {
        let (mode, minutes) = match i32::try_from(self.flexible_minutes).unwrap_or(i32::MAX) {
            0 => (FlexibleTimeWindowMode::Off, None),
            minutes => (FlexibleTimeWindowMode::Flexible, Some(minutes)),
        };
        let window = FlexibleTimeWindow::builder().mode(mode).set_maximum_window_in_minutes(minutes);
        window.build().map_err(unbuilt)
    }

    fn state(&self) -> ScheduleState {
        if self.enabled { ScheduleState::Enabled } else { ScheduleState::Disabled }
    }

    /// When it starts; nothing where that is over, because AWS takes no such time.
    fn start(&self) -> Result<Option<DateTime>> {
        Ok(date(&self.starts)?.filter(|start| !is_over(start)))
    }

    pub(super) async fn create(&self, cx: &Cx, name: &Name) -> Result<()> {
        let request = (cx.aws.scheduler.create_schedule().group_name(name.as_str()).name(name.as_str()))
            .schedule_expression(&self.expression)
            .schedule_expression_timezone(&self.time_zone)
            .flexible_time_window(self.window()?)
            .state(self.state())
            .set_start_date(self.start()?)
            .set_end_date(date(&self.ends)?)
            .target(self.described()?);
        let create = || async { request.clone().send().await.map(drop).map_err(|error| taken(error.into())) };
        self.told(patiently(cx, ROLE, create).await)
    }

    pub(super) async fn update(&self, cx: &Cx, name: &Name) -> Result<()> {
        let request = (cx.aws.scheduler.update_schedule().group_name(name.as_str()).name(name.as_str()))
            .schedule_expression(&self.expression)
            .schedule_expression_timezone(&self.time_zone)
            .flexible_time_window(self.window()?)
            .state(self.state())
            .set_start_date(self.start()?)
            .set_end_date(date(&self.ends)?)
            .target(self.described()?);
        let update = || async { request.clone().send().await.map(drop).map_err(busy) };
        self.told(patiently(cx, ROLE, update).await)
    }

    /// Says what the role lacks where the wait for it was in vain.
    fn told(&self, written: Result<()>) -> Result<()> {
        written.map_err(|error| lacking(error, &self.role, "scheduler.amazonaws.com"))
    }
}

/// Whether a time is over; that AWS takes one that was 5 minutes ago at most is reported (`docs/aws.md#eventbridge-scheduler`).
pub(super) fn is_over(time: &DateTime) -> bool {
    let now = DateTime::from(std::time::SystemTime::now());
    time.secs() < now.secs().saturating_sub(4 * 60)
}

/// Whether there is no start any more: none is said, or it is over.
pub(super) fn has_started(starts: &str) -> bool {
    starts.is_empty() || date(starts).is_ok_and(|date| date.is_some_and(|date| is_over(&date)))
}

//! What a schedule sends. Pure.

use jiff::Timestamp;
use serde_json::json;

use super::read::Schedule;
use crate::push::source::Place;

/// One firing of a schedule.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// In seconds since 1970.
    pub time: i64,
    pub id: String,
    /// From 1.
    pub attempt: u32,
}

impl Occasion {
    /// Like `2026-03-22T18:59:43Z`.
    pub fn time_text(&self) -> String {
        Timestamp::from_second(self.time).map(|time| time.to_string()).unwrap_or_default()
    }
}

/// The schedule's input with AWS's placeholders filled in; without one, AWS's own event.
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>
pub fn input(schedule: &Schedule, occasion: &Occasion) -> String {
    let time = occasion.time_text();
    let Some(input) = &schedule.target.input else {
        let Place { region, account, .. } = Place::of(&schedule.arn);
        // Its detail is a text, other than that of a rule's schedule.
        return json!({
            "version": "0", "id": occasion.id, "detail-type": "Scheduled Event", "source": "aws.scheduler",
            "account": account, "time": time, "region": region, "resources": [schedule.arn], "detail": "{}",
        })
        .to_string();
    };
    let attempt = occasion.attempt.to_string();
    let values = [
        ("<aws.scheduler.schedule-arn>", schedule.arn.as_str()),
        ("<aws.scheduler.scheduled-time>", &time),
        ("<aws.scheduler.execution-id>", &occasion.id),
        ("<aws.scheduler.attempt-number>", &attempt),
    ];
    values.into_iter().fold(input.clone(), |text, (name, value)| text.replace(name, value))
}

#[cfg(test)]
mod tests {
    use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
    use aws_sdk_scheduler::types::Target;
    use serde_json::Value;

    use super::*;
    use crate::push::schedule::read;

    fn text(given: Option<&str>) -> String {
        let target =
            Target::builder().arn("arn:t").role_arn("arn:r").set_input(given.map(str::to_owned)).build().unwrap();
        let arn = "arn:aws:scheduler:eu-west-1:111122223333:schedule/pipe-shop/pipe-shop";
        let answer = GetScheduleOutput::builder().name("pipe-shop").arn(arn).schedule_expression("rate(1 day)");
        let schedule = read::schedule(&answer.target(target).build()).unwrap();
        input(&schedule, &Occasion { time: 1_782_885_600, id: "e-1".to_owned(), attempt: 2 })
    }

    #[test]
    fn placeholders_are_filled_in() {
        let given = r#"{"schedule":"<aws.scheduler.schedule-arn>","time":"<aws.scheduler.scheduled-time>","id":"<aws.scheduler.execution-id>","attempt":<aws.scheduler.attempt-number>,"other":"<aws.x>"}"#;
        assert_eq!(
            text(Some(given)),
            r#"{"schedule":"arn:aws:scheduler:eu-west-1:111122223333:schedule/pipe-shop/pipe-shop","time":"2026-07-01T06:00:00Z","id":"e-1","attempt":2,"other":"<aws.x>"}"#
        );
    }

    #[test]
    fn without_an_input_aws_sends_an_event_whose_detail_is_a_text() {
        let event: Value = serde_json::from_str(&text(None)).unwrap();
        assert_eq!((&event["detail"], &event["source"]), (&"{}".into(), &"aws.scheduler".into()));
        assert_eq!((&event["account"], &event["region"]), (&"111122223333".into(), &"eu-west-1".into()));
    }
}

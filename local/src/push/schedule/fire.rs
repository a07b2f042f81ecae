//! Calls a schedule's target under the schedule's role, again and again within its retry policy, and then gives it up.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use tokio::time::sleep;
use uuid::Uuid;

use super::input::{Occasion, input};
use super::read::Schedule;
use crate::event::{Event, Events, GivenUp, Location, Retry};
use crate::poller::access::{denied, reason};
use crate::poller::clock::Clock;
use crate::poller::destination::queue_url;
use crate::push::undelivered::attribute;
use crate::roles::Roles;

/// How long it rests before the second try, and at most.
const REST: Duration = Duration::from_secs(1);
const REST_MOST: Duration = Duration::from_secs(300);
/// By which MiniStack tells a schedule's call from others.
const SCHEDULE: &str = "x-pipe-schedule";

/// What firing works with.
#[derive(Clone)]
pub struct Firing {
    pub roles: Roles,
    pub events: Events,
    pub clock: Clock,
}

/// Why the target was not reached.
struct Failed {
    code: String,
    why: String,
    /// Whether another try may end otherwise.
    passes: bool,
}

/// The ARN of a schedule's group, for which EventBridge Scheduler takes on roles.
fn group(schedule: &str) -> Option<String> {
    let (head, names) = schedule.split_once(":schedule/")?;
    Some(format!("{head}:schedule-group/{}", names.split('/').next()?))
}

impl Firing {
    /// Sends what the schedule sends at this time, in seconds since 1970.
    pub async fn fire(&self, schedule: &Schedule, time: i64) {
        let (begin, target) = (self.clock.now(), &schedule.target);
        let mut occasion = Occasion { time, id: Uuid::new_v4().to_string(), attempt: 1 };
        let mut rest = REST;
        loop {
            let Err(failed) = self.call(schedule, &occasion).await else { return };
            let age = self.clock.now() - begin + i64::try_from(rest.as_millis()).unwrap_or_default();
            let exhausted = if occasion.attempt > target.retries {
                Some("MaximumRetryAttempts")
            } else if age > target.max_age_ms {
                Some("MaximumEventAgeInSeconds")
            } else {
                None
            };
            if exhausted.is_some() || !failed.passes {
                return self.give_up(schedule, &occasion, &failed, exhausted).await;
            }
            let (function, location, request) = named(schedule, &occasion);
            let retry = Retry { function, location, request, reason: failed.why, seconds: rest.as_secs() };
            let _gone = self.events.send(Event::Retry(retry));
            sleep(rest).await;
            rest = (rest * 2).min(REST_MOST);
            occasion.attempt += 1;
        }
    }

    async fn config(&self, schedule: &Schedule) -> Result<SdkConfig, Failed> {
        let group = group(&schedule.arn);
        let config = self.roles.config_for(&schedule.target.role, group.as_deref()).await;
        config.map_err(|error| Failed {
            code: "NO_PERMISSIONS".to_owned(),
            why: error.message().to_owned(),
            passes: true,
        })
    }

    async fn call(&self, schedule: &Schedule, occasion: &Occasion) -> Result<(), Failed> {
        let (config, target) = (self.config(schedule).await?, &schedule.target);
        let body = input(schedule, occasion);
        match target.arn.split(':').nth(2) {
            Some("lambda") => {
                let invoke = aws_sdk_lambda::Client::new(&config).invoke().function_name(&target.arn);
                let invoke = invoke.invocation_type("Event".into()).payload(body.into_bytes().into()).customize();
                let arn = schedule.arn.clone();
                let invoke =
                    invoke.mutate_request(move |request| drop(request.headers_mut().insert(SCHEDULE, arn.clone())));
                invoke.send().await.map(drop).map_err(|error| failed("lambda:InvokeFunction", &error))
            }
            Some("sqs") => {
                let url = self.url(&target.arn).await?;
                let send = aws_sdk_sqs::Client::new(&config).send_message().queue_url(url).message_body(body);
                let send = send.set_message_group_id(target.group.clone());
                send.send().await.map(drop).map_err(|error| failed("sqs:SendMessage", &error))
            }
            Some("kinesis") => {
                let put = aws_sdk_kinesis::Client::new(&config).put_record().stream_arn(&target.arn);
                let put = put.partition_key(target.partition_key.as_deref().unwrap_or(&occasion.id));
                put.data(body.into_bytes().into())
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| failed("kinesis:PutRecord", &error))
            }
            Some("sns") => {
                let publish = aws_sdk_sns::Client::new(&config).publish().topic_arn(&target.arn).message(body);
                publish.send().await.map(drop).map_err(|error| failed("sns:Publish", &error))
            }
            _ => {
                let why = format!("`{}` is no target that is called here", target.arn);
                Err(Failed { code: "INVALID_PARAMETER".to_owned(), why, passes: false })
            }
        }
    }

    async fn url(&self, queue: &str) -> Result<String, Failed> {
        let url = queue_url(&self.roles, queue).await;
        url.map_err(|trouble| Failed { code: "NO_RESOURCE".to_owned(), why: trouble.to_string(), passes: true })
    }

    async fn give_up(&self, schedule: &Schedule, occasion: &Occasion, failed: &Failed, exhausted: Option<&str>) {
        let (reason, to) = match &schedule.target.queue {
            None => (failed.why.clone(), None),
            Some(queue) => match self.bury(schedule, occasion, failed, exhausted, queue).await {
                Ok(()) => (failed.why.clone(), queue.rsplit(':').next().map(str::to_owned)),
                Err(lost) => (format!("{}, and its letter is lost: {}", failed.why, lost.why), None),
            },
        };
        let (function, location, request) = named(schedule, occasion);
        let _gone = self.events.send(Event::GivenUp(GivenUp { function, location, request, reason, to }));
    }

    /// Sends what could not be delivered to the dead-letter queue, as the role.
    /// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html>
    async fn bury(
        &self,
        schedule: &Schedule,
        occasion: &Occasion,
        error: &Failed,
        exhausted: Option<&str>,
        queue: &str,
    ) -> Result<(), Failed> {
        let (config, url) = (self.config(schedule).await?, self.url(queue).await?);
        let mut attributes = vec![
            ("ERROR_CODE", error.code.clone()),
            ("ERROR_MESSAGE", error.why.clone()),
            ("EXECUTION_ID", occasion.id.clone()),
            ("RETRY_ATTEMPTS", (occasion.attempt - 1).to_string()),
            ("SCHEDULED_TIME", occasion.time_text()),
            ("SCHEDULE_ARN", schedule.arn.clone()),
            ("TARGET_ARN", schedule.target.arn.clone()),
        ];
        attributes.extend(exhausted.map(|condition| ("EXHAUSTED_RETRY_CONDITION", condition.to_owned())));
        let send =
            aws_sdk_sqs::Client::new(&config).send_message().queue_url(url).message_body(input(schedule, occasion));
        let send = send.set_message_attributes(Some(attributes.into_iter().filter_map(attribute).collect()));
        send.send().await.map(drop).map_err(|error| failed("sqs:SendMessage", &error))
    }
}

/// The names of a firing in events: its target, the schedule, the execution.
fn named(schedule: &Schedule, occasion: &Occasion) -> (String, Location, String) {
    let target = schedule.target.arn.rsplit([':', '/']).next().unwrap_or_default().to_owned();
    let location = Location { service: "scheduler".to_owned(), name: Some(schedule.name.clone()), part: None };
    (target, location, occasion.id.clone())
}

fn failed<E>(action: &str, error: &SdkError<E>) -> Failed
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let code = error.code().unwrap_or("SDK_CLIENT_ERROR").to_owned();
    let is_final = denied(error) || code == "ResourceNotFoundException" || code.ends_with("NonExistentQueue");
    Failed { why: format!("`{action}`: {}", reason(error)), passes: !is_final, code }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_taken_on_for_the_schedules_group() {
        let group = group("arn:aws:scheduler:eu-west-1:111122223333:schedule/nightly/job");
        assert_eq!(group.as_deref(), Some("arn:aws:scheduler:eu-west-1:111122223333:schedule-group/nightly"));
    }
}

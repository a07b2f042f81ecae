//! The pipeline's target of a rule, as AWS has it and in canonical form.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::types::{
    DeadLetterConfig, InputTransformer, KinesisParameters, RetryPolicy, SqsParameters, Target as Described,
};
use serde::{Deserialize, Serialize};

use crate::aws::{Cx, lacking, nothing_if_absent, patiently};
use crate::error::{Call, Class, Error, Result};
use crate::kinds::bus::WAIT;
use crate::kinds::table::unbuilt;

/// What EventBridge does for a target that says nothing: 185 retries within 24 hours.
const RETRIES: u32 = 185;
const MAX_AGE_SECONDS: u32 = 86_400;

/// Where the events of a rule go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// ARN of a function, a queue or a stream.
    pub arn: String,
    /// ARN of the role that EventBridge sends under; empty where the target's policy lets it in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// What is sent in place of the whole event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Input>,
    /// How often an event that cannot be delivered is tried again, 0 to 185.
    pub retries: u32,
    /// Seconds after which such an event is given up, 60 to 86400.
    pub max_age_seconds: u32,
    /// ARN of the standard queue that such events go to; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dead_letters: String,
    /// JSON path in the event of a record's partition key, as in `$.id`; empty but for a stream, whose default is the event's id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub partition_key_path: String,
    /// The group of all messages; empty but for a FIFO queue.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message_group: String,
}

/// What a target gets in place of the whole event: a part of it, or a text made of parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// JSON path of the part that is sent, as in `$.detail`; empty where there is a template.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// JSON paths by the names that the template uses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// A text in which `<name>` stands for the part of the event at that name's path; empty where there is a path. A live text that is the
    /// same for every event, which no spec asks for, reads as one that begins with `always `.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub template: String,
}

/// What no template begins with: it is JSON, or a text in quotes.
const CONSTANT: &str = "always ";

impl Target {
    /// A target in canonical form.
    pub(super) fn of(live: &Described) -> Self {
        let retry = live.retry_policy.as_ref();
        let number = |given: Option<i32>, usual| given.and_then(|n| u32::try_from(n).ok()).unwrap_or(usual);
        Self {
            arn: live.arn.clone(),
            role: live.role_arn.clone().unwrap_or_default(),
            input: Input::of(live),
            retries: number(retry.and_then(RetryPolicy::maximum_retry_attempts), RETRIES),
            max_age_seconds: number(retry.and_then(RetryPolicy::maximum_event_age_in_seconds), MAX_AGE_SECONDS),
            dead_letters: live.dead_letter_config.clone().and_then(|to| to.arn).unwrap_or_default(),
            partition_key_path: (live.kinesis_parameters.as_ref())
                .map(|kinesis| kinesis.partition_key_path.clone())
                .unwrap_or_default(),
            message_group: live.sqs_parameters.clone().and_then(|sqs| sqs.message_group_id).unwrap_or_default(),
        }
    }

    /// The target as EventBridge takes it: whole, for what is left out it takes away.
    fn described(&self, id: &str) -> Result<Described> {
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let retry = RetryPolicy::builder()
            .maximum_retry_attempts(i32::try_from(self.retries).unwrap_or(i32::MAX))
            .maximum_event_age_in_seconds(i32::try_from(self.max_age_seconds).unwrap_or(i32::MAX));
        let kinesis = some(&self.partition_key_path)
            .map(|path| KinesisParameters::builder().partition_key_path(path).build().map_err(unbuilt))
            .transpose()?;
        let target = (Described::builder().id(id).arn(&self.arn).set_role_arn(some(&self.role)))
            .retry_policy(retry.build())
            .set_dead_letter_config(some(&self.dead_letters).map(|arn| DeadLetterConfig::builder().arn(arn).build()))
            .set_kinesis_parameters(kinesis)
            .set_sqs_parameters(
                some(&self.message_group).map(|group| SqsParameters::builder().message_group_id(group).build()),
            );
        let target = match &self.input {
            None => target,
            Some(Input { path, .. }) if !path.is_empty() => target.input_path(path),
            Some(Input { values, template, .. }) => {
                let values = values.clone().into_iter().collect();
                let transformer = InputTransformer::builder().set_input_paths_map(Some(values));
                target.input_transformer(transformer.input_template(template).build().map_err(unbuilt)?)
            }
        };
        target.build().map_err(unbuilt)
    }

    /// Writes the target, under this id, of a rule on a bus.
    pub(super) async fn put(&self, cx: &Cx, (bus, rule): (&str, &str), id: &str) -> Result<()> {
        let request = cx.aws.events.put_targets().event_bus_name(bus).rule(rule).targets(self.described(id)?);
        let put = || async {
            let answer = request.clone().send().await?;
            let failed = answer.failed_entries.unwrap_or_default().into_iter().next();
            let failed = failed.map(|entry| (entry.error_code, entry.error_message));
            checked("events:PutTargets", answer.failed_entry_count, failed)
        };
        let put = patiently(cx, WAIT, put).await;
        put.map_err(|error| match self.role.is_empty() {
            true => error,
            false => lacking(error, &self.role, "events.amazonaws.com"),
        })
    }
}

impl Input {
    fn of(live: &Described) -> Option<Self> {
        let template = live.input_transformer.clone().map(|transformer| Self {
            values: transformer.input_paths_map.unwrap_or_default().into_iter().collect(),
            template: transformer.input_template,
            ..Self::default()
        });
        let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let path = some(&live.input_path).map(|path| Self { path, ..Self::default() });
        let constant =
            || some(&live.input).map(|text| Self { template: format!("{CONSTANT}{text}"), ..Self::default() });
        template.or(path).or_else(constant)
    }
}

/// All targets of a rule, whosever they are; nothing where there is no such rule.
pub(super) async fn all(cx: &Cx, (bus, rule): (&str, &str)) -> Result<Option<Vec<Described>>> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let request = cx.aws.events.list_targets_by_rule().event_bus_name(bus).rule(rule).set_next_token(next);
        let Some(answer) = nothing_if_absent(request.send().await)? else {
            return Ok(None);
        };
        all.extend(answer.targets.unwrap_or_default());
        next = answer.next_token;
        if next.is_none() {
            return Ok(Some(all));
        }
    }
}

/// Removes the target of this id alone.
pub(super) async fn remove(cx: &Cx, (bus, rule): (&str, &str), id: &str) -> Result<()> {
    let request = cx.aws.events.remove_targets().event_bus_name(bus).rule(rule).ids(id);
    let remove = || async {
        let Some(answer) = nothing_if_absent(request.clone().send().await)? else {
            return Ok(());
        };
        let failed = answer.failed_entries.unwrap_or_default().into_iter().next();
        let failed = failed.map(|entry| (entry.error_code, entry.error_message));
        checked("events:RemoveTargets", answer.failed_entry_count, failed)
    };
    patiently(cx, WAIT, remove).await
}

/// An entry of a call that EventBridge answered 200, with why it failed if it did.
fn checked(operation: &str, count: i32, failed: Option<(Option<String>, Option<String>)>) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    let (code, message) = failed.unwrap_or_default();
    let (code, message) = (code.unwrap_or_default(), message.unwrap_or_else(|| "the target was refused".to_owned()));
    let class = match code.as_str() {
        "ConcurrentModificationException" => Class::Busy,
        "InternalException" | "InternalFailure" => Class::Unclear,
        _ => Class::Fatal,
    };
    Err(Error::new(class, message).call(Call { operation: operation.to_owned(), code, ..Call::default() }))
}

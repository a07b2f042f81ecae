//! `events:Bus`: an event bus of the pipeline's own, to which others put events.
//!
//! Only the name is immutable. Key, dead letters and log of a bus are not managed: an update gives them back as they are, because AWS takes what
//! it leaves out as none. A bus that has rules cannot be deleted; those of the pipeline go first, others keep it.
//!
//! IAM: events:CreateEventBus, DescribeEventBus, UpdateEventBus, DeleteEventBus, TagResource, UntagResource, ListTagsForResource, ListRules.

use std::time::Duration;

use aws_sdk_eventbridge::operation::describe_event_bus::DescribeEventBusOutput;
use aws_sdk_eventbridge::types::Tag;
use serde::{Deserialize, Serialize};

use super::table::unbuilt;
use crate::aws::{Cx, Place, TagCall, TagDiff, nothing_if_absent, patiently, poll_for};
use crate::error::{Class, Error, Result};
use crate::resource::{Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Tags};

/// The bus that every account has, and that AWS's own services put events on.
pub const DEFAULT: &str = "default";

pub(super) const WAIT: &str = "another change of the bus or the rule to end";

/// How long a bus is asked for its rules before it is said whose they are: those of the pipeline were deleted a moment ago.
const RULES_GONE_WITHIN: Duration = Duration::from_secs(20);

/// An EventBridge event bus, other than [`DEFAULT`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bus {
    /// At most 512 characters; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

impl Resource for Bus {
    const KIND: &'static str = "events:Bus";

    /// A rule's ARN names its bus, too: what lets the rule in leads to both.
    fn name_of(arn: &str) -> Option<Name> {
        let of_rule = || Some(arn.split_once(":rule/")?.1.rsplit_once('/')?.0);
        let name = arn.split_once(":event-bus/").map(|(_, name)| name).or_else(of_rule)?;
        (arn.split(':').nth(2) == Some("events")).then(|| Name::new(name))
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_BUS: &[&str] = &[
            "events:CreateEventBus",
            "events:DeleteEventBus",
            "events:DescribeEventBus",
            "events:ListTagsForResource",
            "events:TagResource",
            "events:UntagResource",
            "events:UpdateEventBus",
        ];
        vec![Grant::new(ON_THE_BUS, arn(scope.place, name)), Grant::new(&["events:ListRules"], "*")]
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let arn = arn(&cx.aws.place, name);
        let (bus, tags) = tokio::try_join!(describe(cx, name), tags(cx, &arn))?;
        let (Some(bus), Some(tags)) = (bus, tags) else {
            return Ok(Vec::new());
        };
        Ok(vec![Live {
            handle: Handle::new(&arn),
            outputs: outputs(&arn, name),
            tags,
            identity: bus.creation_time.map(|time| time.to_string()).unwrap_or_default(),
            props: Self { description: bus.description.unwrap_or_default() },
            state: State::Live,
        }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let arn = arn(&cx.aws.place, name);
        match live {
            // ensure
            None => self.create(cx, name).await?,
            // sync
            Some(live) => {
                if *self != live.props {
                    self.update(cx, name).await?;
                }
                sync_tags(cx, &arn, &live.tags).await?;
            }
        }
        Ok(Made { outputs: outputs(&arn, name), identity: String::new() })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        let without_rules = || async {
            let sent = cx.aws.events.list_rules().event_bus_name(name.as_str()).send().await;
            let rules = nothing_if_absent(sent)?.and_then(|answer| answer.rules).unwrap_or_default();
            let names: Vec<String> =
                rules.into_iter().filter_map(|rule| rule.name).map(|rule| format!("`{rule}`")).collect();
            let left = || format!("the rules on bus `{name}` to be gone: {}", names.join(", "));
            Ok(if names.is_empty() { Ok(()) } else { Err(left()) })
        };
        poll_for(cx, RULES_GONE_WITHIN, without_rules).await.map_err(|error| match error.failed_call() {
            None if error.class() == Class::Fatal => error
                .hint("they are not this pipeline's: delete them if nothing needs them, then run the command again"),
            _ => error,
        })?;
        let delete =
            || async { nothing_if_absent(cx.aws.events.delete_event_bus().name(name.as_str()).send().await).map(drop) };
        patiently(cx, WAIT, delete).await
    }
}

impl Bus {
    fn text(&self) -> Option<String> {
        Some(self.description.clone()).filter(|text| !text.is_empty())
    }

    async fn create(&self, cx: &Cx, name: &Name) -> Result<()> {
        let tags = Some(tag_list(&cx.tags)?).filter(|tags| !tags.is_empty());
        let request = cx.aws.events.create_event_bus().name(name.as_str());
        let request = request.set_description(self.text()).set_tags(tags);
        let create = || async { Ok::<_, Error>(request.clone().send().await.map(drop)?) };
        patiently(cx, WAIT, create).await.map_err(|error| match error.class() {
            // Somebody was faster: whose it is must be looked at.
            Class::Exists => error.class_as(Class::Unclear),
            _ => error,
        })
    }

    async fn update(&self, cx: &Cx, name: &Name) -> Result<()> {
        let Some(bus) = describe(cx, name).await? else {
            return Err(Error::new(Class::Unclear, format!("bus `{name}` was deleted while it was looked at")));
        };
        let request = (cx.aws.events.update_event_bus().name(name.as_str()).set_description(self.text()))
            .set_kms_key_identifier(bus.kms_key_identifier)
            .set_dead_letter_config(bus.dead_letter_config)
            .set_log_config(bus.log_config);
        patiently(cx, WAIT, || async { Ok(request.clone().send().await.map(drop)?) }).await
    }
}

/// The ARN of a bus.
pub fn arn(place: &Place, name: &Name) -> String {
    place.arn("events", &format!("event-bus/{name}"))
}

async fn describe(cx: &Cx, name: &Name) -> Result<Option<DescribeEventBusOutput>> {
    nothing_if_absent(cx.aws.events.describe_event_bus().name(name.as_str()).send().await)
}

fn outputs(arn: &str, name: &Name) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned()), ("name".to_owned(), name.to_string())])
}

/// The tags of a bus or a rule.
pub(super) async fn tags(cx: &Cx, arn: &str) -> Result<Option<Tags>> {
    let sent = cx.aws.events.list_tags_for_resource().resource_arn(arn).send().await;
    let Some(answer) = nothing_if_absent(sent)? else {
        return Ok(None);
    };
    Ok(Some(answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

/// Tags as EventBridge takes them.
pub(super) fn tag_list(tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(unbuilt)).collect()
}

/// Makes the tags of a bus or a rule the desired ones.
pub(super) async fn sync_tags(cx: &Cx, arn: &str, live: &Tags) -> Result<()> {
    for call in TagDiff::of(&cx.tags, live).calls() {
        match call {
            TagCall::Set(tags) => {
                let tag = cx.aws.events.tag_resource().resource_arn(arn).set_tags(Some(tag_list(&tags)?));
                patiently(cx, WAIT, || async { Ok(tag.clone().send().await.map(drop)?) }).await?;
            }
            TagCall::Remove(keys) => {
                let untag = cx.aws.events.untag_resource().resource_arn(arn).set_tag_keys(Some(keys));
                patiently(cx, WAIT, || async { Ok(untag.clone().send().await.map(drop)?) }).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

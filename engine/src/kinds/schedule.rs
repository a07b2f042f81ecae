//! `scheduler:Schedule`: what EventBridge Scheduler sends to one target at set times, in a group of its own.
//!
//! Only a group can carry tags, so each schedule has one of the same name, which is made first; a group without its schedule is one that a
//! killed run has left, and reads as a schedule without an expression. Group and name are immutable. UpdateSchedule writes all: what it
//! leaves out becomes AWS's default. To delete a group takes its schedules along, whosever they are, and takes a while, in which its name is
//! taken; so a group in which somebody else has a schedule is left. Times are exact to a minute, and one may come twice
//! (`docs/aws.md#eventbridge-scheduler`). Retries and dead letters are about what cannot be delivered, not about a function that fails.
//!
//! IAM: scheduler:CreateScheduleGroup, GetScheduleGroup, DeleteScheduleGroup, CreateSchedule, GetSchedule, UpdateSchedule, DeleteSchedule,
//! ListSchedules, TagResource, UntagResource, ListTagsForResource. Passing the role is the role's.

use std::time::Duration;

use aws_sdk_scheduler::operation::get_schedule_group::GetScheduleGroupOutput;
use aws_sdk_scheduler::types::{ScheduleGroupState, Tag};
use serde::{Deserialize, Serialize};

use super::table::unbuilt;
use super::undelivered::{self, Delivery};
use crate::aws::{Cx, Place, TagCall, TagDiff, named_in, nothing_if_absent, patiently, poll};
use crate::error::{Class, Error, Result};
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Tags, Ties};

mod form;

pub use form::moment;

/// AWS does not say how long a group takes to go; with one schedule in it it is seconds.
const GONE_WITHIN: Duration = Duration::from_secs(5 * 60);

const WAIT: &str = "another change of the schedule to end";

/// A schedule, which is the only one of its group. The default is that of a group without a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// `rate(5 minutes)`, `cron(0 8 ? * MON-FRI *)` or `at(2027-01-31T08:00:00)`.
    pub expression: String,
    /// IANA's name of the time zone that the expression is in: `UTC`, `Europe/Berlin`.
    pub time_zone: String,
    /// Minutes after its time within which it is sent, 1 to 1440; 0: at its time.
    pub flexible_minutes: u32,
    /// What is sent, JSON for a function, in which `<aws.scheduler.scheduled-time>` and the like stand for values of AWS. Empty: an event of
    /// AWS's own form.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub input: String,
    /// Whether it is sent at all.
    pub enabled: bool,
    /// Time from which on it is sent, as [`moment`] gives it; empty: at once.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub starts: String,
    /// Time from which on it is no longer sent, as [`moment`] gives it; empty: never.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ends: String,
    /// ARN of a function, a queue or a stream.
    pub target: String,
    /// ARN of the role that Scheduler sends under.
    pub role: String,
    /// How often what cannot be delivered is tried again, 0 to 185.
    pub retries: u32,
    /// Seconds after which that is given up, 60 to 86400.
    pub max_age_seconds: u32,
    /// ARN of the standard queue that it goes to then; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dead_letters: String,
    /// The partition key of all records; empty but for a stream.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub partition_key: String,
    /// The group of all messages; empty but for a FIFO queue.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message_group: String,
}

impl Resource for Schedule {
    const KIND: &'static str = "scheduler:Schedule";

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let Some((desired, live)) = of.edit() else { return Advice::default() };
        let loses = undelivered::loses(&desired.dead_letters, &live.dead_letters);
        Advice { loses, means: desired.means(live), ..Advice::default() }
    }

    /// A start that is over is the same as none.
    fn keeping(&self, live: &Self) -> Option<Self> {
        let same = self.starts != live.starts && form::has_started(&self.starts) && form::has_started(&live.starts);
        same.then(|| Self { starts: live.starts.clone(), ..self.clone() })
    }

    fn ties(&self) -> Ties {
        let role = Some(self.role.clone()).filter(|role| !role.is_empty());
        Ties { acts_as: role.into_iter().collect(), ..Ties::default() }
    }

    fn name_of(arn: &str) -> Option<Name> {
        named_in(arn, "scheduler", ":schedule-group/").map(Name::new)
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_GROUP: &[&str] = &[
            "scheduler:CreateScheduleGroup",
            "scheduler:DeleteScheduleGroup",
            "scheduler:GetScheduleGroup",
            "scheduler:ListTagsForResource",
            "scheduler:TagResource",
            "scheduler:UntagResource",
        ];
        const ON_THE_SCHEDULE: &[&str] = &[
            "scheduler:CreateSchedule",
            "scheduler:DeleteSchedule",
            "scheduler:GetSchedule",
            "scheduler:UpdateSchedule",
        ];
        vec![
            Grant::new(ON_THE_GROUP, group_arn(scope.place, name)),
            Grant::new(ON_THE_SCHEDULE, arn(scope.place, name)),
            Grant::new(&["scheduler:ListSchedules"], "*"),
        ]
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let (group, schedule, tags) = tokio::try_join!(group(cx, name), form::read(cx, name), tags(cx, name))?;
        let (Some(group), Some(tags)) = (group, tags) else {
            return Ok(Vec::new());
        };
        Ok(vec![Live {
            handle: Handle::new(group_arn(&cx.aws.place, name)),
            props: schedule.unwrap_or_default(),
            outputs: outputs(cx, name),
            tags,
            identity: group.creation_date.map(|time| time.to_string()).unwrap_or_default(),
            state: if group.state == Some(ScheduleGroupState::Deleting) { State::Leaving } else { State::Live },
        }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        // ensure
        let before = match live {
            Some(live) if live.state == State::Live => live.props.clone(),
            leaving => {
                if leaving.is_some() {
                    gone(cx, name).await?;
                }
                create_group(cx, name).await?;
                Self::default()
            }
        };
        // sync
        if before == Self::default() {
            self.create(cx, name).await?;
        } else if before != *self {
            self.update(cx, name).await?;
        }
        if let Some(live) = live.filter(|live| live.state == State::Live) {
            sync_tags(cx, name, &live.tags).await?;
        }
        Ok(Made { outputs: outputs(cx, name), identity: String::new() })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        let others = others(cx, name).await?;
        // A group that is being deleted may still send.
        let scheduler = &cx.aws.scheduler;
        let end = || async {
            let sent = scheduler.delete_schedule().group_name(name.as_str()).name(name.as_str()).send().await;
            nothing_if_absent(sent.map_err(busy)).map(drop)
        };
        patiently(cx, WAIT, end).await?;
        if !others.is_empty() {
            let text = format!("schedule group `{name}` has schedules of somebody else: {}", others.join(", "));
            return Err(Error::fatal(text).hint(
                "the pipeline's schedule is gone, the group is left to the others, which would be deleted with it; move them to another \
                 group, or delete them if nothing needs them, and run the command again",
            ));
        }
        let end_group = || async {
            nothing_if_absent(scheduler.delete_schedule_group().name(name.as_str()).send().await.map_err(busy))
                .map(drop)
        };
        patiently(cx, WAIT, end_group).await
    }
}

impl Schedule {
    fn means(&self, live: &Self) -> Vec<String> {
        if *live == Self::default() {
            return Vec::new();
        }
        let stops = live.enabled && !self.enabled;
        let stopped = stops.then(|| "nothing is sent any more, and what would have been is not made up for".to_owned());
        stopped.into_iter().chain(undelivered::means(self.delivery(), live.delivery())).collect()
    }

    fn delivery(&self) -> Delivery<'_> {
        Delivery { retries: self.retries, max_age_seconds: self.max_age_seconds, dead_letters: &self.dead_letters }
    }
}

/// The ARN of the schedule of this name in its group.
pub fn arn(place: &Place, name: &Name) -> String {
    place.arn("scheduler", &format!("schedule/{name}/{name}"))
}

/// The ARN of its group, which Scheduler names as the source when it takes on the role.
pub fn group_arn(place: &Place, name: &Name) -> String {
    place.arn("scheduler", &format!("schedule-group/{name}"))
}

fn outputs(cx: &Cx, name: &Name) -> Outputs {
    Outputs::from([("arn".to_owned(), arn(&cx.aws.place, name)), ("name".to_owned(), name.to_string())])
}

async fn group(cx: &Cx, name: &Name) -> Result<Option<GetScheduleGroupOutput>> {
    nothing_if_absent(cx.aws.scheduler.get_schedule_group().name(name.as_str()).send().await)
}

/// Waits until a group that is being deleted has freed its name.
async fn gone(cx: &Cx, name: &Name) -> Result<()> {
    let ask = || async { Ok(group(cx, name).await?.is_none().then_some(())) };
    poll(cx, &format!("the former schedule group `{name}` to be gone"), GONE_WITHIN, ask).await
}

async fn create_group(cx: &Cx, name: &Name) -> Result<()> {
    let tags = Some(tag_list(&cx.tags)?).filter(|tags| !tags.is_empty());
    let sent = cx.aws.scheduler.create_schedule_group().name(name.as_str()).set_tags(tags).send().await;
    sent.map(drop).map_err(|error| taken(error.into()))
}

/// The schedules in the group that are not the pipeline's, for people.
async fn others(cx: &Cx, name: &Name) -> Result<Vec<String>> {
    let mut pages = cx.aws.scheduler.list_schedules().group_name(name.as_str()).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let Some(page) = nothing_if_absent(page)? else { break };
        // An emulator lists those of all groups.
        let here = page.schedules.into_iter().filter(|one| one.group_name() == Some(name.as_str()));
        let others = here.filter_map(|one| one.name).filter(|one| one != name.as_str());
        all.extend(others.map(|one| format!("`{one}`")));
    }
    Ok(all)
}

/// Somebody was faster: whose it is must be looked at.
fn taken(error: Error) -> Error {
    if error.class() == Class::Exists { error.class_as(Class::Unclear) } else { error }
}

/// Scheduler says the same of a change that meets another one as of what is there already.
fn busy(error: impl Into<Error>) -> Error {
    let error: Error = error.into();
    if error.class() == Class::Exists { error.class_as(Class::Busy) } else { error }
}

async fn tags(cx: &Cx, name: &Name) -> Result<Option<Tags>> {
    let arn = group_arn(&cx.aws.place, name);
    let sent = cx.aws.scheduler.list_tags_for_resource().resource_arn(arn).send().await;
    let Some(answer) = nothing_if_absent(sent)? else {
        return Ok(None);
    };
    Ok(Some(answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

fn tag_list(tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(unbuilt)).collect()
}

async fn sync_tags(cx: &Cx, name: &Name, live: &Tags) -> Result<()> {
    let (arn, scheduler) = (group_arn(&cx.aws.place, name), &cx.aws.scheduler);
    for call in TagDiff::of(&cx.tags, live).calls() {
        match call {
            TagCall::Set(tags) => {
                let tag = scheduler.tag_resource().resource_arn(&arn).set_tags(Some(tag_list(&tags)?));
                patiently(cx, WAIT, || async { tag.clone().send().await.map(drop).map_err(busy) }).await?;
            }
            TagCall::Remove(keys) => {
                let untag = scheduler.untag_resource().resource_arn(&arn).set_tag_keys(Some(keys));
                patiently(cx, WAIT, || async { untag.clone().send().await.map(drop).map_err(busy) }).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

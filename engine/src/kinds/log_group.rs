//! `logs:LogGroup`: where a function or an API writes its log, kept for so many days.
//!
//! Nothing about it is immutable but its name. Lambda makes the group of a function that logs without one, and keeps it for
//! ever, so the group is made first and the function's role may not make one; one that was made behind our back is adopted.
//! Concurrent changes of one group are refused, so they are written one after another.
//!
//! IAM: logs:DescribeLogGroups, CreateLogGroup, PutRetentionPolicy, DeleteLogGroup, TagResource (also for the tags of a
//! creation), UntagResource, ListTagsForResource.

use aws_sdk_cloudwatchlogs::types::LogGroup as Described;
use serde::{Deserialize, Serialize};

use crate::aws::{Cx, Place, TagCall, TagDiff, named_in, nothing_if_absent, patiently};
use crate::error::{Class, Error, Result};
use crate::resource::{Advice, Changed, Grant, Handle, How, Live, Made, Name, Outputs, Resource, Scope, State, Tags};

const WAIT: &str = "another change of the log group to end";
/// Groups of a page, at most.
const PAGE: i32 = 50;

/// A CloudWatch log group; its name is the group's, e.g. `/aws/lambda/orders-consumer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGroup {
    /// Days that events stay readable: 1 3 5 7 14 30 60 90 120 150 180 365 and on to 3653. A live 0 means for ever, and cannot
    /// be asked for.
    pub retention_days: u32,
}

impl Resource for LogGroup {
    const KIND: &'static str = "logs:LogGroup";

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let Changed::Edit { desired, live, how } = *of else { return Advice::default() };
        let loses = if how.adopted { desired.adopting(live) } else { None };
        Advice { loses, means: desired.means(live, how), ..Advice::default() }
    }

    fn name_of(arn: &str) -> Option<Name> {
        let name = named_in(arn, "logs", ":log-group:")?;
        Some(Name::new(name.strip_suffix(":*").unwrap_or(name)))
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_GROUP: &[&str] = &[
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:PutRetentionPolicy",
            // Its tags: a managed policy has no room for all names.
            "logs:*Resource",
        ];
        // Tags are authorized on the ARN without `:*`, all else on the one with it.
        let arn = arn(scope.place, name);
        vec![
            Grant::new(&["logs:DescribeLogGroups"], "*"),
            Grant::new(ON_THE_GROUP, format!("{arn}:*")),
            Grant::new(ON_THE_GROUP, arn),
        ]
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let arn = arn(&cx.aws.place, name);
        // Most names that a look tries have no group, and so no tags.
        let Some(group) = describe(cx, name).await? else { return Ok(Vec::new()) };
        let Some(tags) = tags(cx, &arn).await? else { return Ok(Vec::new()) };
        // Absent means that events never expire.
        let retention_days = group.retention_in_days().and_then(|days| u32::try_from(days).ok()).unwrap_or_default();
        Ok(vec![Live {
            handle: Handle::new(&arn),
            props: Self { retention_days },
            outputs: outputs(&arn),
            tags,
            identity: group.creation_time().map(|time| time.to_string()).unwrap_or_default(),
            state: State::Live,
        }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let arn = arn(&cx.aws.place, name);
        // ensure
        if live.is_none() {
            patiently(cx, WAIT, || create(cx, name)).await?;
        }
        // sync
        if live.map_or(0, |live| live.props.retention_days) != self.retention_days {
            patiently(cx, WAIT, || keep(cx, name, self.retention_days)).await?;
        }
        if let Some(live) = live {
            sync_tags(cx, &arn, &live.tags).await?;
        }
        Ok(Made { outputs: outputs(&arn), identity: String::new() })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        let delete = || async {
            let sent = cx.aws.logs.delete_log_group().log_group_name(name.as_str()).send().await;
            nothing_if_absent(sent)
        };
        patiently(cx, WAIT, delete).await.map(drop)
    }
}

impl LogGroup {
    fn adopting(&self, live: &Self) -> Option<String> {
        let shorter = live.retention_days == 0 || live.retention_days > self.retention_days;
        let kept =
            if live.retention_days == 0 { "for ever".to_owned() } else { format!("for {} days", live.retention_days) };
        shorter.then(|| {
            format!(
                "nobody owns it, and it keeps its events {kept}: those older than {} days are deleted",
                self.retention_days
            )
        })
    }

    fn means(&self, live: &Self, how: &How) -> Vec<String> {
        if how.replaced {
            return vec!["all its events are deleted with it".to_owned()];
        }
        let shorter = live.retention_days == 0 || live.retention_days > self.retention_days;
        let told = format!("events older than {} days are deleted for good", self.retention_days);
        (shorter && self.retention_days != 0).then_some(told).into_iter().collect()
    }
}

/// The ARN of a log group, without the `:*` that stands for its streams.
pub fn arn(place: &Place, name: &Name) -> String {
    place.arn("logs", &format!("log-group:{name}"))
}

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

/// Finds the group of exactly this name: AWS matches the beginning.
///
/// Within one look those of one service are asked for at once, where all that begin with the pipeline's name are one page.
async fn describe(cx: &Cx, name: &Name) -> Result<Option<Described>> {
    let is_it = |group: &Described| group.log_group_name() == Some(name.as_str());
    if let Some(shared) = shared(cx, name) {
        let ask = || async {
            let page = cx.aws.logs.describe_log_groups().log_group_name_prefix(shared).limit(PAGE).send().await?;
            Ok(page.log_groups.filter(|_| page.next_token.is_none()))
        };
        if let Some(groups) = cx.asked_once("DescribeLogGroups", shared, ask).await? {
            return Ok(groups.into_iter().find(is_it));
        }
    }
    let request = cx.aws.logs.describe_log_groups().log_group_name_prefix(name.as_str());
    let mut groups = request.into_paginator().items().send();
    while let Some(group) = groups.next().await {
        let group = group?;
        if is_it(&group) {
            return Ok(Some(group));
        }
    }
    Ok(None)
}

/// What the default names of this pipeline's groups of one service begin with, as in `/aws/lambda/orders-`.
fn shared<'a>(cx: &Cx, name: &'a Name) -> Option<&'a str> {
    let (service, rest) = name.as_str().rsplit_once('/')?;
    let own = rest.strip_prefix(cx.pipeline.as_str())?.starts_with('-') && cx.is_one_look();
    own.then(|| &name.as_str()[..service.len() + cx.pipeline.len() + 2])
}

async fn tags(cx: &Cx, arn: &str) -> Result<Option<Tags>> {
    let sent = cx.aws.logs.list_tags_for_resource().resource_arn(arn).send().await;
    let Some(answer) = nothing_if_absent(sent)? else {
        return Ok(None);
    };
    Ok(Some(answer.tags.unwrap_or_default().into_iter().collect()))
}

async fn create(cx: &Cx, name: &Name) -> Result<()> {
    let tags = (!cx.tags.is_empty()).then(|| cx.tags.clone().into_iter().collect());
    let sent = cx.aws.logs.create_log_group().log_group_name(name.as_str()).set_tags(tags).send().await;
    match sent.map_err(Error::from) {
        // Somebody was faster, perhaps Lambda, perhaps our own first attempt: whose it is must be looked at.
        Err(error) if error.class() == Class::Exists => Err(error.class_as(Class::Unclear)),
        other => other.map(drop),
    }
}

async fn keep(cx: &Cx, name: &Name, days: u32) -> Result<()> {
    let days = i32::try_from(days).unwrap_or(i32::MAX);
    let request = cx.aws.logs.put_retention_policy().log_group_name(name.as_str()).retention_in_days(days);
    Ok(request.send().await.map(drop)?)
}

async fn sync_tags(cx: &Cx, arn: &str, live: &Tags) -> Result<()> {
    for call in TagDiff::of(&cx.tags, live).calls() {
        match call {
            TagCall::Set(tags) => {
                let tag = cx.aws.logs.tag_resource().resource_arn(arn).set_tags(Some(tags.into_iter().collect()));
                patiently(cx, WAIT, || async { Ok(tag.clone().send().await.map(drop)?) }).await?;
            }
            TagCall::Remove(keys) => {
                let untag = cx.aws.logs.untag_resource().resource_arn(arn).set_tag_keys(Some(keys));
                patiently(cx, WAIT, || async { Ok(untag.clone().send().await.map(drop)?) }).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

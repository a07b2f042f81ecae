//! `logs:SubscriptionFilter`: sends what is written to a log group to a function or a stream, as it is written.
//!
//! A log group has at most two, whoever made them. Nothing but the group and the filter's name is immutable: a second call with the same
//! name changes the rest. AWS gives filters no tags; the pipeline's is known by its label. Logs calls the destination before it takes the
//! filter, so a permission or a role that Logs has not learned of yet is waited for.
//!
//! The log group may be anyone's, and so nothing of the pipeline need name it after the spec has another one. What allows the filter does:
//! the permission of the function names the group as its source, and the role that sends to a stream names the group beside the stream,
//! which allows nothing there. Both are there before the filter and go after it, so they find it again.
//!
//! IAM: logs:DescribeSubscriptionFilters, PutSubscriptionFilter, DeleteSubscriptionFilter; iam:PassRole on the role.

use aws_sdk_cloudwatchlogs::types::SubscriptionFilter;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::{Cx, nothing_if_absent, patiently};
use crate::error::{Class, Error, Result};
use crate::kinds::log_group::{self, LogGroup};
use crate::kinds::role::Role;
use crate::owner;
use crate::resource::{
    Advice, Changed, Grant, Handle, Id, Live, Made, Name, Outputs, Refusal, Resource, Scope, State, Tags, Ties,
};

/// How many filters a log group has at most
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>).
const MOST: usize = 2;

/// What the statement is for that names the log group beside the stream.
const SENDS: &str = "kinesis:PutRecord";

/// Who acts under the role.
const LOGS: &str = "logs.amazonaws.com";

/// A subscription filter; its name is the log group's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFilter {
    /// What to send, as CloudWatch's filter patterns say it, at most 1024 characters; empty for all.
    pub pattern: String,
    /// ARN of the function or the stream.
    pub destination: String,
    /// ARN of the role that Logs sends under; empty for a function, whose permission lets Logs in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Names of the filters that others have on the group, sorted: they stay, and are no difference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}

impl Resource for LogFilter {
    const KIND: &'static str = "logs:SubscriptionFilter";
    const STAMPED: bool = false;
    const LABELLED: bool = true;
    const INTERNAL: &'static [&'static str] = &["others"];

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let no_room =
            |live: &Self| (live.destination.is_empty() && live.others.len() >= MOST).then(|| full(&live.others));
        Advice { refuses: of.edit().and_then(|(_, live)| no_room(live)), ..Advice::default() }
    }

    fn keeping(&self, live: &Self) -> Option<Self> {
        (self.others != live.others).then(|| Self { others: live.others.clone(), ..self.clone() })
    }

    fn ties(&self) -> Ties {
        let acts_as = Some(self.role.clone()).filter(|role| !role.is_empty()).into_iter().collect();
        Ties { acts_as, labelled: true, ..Ties::default() }
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_GROUP: &[&str] =
            &["logs:DeleteSubscriptionFilter", "logs:DescribeSubscriptionFilters", "logs:PutSubscriptionFilter"];
        let arn = log_group::arn(scope.place, name);
        vec![Grant::new(ON_THE_GROUP, format!("{arn}:*")), Grant::new(ON_THE_GROUP, arn)]
    }

    fn more_grants(&self, _scope: &Scope, _name: &Name) -> Vec<Grant> {
        let role = Some(&self.role).filter(|role| !role.is_empty());
        let pass = |role: &String| Grant::new(&["iam:PassRole"], role.clone()).when("iam:PassedToService", LOGS);
        role.map(pass).into_iter().collect()
    }

    async fn leads(_cx: &Cx, kind: &str, _from: &Name, props: &Value) -> Result<Vec<Name>> {
        let arns: Vec<&str> = match kind {
            "lambda:Permission" => props["source_arn"].as_str().into_iter().collect(),
            Role::KIND => named_by_a_sender(props),
            _ => Vec::new(),
        };
        Ok(arns.into_iter().filter_map(LogGroup::name_of).collect())
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let Some(filters) = filters(cx, name).await? else { return Ok(Vec::new()) };
        let whose =
            |filter: &SubscriptionFilter| owner::labelled(filter.filter_name().unwrap_or_default(), &cx.pipeline);
        let (ours, theirs): (Vec<_>, Vec<_>) = filters.iter().partition(|filter| whose(filter).is_some());
        let mut others: Vec<String> = theirs.iter().filter_map(|filter| filter.filter_name.clone()).collect();
        others.sort();
        let live = |filter: &SubscriptionFilter| Live {
            handle: Handle::within(name, filter.filter_name().unwrap_or_default()),
            props: Self { others: others.clone(), ..Self::shown(filter) },
            outputs: Outputs::new(),
            tags: whose(filter).unwrap_or_default(),
            identity: String::new(),
            state: State::Live,
        };
        let mut lives: Vec<Live<Self>> = ours.into_iter().map(live).collect();
        if lives.is_empty() && !others.is_empty() {
            let props = Self { others: others.clone(), ..Self::default() };
            let (handle, state) = (Handle::new(""), State::Absent);
            lives.push(Live {
                handle,
                props,
                outputs: Outputs::new(),
                tags: Tags::new(),
                identity: String::new(),
                state,
            });
        }
        Ok(lives)
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let is_as_desired = |live: &Live<Self>| live.state == State::Live && self.same(&live.props);
        if !live.is_some_and(is_as_desired) {
            self.put(cx, name).await?;
        }
        Ok(Made::default())
    }

    async fn delete(cx: &Cx, name: &Name, handle: &Handle) -> Result<()> {
        let delete = || async {
            let request = cx.aws.logs.delete_subscription_filter();
            let sent = request.log_group_name(name.as_str()).filter_name(handle.inner()).send().await;
            nothing_if_absent(sent)
        };
        patiently(cx, &format!("another change of the log group `{name}` to end"), delete).await.map(drop)
    }
}

impl LogFilter {
    fn shown(filter: &SubscriptionFilter) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            pattern: text(filter.filter_pattern()),
            destination: text(filter.destination_arn()),
            role: text(filter.role_arn()),
            others: Vec::new(),
        }
    }

    fn same(&self, live: &Self) -> bool {
        (&self.pattern, &self.destination, &self.role) == (&live.pattern, &live.destination, &live.role)
    }

    /// Makes or changes the filter: one call, which may be repeated.
    async fn put(&self, cx: &Cx, name: &Name) -> Result<()> {
        let what = format!("CloudWatch Logs to be allowed to send to `{}`", self.destination);
        let role = Some(self.role.clone()).filter(|role| !role.is_empty());
        let put = || async {
            let request = cx.aws.logs.put_subscription_filter().log_group_name(name.as_str()).filter_name(label(cx));
            let request = request.filter_pattern(&self.pattern).destination_arn(&self.destination);
            Ok::<_, Error>(request.set_role_arn(role.clone()).send().await.map(drop)?)
        };
        let error = match patiently(cx, &what, put).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if error.code() == "LimitExceededException" {
            // Another one may have come since the plan.
            let lives = Self::read(cx, name).await?;
            let refusal = full(lives.first().map_or(&[][..], |live| live.props.others.as_slice()));
            return Err(Error::fatal(format!("the log group `{name}` {}", refusal.why)).hint(refusal.hint));
        }
        Err(if error.class() == Class::Propagating { self.not_let_in(error) } else { error })
    }

    fn not_let_in(&self, error: Error) -> Error {
        let (role, to) = (&self.role, &self.destination);
        error.hint(match role.is_empty() {
            true => format!("CloudWatch Logs could not call `{to}` in all that time: its policy, or one of the organization, denies it"),
            false => format!(
                "CloudWatch Logs could not send to `{to}` as the role `{role}` in all that time: `sts:AssumeRole` for \
                 `{LOGS}` or `{SENDS}` is missing or denied"
            ),
        })
    }
}

pub fn label(cx: &Cx) -> String {
    owner::label(&cx.pipeline, &Id::new("filter"))
}

/// The log groups that a role's policies name where they let it send to a stream.
fn named_by_a_sender(role: &Value) -> Vec<&str> {
    let policies = role["policies"].as_object().into_iter().flat_map(|policies| policies.values());
    let statements = policies.filter_map(|policy| policy["Statement"].as_array()).flatten();
    let sends =
        |statement: &&Value| statement["Action"].as_array().is_some_and(|all| all.iter().any(|one| one == SENDS));
    let resources = statements.filter(sends).filter_map(|statement| statement["Resource"].as_array()).flatten();
    resources.filter_map(Value::as_str).collect()
}

/// Why there is no room for one more.
fn full(others: &[String]) -> Refusal {
    let names: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
    Refusal {
        why: format!("has {MOST} subscription filters of others already: {}", names.join(", ")),
        hint: format!("AWS allows {MOST} for a log group: delete one of them, or take another log group"),
    }
}

/// All filters of a log group; nothing where there is no such group.
async fn filters(cx: &Cx, name: &Name) -> Result<Option<Vec<SubscriptionFilter>>> {
    let request = cx.aws.logs.describe_subscription_filters().log_group_name(name.as_str());
    let mut pages = request.into_paginator().items().send();
    let mut all = Vec::new();
    while let Some(filter) = pages.next().await {
        match nothing_if_absent(filter)? {
            Some(filter) => all.push(filter),
            None => return Ok(None),
        }
    }
    Ok(Some(all))
}

#[cfg(test)]
mod tests;

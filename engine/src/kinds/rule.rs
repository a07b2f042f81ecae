//! `events:Rule`: which events of a bus go on, and the one target of the pipeline that they go to.
//!
//! Only bus and name are immutable. PutRule writes all of a rule and PutTargets all of a target; a call that leaves something out takes it away.
//! A target has no tags: its id is the pipeline's label, and of five targets the others may be somebody else's. They stay, are no difference,
//! and keep the rule from being deleted. PutTargets and RemoveTargets answer 200 where an entry failed. A new pattern takes about a minute
//! to be in force (`docs/aws.md#eventbridge-rules`). Retries and dead letters are about events that EventBridge cannot deliver, not about
//! those on which a function fails; an event whose target does not let the rule in goes to the dead letters without a retry.
//!
//! IAM: events:PutRule, DescribeRule, DeleteRule, PutTargets, RemoveTargets, ListTargetsByRule, TagResource, UntagResource,
//! ListTagsForResource. Passing the role is the role's.

use aws_sdk_eventbridge::operation::describe_rule::DescribeRuleOutput;
use aws_sdk_eventbridge::types::RuleState;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bus::{DEFAULT, WAIT, sync_tags, tag_list, tags};
use super::undelivered::{self, Delivery};
use crate::aws::{Cx, Place, named_in, nothing_if_absent, patiently};
use crate::error::{Error, Result};
use crate::owner;
use crate::resource::{Advice, Changed, Grant, Handle, Id, Live, Made, Name, Outputs, Resource, Scope, State, Ties};

mod target;

pub use target::{Input, Target};

/// The id that every pipeline's rule has.
const ID: &str = "rule";

/// An EventBridge rule with its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The event pattern, an object of at most 4,096 characters; null for a live rule that has none.
    pub pattern: Value,
    /// Whether events that match are sent on.
    pub enabled: bool,
    /// Where they go; without an ARN for a live rule that has no target of the pipeline's.
    pub target: Target,
}

impl Resource for Rule {
    const KIND: &'static str = "events:Rule";

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let Some((desired, live)) = of.edit() else { return Advice::default() };
        let loses = undelivered::loses(&desired.target.dead_letters, &live.target.dead_letters);
        Advice { loses, means: desired.means(live), ..Advice::default() }
    }

    fn ties(&self) -> Ties {
        // To set a role takes `iam:PassRole`, and to add a target of our label the right to change the rule.
        let role = Some(self.target.role.clone()).filter(|role| !role.is_empty());
        Ties { acts_as: role.into_iter().collect(), labelled: !self.target.arn.is_empty(), ..Ties::default() }
    }

    fn name_of(arn: &str) -> Option<Name> {
        let rule = named_in(arn, "events", ":rule/")?;
        let bus = if rule.contains('/') { String::new() } else { format!("{DEFAULT}/") };
        Some(Name::new(bus + rule))
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_RULE: &[&str] = &[
            "events:DeleteRule",
            "events:DescribeRule",
            "events:ListTagsForResource",
            "events:ListTargetsByRule",
            "events:PutRule",
            "events:PutTargets",
            "events:RemoveTargets",
            "events:TagResource",
            "events:UntagResource",
        ];
        vec![Grant::new(ON_THE_RULE, arn_of(scope.place, name))]
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let arn = arn_of(&cx.aws.place, name);
        let (rule, targets, tags) = tokio::try_join!(describe(cx, name), target::all(cx, parts(name)), tags(cx, &arn))?;
        let (Some(rule), Some(targets), Some(tags)) = (rule, targets, tags) else {
            return Ok(Vec::new());
        };
        let ours = targets.iter().find(|target| target.id == label(cx));
        Ok(vec![Live {
            handle: Handle::new(&arn),
            props: Self {
                pattern: pattern(&rule, name)?,
                enabled: rule.state != Some(RuleState::Disabled),
                target: ours.map(Target::of).unwrap_or_default(),
            },
            outputs: outputs(&arn),
            tags,
            identity: String::new(),
            state: State::Live,
        }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let arn = arn_of(&cx.aws.place, name);
        let before = live.map(|live| &live.props);
        // ensure
        if before.is_none() {
            self.put(cx, name, true).await?;
        }
        // sync: what a wider pattern lets through is to find the new target.
        if before.is_none_or(|live| live.target != self.target) {
            self.target.put(cx, parts(name), &label(cx)).await?;
        }
        if before.is_some_and(|live| (&live.pattern, live.enabled) != (&self.pattern, self.enabled)) {
            self.put(cx, name, false).await?;
        }
        if let Some(live) = live {
            sync_tags(cx, &arn, &live.tags).await?;
        }
        Ok(Made { outputs: outputs(&arn), identity: String::new() })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        let (bus, rule) = parts(name);
        let Some(targets) = target::all(cx, (bus, rule)).await? else {
            return Ok(());
        };
        let (ours, others): (Vec<_>, Vec<_>) = targets.iter().partition(|target| target.id == label(cx));
        if !ours.is_empty() {
            target::remove(cx, (bus, rule), &label(cx)).await?;
        }
        if !others.is_empty() {
            let ids: Vec<String> = others.iter().map(|target| format!("`{}`", target.id)).collect();
            let text = format!("rule `{rule}` on bus `{bus}` has targets of somebody else: {}", ids.join(", "));
            return Err(Error::fatal(text).hint(
                "the pipeline's target is gone, the rule is left to the others; if nothing needs it, remove them with \
                 `aws events remove-targets` and run the command again",
            ));
        }
        let delete = || async {
            nothing_if_absent(cx.aws.events.delete_rule().event_bus_name(bus).name(rule).send().await).map(drop)
        };
        patiently(cx, WAIT, delete).await
    }
}

impl Rule {
    /// Writes pattern and state. AWS takes tags only for a rule that is not there yet.
    async fn put(&self, cx: &Cx, name: &Name, is_new: bool) -> Result<()> {
        let (bus, rule) = parts(name);
        let tags = is_new.then(|| tag_list(&cx.tags)).transpose()?.filter(|tags| !tags.is_empty());
        let state = if self.enabled { RuleState::Enabled } else { RuleState::Disabled };
        let request = cx.aws.events.put_rule().event_bus_name(bus).name(rule).state(state);
        let request = request.event_pattern(self.pattern.to_string()).set_tags(tags);
        patiently(cx, WAIT, || async { Ok(request.clone().send().await.map(drop)?) }).await
    }

    fn means(&self, live: &Self) -> Vec<String> {
        let stops = live.enabled && !self.enabled;
        let stopped = stops.then(|| "events that match are no longer sent on, and are not kept".to_owned());
        let differs = !live.pattern.is_null() && live.pattern != self.pattern;
        let told = "for about a minute events are still chosen by the old pattern; what the new one does not match is not kept";
        let (now, then) = (self.target.delivery(), live.target.delivery());
        let tried = if live.target.arn.is_empty() { Vec::new() } else { undelivered::means(now, then) };
        stopped.into_iter().chain(differs.then(|| told.to_owned())).chain(tried).collect()
    }
}

impl Target {
    fn delivery(&self) -> Delivery<'_> {
        Delivery { retries: self.retries, max_age_seconds: self.max_age_seconds, dead_letters: &self.dead_letters }
    }
}

/// The name of the rule that is called `rule` on this bus, which may be `default`.
pub fn name(bus: &str, rule: &str) -> Name {
    Name::new(format!("{bus}/{rule}"))
}

/// The ARN of a rule: it names the bus only where that is not the default one.
pub fn arn(place: &Place, bus: &str, rule: &str) -> String {
    let bus = if bus == DEFAULT { String::new() } else { format!("{bus}/") };
    place.arn("events", &format!("rule/{bus}{rule}"))
}

fn arn_of(place: &Place, name: &Name) -> String {
    let (bus, rule) = parts(name);
    arn(place, bus, rule)
}

/// Bus and rule. The name of a partner's bus has slashes of its own.
fn parts(name: &Name) -> (&str, &str) {
    name.as_str().rsplit_once('/').unwrap_or((DEFAULT, name.as_str()))
}

/// The id of the pipeline's target.
fn label(cx: &Cx) -> String {
    owner::label(&cx.pipeline, &Id::new(ID))
}

async fn describe(cx: &Cx, name: &Name) -> Result<Option<DescribeRuleOutput>> {
    let (bus, rule) = parts(name);
    nothing_if_absent(cx.aws.events.describe_rule().event_bus_name(bus).name(rule).send().await)
}

/// The pattern as a value: AWS keeps the text as it was written.
fn pattern(rule: &DescribeRuleOutput, name: &Name) -> Result<Value> {
    let text = rule.event_pattern().filter(|text| !text.is_empty());
    text.map_or(Ok(Value::Null), |text| {
        serde_json::from_str(text).map_err(|e| Error::fatal(format!("the pattern of rule `{name}` is not JSON: {e}")))
    })
}

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

#[cfg(test)]
mod tests;

//! `iot:Rule`: what IoT selects from messages goes to a function, a stream or a queue.
//!
//! Nothing is immutable but the name, which has letters, digits and `_` only; a replacement of the whole rule changes the rest in place. To
//! IoT a rule that is not there is one that may not be read, so only the list of all tells the two apart. A role that IoT has not learned of
//! yet is refused like a bad one, so it is tried for two minutes.
//!
//! IAM: iot:CreateTopicRule, ReplaceTopicRule, GetTopicRule, DeleteTopicRule, ListTopicRules, TagResource, UntagResource,
//! ListTagsForResource; iam:PassRole on the roles of the actions.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::{Cx, Place, named_in};
use crate::error::Result;
use crate::kinds::undelivered;
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Ties};

mod action;
mod calls;

pub use action::Action;
pub use calls::get;

/// The version of IoT's SQL that rules are written in
/// (<https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-sql-version.html>).
pub const SQL_VERSION: &str = "2016-03-23";

/// Who acts under the roles.
const IOT: &str = "iot.amazonaws.com";

/// A topic rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IotRule {
    /// `SELECT ... FROM 'topic' WHERE ...`.
    pub sql: String,
    /// [`SQL_VERSION`], unless somebody has set another.
    pub sql_version: String,
    pub enabled: bool,
    /// Where the selected goes.
    pub action: Action,
    /// Where it goes if that fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_action: Option<Action>,
}

impl Resource for IotRule {
    const KIND: &'static str = "iot:Rule";
    const INTERNAL: &'static [&'static str] = &["sql_version"];

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let Some((desired, live)) = of.edit() else { return Advice::default() };
        let kept = |rule: &Self| rule.error_action.as_ref().map(|_| "kept").unwrap_or_default();
        let stops = live.enabled && !desired.enabled;
        let means = stops.then(|| "messages are no longer sent on, and are not kept".to_owned());
        Advice {
            loses: undelivered::loses(kept(desired), kept(live)),
            means: means.into_iter().collect(),
            ..Advice::default()
        }
    }

    fn ties(&self) -> Ties {
        Ties { acts_as: self.roles().map(str::to_owned).collect(), ..Ties::default() }
    }

    fn name_of(arn: &str) -> Option<Name> {
        named_in(arn, "iot", ":rule/").map(Name::new)
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_RULE: &[&str] = &[
            "iot:CreateTopicRule",
            "iot:DeleteTopicRule",
            "iot:GetTopicRule",
            "iot:ListTagsForResource",
            "iot:ReplaceTopicRule",
            "iot:TagResource",
            "iot:UntagResource",
        ];
        vec![Grant::new(&["iot:ListTopicRules"], "*"), Grant::new(ON_THE_RULE, arn(scope.place, name))]
    }

    fn more_grants(&self, _scope: &Scope, _name: &Name) -> Vec<Grant> {
        let pass = |role: &str| Grant::new(&["iam:PassRole"], role).when("iam:PassedToService", IOT);
        self.roles().map(pass).collect()
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let arn = arn(&cx.aws.place, name);
        let Some(rule) = get(cx, name).await? else { return Ok(Vec::new()) };
        let tags = calls::tags(cx, &arn).await?;
        Ok(vec![Live {
            handle: Handle::new(&arn),
            props: Self::shown(&rule),
            outputs: outputs(&arn),
            tags,
            identity: String::new(),
            state: State::Live,
        }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let arn = arn(&cx.aws.place, name);
        match live {
            // ensure
            None => calls::create(cx, name, self).await?,
            // sync
            Some(live) => {
                if live.props != *self {
                    calls::replace(cx, name, self).await?;
                }
                calls::sync_tags(cx, &arn, &live.tags).await?;
            }
        }
        Ok(Made { outputs: outputs(&arn), identity: String::new() })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        calls::delete(cx, name).await
    }
}

impl IotRule {
    /// A rule as GetTopicRule shows it.
    fn shown(rule: &Value) -> Self {
        let text = |member: &str| rule[member].as_str().unwrap_or_default().to_owned();
        let actions = rule["actions"].as_array().map_or(&[][..], Vec::as_slice);
        Self {
            sql: text("sql"),
            sql_version: text("awsIotSqlVersion"),
            enabled: rule["ruleDisabled"] != true,
            action: Action::shown(actions),
            error_action: Some(&rule["errorAction"])
                .filter(|action| !action.is_null())
                .map(|action| Action::shown(std::slice::from_ref(action))),
        }
    }

    fn roles(&self) -> impl Iterator<Item = &str> {
        [Some(&self.action), self.error_action.as_ref()].into_iter().flatten().filter_map(Action::role)
    }
}

/// The ARN of a rule.
pub fn arn(place: &Place, name: &Name) -> String {
    place.arn("iot", &format!("rule/{name}"))
}

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

#[cfg(test)]
mod tests;

//! `sns:Topic`: a standard topic, to which others publish, and the mail address that gets its messages, where the pipeline has one.
//!
//! Only the name is immutable. A topic is never created again: SNS refuses it where an attribute or a tag differs, so a change is a call for
//! each attribute. A topic always has a policy; that of AWS, by which IAM alone decides within the account, reads as one without
//! statements (`docs/aws.md#sns-topics`). SNS confirms what it has stored, and keeps no time of creation.
//!
//! Deleting it leaves its subscriptions: those of the pipeline are resources of their own, and go first. A mail address is a
//! property, and goes with the topic (<https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html>).
//!
//! IAM: sns:CreateTopic, DeleteTopic, GetTopicAttributes, SetTopicAttributes, TagResource, UntagResource, ListTagsForResource,
//! ListSubscriptionsByTopic; with a mail address also Subscribe, Unsubscribe.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::alarm;
use super::queue::opens;
use crate::aws::alarms::prefix;
use crate::aws::policy::{Policy, without};
use crate::aws::{Cx, Place, nothing_if_absent, patiently};
use crate::error::{Class, Error, Result};
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Tags};

mod email;
mod tag;

const POLICY: &str = "Policy";
const KMS_KEY: &str = "KmsMasterKeyId";

/// Output: the ARN of the mail address's subscription, or [`PENDING`].
const SUBSCRIPTION: &str = "subscription";

/// What SNS calls one that is not confirmed.
const PENDING: &str = "PendingConfirmation";

/// Who may do what with a topic is decided for these; SNS takes no others in a topic's policy, and no `sns:*`
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html>).
const ACTIONS: &[&str] = &[
    "sns:AddPermission",
    "sns:DeleteTopic",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:Publish",
    "sns:RemovePermission",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
];

/// An SNS topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Resource policy; without statements where the topic has AWS's own.
    pub policy: Policy,
    /// Id, ARN or alias of the KMS key that encrypts messages while SNS keeps them, as in `alias/aws/sns`; empty for none. With AWS's own key
    /// no other service of AWS can publish.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kms_key: String,
    /// Mail address that gets its messages, once the link in SNS's first mail was opened; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
}

impl Resource for Topic {
    const KIND: &'static str = "sns:Topic";

    fn advice(of: &Changed<'_, Self>) -> Advice {
        match *of {
            Changed::New(desired) => {
                Advice { means: email::link_is_sent(&desired.email).into_iter().collect(), ..Advice::default() }
            }
            Changed::Edit { desired, live, .. } => {
                Advice { widens: opens(&desired.policy, &live.policy), means: desired.means(live), ..Advice::default() }
            }
            Changed::End { .. } => Advice::default(),
        }
    }

    fn tells(live: &Live<Self>) -> Option<String> {
        let waits = live.outputs.get(SUBSCRIPTION).is_some_and(|subscription| subscription == PENDING);
        waits.then(|| email::waits(&live.props.email))
    }

    fn records(&self) -> Tags {
        email::records(&self.email)
    }

    fn name_of(arn: &str) -> Option<Name> {
        let parts: Vec<&str> = arn.split(':').collect();
        // One part more is a subscription.
        (parts.len() == 6 && parts[2] == "sns").then(|| Name::new(parts[5]))
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_TOPIC: &[&str] = &[
            "sns:CreateTopic",
            "sns:DeleteTopic",
            "sns:GetTopicAttributes",
            "sns:ListSubscriptionsByTopic",
            "sns:ListTagsForResource",
            "sns:SetTopicAttributes",
            "sns:TagResource",
            "sns:UntagResource",
        ];
        vec![Grant::new(ON_THE_TOPIC, arn(scope.place, name))]
    }

    fn more_grants(&self, scope: &Scope, name: &Name) -> Vec<Grant> {
        if self.email.is_empty() {
            return Vec::new();
        }
        // IAM knows no resource for it (https://docs.aws.amazon.com/service-authorization/latest/reference/list_sns.html).
        vec![Grant::new(&["sns:Subscribe"], arn(scope.place, name)), Grant::new(&["sns:Unsubscribe"], "*")]
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let arn = arn(&cx.aws.place, name);
        let (props, tags) = tokio::try_join!(describe(cx, &arn), tag::of(cx, &arn))?;
        let (Some(mut props), Some(tags)) = (props, tags) else {
            return Ok(Vec::new());
        };
        let (handle, mut outputs) = (Handle::new(&arn), outputs(&arn, name));
        if let Some(mail) = email::read(cx, &arn, &tags).await? {
            props.email = mail.address;
            outputs.insert(SUBSCRIPTION.to_owned(), mail.arn.unwrap_or_else(|| PENDING.to_owned()));
        }
        Ok(vec![Live { handle, props, outputs, tags, identity: String::new(), state: State::Live }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let arn = arn(&cx.aws.place, name);
        match live {
            // ensure
            None => {
                self.create(cx, name).await?;
                email::subscribe(cx, &arn, &self.email).await?;
            }
            // sync
            Some(live) => {
                if self.policy != live.props.policy {
                    set(cx, &arn, POLICY, &self.policy_text(&arn, &cx.aws.place)).await?;
                }
                if self.kms_key != live.props.kms_key {
                    set(cx, &arn, KMS_KEY, &self.kms_key).await?;
                }
                if self.email != live.props.email {
                    // While the tag still knows it.
                    email::unsubscribe(cx, &arn, &live.tags).await?;
                    email::subscribe(cx, &arn, &self.email).await?;
                }
                tag::sync(cx, &arn, &live.tags).await?;
            }
        }
        Ok(Made { outputs: outputs(&arn, name), identity: String::new() })
    }

    async fn delete(cx: &Cx, _name: &Name, handle: &Handle) -> Result<()> {
        nothing_if_absent(cx.aws.sns.delete_topic().topic_arn(handle.as_str()).send().await).map(drop)
    }
}

impl Topic {
    /// Creates the topic with all that it is to have.
    async fn create(&self, cx: &Cx, name: &Name) -> Result<()> {
        let policy = (!self.policy.statements().is_empty()).then(|| (POLICY.to_owned(), self.policy.text()));
        let key = (!self.kms_key.is_empty()).then(|| (KMS_KEY.to_owned(), self.kms_key.clone()));
        let attributes: HashMap<String, String> = policy.into_iter().chain(key).collect();
        let request = cx.aws.sns.create_topic().name(name.as_str());
        let request = request.set_attributes((!attributes.is_empty()).then_some(attributes));
        let request = request.set_tags(Some(tag::list(&cx.tags)?).filter(|tags| !tags.is_empty()));
        let create = || async { Ok::<_, Error>(request.clone().send().await.map(drop)?) };
        patiently(cx, KNOWN, create).await.map_err(|error| match error.message().contains("already exists") {
            // Somebody was faster: whose it is must be looked at.
            true => error.class_as(Class::Unclear),
            false => error,
        })
    }

    /// The policy as SNS takes it: a topic cannot be without one.
    fn policy_text(&self, arn: &str, place: &Place) -> String {
        match self.policy.statements() {
            [] => json!({ "Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [default(arn, place)] })
                .to_string(),
            _ => self.policy.text(),
        }
    }

    fn means(&self, live: &Self) -> Vec<String> {
        let told = match (self.kms_key.as_str(), live.kms_key.as_str()) {
            (now, then) if now == then => None,
            ("", _) => Some("messages are no longer encrypted with a key of KMS".to_owned()),
            (now, _) => Some(format!("whoever publishes must be allowed to use the key `{now}`, or is refused")),
        };
        let another = self.email != live.email;
        let mail = another.then(|| email::link_is_sent(&self.email).into_iter().chain(email::may_confirm(&live.email)));
        told.into_iter().chain(mail.into_iter().flatten()).collect()
    }
}

const KNOWN: &str = "SNS to know the principals of the topic's policy";

/// The ARN of a topic.
pub fn arn(place: &Place, name: &Name) -> String {
    place.arn("sns", name.as_str())
}

/// The policy that refuses every call on this topic that does not come by TLS. Who of the account may do what is IAM's to say: within one
/// account either policy is enough to be allowed (<https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html>).
pub fn tls_only(place: &Place, name: &Name) -> Policy {
    Policy::new(vec![json!({
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ACTIONS,
        "Resource": arn(place, name),
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })])
}

/// The statement that lets CloudWatch publish for a pipeline's alarms
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html>).
pub fn from_alarms(place: &Place, name: &Name, pipeline: &str) -> Value {
    json!({
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": { "Service": "cloudwatch.amazonaws.com" },
        "Action": "sns:Publish",
        "Resource": arn(place, name),
        "Condition": {
            "ArnLike": { "aws:SourceArn": alarm::arn(place, &Name::new(format!("{}*", prefix(pipeline)))) },
            "StringEquals": { "aws:SourceAccount": place.account },
        },
    })
}

/// The statement that AWS gives a topic for which nobody has written one.
fn default(arn: &str, place: &Place) -> Value {
    let actions: Vec<String> = ACTIONS.iter().map(|action| action.replacen("sns:", "SNS:", 1)).collect();
    json!({
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": { "AWS": "*" },
        "Action": actions,
        "Resource": arn,
        "Condition": { "StringEquals": { "AWS:SourceOwner": place.account } },
    })
}

/// A topic in canonical form.
async fn describe(cx: &Cx, arn: &str) -> Result<Option<Topic>> {
    let sent = cx.aws.sns.get_topic_attributes().topic_arn(arn).send().await;
    let Some(answer) = nothing_if_absent(sent)? else {
        return Ok(None);
    };
    let mut all = answer.attributes.unwrap_or_default();
    let policy = match all.remove(POLICY) {
        Some(document) if !document.is_empty() => Policy::parse(&document)?,
        _ => Policy::new(Vec::new()),
    };
    let policy = if is_default(&policy, arn, &cx.aws.place) { Policy::new(Vec::new()) } else { policy };
    Ok(Some(Topic { policy, kms_key: all.remove(KMS_KEY).unwrap_or_default(), email: String::new() }))
}

/// Whether this is AWS's own policy, or none. Over the years it had more actions and fewer; it lets in the account alone.
fn is_default(policy: &Policy, arn: &str, place: &Place) -> bool {
    let rest = |policy: &Policy| policy.statements().iter().map(|one| without(one, &["Action"])).collect::<Vec<_>>();
    policy.statements().is_empty() || rest(policy) == rest(&Policy::new(vec![default(arn, place)]))
}

async fn set(cx: &Cx, arn: &str, attribute: &str, value: &str) -> Result<()> {
    let request = cx.aws.sns.set_topic_attributes().topic_arn(arn).attribute_name(attribute).attribute_value(value);
    patiently(cx, KNOWN, || async { Ok(request.clone().send().await.map(drop)?) }).await
}

fn outputs(arn: &str, name: &Name) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned()), ("name".to_owned(), name.to_string())])
}

#[cfg(test)]
mod tests;

//! `sns:Subscription`: by which a topic's messages reach a function or a queue of this account and region.
//!
//! Topic, protocol and endpoint are its identity, and immutable. SNS gives it no tags: it is the pipeline's where the policy of what
//! receives has a statement of the pipeline's label with this topic as its source, so that statement is made before and removed after it.
//! SNS confirms a subscription within the account at once, and checks neither endpoint nor permission. A filter takes up to 15 minutes to be
//! in force, and knows its scope only while there is one (`docs/aws.md#sns-subscriptions`): each change of scope takes the filter away
//! first, so that meanwhile messages come that should not, and none is lost.
//!
//! IAM: sns:Subscribe, Unsubscribe, GetSubscriptionAttributes, SetSubscriptionAttributes, ListSubscriptionsByTopic; lambda:GetPolicy or
//! sqs:GetQueueAttributes of what receives.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::topic;
use super::undelivered;
use crate::aws::{Cx, Place, nothing_if_absent};
use crate::error::{Class, Error, Result};
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Ties};

mod owner;

const FILTER: &str = "FilterPolicy";
const SCOPE: &str = "FilterPolicyScope";
const RAW: &str = "RawMessageDelivery";
const REDRIVE: &str = "RedrivePolicy";

/// A topic's subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// ARN of the topic.
    pub topic: String,
    /// `lambda` or `sqs`.
    pub protocol: String,
    /// ARN of the function or the queue.
    pub endpoint: String,
    /// Filter policy, an object of at most 5 keys whose values are lists; none: all messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Value>,
    /// What the filter looks at: `attributes` or `body`. `attributes` where there is no filter.
    #[serde(default = "attributes", skip_serializing_if = "is_attributes")]
    pub filter_on: String,
    /// The endpoint gets the message alone, without SNS's envelope; never a function.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub raw: bool,
    /// ARN of the queue that takes messages that cannot be delivered; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dead_letters: String,
}

fn attributes() -> String {
    "attributes".to_owned()
}

fn is_attributes(filter_on: &str) -> bool {
    filter_on == "attributes"
}

impl Resource for Subscription {
    const KIND: &'static str = "sns:Subscription";
    const REPLACE_ON: &'static [&'static str] = &["endpoint", "protocol", "topic"];
    const STAMPED: bool = false;
    const LABELLED: bool = true;

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let Some((desired, live)) = of.edit() else { return Advice::default() };
        let loses = undelivered::loses(&desired.dead_letters, &live.dead_letters);
        Advice { loses, means: desired.means(live), ..Advice::default() }
    }

    fn ties(&self) -> Ties {
        Ties { labelled: true, ..Ties::default() }
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_TOPIC: &[&str] = &["sns:ListSubscriptionsByTopic", "sns:Subscribe"];
        // IAM knows no resource for these (https://docs.aws.amazon.com/service-authorization/latest/reference/list_sns.html).
        const ON_ANY: &[&str] = &["sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"];
        let Some(parts) = Parts::of(name) else { return Vec::new() };
        let policy: &[&str] =
            if parts.protocol == "lambda" { &["lambda:GetPolicy"] } else { &["sqs:GetQueueAttributes"] };
        vec![
            Grant::new(ON_THE_TOPIC, topic::arn(scope.place, &parts.topic)),
            Grant::new(ON_ANY, "*"),
            Grant::new(policy, parts.endpoint(scope.place)),
        ]
    }

    async fn leads(cx: &Cx, kind: &str, from: &Name, props: &Value) -> Result<Vec<Name>> {
        Ok(owner::leads(cx, kind, from, props))
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let Some(parts) = Parts::of(name) else {
            return Ok(Vec::new());
        };
        let Some(arn) = find(cx, &parts).await? else {
            return Ok(Vec::new());
        };
        let (props, tags) = tokio::try_join!(describe(cx, &parts, &arn), owner::tags(cx, &parts))?;
        let Some(props) = props else {
            return Ok(Vec::new());
        };
        let (outputs, identity) = (outputs(&arn), arn.clone());
        Ok(vec![Live { handle: Handle::new(arn), props, outputs, tags, identity, state: State::Live }])
    }

    async fn reconcile(&self, cx: &Cx, _name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let arn = match live {
            // ensure
            None => self.subscribe(cx).await?,
            // sync
            Some(live) => {
                let arn = live.handle.as_str();
                for (attribute, value) in self.changed(&live.props) {
                    let request = cx.aws.sns.set_subscription_attributes().subscription_arn(arn);
                    request.attribute_name(attribute).set_attribute_value(value).send().await?;
                }
                arn.to_owned()
            }
        };
        Ok(Made { outputs: outputs(&arn), identity: arn })
    }

    async fn delete(cx: &Cx, _name: &Name, handle: &Handle) -> Result<()> {
        nothing_if_absent(cx.aws.sns.unsubscribe().subscription_arn(handle.as_str()).send().await).map(drop)
    }
}

impl Subscription {
    async fn subscribe(&self, cx: &Cx) -> Result<String> {
        let filter = self.filter.iter().flat_map(|filter| [(FILTER, filter.to_string()), (SCOPE, self.scope())]);
        let raw = self.raw.then(|| (RAW, true.to_string()));
        let redrive = self.redrive().map(|redrive| (REDRIVE, redrive));
        let all: HashMap<String, String> =
            filter.chain(raw).chain(redrive).map(|(attribute, value)| (attribute.to_owned(), value)).collect();
        let request = cx.aws.sns.subscribe().topic_arn(&self.topic).protocol(&self.protocol).endpoint(&self.endpoint);
        let request = request.set_attributes((!all.is_empty()).then_some(all)).return_subscription_arn(true);
        let sent = request.send().await.map_err(Error::from);
        let answer = sent.map_err(|error| match error.message().contains("already exists") {
            // Somebody was faster: whose it is must be looked at.
            true => error.class_as(Class::Unclear),
            false => error,
        })?;
        Ok(answer.subscription_arn.unwrap_or_default())
    }

    /// The calls that differ, in their order. A value that is left out clears the attribute.
    fn changed(&self, live: &Self) -> Vec<(&'static str, Option<String>)> {
        let mut calls = Vec::new();
        let mut call = |is: bool, attribute, value| calls.extend(is.then_some((attribute, value)));
        call(self.dead_letters != live.dead_letters, REDRIVE, self.redrive());
        call(self.raw != live.raw, RAW, Some(self.raw.to_string()));
        // A scope without a filter is kept but not shown, so it is always set before a filter is.
        let rescoped = live.filter.is_none() || self.filter_on != live.filter_on;
        let differs = rescoped || self.filter != live.filter;
        match &self.filter {
            None => call(live.filter.is_some(), FILTER, Some("{}".to_owned())),
            Some(filter) => {
                call(rescoped && live.filter.is_some(), FILTER, Some("{}".to_owned()));
                call(rescoped, SCOPE, Some(self.scope()));
                call(differs, FILTER, Some(filter.to_string()));
            }
        }
        calls
    }

    fn scope(&self) -> String {
        if self.filter_on == "body" { "MessageBody" } else { "MessageAttributes" }.to_owned()
    }

    fn redrive(&self) -> Option<String> {
        (!self.dead_letters.is_empty()).then(|| json!({ "deadLetterTargetArn": self.dead_letters }).to_string())
    }

    fn means(&self, live: &Self) -> Vec<String> {
        let filtered = (&self.filter, &self.filter_on) != (&live.filter, &live.filter_on);
        let told = "for up to 15 minutes SNS may still filter as before; a message that does not pass is dropped";
        let shape = self.raw != live.raw;
        let shaped = "messages that are in the queue already have the other form";
        [(filtered, told), (shape, shaped)].into_iter().filter(|(is, _)| *is).map(|(_, told)| told.to_owned()).collect()
    }
}

/// What the name of a subscription says.
struct Parts {
    topic: Name,
    /// `lambda` or `sqs`.
    protocol: &'static str,
    /// Name of the function or the queue.
    endpoint: Name,
}

impl Parts {
    fn of(name: &Name) -> Option<Self> {
        let (topic, rest) = name.as_str().split_once('/')?;
        let (protocol, endpoint) = rest.split_once(':')?;
        let protocol = ["lambda", "sqs"].into_iter().find(|known| *known == protocol)?;
        Some(Self { topic: Name::new(topic), protocol, endpoint: Name::new(endpoint) })
    }

    /// The ARN of what receives.
    fn endpoint(&self, place: &Place) -> String {
        match self.protocol {
            "lambda" => super::function::arn(place, &self.endpoint),
            _ => super::queue::arn(place, &self.endpoint),
        }
    }
}

/// The name of a topic's subscription; `protocol` is `lambda` or `sqs`, `endpoint` the name of the function or the queue.
pub fn name(topic: &str, protocol: &str, endpoint: &str) -> Name {
    Name::new(format!("{topic}/{protocol}:{endpoint}"))
}

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

/// The ARN of a topic's subscription, if there is one. Of an account there is only one of a protocol and an endpoint.
async fn find(cx: &Cx, parts: &Parts) -> Result<Option<String>> {
    let place = &cx.aws.place;
    let (topic, endpoint) = (topic::arn(place, &parts.topic), parts.endpoint(place));
    let mut pages = cx.aws.sns.list_subscriptions_by_topic().topic_arn(topic).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = nothing_if_absent(page)? else { break };
        let all = page.subscriptions.unwrap_or_default();
        // One that is not confirmed, or was deleted a moment ago, has a word in place of its ARN.
        let found = all.into_iter().find_map(|one| {
            let is = one.protocol() == Some(parts.protocol) && one.endpoint() == Some(endpoint.as_str());
            one.subscription_arn.filter(|arn| is && arn.starts_with("arn:"))
        });
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// A subscription in canonical form.
async fn describe(cx: &Cx, parts: &Parts, arn: &str) -> Result<Option<Subscription>> {
    let sent = cx.aws.sns.get_subscription_attributes().subscription_arn(arn).send().await;
    let Some(answer) = nothing_if_absent(sent)? else {
        return Ok(None);
    };
    let all = answer.attributes.unwrap_or_default();
    let text = |attribute: &str| all.get(attribute).map(String::as_str).unwrap_or_default();
    let document = |attribute: &str| serde_json::from_str::<Value>(text(attribute)).unwrap_or_default();
    let filter = Some(document(FILTER)).filter(|filter| filter.as_object().is_some_and(|keys| !keys.is_empty()));
    let on_body = filter.is_some() && text(SCOPE) == "MessageBody";
    Ok(Some(Subscription {
        topic: topic::arn(&cx.aws.place, &parts.topic),
        protocol: parts.protocol.to_owned(),
        endpoint: parts.endpoint(&cx.aws.place),
        filter,
        filter_on: if on_body { "body".to_owned() } else { attributes() },
        raw: text(RAW) == "true",
        dead_letters: document(REDRIVE)["deadLetterTargetArn"].as_str().unwrap_or_default().to_owned(),
    }))
}

#[cfg(test)]
mod tests;

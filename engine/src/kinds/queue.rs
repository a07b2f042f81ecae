//! `sqs:Queue`: a standard or FIFO queue, encrypted by SQS or with a KMS key, open to TLS only.
//!
//! Nothing that is managed is immutable but the sort and the name, which stays taken for 60 s after a delete. All attributes travel in
//! one call. An existing queue is never created again: SQS refuses it where an attribute differs. One read proves what was
//! written.
//!
//! Lambda refuses a mapping whose function may work longer than the queue hides a message. So functions need their queue, which hides
//! messages longer before a time-out grows, and less long ([`Resource::meanwhile`]) when all else is done.
//!
//! IAM: sqs:CreateQueue, GetQueueUrl, GetQueueAttributes, SetQueueAttributes, DeleteQueue, TagQueue, UntagQueue, ListQueueTags.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::aws::policy::Policy;
use crate::aws::{Cx, Place, TagCall, TagDiff, nothing_if_absent, poll, poll_twice};
use crate::error::{Class, Error, Result};
use crate::resource::{
    Advice, Changed, Grant, Handle, KMS_KEY, Live, Made, Name, Outputs, Resource, Scope, State, Tags, Ties,
};

mod attributes;
mod fits;
mod known;
mod means;
mod senders;

use attributes::{Described, changed, describe};
pub use fits::hides_too_short;
pub(super) use means::opens;
pub use senders::{From, tls_and_senders, tls_only};

/// Seconds that a queue hides a message where nobody says how long.
pub const USUAL_VISIBILITY: u32 = 30;

/// SQS documents up to 60 s until attributes are everywhere; mostly they are there at once.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);

/// An SQS queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Seconds that messages stay readable, 60 to 1209600 (14 days).
    pub retention_seconds: u32,
    /// Encrypted with keys of SQS itself (SSE-SQS); false also for a queue with a KMS key.
    pub encrypted: bool,
    /// ARN of the KMS key that messages are encrypted with, or its alias as others gave it; empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Resource policy; without statements where the queue has none.
    pub policy: Policy,
    /// Messages keep their order in groups. Its name ends with `.fifo`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fifo: bool,
    /// Seconds that a message is hidden once it was received, 0 to 43200.
    #[serde(default = "usual_visibility", skip_serializing_if = "is_usual_visibility")]
    pub visibility_seconds: u32,
    /// Seconds before a message can be received, 0 to 900.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub delay_seconds: u32,
    /// Where messages move that were received too often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive: Option<Redrive>,
    /// ARNs of the queues whose messages move here, sorted; empty where any of the account may have this one for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes_from: Vec<String>,
}

/// Where a queue's messages move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redrive {
    /// ARN of the queue that takes them.
    pub to: String,
    /// How often a message is received before that, 1 to 1000.
    pub max_receives: u32,
}

fn usual_visibility() -> u32 {
    USUAL_VISIBILITY
}

// serde hands references to these.
#[expect(clippy::trivially_copy_pass_by_ref)]
fn is_usual_visibility(seconds: &u32) -> bool {
    *seconds == USUAL_VISIBILITY
}

#[expect(clippy::trivially_copy_pass_by_ref)]
fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

impl Resource for Queue {
    const KIND: &'static str = "sqs:Queue";
    const REPLACE_ON: &'static [&'static str] = &["fifo"];
    const HOLDS_DATA: bool = true;
    const NARROWS_LAST: bool = true;

    fn advice(of: &Changed<'_, Self>) -> Advice {
        means::advice(of)
    }

    fn meanwhile(&self, live: &Self) -> Option<Self> {
        let longer = self.visibility_seconds.max(live.visibility_seconds);
        let wider = Self {
            visibility_seconds: longer,
            policy: senders::with_former(&self.policy, &live.policy),
            ..self.clone()
        };
        (wider != *self).then_some(wider)
    }

    fn ties(&self) -> Ties {
        let redrive = self.redrive.iter().map(|redrive| redrive.to.clone());
        Ties { holds: redrive.chain(senders::sources(&self.policy)).collect(), ..Ties::default() }
    }

    fn name_of(arn: &str) -> Option<Name> {
        let parts: Vec<&str> = arn.split(':').collect();
        (parts.len() == 6 && parts[2] == "sqs").then(|| Name::new(parts[5]))
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_QUEUE: &[&str] = &[
            "sqs:CreateQueue",
            "sqs:DeleteQueue",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ListQueueTags",
            "sqs:SetQueueAttributes",
            "sqs:TagQueue",
            "sqs:UntagQueue",
        ];
        vec![Grant::new(ON_THE_QUEUE, arn(scope.place, name))]
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let sent = cx.aws.sqs.get_queue_url().queue_name(name.as_str()).send().await;
        let Some(answer) = nothing_if_absent(sent)? else {
            return Ok(Vec::new());
        };
        let url = answer.queue_url.unwrap_or_default();
        let (props, tags) = tokio::try_join!(describe(cx, &url), tags(cx, &url))?;
        // A URL without a queue is one that was deleted a moment ago.
        let (Some(Described { queue: props, made: identity, key }), Some(tags)) = (props, tags) else {
            return Ok(Vec::new());
        };
        let mut outputs = outputs(cx, name, &url);
        outputs.extend(key.map(|key| (KMS_KEY.to_owned(), key)));
        Ok(vec![Live { handle: Handle::new(url), props, outputs, tags, identity, state: State::Live }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let mut identity = live.map(|live| live.identity.clone()).unwrap_or_default();
        let (url, written) = match live {
            // ensure
            None => (self.create(cx, name).await?, true),
            // sync
            Some(live) => {
                let url = live.handle.as_str();
                let written = self.set(cx, name, url, &live.props).await?;
                sync_tags(cx, url, &live.tags).await?;
                (url.to_owned(), written)
            }
        };
        if written && let Some(seen) = self.settled(cx, name, &url).await? {
            identity = seen;
        }
        Ok(Made { outputs: outputs(cx, name, &url), identity })
    }

    async fn delete(cx: &Cx, name: &Name, handle: &Handle) -> Result<()> {
        let sent = cx.aws.sqs.delete_queue().queue_url(handle.as_str()).send().await;
        nothing_if_absent(sent)?;
        gone(cx, name).await
    }
}

/// Waits until SQS says twice in a row that the queue is gone: for up to 60 s it may still answer for a deleted one,
/// and an apply that believed it would leave the pipeline without its dlq.
async fn gone(cx: &Cx, name: &Name) -> Result<()> {
    let ask = || async {
        let sent = cx.aws.sqs.get_queue_url().queue_name(name.as_str()).send().await;
        Ok(nothing_if_absent(sent)?.is_none().then_some(()))
    };
    poll_twice(cx, &format!("SQS to forget queue `{name}`"), SETTLED_WITHIN, ask).await
}

impl Queue {
    /// Creates the queue with all that it is to have, and gives its URL.
    async fn create(&self, cx: &Cx, name: &Name) -> Result<String> {
        let tags = (!cx.tags.is_empty()).then(|| cx.tags.clone().into_iter().collect::<HashMap<_, _>>());
        let attributes = self.created();
        let create = || async {
            let request = cx.aws.sqs.create_queue().queue_name(name.as_str());
            let sent = request.set_attributes(Some(attributes.clone())).set_tags(tags.clone()).send().await;
            Ok::<_, Error>(sent?.queue_url.unwrap_or_default())
        };
        self.known(cx, name, create).await.map_err(|error| match error.class() {
            // Somebody was faster: whose it is must be looked at.
            Class::Exists => error.class_as(Class::Unclear),
            _ => error,
        })
    }

    /// Sets the attributes, in one call, where one differs; says whether it did.
    async fn set(&self, cx: &Cx, name: &Name, url: &str, live: &Self) -> Result<bool> {
        if self == live {
            return Ok(false);
        }
        let attributes = changed(self, live);
        let set = || async {
            let request = cx.aws.sqs.set_queue_attributes().queue_url(url);
            Ok::<_, Error>(request.set_attributes(Some(attributes.clone())).send().await.map(drop)?)
        };
        self.known(cx, name, set).await?;
        Ok(true)
    }

    /// Proves by a read that what was written is there, and gives what tells this queue from others of its name; reads again only where SQS
    /// is behind.
    async fn settled(&self, cx: &Cx, name: &Name, url: &str) -> Result<Option<String>> {
        let what = format!("SQS to show queue `{name}` as it was written");
        let shown = || async { Ok(describe(cx, url).await?.filter(|live| live.queue == *self)) };
        match poll(cx, &what, SETTLED_WITHIN, shown).await {
            // SQS has taken the call; a retention period takes it up to 15 minutes.
            Err(error) if error.class() == Class::Fatal && error.failed_call().is_none() => {
                cx.waiting("nothing more: SQS took the change, but may take 15 minutes to show it");
                Ok(describe(cx, url).await?.map(|live| live.made))
            }
            shown => shown.map(|live| Some(live.made)),
        }
    }
}

/// The ARN of a queue.
pub fn arn(place: &Place, name: &Name) -> String {
    place.arn("sqs", name.as_str())
}

/// The URL that AWS gives a queue of this name. An emulator gives one with its own host, and takes both.
pub fn url(place: &Place, name: &Name) -> String {
    format!("https://sqs.{}.{}/{}/{name}", place.region, place.domain(), place.account)
}

fn outputs(cx: &Cx, name: &Name, url: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn(&cx.aws.place, name)), ("url".to_owned(), url.to_owned())])
}

async fn tags(cx: &Cx, url: &str) -> Result<Option<Tags>> {
    let sent = cx.aws.sqs.list_queue_tags().queue_url(url).send().await;
    let Some(answer) = nothing_if_absent(sent)? else {
        return Ok(None);
    };
    Ok(Some(answer.tags.unwrap_or_default().into_iter().collect()))
}

async fn sync_tags(cx: &Cx, url: &str, live: &Tags) -> Result<()> {
    let sqs = &cx.aws.sqs;
    for call in TagDiff::of(&cx.tags, live).calls() {
        match call {
            TagCall::Set(tags) => {
                sqs.tag_queue().queue_url(url).set_tags(Some(tags.into_iter().collect())).send().await.map(drop)?;
            }
            TagCall::Remove(keys) => {
                sqs.untag_queue().queue_url(url).set_tag_keys(Some(keys)).send().await.map(drop)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

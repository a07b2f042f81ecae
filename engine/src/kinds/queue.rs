//! `sqs:Queue`: a standard queue, encrypted by SQS, open to TLS only.
//!
//! Nothing that is managed is immutable but the name, which stays taken for 60 s after a delete. All attributes travel in
//! one call. An existing queue is never created again: SQS refuses it where an attribute differs. One read proves what was
//! written.
//!
//! IAM: sqs:CreateQueue, GetQueueUrl, GetQueueAttributes, SetQueueAttributes, DeleteQueue, TagQueue, UntagQueue, ListQueueTags.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::aws::policy::{Policy, without};
use crate::aws::{Cx, Place, TagCall, TagDiff, nothing_if_absent, patiently, poll, poll_twice};
use crate::error::{Class, Error, Result};
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Tags};

/// SQS documents up to 60 s until attributes are everywhere; mostly they are there at once.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);

/// An SQS queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Seconds that messages stay readable, 60 to 1209600 (14 days).
    pub retention_seconds: u32,
    /// Encrypted with keys of SQS itself (SSE-SQS); false also for a queue with a KMS key.
    pub encrypted: bool,
    /// Resource policy; without statements where the queue has none.
    pub policy: Policy,
}

impl Resource for Queue {
    const KIND: &'static str = "sqs:Queue";
    const HOLDS_DATA: bool = true;

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let Some((desired, live)) = of.edit() else { return Advice::default() };
        Advice { loses: desired.loses(live), widens: desired.widens(live), ..Advice::default() }
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
        let (Some((props, identity)), Some(tags)) = (props, tags) else {
            return Ok(Vec::new());
        };
        let outputs = outputs(cx, name, &url);
        Ok(vec![Live { handle: Handle::new(url), props, outputs, tags, identity, state: State::Live }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let (url, written) = match live {
            // ensure
            None => (self.create(cx, name).await?, true),
            // sync
            Some(live) => {
                let url = live.handle.as_str();
                let written = self.set(cx, url, &live.props).await?;
                sync_tags(cx, url, &live.tags).await?;
                (url.to_owned(), written)
            }
        };
        if written {
            self.settled(cx, name, &url).await?;
        }
        Ok(Made { outputs: outputs(cx, name, &url), identity: String::new() })
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
    fn loses(&self, live: &Self) -> Option<String> {
        let (new, old) = (self.retention_seconds, live.retention_seconds);
        (new < old).then(|| format!("messages older than {new} s are dropped at once; they are kept for {old} s now"))
    }

    /// What its policy forbids no longer.
    fn widens(&self, live: &Self) -> Vec<String> {
        // The resource is the queue itself, whatever it is called by then.
        let forbids = |queue: &Self| {
            let statements = queue.policy.statements().iter();
            Policy::new(statements.map(|statement| without(statement, &["Resource"])).collect()).forbids()
        };
        let (now, then) = (forbids(self), forbids(live));
        then.difference(&now).map(|statement| format!("{statement} is no longer forbidden")).collect()
    }

    /// The managed attributes as SQS takes them; an empty text clears the policy.
    fn attributes(&self) -> HashMap<Attribute, String> {
        let policy = if self.policy.statements().is_empty() { String::new() } else { self.policy.text() };
        HashMap::from([
            (Attribute::MessageRetentionPeriod, self.retention_seconds.to_string()),
            (Attribute::SqsManagedSseEnabled, self.encrypted.to_string()),
            (Attribute::Policy, policy),
        ])
    }

    /// Creates the queue with all that it is to have, and gives its URL.
    async fn create(&self, cx: &Cx, name: &Name) -> Result<String> {
        let tags = (!cx.tags.is_empty()).then(|| cx.tags.clone().into_iter().collect::<HashMap<_, _>>());
        let mut attributes = self.attributes();
        attributes.retain(|_, value| !value.is_empty());
        let what = format!("SQS to free the name `{name}`: a deleted queue's name stays taken for 60 s");
        let create = || async {
            let request = cx.aws.sqs.create_queue().queue_name(name.as_str());
            let sent = request.set_attributes(Some(attributes.clone())).set_tags(tags.clone()).send().await;
            Ok::<_, Error>(sent?.queue_url.unwrap_or_default())
        };
        patiently(cx, &what, create).await.map_err(|error| match error.class() {
            // Somebody was faster: whose it is must be looked at.
            Class::Exists => error.class_as(Class::Unclear),
            _ => error,
        })
    }

    /// Sets the attributes, in one call, where one differs; says whether it did.
    async fn set(&self, cx: &Cx, url: &str, live: &Self) -> Result<bool> {
        if self == live {
            return Ok(false);
        }
        let mut attributes = self.attributes();
        if self.encrypted && !live.encrypted {
            // A queue has one kind of encryption at a time: a KMS key must go in the same call.
            attributes.insert(Attribute::KmsMasterKeyId, String::new());
        }
        let set = || async {
            let request = cx.aws.sqs.set_queue_attributes().queue_url(url);
            Ok::<_, Error>(request.set_attributes(Some(attributes.clone())).send().await.map(drop)?)
        };
        patiently(cx, "SQS to know the principals of the queue's policy", set).await?;
        Ok(true)
    }

    /// Proves by a read that what was written is there; reads again only where SQS is behind.
    async fn settled(&self, cx: &Cx, name: &Name, url: &str) -> Result<()> {
        let what = format!("SQS to show queue `{name}` as it was written");
        let shown = || async { Ok(describe(cx, url).await?.filter(|(live, _)| live == self)) };
        match poll(cx, &what, SETTLED_WITHIN, shown).await {
            // SQS has taken the call; a retention period takes it up to 15 minutes.
            Err(error) if error.class() == Class::Fatal && error.failed_call().is_none() => {
                cx.waiting("nothing more: SQS took the change, but may take 15 minutes to show it");
                Ok(())
            }
            shown => shown.map(drop),
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

/// The policy that refuses every call on this queue that does not come by TLS.
pub fn tls_only(place: &Place, name: &Name) -> Policy {
    Policy::new(vec![json!({
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn(place, name),
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })])
}

fn outputs(cx: &Cx, name: &Name, url: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn(&cx.aws.place, name)), ("url".to_owned(), url.to_owned())])
}

/// The managed attributes in canonical form: SQS gives texts, and leaves out what is empty.
/// A queue, and when it was made: no other one of its name was made then.
async fn describe(cx: &Cx, url: &str) -> Result<Option<(Queue, String)>> {
    let wanted = [
        Attribute::CreatedTimestamp,
        Attribute::MessageRetentionPeriod,
        Attribute::SqsManagedSseEnabled,
        Attribute::Policy,
    ];
    let request = cx.aws.sqs.get_queue_attributes().queue_url(url).set_attribute_names(Some(wanted.to_vec()));
    let Some(answer) = nothing_if_absent(request.send().await)? else {
        return Ok(None);
    };
    let all = answer.attributes.unwrap_or_default();
    let text = |attribute: Attribute| all.get(&attribute).map(String::as_str).unwrap_or_default();
    let seconds = text(Attribute::MessageRetentionPeriod);
    let retention_seconds =
        seconds.parse().map_err(|_| Error::fatal(format!("SQS gave `{seconds}` as the retention of `{url}`")))?;
    let policy = match text(Attribute::Policy) {
        "" => Policy::new(Vec::new()),
        document => Policy::parse(document)?,
    };
    let queue = Queue { retention_seconds, encrypted: text(Attribute::SqsManagedSseEnabled) == "true", policy };
    Ok(Some((queue, text(Attribute::CreatedTimestamp).to_owned())))
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

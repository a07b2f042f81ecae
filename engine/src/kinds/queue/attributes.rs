//! A queue's attributes as SQS has them: all of them texts, some of them JSON within, and none where one is empty.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use serde_json::{Value, json};

use super::{Queue, Redrive};
use crate::aws::policy::Policy;
use crate::aws::{Cx, nothing_if_absent};
use crate::error::{Error, Result};

/// AWS's own key, which every principal of the account may use by SQS.
const AWS_MANAGED_KEY: &str = "alias/aws/sqs";

impl Queue {
    /// The managed attributes as SQS takes them; an empty text clears one.
    fn attributes(&self) -> HashMap<Attribute, String> {
        let policy = if self.policy.statements().is_empty() { String::new() } else { self.policy.text() };
        let redrive = self.redrive.as_ref().map(|redrive| {
            json!({ "deadLetterTargetArn": redrive.to, "maxReceiveCount": redrive.max_receives }).to_string()
        });
        let takes = (!self.takes_from.is_empty())
            .then(|| json!({ "redrivePermission": "byQueue", "sourceQueueArns": self.takes_from }).to_string());
        HashMap::from([
            (Attribute::MessageRetentionPeriod, self.retention_seconds.to_string()),
            (Attribute::SqsManagedSseEnabled, self.encrypted.to_string()),
            (Attribute::KmsMasterKeyId, self.key.clone()),
            (Attribute::Policy, policy),
            (Attribute::VisibilityTimeout, self.visibility_seconds.to_string()),
            (Attribute::DelaySeconds, self.delay_seconds.to_string()),
            (Attribute::RedrivePolicy, redrive.unwrap_or_default()),
            (Attribute::RedriveAllowPolicy, takes.unwrap_or_default()),
        ])
    }

    /// The attributes of the call that creates it. `FifoQueue` is of FIFO queues alone: SQS does not know it as false.
    pub(super) fn created(&self) -> HashMap<Attribute, String> {
        let mut all = self.attributes();
        // A queue has one kind of encryption at a time, and a new one with a KMS key only that.
        all.retain(|attribute, value| {
            !value.is_empty() && (self.key.is_empty() || *attribute != Attribute::SqsManagedSseEnabled)
        });
        all.extend(self.fifo.then(|| (Attribute::FifoQueue, true.to_string())));
        all
    }
}

/// The attributes that differ; those of an older form are sent whole.
pub(super) fn changed(desired: &Queue, live: &Queue) -> HashMap<Attribute, String> {
    let before = live.attributes();
    let mut all = desired.attributes();
    all.retain(|attribute, value| before.get(attribute) != Some(value));
    if desired.encrypted && !live.encrypted {
        // A queue has one kind of encryption at a time: a KMS key must go in the same call, also one that was set since the read.
        all.insert(Attribute::KmsMasterKeyId, String::new());
    }
    all
}

/// What SQS says of a queue.
pub(super) struct Described {
    /// In canonical form.
    pub queue: Queue,
    /// When it was made: no other one of its name was made then.
    pub made: String,
    /// The KMS key by which it is encrypted, as it was given, if that is not SQS's own.
    pub key: Option<String>,
}

/// Reads a queue; nothing where there is none.
pub(super) async fn describe(cx: &Cx, url: &str) -> Result<Option<Described>> {
    // To name `RedriveAllowPolicy` where a service does not know it is an error, and so is `FifoQueue` of a standard queue.
    let request = cx.aws.sqs.get_queue_attributes().queue_url(url).attribute_names(Attribute::All);
    let Some(answer) = nothing_if_absent(request.send().await)? else {
        return Ok(None);
    };
    let all = answer.attributes.unwrap_or_default();
    let text = |attribute: Attribute| all.get(&attribute).map(String::as_str).unwrap_or_default();
    let number = |attribute: Attribute, usual: &str| {
        let given = Some(text(attribute.clone())).filter(|given| !given.is_empty()).unwrap_or(usual);
        given.parse().map_err(|_| Error::fatal(format!("SQS gave `{given}` as the {attribute} of `{url}`")))
    };
    let key = cx.aws.place.key_arn(text(Attribute::KmsMasterKeyId));
    let policy = match text(Attribute::Policy) {
        "" => Policy::new(Vec::new()),
        document => Policy::parse(document)?,
    };
    let queue = Queue {
        retention_seconds: number(Attribute::MessageRetentionPeriod, "")?,
        encrypted: text(Attribute::SqsManagedSseEnabled) == "true" && key.is_empty(),
        key,
        policy,
        // `FifoQueue` cannot be asked for where there is none; the name says it.
        fifo: url.ends_with(".fifo"),
        visibility_seconds: number(Attribute::VisibilityTimeout, "30")?,
        delay_seconds: number(Attribute::DelaySeconds, "0")?,
        redrive: redrive(text(Attribute::RedrivePolicy)),
        takes_from: takes_from(text(Attribute::RedriveAllowPolicy)),
    };
    let key = Some(text(Attribute::KmsMasterKeyId)).filter(|key| !key.is_empty() && !key.ends_with(AWS_MANAGED_KEY));
    let (made, key) = (text(Attribute::CreatedTimestamp).to_owned(), key.map(str::to_owned));
    Ok(Some(Described { queue, made, key }))
}

/// Where messages move. SQS gives the count back as it was set: as a number, or as a text.
fn redrive(document: &str) -> Option<Redrive> {
    let value: Value = serde_json::from_str(document).ok()?;
    let count = &value["maxReceiveCount"];
    let max_receives = count.as_u64().or_else(|| count.as_str()?.parse().ok())?;
    let to = value["deadLetterTargetArn"].as_str()?.to_owned();
    Some(Redrive { to, max_receives: u32::try_from(max_receives).ok()? })
}

/// The queues whose messages may move here, if not those of all. `denyAll` names none: a text that is no ARN, which differs from any.
fn takes_from(document: &str) -> Vec<String> {
    let Ok(value) = serde_json::from_str::<Value>(document) else { return Vec::new() };
    match value["redrivePermission"].as_str() {
        Some("byQueue") => {
            let all = value["sourceQueueArns"].as_array().into_iter().flatten();
            let mut all: Vec<String> = all.filter_map(Value::as_str).map(str::to_owned).collect();
            all.sort();
            all
        }
        Some("denyAll") => vec!["none".to_owned()],
        _ => Vec::new(),
    }
}

//! `s3:Notification`: S3 tells a function or a queue of changes of a bucket's objects.
//!
//! It is an entry of the one document that holds everybody's notifications of the bucket; others' stay as they are (`document.rs`). Nothing
//! about it is immutable but the bucket and the entry's id. AWS gives entries no tags; the pipeline's is known by its label. For one event
//! of one key S3 takes a single entry, so a plan that has another beside somebody else's is refused.
//!
//! The bucket may be anyone's, and so nothing of the pipeline need name it after the spec has another one. What lets S3 in does: the
//! permission of the function, or the policy of the queue, names the bucket as its source. They are there before the entry and go after it.
//!
//! IAM: s3:GetBucketNotification, PutBucketNotification.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::Cx;
use crate::error::{Error, Result};
use crate::kinds::queue::Queue;
use crate::owner;
use crate::resource::{
    Advice, Changed, Grant, Handle, Id, Live, Made, Name, Outputs, Refusal, Resource, Scope, State, Tags, Ties,
};

pub(super) mod document;
mod entry;

use document::Document;
pub use entry::Entry;

/// An entry of a bucket's notifications; its name is the bucket's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// ARN of the function or the queue.
    pub target: String,
    /// As `s3:ObjectCreated:*`.
    pub events: Vec<String>,
    /// What the keys begin with; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// What the keys end with; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub suffix: String,
    /// The entries that others have in the bucket, by id: they stay, and are no difference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Entry>,
}

impl Resource for Notification {
    const KIND: &'static str = "s3:Notification";
    const STAMPED: bool = false;
    const LABELLED: bool = true;
    const INTERNAL: &'static [&'static str] = &["others"];

    /// Puts the events into the order in which they are read.
    fn sealed(mut self) -> Result<Self> {
        self.events.sort();
        self.events.dedup();
        Ok(self)
    }

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let refuses = match *of {
            // One that is replaced had those others in another bucket.
            Changed::Edit { desired, live, how } if !how.replaced => desired.refusal(&live.others),
            _ => None,
        };
        Advice { refuses, ..Advice::default() }
    }

    fn keeping(&self, live: &Self) -> Option<Self> {
        (self.others != live.others).then(|| Self { others: live.others.clone(), ..self.clone() })
    }

    fn ties(&self) -> Ties {
        Ties { labelled: true, ..Ties::default() }
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_BUCKET: &[&str] = &["s3:GetBucketNotification", "s3:PutBucketNotification"];
        vec![Grant::new(ON_THE_BUCKET, format!("arn:{}:s3:::{name}", scope.place.partition))]
    }

    async fn leads(_cx: &Cx, kind: &str, _from: &Name, props: &Value) -> Result<Vec<Name>> {
        let source = match kind {
            "lambda:Permission" => &props["source_arn"],
            Queue::KIND => &props["policy"],
            _ => return Ok(Vec::new()),
        };
        Ok(buckets_in(source))
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let Some(document) = Document::of(cx, name.as_str()).await? else { return Ok(Vec::new()) };
        let whose = |entry: &Entry| owner::labelled(&entry.id, &cx.pipeline);
        let (ours, mut others): (Vec<Entry>, Vec<Entry>) =
            document.entries().into_iter().partition(|entry| whose(entry).is_some());
        others.sort_by(|one, other| one.id.cmp(&other.id));
        let mut lives: Vec<Live<Self>> = ours
            .into_iter()
            .map(|entry| {
                let (handle, tags) = (Handle::within(name, &entry.id), whose(&entry).unwrap_or_default());
                live(handle, Self::shown(entry, &others), tags, State::Live)
            })
            .collect();
        if lives.is_empty() && !others.is_empty() {
            let props = Self { others, ..Self::default() };
            lives.push(live(Handle::new(""), props, Tags::new(), State::Absent));
        }
        Ok(lives)
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let entry = self.entry(&label(cx));
        let as_desired = |live: &Live<Self>| live.state == State::Live && live.props.entry(&entry.id) == entry;
        if live.is_some_and(as_desired) {
            return Ok(Made::default());
        }
        // Others may have come since the plan.
        let others = live.map_or(&[][..], |live| live.props.others.as_slice());
        if let Some(refusal) = self.refusal(others) {
            return Err(Error::fatal(format!("the notification of bucket `{name}` {}", refusal.why)).hint(refusal.hint));
        }
        document::change(cx, name.as_str(), &self.target, |live| live.with(&entry.id, Some(&entry))).await?;
        Ok(Made::default())
    }

    async fn delete(cx: &Cx, name: &Name, handle: &Handle) -> Result<()> {
        if Document::of(cx, name.as_str()).await?.is_none() {
            return Ok(());
        }
        document::change(cx, name.as_str(), "", |live| live.with(handle.inner(), None)).await
    }
}

impl Notification {
    fn entry(&self, id: &str) -> Entry {
        let mut events = self.events.clone();
        events.sort();
        let (prefix, suffix) = (self.prefix.clone(), self.suffix.clone());
        Entry { id: id.to_owned(), target: self.target.clone(), events, prefix, suffix }
    }

    fn shown(entry: Entry, others: &[Entry]) -> Self {
        let Entry { target, events, prefix, suffix, .. } = entry;
        Self { target, events, prefix, suffix, others: others.to_vec() }
    }

    /// Why it must not be beside one of these.
    fn refusal(&self, others: &[Entry]) -> Option<Refusal> {
        let entry = self.entry("");
        let other = others.iter().find(|other| other.overlaps(&entry))?;
        let (id, target, events) = (&other.id, &other.target, other.events.join(", "));
        let all = |text: &str, what: &str| (!text.is_empty()).then(|| format!(" that {what} with `{text}`"));
        let keys = [all(&other.prefix, "begin"), all(&other.suffix, "end")];
        let keys: Vec<String> = keys.into_iter().flatten().collect();
        let keys = if keys.is_empty() { " of all keys".to_owned() } else { format!(" of keys{}", keys.join(" and")) };
        Some(Refusal {
            why: format!("overlaps with another notification of the bucket: `{id}` tells `{target}` of {events}{keys}"),
            hint: "S3 takes one notification for an event of a key: choose another prefix, suffix or other events, or have the events sent by \
                   way of EventBridge, which has room for all"
                .to_owned(),
        })
    }
}

fn label(cx: &Cx) -> String {
    owner::label(&cx.pipeline, &Id::new("notification"))
}

fn live(handle: Handle, props: Notification, tags: Tags, state: State) -> Live<Notification> {
    Live { handle, props, outputs: Outputs::new(), tags, identity: String::new(), state }
}

/// The buckets whose ARNs are in a value.
fn buckets_in(value: &Value) -> Vec<Name> {
    match value {
        Value::String(text) => super::bucket::Bucket::name_of(text).into_iter().collect(),
        Value::Array(all) => all.iter().flat_map(buckets_in).collect(),
        Value::Object(all) => all.values().flat_map(buckets_in).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;

//! `s3:Bucket`: a bucket of the pipeline's own, private and open to TLS only.
//!
//! Nothing that is managed is immutable but the name, which is global, and the region. That nobody outside has access and that objects are
//! encrypted is AWS's default for a new bucket (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html>), so it is
//! not written. S3 deletes no bucket that holds an object, and `pipe` deletes no objects. Tags are written all together, those of others
//! as they are. Whether EventBridge gets all events is in the document of the notifications, whose other parts stay (`notification.rs`).
//!
//! IAM: s3:CreateBucket, DeleteBucket, GetBucketTagging, PutBucketTagging, TagResource (for the tags of a creation), GetBucketPolicy,
//! PutBucketPolicy, DeleteBucketPolicy, GetBucketNotification, PutBucketNotification, ListAllMyBuckets.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::aws::policy::Policy;
use crate::aws::s3::{self, Call, Sent};
use crate::aws::xml::Element;
use crate::aws::{Cx, Place, TagDiff, nothing_if_absent, patiently};
use crate::error::{Class, Error, Result};
use crate::kinds::notification::document::{Document, change};
use crate::resource::{Grant, Handle, Live, Made, Name, Outputs, Refusal, Resource, Scope, State, Tags};

/// The output that only a bucket has whose events go to EventBridge: its name, by which a rule tells them.
pub const EVENT_BRIDGE: &str = "event_bridge";

/// An S3 bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Resource policy; without statements where the bucket has none.
    pub policy: Policy,
    /// Whether EventBridge gets all events of the bucket.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub event_bridge: bool,
}

impl Resource for Bucket {
    const KIND: &'static str = "s3:Bucket";
    const HOLDS_DATA: bool = true;

    fn moves(&self, live: &Self) -> Vec<&'static str> {
        if self.event_bridge == live.event_bridge { Vec::new() } else { vec![EVENT_BRIDGE] }
    }

    /// Rules of others may take the events: the switch is never turned off.
    fn keeping(&self, live: &Self) -> Option<Self> {
        (live.event_bridge && !self.event_bridge).then(|| Self { event_bridge: true, ..self.clone() })
    }

    fn lacking(name: &Name, output: &str) -> Option<Refusal> {
        (output == EVENT_BRIDGE).then(|| Refusal {
            why: "does not send its events to EventBridge".to_owned(),
            hint: format!(
                "turn that on, which disturbs no notification: in the console of S3 under `{name}`, Properties, Amazon EventBridge"
            ),
        })
    }

    fn name_of(arn: &str) -> Option<Name> {
        let (head, name) = arn.split_once(":s3:::")?;
        (head.starts_with("arn:") && !name.is_empty() && !name.contains(['/', '*'])).then(|| Name::new(name))
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_BUCKET: &[&str] = &[
            "s3:CreateBucket",
            "s3:DeleteBucket",
            "s3:DeleteBucketPolicy",
            "s3:GetBucketNotification",
            "s3:GetBucketPolicy",
            "s3:GetBucketTagging",
            "s3:PutBucketNotification",
            "s3:PutBucketPolicy",
            "s3:PutBucketTagging",
            "s3:TagResource",
        ];
        vec![Grant::new(&["s3:ListAllMyBuckets"], "*"), Grant::new(ON_THE_BUCKET, arn(scope.place, name))]
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let looked = tokio::try_join!(tags(cx, name), policy(cx, name), Document::of(cx, name.as_str()));
        let (tags, policy, notifications) = match looked {
            // A policy may name another account's: it is none that there is. Where even the list is denied, it may be the account's.
            Err(error) if error.code() == "AccessDenied" => match s3::is_of_account(&cx.aws, name.as_str()).await {
                Ok(false) => return Ok(Vec::new()),
                _ => return Err(error),
            },
            looked => looked?,
        };
        let (Some(tags), Some(policy), Some(notifications)) = (tags, policy, notifications) else {
            return Ok(Vec::new());
        };
        let event_bridge = notifications.event_bridge();
        Ok(vec![Live {
            handle: Handle::new(name.as_str()),
            props: Self { policy, event_bridge },
            outputs: outputs(&cx.aws.place, name, event_bridge),
            tags,
            identity: String::new(),
            state: State::Live,
        }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        // ensure
        if live.is_none() {
            create(cx, name).await?;
            cx.made(Self::KIND, name.as_str());
        }
        // sync
        if live.is_none_or(|live| !TagDiff::of(&cx.tags, &live.tags).is_empty()) {
            sync_tags(cx, name).await?;
        }
        if live.map_or(&Policy::new(Vec::new()), |live| &live.props.policy) != &self.policy {
            self.write_policy(cx, name).await?;
        }
        if live.is_some_and(|live| live.props.event_bridge) != self.event_bridge {
            change(cx, name.as_str(), "", |live| live.with_event_bridge(self.event_bridge)).await?;
        }
        Ok(Made { outputs: outputs(&cx.aws.place, name, self.event_bridge), identity: String::new() })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        let delete = Call::new("DeleteBucket", "DELETE", name.as_str(), "");
        let what = format!("another change of bucket `{name}` to end");
        let deleted = patiently(cx, &what, || async { nothing_if_absent(delete.clone().make(&cx.aws).await) });
        deleted.await.map(drop).map_err(|error| match error.code() {
            "BucketNotEmpty" => error.hint(format!(
                "`pipe` deletes no objects: empty the bucket `{name}`, all versions and unfinished uploads too, and run the command again; or \
                 say `on_destroy: retain` for it"
            )),
            _ => error,
        })
    }
}

impl Bucket {
    async fn write_policy(&self, cx: &Cx, name: &Name) -> Result<()> {
        let call = match self.policy.statements().is_empty() {
            true => Call::new("DeleteBucketPolicy", "DELETE", name.as_str(), "policy"),
            false => Call {
                sent: Sent::Json(self.policy.text()),
                ..Call::new("PutBucketPolicy", "PUT", name.as_str(), "policy")
            },
        };
        let what = format!("another change of bucket `{name}` to end");
        patiently(cx, &what, || shown(cx, call.clone())).await.map(drop)
    }
}

/// Makes a call. A bucket that this run has made may not be everywhere yet.
async fn shown(cx: &Cx, call: Call<'_>) -> Result<Bytes> {
    let is_new = cx.has_made(Bucket::KIND, call.bucket);
    call.make(&cx.aws).await.map_err(|error| match error.class() {
        Class::NotFound if is_new => error.class_as(Class::Busy),
        _ => error,
    })
}

/// The policy that refuses every call on this bucket and its objects that does not come by TLS.
pub fn tls_only(place: &Place, name: &Name) -> Policy {
    let bucket = arn(place, name);
    Policy::new(vec![json!({
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, format!("{bucket}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })])
}

/// The ARN of a bucket, which has no region and no account.
pub fn arn(place: &Place, name: &Name) -> String {
    format!("arn:{}:s3:::{name}", place.partition)
}

fn outputs(place: &Place, name: &Name, event_bridge: bool) -> Outputs {
    let on = event_bridge.then(|| (EVENT_BRIDGE.to_owned(), name.to_string()));
    [("arn".to_owned(), arn(place, name))].into_iter().chain(on).collect()
}

/// Creates the bucket with its tags. In the oldest region S3 takes no name of a region
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html>).
async fn create(cx: &Cx, name: &Name) -> Result<()> {
    let region = Some(&cx.aws.place.region).filter(|region| *region != "us-east-1");
    let mut document = Element::new("CreateBucketConfiguration");
    if let Some(region) = region {
        document = document.with("LocationConstraint", region);
    }
    if !cx.tags.is_empty() {
        document = document.and([tag_elements("Tags", &cx.tags)]);
    }
    let call = Call::new("CreateBucket", "PUT", name.as_str(), "").document(&document);
    let what = format!("S3 to free the name `{name}`: a deleted bucket's name stays taken for a while");
    let created = patiently(cx, &what, || call.clone().make(&cx.aws)).await;
    created.map(drop).map_err(|error| match error.class() {
        // Somebody was faster, or our own first attempt: whose it is must be looked at.
        Class::Exists => error.class_as(Class::Unclear),
        _ => error,
    })
}

/// The policy; without statements where there is none, nothing where there is no bucket.
async fn policy(cx: &Cx, name: &Name) -> Result<Option<Policy>> {
    let answer = Call::new("GetBucketPolicy", "GET", name.as_str(), "policy").make(&cx.aws).await;
    let Some(answer) = nothing_if_absent(s3::nothing_if("NoSuchBucketPolicy", answer))? else { return Ok(None) };
    let Some(body) = answer else { return Ok(Some(Policy::new(Vec::new()))) };
    let text = std::str::from_utf8(&body).map_err(|error| Error::fatal(format!("a policy is no text: {error}")))?;
    Policy::parse(text).map(Some)
}

/// All tags, AWS's own too; nothing where there is no bucket.
async fn tags(cx: &Cx, name: &Name) -> Result<Option<Tags>> {
    let answer = Call::new("GetBucketTagging", "GET", name.as_str(), "tagging").make(&cx.aws).await;
    let Some(answer) = nothing_if_absent(s3::nothing_if("NoSuchTagSet", answer))? else { return Ok(None) };
    let Some(body) = answer else { return Ok(Some(Tags::new())) };
    let root = s3::document(&body)?;
    let all = root.all("TagSet").flat_map(|set| set.all("Tag"));
    Ok(Some(all.map(|tag| (tag.text_of("Key").to_owned(), tag.text_of("Value").to_owned())).collect()))
}

/// Makes the tags as they are to be.
async fn sync_tags(cx: &Cx, name: &Name) -> Result<()> {
    patiently(cx, &format!("another change of bucket `{name}` to end"), || write_tags(cx, name)).await
}

/// S3 takes all tags together, so those of others are read just before.
async fn write_tags(cx: &Cx, name: &Name) -> Result<()> {
    let mut all = tags(cx, name).await?.unwrap_or_default();
    let diff = TagDiff::of(&cx.tags, &all);
    if diff.is_empty() {
        return Ok(());
    }
    all.retain(|key, _| !diff.remove.contains(key));
    all.extend(diff.set);
    let document = Element::new("Tagging").and([tag_elements("TagSet", &all)]);
    shown(cx, Call::new("PutBucketTagging", "PUT", name.as_str(), "tagging").document(&document)).await.map(drop)
}

fn tag_elements(list: &str, tags: &Tags) -> Element {
    let tag = |(key, value): (&String, &String)| Element::new("Tag").with("Key", key).with("Value", value);
    Element::new(list).and(tags.iter().map(tag))
}

#[cfg(test)]
mod tests;

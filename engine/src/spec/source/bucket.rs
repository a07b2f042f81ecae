//! An S3 bucket.

use crate::spec::model::{OnDestroy, OwnOrExisting};
use crate::spec::source::beside_existing;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A bucket: one that the pipeline makes, or one that exists, and which of its events are taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// The bucket.
    #[serde(flatten)]
    pub place: OwnOrExisting<OwnBucket>,
    /// What happens to objects that are taken.
    #[serde(default = "created")]
    pub events: Vec<ObjectEvent>,
    /// What the keys begin with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// What the keys end with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub suffix: String,
    /// By what way the events come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
}

/// A private S3 bucket that the pipeline makes; reached only through TLS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnBucket {
    /// Name of the bucket, unlike any other of all accounts, 3 to 63 lower-case letters, digits, `.` and `-`; a change replaces it. Required.
    #[schemars(
        regex(pattern = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"),
        extend("patternErrorMessage" = "3 to 63 lower-case letters, digits, `.` and `-`")
    )]
    pub name: String,
    /// What `pipe destroy` does with the bucket: `delete` (only an empty one) or `retain`. Default: `retain`.
    #[serde(default = "retain")]
    pub on_destroy: OnDestroy,
}

/// Something that happens to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectEvent(String);

/// A word, the types that S3 notifies of, and those of EventBridge
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html>,
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html>).
const WORDS: [(&str, &str, &[&str]); 4] = [
    ("created", "s3:ObjectCreated:*", &["Object Created"]),
    ("removed", "s3:ObjectRemoved:*", &["Object Deleted"]),
    ("restored", "s3:ObjectRestore:Completed", &["Object Restore Completed"]),
    ("tagged", "s3:ObjectTagging:*", &["Object Tags Added", "Object Tags Deleted"]),
];

/// The words, and the types of S3's notifications.
const TYPES: &str = "^(created|removed|restored|tagged|s3:(ObjectCreated:(\\*|Put|Post|Copy|CompleteMultipartUpload)|ObjectRemoved:(\\*|Delete|DeleteMarkerCreated)|\
    ObjectRestore:(\\*|Post|Completed|Delete)|ObjectTagging:(\\*|Put|Delete)|ObjectAcl:Put|ObjectRetention:Put|ObjectAnnotation:(\\*|[A-Za-z]{1,40})|ReducedRedundancyLostObject|\
    LifecycleExpiration:(\\*|Delete|DeleteMarkerCreated)|LifecycleTransition|IntelligentTiering|\
    Replication:(\\*|OperationFailedReplication|OperationMissedThreshold|OperationReplicatedAfterThreshold|OperationNotTracked)))$";

impl ObjectEvent {
    /// Returns the type that S3 notifies of.
    #[must_use]
    pub fn notified(&self) -> &str {
        WORDS.iter().find(|(word, ..)| *word == self.0).map_or(&self.0, |(_, notified, _)| notified)
    }

    /// Returns the types of EventBridge; `None` for a type of S3's notifications alone.
    #[must_use]
    pub fn on_bus(&self) -> Option<&'static [&'static str]> {
        WORDS.iter().find(|(word, ..)| *word == self.0).map(|(.., on_bus)| *on_bus)
    }

    /// Returns it as the spec has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for ObjectEvent {
    fn schema_name() -> Cow<'static, str> {
        "ObjectEvent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": TYPES,
            "patternErrorMessage": "`created`, `removed`, `restored`, `tagged`, or a type of S3's, as in `s3:ObjectCreated:Put`",
        })
    }
}

/// By what way the events of a bucket come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// An entry of the bucket's own notifications.
    Notification,
    /// A rule on the account's event bus.
    Events,
}

/// What stands beside `existing`, too.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only the schema of its fields is asked for")]
struct Taken {
    /// What happens to objects that are taken, 1 to 10 of `created`, `removed` (by the event bus also those that expire), `restored`, `tagged`, and types of S3's. Default: `[created]`.
    #[schemars(length(min = 1, max = 10))]
    events: Vec<ObjectEvent>,
    /// What the keys begin with, at most 1024 characters. Default: anything.
    #[schemars(length(min = 1, max = 1024))]
    prefix: String,
    /// What the keys end with, at most 1024 characters. Default: anything.
    #[schemars(length(min = 1, max = 1024))]
    suffix: String,
    /// By what way the events come: `notification` (an entry of the bucket's own) or `events` (a rule on the account's event bus; of an existing bucket its EventBridge switch must be on). A change replaces the link. Default: `events` of an existing bucket, else `notification`.
    via: Via,
}

/// One object: `name` is of what the pipeline makes, all else of both.
impl JsonSchema for Bucket {
    fn schema_name() -> Cow<'static, str> {
        "Bucket".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        beside_existing::<OwnBucket, Taken>(generator)
    }
}

impl Bucket {
    /// Returns the bucket's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.place {
            OwnOrExisting::Own(own) => &own.name,
            OwnOrExisting::Existing(existing) => existing.name().rsplit(':').next().unwrap_or_default(),
        }
    }

    /// Returns the way by which the events come.
    #[must_use]
    pub fn way(&self) -> Via {
        let usual = if self.place.existing().is_some() { Via::Events } else { Via::Notification };
        self.via.unwrap_or(usual)
    }
}

fn created() -> Vec<ObjectEvent> {
    vec![ObjectEvent("created".to_owned())]
}

fn retain() -> OnDestroy {
    OnDestroy::Retain
}

//! Objects of an S3 bucket: the body of an event is an object, under a key of its own that has the prefix and suffix of the source.
//!
//! IAM: s3:PutObject; where the bucket is encrypted with a key of KMS, kms:GenerateDataKey.

use super::push::{Answers, Push, missing};
use super::{Answer, Taken, all_refused, refused};
use crate::aws::{Cx, Repeat, Request, Service, encoded};
use crate::commands::send::event::Event;
use crate::error::Result;
use crate::spec;

const S3: Service = Service { name: "s3", target: "" };

/// What AWS says to objects that it can never take.
const BAD: &[&str] = &["EntityTooLarge", "InvalidArgument", "KeyTooLongError"];

/// A bucket.
pub struct Bucket {
    cx: Cx,
    name: String,
    prefix: String,
    suffix: String,
    run: u64,
}

impl Bucket {
    pub fn new(cx: Cx, bucket: &spec::Bucket, run: u64) -> Self {
        let (prefix, suffix) = (bucket.prefix.clone(), bucket.suffix.clone());
        Self { cx, name: bucket.name().to_owned(), prefix, suffix, run }
    }

    /// The key of an event's object, which no other has.
    fn key(&self, n: u32) -> String {
        format!("{}pipe-send-{:x}-{n}{}", self.prefix, self.run, self.suffix)
    }

    async fn put(&self, event: Event) -> Result<Vec<Answer>> {
        let Ok(body) = String::from_utf8(event.body.clone()) else {
            return Ok(vec![refused(event, 400, "it is not UTF-8")]);
        };
        let (key, account) = (self.key(event.n), self.cx.aws.place.account.clone());
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&body).is_ok();
        let content_type = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
        // Names of buckets are global: it must be the account's own.
        let headers = vec![("x-amz-expected-bucket-owner", account), ("content-type", content_type.to_owned())];
        let path = format!("/{}/{}", self.name, key.split('/').map(encoded).collect::<Vec<_>>().join("/"));
        let sent = Request { method: "PUT", path, headers, body, ..Request::default() };
        // An object that is put again under its key is put twice.
        match self.cx.aws.operations.rest(&S3, "PutObject", sent, Repeat::Never).await {
            Ok(_) => {
                let taken = Some(Taken::by("s3", &self.name, key));
                Ok(vec![Answer { event, status: 200, taken, message: None }])
            }
            Err(error) => {
                all_refused(vec![event], error, BAD).map_err(|error| missing(error, &format!("bucket `{}`", self.name)))
            }
        }
    }
}

impl Push for Bucket {
    fn told(&self) -> String {
        format!("the bucket `{}`", self.name)
    }

    fn send(&self, events: Vec<Event>) -> Answers<'_> {
        Box::pin(async move {
            let mut answers = Vec::new();
            for event in events {
                answers.extend(self.put(event).await?);
            }
            Ok(answers)
        })
    }

    fn hint(&self, status: u16) -> Option<&'static str> {
        match status {
            400 => {
                Some("an object is put here as a text, under a key of at most 1024 bytes: AWS's tools put all others")
            }
            429 => Some("S3 takes no more calls for a moment: send fewer"),
            _ => None,
        }
    }
}

pub fn remark(bucket: &spec::Bucket) -> Option<String> {
    let puts = ["s3:ObjectCreated:*", "s3:ObjectCreated:Put"];
    let tells = bucket.events.iter().any(|event| puts.contains(&event.notified()));
    (!tells).then(|| "an object is put, which is none of the `events` of this source: nobody is called".to_owned())
}

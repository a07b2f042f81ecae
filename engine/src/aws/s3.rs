//! S3's calls about one bucket. Objects are none of its business.
//!
//! Requests name the bucket in their path, which fits all names: a name with dots does not fit the certificate of a host
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::aws::operation::{Repeat, Request, Service, elsewhere};
use crate::aws::xml::Element;
use crate::aws::{Aws, Place};
use crate::error::{Class, Error, Result};

const S3: Service = Service { name: "s3", target: "" };

/// The namespace of its documents.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// What must come with a checksum of the body
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html>).
const CHECKED: &[&str] = &["PutBucketPolicy", "PutBucketTagging"];

/// What a call sends.
#[derive(Clone, Debug)]
pub enum Sent<'a> {
    Nothing,
    Document(&'a Element),
    Json(String),
}

/// What replaces something that others write to as well: sent again as it was, it would take away what came meanwhile.
const WHOLE: &[&str] = &["PutBucketNotification", "PutBucketTagging"];

/// One call about a bucket. `operation` is named as its IAM action is.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub operation: &'static str,
    pub method: &'static str,
    pub bucket: &'a str,
    /// The part of the bucket that it is about, as `notification`; empty for the bucket itself.
    pub part: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub sent: Sent<'a>,
}

impl<'a> Call<'a> {
    /// A call that sends nothing.
    pub fn new(operation: &'static str, method: &'static str, bucket: &'a str, part: &'static str) -> Self {
        Self { operation, method, bucket, part, headers: Vec::new(), sent: Sent::Nothing }
    }

    /// The same with a document.
    #[must_use]
    pub fn document(self, document: &'a Element) -> Self {
        Self { sent: Sent::Document(document), ..self }
    }

    /// Makes the call and returns its answer's body. The bucket must be the account's: else it may be a stranger's who has taken its name
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html>).
    ///
    /// # Errors
    /// As S3 gives them.
    pub async fn make(self, aws: &Aws) -> Result<Bytes> {
        let bucket = self.bucket.to_owned();
        let (operation, request) = (self.operation, self.request(&aws.place));
        let whole = WHOLE.contains(&operation);
        let repeat = if whole { Repeat::Never } else { Repeat::AsUsual };
        let answer = aws.operations.rest(&S3, operation, request, repeat).await;
        answer.map_err(|error| match error.class() {
            // Whoever reads again before each attempt may make another.
            Class::Unclear | Class::Throttled if whole => error.class_as(Class::Busy),
            _ => explained(error, &bucket, &aws.place),
        })
    }

    fn request(self, place: &Place) -> Request {
        let body = match self.sent {
            Sent::Nothing => String::new(),
            Sent::Document(document) => document.document(NAMESPACE),
            Sent::Json(text) => text,
        };
        let mut headers = self.headers;
        if self.operation != "CreateBucket" {
            headers.push(("x-amz-expected-bucket-owner", place.account.clone()));
        }
        if CHECKED.contains(&self.operation) {
            headers.push(("x-amz-checksum-sha256", BASE64_STANDARD.encode(Sha256::digest(&body))));
        }
        let query = if self.part.is_empty() { Vec::new() } else { vec![(self.part, String::new())] };
        Request { method: self.method, path: format!("/{}", self.bucket), query, headers, body }
    }
}

/// Whether the account has a bucket of this name: to those who may not read it, another account's looks the same.
///
/// # Errors
/// As S3 gives them.
pub async fn is_of_account(aws: &Aws, bucket: &str) -> Result<bool> {
    let query = vec![("prefix", bucket.to_owned())];
    let request = Request { method: "GET", path: "/".to_owned(), query, ..Request::default() };
    let root = document(&aws.operations.rest(&S3, "ListAllMyBuckets", request, Repeat::AsUsual).await?)?;
    let mut listed = root.all("Buckets").flat_map(|buckets| buckets.all("Bucket"));
    Ok(listed.any(|one| one.text_of("Name") == bucket))
}

/// Reads a document of an answer.
///
/// # Errors
/// `Unclear`: it is none.
pub fn document(body: &Bytes) -> Result<Element> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Error::new(Class::Unclear, format!("S3's answer is no text: {error}")))?;
    Element::read(text)
}

/// Turns a refusal with this code into nothing: a part that was never set has one of its own.
///
/// # Errors
/// Every other error, as it came.
pub fn nothing_if<T>(code: &str, answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code() == code => Ok(None),
        Err(error) => Err(error),
    }
}

/// Says what to do where the code alone does not say it.
fn explained(error: Error, bucket: &str, place: &Place) -> Error {
    match error.code() {
        code if elsewhere(code) => error.hint(format!(
            "the bucket `{bucket}` is not in {}: a bucket and what it notifies must be in one region",
            place.region
        )),
        "AccessDenied" => {
            let known = error.hint_text().map(str::to_owned).unwrap_or_default();
            let more = format!("names of buckets are global: `{bucket}` may be another account's");
            error.hint(if known.is_empty() { more } else { format!("{known}. Or it is another's: {more}") })
        }
        "BucketAlreadyExists" => {
            error.hint(format!("names of buckets are global, and another account has `{bucket}`: choose another name"))
        }
        _ => error,
    }
}

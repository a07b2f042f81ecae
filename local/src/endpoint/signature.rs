//! Whether the signer of a call knows the key's secret: Signature Version 4, in a header.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::time::{Duration, SystemTime};

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap};
use hyper::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::gate::Refusal;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What AWS leaves between the time of a signature and its own.
const SKEW: Duration = Duration::from_secs(15 * 60);
/// All but RFC 3986's unreserved characters are encoded, and the slash in values of a query.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const ENCODED_IN_PATHS: &AsciiSet = &ENCODED.remove(b'/');

const DATE: Refusal = wrong("the call is signed for another time: 15 minutes of difference are allowed");
const HEADERS: Refusal = wrong("`host` and all `x-amz-` headers must be signed");
const PAYLOAD: Refusal = wrong("`x-amz-content-sha256` is not the hash of the body, and nothing else is accepted here");
const SIGNATURE: Refusal = wrong("the request signature we calculated does not match the signature you provided");

const fn wrong(message: &'static str) -> Refusal {
    Refusal { status: 403, code: "InvalidSignatureException", message }
}

/// What the `Authorization` header of a signed call says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub access_key: String,
    pub service: String,
    region: String,
    /// `YYYYMMDD`.
    date: String,
    /// Names of headers with semicolons between.
    signed: String,
    value: String,
}

impl Signature {
    /// Reads it as the SDKs write it; nothing where the call is not signed, or in more than one way.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let authorization = only(headers, AUTHORIZATION.as_str())?;
        let parts: Vec<&str> = authorization.strip_prefix(ALGORITHM)?.split(',').map(str::trim).collect();
        let [credential, signed, value] = parts[..] else { return None };
        let scope: Vec<&str> = credential.strip_prefix("Credential=")?.split('/').collect();
        let [access_key, date, region, service, "aws4_request"] = scope[..] else { return None };
        let [access_key, date, region, service] = [access_key, date, region, service].map(str::to_owned);
        let (signed, value) = (signed.strip_prefix("SignedHeaders=")?, value.strip_prefix("Signature=")?);
        Some(Self { access_key, service, region, date, signed: signed.to_owned(), value: value.to_owned() })
    }

    /// The header with another access key, for an endpoint that looks at nothing else.
    pub fn header_as(&self, access_key: &str) -> String {
        let Self { signed, value, .. } = self;
        format!("{ALGORITHM} Credential={access_key}/{}, SignedHeaders={signed}, Signature={value}", self.scope())
    }

    /// Checks the call against the key's secret.
    ///
    /// # Errors
    /// Another time than `now`, a body of another hash, headers that are not signed, or another signature.
    pub fn check(&self, head: &Parts, body: &[u8], secret: &str, now: SystemTime) -> Result<(), Refusal> {
        let stamp = only(&head.headers, "x-amz-date").ok_or(DATE)?;
        let time = time(stamp).filter(|_| stamp.starts_with(&self.date)).ok_or(DATE)?;
        let away = now.duration_since(time).unwrap_or_else(|error| error.duration());
        if away > SKEW || self.date.len() != 8 {
            return Err(DATE);
        }
        let payload = hex::encode(Sha256::digest(body));
        if head.headers.contains_key("x-amz-content-sha256")
            && only(&head.headers, "x-amz-content-sha256") != Some(&payload)
        {
            return Err(PAYLOAD);
        }
        let canonical = self.canonical(head, &payload).ok_or(HEADERS)?;
        let text = format!("{ALGORITHM}\n{stamp}\n{}\n{}", self.scope(), hex::encode(Sha256::digest(canonical)));
        let key = generate_signing_key(secret, time, &self.region, &self.service);
        let expected = calculate_signature(key, text.as_bytes());
        if bool::from(expected.as_bytes().ct_eq(self.value.as_bytes())) { Ok(()) } else { Err(SIGNATURE) }
    }

    fn scope(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }

    /// The canonical request; nothing where a header that must be signed is not, or one that is signed is not there.
    fn canonical(&self, head: &Parts, payload: &str) -> Option<String> {
        let signed: Vec<&str> = self.signed.split(';').collect();
        let due = |name: &str| name == HOST || name.starts_with("x-amz-");
        if !signed.contains(&HOST.as_str())
            || head.headers.keys().any(|name| due(name.as_str()) && !signed.contains(&name.as_str()))
        {
            return None;
        }
        let mut headers = String::new();
        for name in &signed {
            headers.push_str(&format!("{name}:{}\n", trimmed(&head.headers, name)?));
        }
        let path = match self.service.as_str() {
            "s3" => head.uri.path().to_owned(),
            _ => utf8_percent_encode(&normal(head.uri.path()), ENCODED_IN_PATHS).to_string(),
        };
        let query = canonical_query(head.uri.query().unwrap_or_default());
        Some(format!("{}\n{path}\n{query}\n{headers}\n{}\n{payload}", head.method, self.signed))
    }
}

/// The value of a header that is there once.
pub fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// All values of a header, without blanks around and with one in place of several.
fn trimmed(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(name).iter().map(|value| std::str::from_utf8(value.as_bytes()).ok());
    let values = values.map(|value| Some(value?.split_whitespace().collect::<Vec<_>>().join(" ")));
    let values = values.collect::<Option<Vec<_>>>()?;
    (!values.is_empty()).then(|| values.join(","))
}

/// A path without empty segments and dots (RFC 3986, 5.2.4), as it is signed for all services but S3.
fn normal(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    let is_folder = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    let end = if is_folder && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

fn canonical_query(query: &str) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut pairs: Vec<_> = pairs.map(|(name, value)| (encoded(&name), encoded(&value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Reads `20260102T030405Z`.
fn time(stamp: &str) -> Option<SystemTime> {
    let part = |from: usize, to: usize| stamp.get(from..to);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, rest) = (part(9, 11)?, part(11, 13)?, part(13, 16)?);
    let text = format!("{year}-{month}-{day}{}{hour}:{minute}:{rest}", part(8, 9)?);
    let time = DateTime::from_str(&text, Format::DateTime).ok().filter(|_| stamp.len() == 16)?;
    SystemTime::try_from(time).ok()
}

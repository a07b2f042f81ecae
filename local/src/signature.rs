//! Whether the signer of a request knows the key's secret: Signature Version 4, in a header or, presigned, in the query.
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

pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// As requests to APIs of API Gateway are signed.
pub const EXECUTE_API: &str = "execute-api";
/// What AWS leaves between the time of a signature and its own.
const SKEW: Duration = Duration::from_secs(15 * 60);
/// The same of API Gateway's APIs (`docs/aws.md#api-gateway-signatures`).
const SKEW_OF_APIS: Duration = Duration::from_secs(5 * 60);
/// The longest that a presigned request may be good for, in seconds.
const LONGEST: u64 = 7 * 24 * 60 * 60;
const TOKEN: &str = "x-amz-security-token";
const OTHER_DAY: &str = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP";
const SIGNATURE_IN_QUERY: &str = "X-Amz-Signature";
/// All but RFC 3986's unreserved characters are encoded, and the slash in values of a query.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const ENCODED_IN_PATHS: &AsciiSet = &ENCODED.remove(b'/');

/// Why a signed request is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It does not say when it was signed.
    Undated,
    /// It was signed for another time than now, or for another day than its scope has: in AWS's words.
    Time(String),
    /// This header must be signed and is not, or is signed and is not there.
    Header(String),
    /// `x-amz-content-sha256` is not the hash of the body.
    Payload,
    /// Another signature than the secret gives for this canonical request, and this text to sign.
    Mismatch { canonical: String, text: String },
}

/// What a signed request says of its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub access_key: String,
    pub service: String,
    pub region: String,
    /// `YYYYMMDD`.
    date: String,
    /// Names of headers with semicolons between.
    signed: String,
    value: String,
    /// Only where it is in the query.
    presigned: Option<Presigned>,
}

/// When a presigned request was signed, and for how long it is good.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Presigned {
    stamp: String,
    lasts: Duration,
    token: String,
}

impl Signature {
    /// Reads the `Authorization` header; nothing where the call is not signed, or in more than one way.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let authorization = only(headers, AUTHORIZATION.as_str())?.strip_prefix(ALGORITHM)?;
        let pairs = authorization.split(',').map(|part| part.trim().split_once('=')).collect::<Option<Vec<_>>>()?;
        let of = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let (credential, signed, value) = (of("Credential")?, of("SignedHeaders")?, of("Signature")?);
        if pairs.len() == 3 { Self::new(credential, signed, value, None) } else { None }
    }

    /// Reads a presigned request's query; nothing where it is not signed so.
    pub fn presigned(query: &str) -> Option<Self> {
        let of = |name: &str| {
            let all = form_urlencoded::parse(query.as_bytes());
            let mut values = all.filter(|(known, _)| known == name).map(|(_, value)| value.into_owned());
            let value = values.next();
            if values.next().is_none() { value } else { None }
        };
        if of("X-Amz-Algorithm")? != ALGORITHM {
            return None;
        }
        let lasts = match of("X-Amz-Expires") {
            Some(seconds) => Duration::from_secs(seconds.parse().ok().filter(|seconds| *seconds <= LONGEST)?),
            None => SKEW_OF_APIS,
        };
        let token = of("X-Amz-Security-Token").unwrap_or_default();
        let presigned = Presigned { stamp: of("X-Amz-Date")?, lasts, token };
        let (credential, signed) = (of("X-Amz-Credential")?, of("X-Amz-SignedHeaders")?);
        Self::new(&credential, &signed, &of(SIGNATURE_IN_QUERY)?, Some(presigned))
    }

    fn new(credential: &str, signed: &str, value: &str, presigned: Option<Presigned>) -> Option<Self> {
        let scope: Vec<&str> = credential.split('/').collect();
        let [access_key, date, region, service, "aws4_request"] = scope[..] else { return None };
        let [access_key, date, region, service] = [access_key, date, region, service].map(str::to_owned);
        Some(Self { access_key, service, region, date, signed: signed.to_owned(), value: value.to_owned(), presigned })
    }

    /// The header with another access key, for an endpoint that looks at nothing else.
    pub fn header_as(&self, access_key: &str) -> String {
        let Self { signed, value, .. } = self;
        format!("{ALGORITHM} Credential={access_key}/{}, SignedHeaders={signed}, Signature={value}", self.scope())
    }

    /// The session token that goes with the access key; empty where there is none.
    pub fn token<'a>(&'a self, head: &'a Parts) -> &'a str {
        let of_header = || only(&head.headers, TOKEN).unwrap_or_default();
        self.presigned.as_ref().map_or_else(of_header, |presigned| presigned.token.as_str())
    }

    /// Checks the call against the key's secret.
    ///
    /// # Errors
    /// Another time than `now`, a body of another hash, headers that are not signed, or another signature.
    pub fn check(&self, head: &Parts, body: &[u8], secret: &str, now: SystemTime) -> Result<(), Wrong> {
        let stamp = match &self.presigned {
            Some(presigned) => &presigned.stamp,
            None => only(&head.headers, "x-amz-date").ok_or(Wrong::Undated)?,
        };
        let time = time(stamp).filter(|_| stamp.starts_with(&self.date) && self.date.len() == 8);
        let time = time.ok_or_else(|| Wrong::Time(OTHER_DAY.to_owned()))?;
        self.in_time(stamp, time, now)?;
        let payload = hex::encode(Sha256::digest(body));
        if head.headers.contains_key("x-amz-content-sha256")
            && only(&head.headers, "x-amz-content-sha256") != Some(&payload)
        {
            return Err(Wrong::Payload);
        }
        let canonical = self.canonical(head, &payload)?;
        let text = format!("{ALGORITHM}\n{stamp}\n{}\n{}", self.scope(), hex::encode(Sha256::digest(&canonical)));
        let key = generate_signing_key(secret, time, &self.region, &self.service);
        let expected = calculate_signature(key, text.as_bytes());
        let same = bool::from(expected.as_bytes().ct_eq(self.value.as_bytes()));
        if same { Ok(()) } else { Err(Wrong::Mismatch { canonical, text }) }
    }

    /// Whether it is good at this time.
    fn in_time(&self, stamp: &str, time: SystemTime, now: SystemTime) -> Result<(), Wrong> {
        let skew = if self.service == EXECUTE_API { SKEW_OF_APIS } else { SKEW };
        let lasts = self.presigned.as_ref().map_or(skew, |presigned| presigned.lasts);
        let (minutes, at) = (|span: Duration| span.as_secs() / 60, shown(now));
        if now > time + lasts {
            let (since, minutes) = (shown(now - lasts), minutes(lasts));
            let text = format!("Signature expired: {stamp} is now earlier than {since} ({at} - {minutes} min.)");
            return Err(Wrong::Time(text));
        }
        if time > now + skew {
            let (until, minutes) = (shown(now + skew), minutes(skew));
            let text =
                format!("Signature not yet current: {stamp} is still later than {until} ({at} + {minutes} min.)");
            return Err(Wrong::Time(text));
        }
        Ok(())
    }

    fn scope(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }

    /// The canonical request.
    ///
    /// # Errors
    /// A header that must be signed is not, or one that is signed is not there.
    fn canonical(&self, head: &Parts, payload: &str) -> Result<String, Wrong> {
        let signed: Vec<&str> = self.signed.split(';').collect();
        let sent = head.headers.keys().map(|name| name.as_str()).filter(|name| name.starts_with("x-amz-"));
        let unsigned = [HOST.as_str()].into_iter().chain(sent).find(|name| !signed.contains(name));
        if let Some(name) = unsigned {
            return Err(Wrong::Header(name.to_owned()));
        }
        let mut headers = String::new();
        for name in &signed {
            let value = trimmed(&head.headers, name).ok_or_else(|| Wrong::Header((*name).to_owned()))?;
            headers.push_str(&format!("{name}:{value}\n"));
        }
        let path = match self.service.as_str() {
            "s3" => head.uri.path().to_owned(),
            _ => utf8_percent_encode(&normal(head.uri.path()), ENCODED_IN_PATHS).to_string(),
        };
        let query = canonical_query(head.uri.query().unwrap_or_default(), self.presigned.is_some());
        Ok(format!("{}\n{path}\n{query}\n{headers}\n{}\n{payload}", head.method, self.signed))
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

/// Of a presigned request without the signature itself.
fn canonical_query(query: &str, presigned: bool) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| !presigned || name != SIGNATURE_IN_QUERY);
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

/// The same for a time, in whole seconds.
fn shown(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = DateTime::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)).fmt(Format::DateTime);
    time.unwrap_or_default().replace(['-', ':'], "")
}

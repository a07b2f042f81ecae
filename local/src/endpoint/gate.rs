//! Who may call the forwarder: callers that sign with a key of this session, and no web page.
//!
//! A page in the developer's browser can send requests to 127.0.0.1, and so can other users of this machine. The browser says where a
//! request comes from (<https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site>); an old browser that does
//! not say so cannot sign all the same.

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::json;

use super::upstream::Body;
use crate::signature::{Wrong, only};

/// Why a request is not passed on, in AWS's style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: &'static str,
}

const PAGE: Refusal = denied("AccessDeniedException", "web pages may not call the local cloud");
const ELSEWHERE: Refusal = denied("AccessDeniedException", "the `Host` is not the address of the local cloud");
const PRESIGNED: Refusal =
    denied("AccessDeniedException", "credentials in a query are not accepted: sign with a header");
pub const UNSIGNED: Refusal = denied("MissingAuthenticationTokenException", "the call is not signed");
pub const UNKNOWN: Refusal = denied(
    "UnrecognizedClientException",
    "the security token included in the request is invalid: the key does not belong to this `pipe dev`",
);
pub const TOO_LARGE: Refusal =
    Refusal { status: 413, code: "RequestEntityTooLargeException", message: "the request is too large" };
/// What a service answers that cannot be reached by its front; the SDKs try again.
pub const UNREACHABLE: Refusal = Refusal {
    status: 503,
    code: "ServiceUnavailable",
    message: "the endpoint behind pipe's forwarder does not answer: it takes no connection",
};

/// Names in a query that carry credentials, in lower case: of Signature Version 4 and of Version 2.
const CREDENTIALS: &[&str] =
    &["x-amz-algorithm", "x-amz-credential", "x-amz-signature", "x-amz-security-token", "awsaccesskeyid", "signature"];

const DATE: Refusal = wrong("the call is signed for another time: 15 minutes of difference are allowed");
const HEADERS: Refusal = wrong("`host` and all `x-amz-` headers must be signed");
const PAYLOAD: Refusal = wrong("`x-amz-content-sha256` is not the hash of the body, and nothing else is accepted here");
const SIGNATURE: Refusal = wrong("the request signature we calculated does not match the signature you provided");

const fn wrong(message: &'static str) -> Refusal {
    denied("InvalidSignatureException", message)
}

const fn denied(code: &'static str, message: &'static str) -> Refusal {
    Refusal { status: 403, code, message }
}

const INTERNAL: Refusal = denied("AccessDeniedException", "the emulator's own pages are not served");

/// Refuses paths that are not a call of AWS: pages of MiniStack itself, which change it for any caller.
///
/// # Errors
/// It is such a path.
pub fn no_page_of_the_emulator(head: &Parts) -> Result<(), Refusal> {
    let path = head.uri.path();
    if path.starts_with("/_") || path.contains("/_user_request_") { Err(INTERNAL) } else { Ok(()) }
}

/// Whether it asks for the keys of a user pool, which AWS gives to anybody.
pub fn asks_for_public_keys(head: &Parts) -> bool {
    let path = head.uri.path().strip_prefix('/').unwrap_or_default();
    let pool = path.strip_suffix("/.well-known/jwks.json").unwrap_or_default();
    let is_word =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    head.method == Method::GET && pool.split_once('_').is_some_and(|(region, id)| is_word(region) && is_word(id))
}

/// Refuses requests that a web page may have sent, even under a name of its own that leads here (DNS rebinding), and credentials
/// in the query.
///
/// # Errors
/// It is such a request; `own` is the forwarder's address.
pub fn no_stranger(head: &Parts, own: &str) -> Result<(), Refusal> {
    let headers = &head.headers;
    let from_a_page = headers.get_all("sec-fetch-site").iter().any(|site| site != "none");
    if from_a_page || headers.contains_key(ORIGIN) || head.method == Method::OPTIONS {
        return Err(PAGE);
    }
    if only(headers, HOST.as_str()) != Some(own) {
        return Err(ELSEWHERE);
    }
    let query = head.uri.query().unwrap_or_default();
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.to_ascii_lowercase());
    if names.any(|name| CREDENTIALS.contains(&name.as_str())) {
        return Err(PRESIGNED);
    }
    Ok(())
}

impl Refusal {
    pub fn answer(self) -> Response<Body> {
        let body = Bytes::from(json!({ "__type": self.code, "message": self.message }).to_string());
        let mut answer = Response::new(Either::Right(Full::new(body)));
        *answer.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::FORBIDDEN);
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(self.code));
        answer
    }
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Undated | Wrong::Time(_) => DATE,
            Wrong::Header(_) => HEADERS,
            Wrong::Payload => PAYLOAD,
            Wrong::Mismatch { .. } => SIGNATURE,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.message)
    }
}

impl std::error::Error for Refusal {}

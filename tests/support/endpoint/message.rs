//! Requests and answers as the endpoint handles them: whole, with their bodies read.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

/// How a service spells its calls and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The operation in `x-amz-target`, the error code in `__type`.
    Json,
    /// The operation in method and path, the error code in `x-amzn-errortype`.
    RestJson,
    /// The operation in the form field `Action`, errors as XML.
    Query,
}

/// The id of a request that is refused by a rule, as AWS's answers have one.
const REQUEST_ID: &str = "00000000-0000-0000-0000-000000000000";

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    /// Path and query, percent-encoded as the client sent them.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The percent-decoded segments of the path.
    pub fn segments(&self) -> Vec<String> {
        let decode = |segment: &str| percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned();
        self.path().split('/').filter(|segment| !segment.is_empty()).map(decode).collect()
    }

    /// The values of a query parameter that may be given more than once.
    pub fn query(&self, name: &str) -> Vec<String> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let pairs = form_urlencoded::parse(query.as_bytes());
        pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    }

    /// The body as JSON, or null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// An answer as it goes back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        StatusCode::from_u16(self.status).is_ok_and(|status| status.is_success())
    }

    /// The body as JSON, or null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn of_json(status: u16, body: &Value) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Self { status, headers, body: Bytes::from(body.to_string()) }
    }

    pub fn with_json(&self, body: &Value) -> Self {
        Self { body: Bytes::from(body.to_string()), ..self.clone() }
    }

    /// The error that a service of this protocol answers.
    pub fn error(protocol: Protocol, status: u16, code: &str, message: &str) -> Self {
        let mut answer = match protocol {
            Protocol::Query => Self::xml_error(status, code, message),
            _ => Self::json_error(status, code, message),
        };
        let id = HeaderValue::from_static(REQUEST_ID);
        answer.headers.insert(HeaderName::from_static("x-amzn-requestid"), id);
        answer
    }

    fn json_error(status: u16, code: &str, message: &str) -> Self {
        let mut answer = Self::of_json(status, &json!({ "__type": code, "message": message, "Message": message }));
        let value = HeaderValue::from_str(code).unwrap_or_else(|_| HeaderValue::from_static("InternalFailure"));
        answer.headers.insert(HeaderName::from_static("x-amzn-errortype"), value);
        answer
    }

    /// An answer without a body, as what stands before a service gives it.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// The error of a queue, which has two codes: this one, and that of the older protocol in a header of its own.
    pub fn queue_error(code: &str, message: &str) -> Self {
        let older = match code {
            "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue;Sender".to_owned(),
            code => format!("AWS.SimpleQueueService.{code};Sender"),
        };
        let mut answer = Self::error(Protocol::Json, 400, &format!("com.amazonaws.sqs#{code}"), message);
        let older = HeaderValue::from_str(&older).unwrap_or_else(|_| HeaderValue::from_static("InternalFailure"));
        answer.headers.insert(HeaderName::from_static("x-amzn-query-error"), older);
        answer
    }

    fn xml_error(status: u16, code: &str, message: &str) -> Self {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
        );
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/xml"))]);
        Self { status, headers, body: Bytes::from(body) }
    }
}

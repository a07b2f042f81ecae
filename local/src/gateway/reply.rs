//! The answer to the client.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use bytes::Bytes;

use super::exchange::Exchange;

/// Headers that an integration may not set as they are: they reach the client as `x-amzn-Remapped-NAME`, as recorded.
const REMAPPED_ALWAYS: [&str; 5] = ["connection", "content-length", "date", "server", "www-authenticate"];
const REMAPPED_UNLESS_PROXY: [&str; 9] = [
    "authorization",
    "content-md5",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "trailer",
    "upgrade",
    "user-agent",
];

/// Status, headers and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// Whether the answer carries the trace id: not where API Gateway answers itself, as recorded.
    pub traced: bool,
}

impl Reply {
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), traced: false }
    }

    /// Sets a header; its earlier values go.
    pub fn header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Renames what an integration may not set.
    pub fn remap(&mut self, proxy: bool) {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("transfer-encoding"));
        for (name, _) in &mut self.headers {
            let is_in = |all: &[&str]| all.iter().any(|known| known.eq_ignore_ascii_case(name));
            if is_in(&REMAPPED_ALWAYS) || (!proxy && is_in(&REMAPPED_UNLESS_PROXY)) {
                *name = format!("x-amzn-Remapped-{name}");
            }
        }
    }

    /// The HTTP response, with the headers that API Gateway always sets. A header that HTTP cannot carry is left out.
    pub fn into_response(self, exchange: &Exchange) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let mut set: Vec<HeaderName> = Vec::new();
        for (name, value) in self.headers {
            let parsed = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()));
            let (Ok(name), Ok(value)) = parsed else { continue };
            let known = set.contains(&name);
            set.push(name.clone());
            if known {
                headers.append(name, value);
            } else {
                headers.insert(name, value);
            }
        }
        let mut own = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        };
        own("x-amzn-requestid", &exchange.request_id);
        own("x-amz-apigw-id", &exchange.extended_id);
        if self.traced {
            own("x-amzn-trace-id", &exchange.trace);
        }
        response
    }
}

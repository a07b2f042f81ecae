//! The endpoint behind the forwarder.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value;

use super::call::{Call, text};
use crate::error::{Error, Result};

/// A body that is passed on as it comes, or one that was read.
pub type Body = Either<Incoming, Full<Bytes>>;
/// Why no answer came.
pub type Lost = Box<dyn std::error::Error + Send + Sync>;
pub type Passed<T> = std::result::Result<T, Lost>;

/// Below what servers keep an idle connection for (5 s is common, MiniStack's 75 s), so that none is used that is closing.
const IDLE: Duration = Duration::from_secs(4);
/// Of one connection, not of a call.
const HOP_BY_HOP: &[&str] = &["connection", "transfer-encoding", "expect", "keep-alive", "proxy-connection"];

/// Calls the endpoint over connections that are kept.
#[derive(Debug)]
pub struct Upstream {
    url: String,
    client: Client<HttpConnector, Body>,
}

impl Upstream {
    /// # Errors
    /// The address is not one of plain HTTP.
    pub fn new(url: &str) -> Result<Self> {
        let url = url.trim_end_matches('/').to_owned();
        let parsed = url.parse::<Uri>().ok();
        if !parsed.is_some_and(|uri| uri.scheme_str() == Some("http") && uri.authority().is_some()) {
            let error = Error::new(format!("forward to `{url}`: it is not an address of plain HTTP"));
            return Err(error.hint("give an address like `http://127.0.0.1:4566`"));
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let mut builder = Client::builder(TokioExecutor::new());
        let client = builder.pool_idle_timeout(IDLE).pool_timer(TokioTimer::new()).build(connector);
        Ok(Self { url, client })
    }

    /// Passes a request on as it came.
    ///
    /// Adds `x-forwarded-proto: https`: calls of AWS come by TLS, and a queue whose policy denies all others would lock everyone
    /// out. The `Host` stays: MiniStack makes the URLs of queues from it.
    ///
    /// # Errors
    /// The endpoint does not answer, or closes the connection.
    pub async fn pass(&self, head: Parts, body: Body) -> Passed<Response<Incoming>> {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let uri: Uri = format!("{}{path}", self.url).parse()?;
        let mut request = Request::new(body);
        (*request.method_mut(), *request.uri_mut()) = (head.method, uri);
        let headers = request.headers_mut();
        *headers = head.headers;
        strip(headers);
        headers.insert(HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("https"));
        let mut answer = self.client.request(request).await?;
        strip(answer.headers_mut());
        Ok(answer)
    }

    /// Asks for what the caller could ask for itself: a JSON service by its target, or with an empty one for a path.
    ///
    /// Nothing where the endpoint refuses or the answer is no JSON.
    pub async fn ask(&self, caller: &Caller<'_>, target: &str, path: &str, input: &Value) -> Option<Value> {
        let answer = self.call(caller, target, path, input).await.ok()?;
        serde_json::from_slice(answer.body()).ok().filter(|_| answer.status().is_success())
    }

    /// The same with the whole answer. Of the account's root MiniStack does not check the signature, which is that of another call;
    /// of a role it does.
    ///
    /// # Errors
    /// The endpoint gave no answer.
    pub async fn call(&self, caller: &Caller<'_>, target: &str, path: &str, input: &Value) -> Passed<Response<Bytes>> {
        let (method, body) = if target.is_empty() {
            (Method::GET, Bytes::new())
        } else {
            (Method::POST, Bytes::from(input.to_string()))
        };
        let (mut head, ()) = Request::new(()).into_parts();
        (head.method, head.uri, head.headers) = (method, path.parse()?, caller.headers(target)?);
        read(self.pass(head, Either::Right(Full::new(body))).await?).await
    }
}

/// In whose name the forwarder asks, and of which service.
pub struct Caller<'a> {
    pub headers: &'a HeaderMap,
    pub call: &'a Call,
    pub service: &'a str,
}

impl Caller<'_> {
    fn headers(&self, target: &str) -> Passed<HeaderMap> {
        let signed_for = |service: &str| format!("/{service}/aws4_request");
        let authorization = text(self.headers, AUTHORIZATION.as_str());
        let authorization = authorization.replacen(&signed_for(&self.call.service), &signed_for(self.service), 1);
        let kept = [HOST.as_str(), "x-amz-date", "x-amz-security-token"];
        let mut headers = HeaderMap::new();
        for name in kept {
            if let Some(value) = self.headers.get(name) {
                headers.insert(HeaderName::from_static(name), value.clone());
            }
        }
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&authorization)?);
        if !target.is_empty() {
            headers.insert(HeaderName::from_static("x-amz-target"), HeaderValue::from_str(target)?);
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
        }
        Ok(headers)
    }
}

/// An answer that was read whole, which may have been changed.
pub fn whole(answer: Response<Bytes>) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Either::Right(Full::new(body)))
}

/// Reads an answer to its end.
///
/// # Errors
/// The connection broke before it.
pub async fn read(answer: Response<Incoming>) -> Passed<Response<Bytes>> {
    let (head, body) = answer.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

fn strip(headers: &mut HeaderMap) {
    HOP_BY_HOP.iter().for_each(|name| drop(headers.remove(*name)));
}

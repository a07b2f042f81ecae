//! The endpoint behind the forwarder.

use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use serde_json::Value;
use tokio::net::UnixStream;
use tower_service::Service;

use super::call::{Call, text};
use crate::error::{Error, Result};

/// The body of an answer that is passed on as it comes, or one that was read.
pub type Body = Either<Incoming, Full<Bytes>>;
/// Why no answer came.
pub type Lost = Box<dyn std::error::Error + Send + Sync>;
pub type Passed<T> = std::result::Result<T, Lost>;

/// Below what servers keep an idle connection for (5 s is common, MiniStack's 75 s), so that none is used that is closing.
const IDLE: Duration = Duration::from_secs(4);
/// Where moto looks for the account of a call.
pub const ACCOUNT: &str = "x-moto-account-id";
/// Of one connection, not of a call.
const HOP_BY_HOP: &[&str] = &["connection", "transfer-encoding", "expect", "keep-alive", "proxy-connection"];

/// Calls the endpoint over connections that are kept.
#[derive(Debug)]
pub struct Upstream {
    /// Of a socket a name that nobody looks up: requests keep the `Host` that they came with.
    url: String,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Tcp(Client<HttpConnector, Full<Bytes>>),
    Socket(Client<Socket, Full<Bytes>>),
}

/// Connects to a Unix socket, whatever the address.
#[derive(Clone, Debug)]
struct Socket(Arc<Path>);

impl Service<Uri> for Socket {
    type Response = TokioIo<UnixStream>;
    type Error = std::io::Error;
    type Future = BoxFuture<'static, std::io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let path = Arc::clone(&self.0);
        Box::pin(async move { Ok(TokioIo::new(UnixStream::connect(path).await?)) })
    }
}

fn client<C: Connect + Clone>(connector: C) -> Client<C, Full<Bytes>> {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_idle_timeout(IDLE).pool_timer(TokioTimer::new()).build(connector)
}

impl Upstream {
    /// MiniStack of this session, on its socket.
    pub fn own(socket: &Path) -> Self {
        Self { url: "http://ministack".to_owned(), way: Way::Socket(client(Socket(socket.into()))) }
    }

    /// An endpoint of the user's.
    ///
    /// # Errors
    /// The address is not one of plain HTTP.
    pub fn of_users(url: &str) -> Result<Self> {
        let url = url.trim_end_matches('/').to_owned();
        let parsed = url.parse::<Uri>().ok();
        if !parsed.is_some_and(|uri| uri.scheme_str() == Some("http") && uri.authority().is_some()) {
            let error = Error::new(format!("forward to `{url}`: it is not an address of plain HTTP"));
            return Err(error.hint("give an address like `http://127.0.0.1:4566`"));
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self { url, way: Way::Tcp(client(connector)) })
    }

    pub fn is_own(&self) -> bool {
        matches!(self.way, Way::Socket(_))
    }

    /// Passes a request on as it came, and gives the answer without what would let web pages read it.
    ///
    /// Adds `x-forwarded-proto: https`: calls of AWS come by TLS, and a queue whose policy denies all others would lock everyone
    /// out. The `Host` stays: MiniStack makes the URLs of queues from it.
    ///
    /// # Errors
    /// The endpoint does not answer, or closes the connection.
    pub async fn pass(&self, head: Parts, body: Bytes) -> Passed<Response<Incoming>> {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let uri: Uri = format!("{}{path}", self.url).parse()?;
        let mut request = Request::new(Full::new(body));
        (*request.method_mut(), *request.uri_mut()) = (head.method, uri);
        let headers = request.headers_mut();
        *headers = head.headers;
        strip(headers);
        headers.insert(HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("https"));
        let mut answer = match &self.way {
            Way::Tcp(client) => client.request(request).await?,
            Way::Socket(client) => client.request(request).await?,
        };
        let headers = answer.headers_mut();
        strip(headers);
        let for_pages = headers.keys().filter(|name| name.as_str().starts_with("access-control-"));
        for name in for_pages.cloned().collect::<Vec<_>>() {
            headers.remove(name);
        }
        Ok(answer)
    }

    /// Asks for what the caller could ask for itself: a JSON service by its target, or with an empty one for a path.
    ///
    /// Nothing where the endpoint refuses or the answer is no JSON.
    pub async fn ask(&self, caller: &Caller<'_>, target: &str, path: &str, input: &Value) -> Option<Value> {
        let answer = self.call(caller, target, path, input).await.ok()?;
        serde_json::from_slice(answer.body()).ok().filter(|_| answer.status().is_success())
    }

    /// Makes a call of a REST service in the caller's name.
    ///
    /// # Errors
    /// As [`Upstream::call`].
    pub async fn send(
        &self,
        caller: &Caller<'_>,
        method: Method,
        path: &str,
        input: &Value,
    ) -> Passed<Response<Bytes>> {
        let body = if input.is_null() { Bytes::new() } else { Bytes::from(input.to_string()) };
        let (mut head, ()) = Request::new(()).into_parts();
        (head.method, head.uri, head.headers) = (method, path.parse()?, caller.headers("")?);
        head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        read(self.pass(head, body).await?).await
    }

    /// As [`Upstream::ask`], with the whole answer. Of the account's root MiniStack does not check the signature, which is that of another call;
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
        read(self.pass(head, body).await?).await
    }
}

/// In whose name the forwarder asks, and of which service.
pub struct Caller<'a> {
    pub headers: &'a HeaderMap,
    pub call: &'a Call,
    pub service: &'a str,
    /// The access key of the account's root, who asks in the caller's place; nothing where the caller asks.
    pub root: Option<&'a str>,
}

impl Caller<'_> {
    fn headers(&self, target: &str) -> Passed<HeaderMap> {
        let signed_for = |service: &str| format!("/{service}/aws4_request");
        let authorization = text(self.headers, AUTHORIZATION.as_str());
        let mut authorization = authorization.replacen(&signed_for(&self.call.service), &signed_for(self.service), 1);
        let mut kept = vec![HOST.as_str(), "x-amz-date", "x-amz-security-token"];
        if let Some(root) = self.root {
            let scope = format!("{root}/20260101/{}{}", self.call.region, signed_for(self.service));
            authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
            kept = vec![HOST.as_str(), "x-amz-date", ACCOUNT];
        }
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

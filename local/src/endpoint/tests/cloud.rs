//! A forwarder in front of an upstream that a test makes up: an endpoint of the user's, whose keys are not looked at.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::http::HeaderMap;
use hyper::http::request::Builder;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::endpoint::{Behind, Forwarder};
use crate::event::Event;
use crate::seen::Lens;

/// A request as it reached the upstream.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The operation of a JSON service.
    pub fn operation(&self) -> &str {
        self.header("x-amz-target").rsplit('.').next().unwrap()
    }

    /// MiniStack checks the signatures of roles: of the target, of the body's length and, unless a header has it, of its hash.
    fn is_as_signed(&self) {
        if self.header("authorization").contains("Credential=ASIA") && !self.header("x-amz-target").is_empty() {
            let given = self.header("x-amz-content-sha256");
            let hash = if given.is_empty() { hash(&self.body) } else { given.to_owned() };
            let signed = format!("{} {} {hash}", self.header("x-amz-target"), self.body.len());
            assert_eq!(self.header("x-test-signed"), signed, "the signature does not match");
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// A forwarder, its upstream, and its reports.
pub struct Cloud {
    pub forwarder: Forwarder,
    pub upstream: String,
    pub events: UnboundedReceiver<Event>,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Cloud {
    /// Everything is answered by `answer`.
    pub async fn new<R: IntoResponse + 'static>(answer: impl Fn(&Seen) -> R + Clone + Send + Sync + 'static) -> Self {
        let (router, seen) = router(move |seen: &Seen| {
            seen.is_as_signed();
            answer(seen)
        });
        let upstream = serve(router).await;
        let (forwarder, events) = forwarder(&upstream).await;
        Self { forwarder, upstream, events, seen, client: client() }
    }

    /// Sends a request through the forwarder.
    pub async fn send(&self, request: Builder, path: &str, body: &[u8]) -> Response<Bytes> {
        let uri = format!("{}{path}", self.forwarder.url());
        let request = request.uri(uri).body(Full::new(Bytes::copy_from_slice(body))).unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        Response::from_parts(head, body.collect().await.unwrap().to_bytes())
    }

    /// Calls a JSON service as the account's root.
    pub async fn call(&self, service: &str, target: &str, input: &Value) -> Response<Bytes> {
        self.call_as("000000000000", service, target, input).await
    }

    /// Calls a JSON service with this access key.
    pub async fn call_as(&self, key: &str, service: &str, target: &str, input: &Value) -> Response<Bytes> {
        let body = input.to_string();
        let request = signed(key, service).method("POST").header("x-amz-target", target);
        let request = request.header("x-test-signed", format!("{target} {} {}", body.len(), hash(body.as_bytes())));
        self.send(request, "/", body.as_bytes()).await
    }

    /// Calls a REST-JSON service as the account's root; gives the answer's body.
    pub async fn rest(&self, service: &str, method: &str, path: &str, input: &Value) -> Value {
        let request = signed("000000000000", service).method(method);
        let answer = self.send(request, path, input.to_string().as_bytes()).await;
        serde_json::from_slice(answer.body()).unwrap()
    }

    /// The reports so far, but for those of records that a stream or a queue took.
    pub fn told(&mut self) -> Vec<Event> {
        self.all_told().into_iter().filter(|event| !matches!(event, Event::Put(_))).collect()
    }

    /// All reports so far.
    pub fn all_told(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}

/// An upstream that answers everything with `answer`, and what reached it.
pub fn router<R: IntoResponse + 'static>(
    answer: impl Fn(&Seen) -> R + Clone + Send + Sync + 'static,
) -> (axum::Router, Arc<Mutex<Vec<Seen>>>) {
    let seen = Arc::<Mutex<Vec<Seen>>>::default();
    let log = Arc::clone(&seen);
    let handler = move |request: Request| {
        let (answer, log) = (answer.clone(), Arc::clone(&log));
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let (method, target) = (head.method.to_string(), head.uri.to_string());
            let seen = Seen { method, target, headers: head.headers, body };
            log.lock().unwrap().push(seen.clone());
            answer(&seen).into_response()
        }
    };
    (axum::Router::new().fallback(handler), seen)
}

fn hash(body: &[u8]) -> String {
    format!("{:x}", Bytes::copy_from_slice(&Sha256::digest(body)))
}

pub fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

/// A signed GET of the forwarder's root.
pub async fn get(url: impl AsRef<str>) -> Result<Response<Incoming>, legacy::Error> {
    let request = signed("000000000000", "any").uri(url.as_ref()).body(Full::default()).unwrap();
    client().request(request).await
}

pub fn json_of(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

/// A request of this key for this service.
pub fn signed(key: &str, service: &str) -> Builder {
    let scope = format!("{key}/20260101/eu-central-1/{service}/aws4_request");
    let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    Request::builder().header("authorization", authorization).header("x-amz-security-token", "session")
}

pub async fn forwarder(upstream: &str) -> (Forwarder, UnboundedReceiver<Event>) {
    let (events, told) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (Forwarder::start(listener, Behind::Users(upstream), events, Lens::default()).await.unwrap(), told)
}

pub async fn serve(router: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    url
}

/// An answer of this status and JSON.
pub fn json(status: u16, body: &Value) -> Response<Body> {
    let answer = Response::builder().status(status).header("content-type", "application/x-amz-json-1.1");
    answer.body(Body::from(body.to_string())).unwrap()
}

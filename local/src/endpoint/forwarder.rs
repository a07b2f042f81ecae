//! The server in front of the endpoint: every call of the deployer, the functions, the pollers and the gateway passes here.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::call::Call;
use super::quirks::{self, Exchange, Memory};
use super::upstream::{Body, Lost, Passed, Upstream, read, whole};
use super::watch::Watch;
use crate::error::{Error, Result};
use crate::event::Events;

/// The largest body that is read before it is passed on. AWS takes none above it in the calls that are looked into.
const LOOKED_INTO_BYTES: u64 = 10 * 1024 * 1024;
/// How long calls under way may take to their end when the forwarder stops.
const FINISHED_WITHIN: Duration = Duration::from_secs(1);
/// How long accepting waits when the process has no file descriptor left.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// A loopback address that passes calls on to the endpoint, until it is stopped or dropped.
#[derive(Debug)]
pub struct Forwarder {
    address: SocketAddr,
    stopped: watch::Sender<bool>,
    puts: watch::Receiver<()>,
    server: JoinHandle<()>,
}

/// What all connections share.
struct Shared {
    upstream: Upstream,
    memory: Memory,
    watch: Watch,
}

impl Forwarder {
    /// Serves on a bound listener and passes on to `upstream`, such as `http://127.0.0.1:4566`.
    ///
    /// # Errors
    /// `upstream` is not an address of plain HTTP.
    pub async fn start(listener: TcpListener, upstream: &str, events: Events) -> Result<Self> {
        Self::with(listener, upstream, events, None)
    }

    /// The same before an emulator that is the session's alone, whose root has this access key: old logs are deleted from it.
    ///
    /// # Errors
    /// `upstream` is not an address of plain HTTP.
    pub async fn before_own(listener: TcpListener, upstream: &str, events: Events, root: &str) -> Result<Self> {
        Self::with(listener, upstream, events, Some(root.to_owned()))
    }

    fn with(listener: TcpListener, upstream: &str, events: Events, root: Option<String>) -> Result<Self> {
        let upstream = Upstream::new(upstream)?;
        let address = listener.local_addr().map_err(|e| Error::new(format!("listen on 127.0.0.1: {e}")))?;
        let mut memory = Memory::default();
        memory.logs.root = root;
        let puts = memory.puts.subscribe();
        let shared = Arc::new(Shared { upstream, memory, watch: Watch::new(events) });
        let (stopped, stop) = watch::channel(false);
        let server = tokio::spawn(serve(listener, shared, stop));
        Ok(Self { address, stopped, puts, server })
    }

    /// What the deployer and the functions get as their endpoint.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes when a record was put into a stream.
    pub fn puts(&self) -> watch::Receiver<()> {
        self.puts.clone()
    }

    /// Takes no more calls, and gives those under way a second.
    pub async fn stop(self) {
        self.stopped.send_replace(true);
        self.server.await.ok();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // An error is that of a sender that is gone: the forwarder was dropped.
            _ = stop.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, Arc::clone(&shared), stop.clone()))),
                Err(error) => {
                    tracing::debug!(%error, "no connection could be accepted");
                    tokio::time::sleep(EXHAUSTED).await;
                }
            },
        }
    }
    drop(listener);
    timeout(FINISHED_WITHIN, async { while connections.join_next().await.is_some() {} }).await.ok();
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { shared.answer(request).await.map_err(std::io::Error::other) }
    });
    let mut server = http1::Builder::new();
    let mut serving = pin!(server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // A lost answer ends its connection with an error here, which is what the caller is to see.
        _ = serving.as_mut() => return,
        _ = stop.changed() => serving.as_mut().graceful_shutdown(),
    }
    serving.await.ok();
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Passed<Response<Body>> {
        match self.pass(request).await {
            Err(error) if refused(&error) => Ok(unavailable(&error)),
            other => other,
        }
    }

    async fn pass(&self, request: Request<Incoming>) -> Passed<Response<Body>> {
        let (head, body) = request.into_parts();
        let small = body.size_hint().upper().is_some_and(|bytes| bytes <= LOOKED_INTO_BYTES);
        let call = if small { Call::of(&head) } else { None };
        if let Some(call) = call {
            if let Some(quirk) = quirks::find(&call, &head) {
                let body = body.collect().await?.to_bytes();
                let exchange =
                    Exchange { call: &call, head: &head, body, upstream: &self.upstream, memory: &self.memory };
                return Ok(whole(quirk.answer(&exchange).await?));
            }
            if self.watch.cares(&call) {
                return self.watched(&call, head, body).await;
            }
        }
        Ok(self.upstream.pass(head, Either::Left(body)).await?.map(Either::Left))
    }

    /// Passes a call on and looks at what it did.
    async fn watched(&self, call: &Call, head: Parts, body: Incoming) -> Passed<Response<Body>> {
        let input = body.collect().await?.to_bytes();
        let answer = self.upstream.pass(head, Either::Right(Full::new(input.clone()))).await?;
        if answer.status() != StatusCode::OK {
            return Ok(answer.map(Either::Left));
        }
        let answer = read(answer).await?;
        self.watch.note(call, &input, answer.body());
        Ok(whole(answer))
    }
}

/// Whether the endpoint did not even take the connection.
fn refused(error: &Lost) -> bool {
    error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect)
}

/// What a service answers that cannot be reached by its front; the SDKs try again.
fn unavailable(error: &Lost) -> Response<Body> {
    let message = format!("the endpoint behind pipe's forwarder does not answer: {error}");
    let body = Bytes::from(json!({ "__type": "ServiceUnavailable", "message": message }).to_string());
    let mut answer = Response::new(Either::Right(Full::new(body)));
    *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static("ServiceUnavailable"));
    answer
}

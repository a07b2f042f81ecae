//! The server in front of the endpoint: every call of the deployer, the functions, the pollers and the gateway passes here.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Either, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::call::Call;
use super::gate::{
    Refusal, TOO_LARGE, UNREACHABLE, UNSIGNED, asks_for_public_keys, no_page_of_the_emulator, no_stranger,
};
use super::keys::{Keys, MINISTACK_ROOT, RootKey};
use super::put::put;
use super::quirks::{self, Exchange, Memory};
use super::reaper;
use super::server::serve;
use super::upstream::{Body, Lost, Passed, Upstream, read, whole};
use super::watch::{Watch, feeds};
use crate::error::{Error, Result};
use crate::event::Events;
use crate::roles::GivenOut;
use crate::seen::Lens;
use crate::signature::Signature;

/// The largest body that is taken. Nothing that AWS takes is larger than a function's zip of 50 MB, in base64.
const LARGEST: usize = 80 * 1024 * 1024;

/// A loopback address that passes calls on to the endpoint, until it is stopped or dropped.
#[derive(Debug)]
pub struct Forwarder {
    address: SocketAddr,
    keys: Arc<Keys>,
    puts: watch::Receiver<()>,
    stopped: watch::Sender<bool>,
    server: JoinHandle<()>,
}

/// What is behind a forwarder.
#[derive(Debug)]
pub enum Behind<'a> {
    /// MiniStack of this session, on this socket, whose root has this key.
    Own(&'a Path, RootKey),
    /// An endpoint of the user's, such as `http://127.0.0.1:4566`.
    Users(&'a str),
}

/// What all connections share.
struct Shared {
    /// The forwarder's own address, as callers name it.
    host: String,
    keys: Arc<Keys>,
    upstream: Upstream,
    memory: Memory,
    watch: Watch,
    puts: watch::Sender<()>,
}

impl Forwarder {
    /// Serves on a bound listener and passes on to what is behind.
    ///
    /// # Errors
    /// The user's endpoint is not an address of plain HTTP.
    pub async fn start(listener: TcpListener, behind: Behind<'_>, events: Events, lens: Lens) -> Result<Self> {
        match behind {
            Behind::Own(socket, root) => Self::with(
                listener,
                Upstream::own(socket),
                Keys::new(root),
                Some(MINISTACK_ROOT),
                Watch::new(events, lens),
            ),
            Behind::Users(url) => {
                Self::with(listener, Upstream::of_users(url)?, Keys::of_users(), None, Watch::new(events, lens))
            }
        }
    }

    /// `root` is the access key of the root of an emulator that is the session's alone: old logs are deleted from it.
    pub(super) fn with(
        listener: TcpListener,
        upstream: Upstream,
        keys: Keys,
        root: Option<&str>,
        watch: Watch,
    ) -> Result<Self> {
        let mut memory = Memory::default();
        memory.logs.root = root.map(str::to_owned);
        let address = listener.local_addr().map_err(|e| Error::new(format!("listen on 127.0.0.1: {e}")))?;
        let ((puts, seen), (stopped, stop)) = (watch::channel(()), watch::channel(false));
        let keys = Arc::new(keys);
        memory.changes.keys = root.is_some().then(|| Arc::clone(&keys));
        let known = Arc::clone(&keys);
        let shared = Arc::new(Shared { host: address.to_string(), keys, upstream, memory, watch, puts });
        if root.is_some() {
            tokio::spawn(reap(Arc::clone(&shared), stop.clone()));
        }
        let answer = move |request| {
            let shared = Arc::clone(&shared);
            async move { shared.answer(request).await }
        };
        let server = tokio::spawn(serve(listener, answer, stop));
        Ok(Self { address, keys: known, puts: seen, stopped, server })
    }

    /// Who knows the credentials of the keys that the endpoint gives out.
    pub fn given_out(&self) -> GivenOut {
        let keys = Arc::clone(&self.keys);
        Arc::new(move |access_key| keys.given_out(access_key))
    }

    /// Changes when somebody has put a record into a stream, or sent a message to a queue.
    pub fn puts(&self) -> watch::Receiver<()> {
        self.puts.clone()
    }

    /// What the deployer and the functions get as their endpoint.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes no more calls, and gives those under way a second.
    pub async fn stop(self) {
        self.stopped.send_replace(true);
        self.server.await.ok();
    }
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Passed<Response<Body>> {
        match self.pass(request).await.map_err(|error| error.downcast::<Refusal>()) {
            Ok(answer) => Ok(answer),
            Err(Ok(refusal)) => Ok(refusal.answer()),
            Err(Err(error)) if unreachable(&error) => Ok(UNREACHABLE.answer()),
            Err(Err(error)) => Err(error),
        }
    }

    async fn pass(&self, request: Request<Incoming>) -> Passed<Response<Body>> {
        let (mut head, body) = request.into_parts();
        no_stranger(&head, &self.host)?;
        if let Some(code) = self.memory.code(&head) {
            head.uri = code;
            return Ok(self.upstream.pass(head, Bytes::new()).await?.map(Either::Left));
        }
        if asks_for_public_keys(&head) {
            return Ok(self.upstream.pass(head, Bytes::new()).await?.map(Either::Left));
        }
        let signature = Signature::of(&head.headers).ok_or(UNSIGNED)?;
        no_page_of_the_emulator(&head)?;
        self.keys.expect(&signature)?;
        let body = whole_body(body).await?;
        self.keys.admit(&signature, &mut head, &body)?;
        if self.keys.comes_with(&signature, &head, &body) {
            let answer = read(self.upstream.pass(head, body).await?).await?;
            if answer.status() == StatusCode::OK {
                self.keys.learn(answer.body());
            }
            return Ok(whole(answer));
        }
        let fed = feeds(&head, &body).then(|| put(&head, &body));
        let answer = self.admitted(head, body).await?;
        if let Some(put) = fed
            && answer.status().is_success()
        {
            put.into_iter().for_each(|put| self.watch.tell(put));
            self.puts.send_replace(());
        }
        Ok(answer)
    }

    /// Passes on a call whose caller may call.
    async fn admitted(&self, head: Parts, body: Bytes) -> Passed<Response<Body>> {
        if let Some(call) = Call::of(&head) {
            if let Some(quirk) = quirks::find(&call, &head) {
                let (upstream, memory) = (&self.upstream, &self.memory);
                let exchange = Exchange { call: &call, head: &head, body, upstream, memory, root: None };
                let answer = quirk.answer(&exchange).await?;
                if self.watch.cares(&call) {
                    self.watch.note(&call, &exchange.body, answer.status(), answer.body());
                }
                if call.by_role() && is_refusal(answer.status()) {
                    self.watch.refused(answer.body());
                }
                return Ok(whole(answer));
            }
            if self.watch.cares(&call) {
                return self.watched(&call, head, body).await;
            }
            if call.by_role() {
                return self.refusable(head, body).await;
            }
        }
        Ok(self.upstream.pass(head, body).await?.map(Either::Left))
    }

    /// Passes a call on and looks at what it did.
    async fn watched(&self, call: &Call, head: Parts, input: Bytes) -> Passed<Response<Body>> {
        let answer = read(self.upstream.pass(head, input.clone()).await?).await?;
        self.watch.note(call, &input, answer.status(), answer.body());
        if call.by_role() && is_refusal(answer.status()) {
            self.watch.refused(answer.body());
        }
        Ok(whole(answer))
    }

    /// Passes a role's call on, and reports it if the role has no right to it.
    async fn refusable(&self, head: Parts, body: Bytes) -> Passed<Response<Body>> {
        let answer = self.upstream.pass(head, body).await?;
        if !is_refusal(answer.status()) {
            return Ok(answer.map(Either::Left));
        }
        let answer = read(answer).await?;
        self.watch.refused(answer.body());
        Ok(whole(answer))
    }
}

/// Deletes what expires, until the forwarder ends.
async fn reap(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let Shared { upstream, memory, puts, .. } = &*shared;
    let Some(root) = &memory.logs.root else { return };
    tokio::select! {
        _ = stop.changed() => {}
        () = reaper::run(upstream, memory, root, puts) => {}
    }
}

/// Reads a body to its end: its hash is signed.
async fn whole_body(body: Incoming) -> Passed<Bytes> {
    match Limited::new(body, LARGEST).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(TOO_LARGE.into()),
        Err(error) => Err(error),
    }
}

/// Whether it may be the answer to a call that the caller has no right to: 400 of the JSON services, 403 of the others.
fn is_refusal(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN)
}

/// Whether the endpoint did not even take the connection.
fn unreachable(error: &Lost) -> bool {
    error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect)
}

//! Where MiniStack gives what it has for functions: a port of this machine, behind a path that only MiniStack is told.

use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::record::unavailable;
use super::source::Sender;
use crate::endpoint::{Body, Passed, serve, whole};
use crate::error::{Error, Result};
use crate::invoke::{Answer, Refusal};

/// The largest delivery that is taken: an event of 6 MB, and what MiniStack says of it.
const LARGEST: usize = 8 * 1024 * 1024;
/// As Invoke names a failure of the function.
const FUNCTION_ERROR: &str = "x-amz-function-error";

/// An event for a function.
#[derive(Debug, Deserialize)]
pub struct Delivery {
    /// The function's ARN, maybe with a qualifier.
    pub function: String,
    /// The id that MiniStack gave the call.
    pub request: String,
    #[serde(default)]
    pub sender: Sender,
    pub event: Box<RawValue>,
}

impl Delivery {
    /// Whether somebody waits for what the function answers.
    pub fn is_waited_for(&self) -> bool {
        self.sender.invoke.as_deref() == Some("RequestResponse")
    }
}

/// A delivery, and who waits for the function's answer; nobody of one that is queued.
pub struct Handed {
    pub delivery: Delivery,
    pub answer: Option<oneshot::Sender<std::result::Result<Answer, Refusal>>>,
}

/// The port, until this is dropped. What comes before somebody takes it is kept.
#[derive(Debug)]
pub struct Inbox {
    url: String,
    handed: mpsc::UnboundedReceiver<Handed>,
    /// Ends the server when it is dropped.
    _open: watch::Sender<bool>,
}

impl Inbox {
    /// Opens a port of this machine.
    ///
    /// # Errors
    /// None can be had.
    pub async fn open() -> Result<Self> {
        let cannot = |error: std::io::Error| Error::new(format!("listen on 127.0.0.1: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot)?;
        let path = format!("/{}", Uuid::new_v4().simple());
        let url = format!("http://{}{path}", listener.local_addr().map_err(cannot)?);
        let (give, handed) = mpsc::unbounded_channel();
        let (open, stop) = watch::channel(false);
        let path: Arc<str> = path.into();
        let answer = move |request| {
            let (path, give) = (Arc::clone(&path), give.clone());
            async move { take(request, &path, &give).await }
        };
        tokio::spawn(serve(listener, answer, stop));
        Ok(Self { url, handed, _open: open })
    }

    /// The address with its secret, for MiniStack alone.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next delivery.
    pub(super) async fn next(&mut self) -> Option<Handed> {
        self.handed.recv().await
    }
}

async fn take(request: Request<Incoming>, path: &str, give: &mpsc::UnboundedSender<Handed>) -> Passed<Response<Body>> {
    let knows = bool::from(request.uri().path().as_bytes().ct_eq(path.as_bytes()));
    if request.method() != Method::POST || !knows {
        return plain(StatusCode::NOT_FOUND, Bytes::new());
    }
    let Ok(body) = Limited::new(request.into_body(), LARGEST).collect().await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, Bytes::new());
    };
    let Ok(delivery) = serde_json::from_slice::<Delivery>(&body.to_bytes()) else {
        return plain(StatusCode::BAD_REQUEST, Bytes::new());
    };
    if !delivery.is_waited_for() {
        let sent = give.send(Handed { delivery, answer: None }).is_ok();
        return plain(if sent { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Bytes::new());
    }
    let (answer, answered) = oneshot::channel();
    if give.send(Handed { delivery, answer: Some(answer) }).is_err() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, Bytes::new());
    }
    match answered.await {
        Ok(Ok(answer)) => result(answer),
        Ok(Err(Refusal::Throttled)) => plain(StatusCode::TOO_MANY_REQUESTS, Bytes::new()),
        Ok(Err(Refusal::NotFound)) => failed("the function is not there"),
        Ok(Err(Refusal::Unavailable(why))) => failed(&why),
        Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, Bytes::new()),
    }
}

fn result(answer: Answer) -> Passed<Response<Body>> {
    let mut response = Response::new(answer.payload);
    if let Some(error) = answer.error {
        response.headers_mut().insert(FUNCTION_ERROR, error.parse()?);
    }
    Ok(whole(response))
}

fn failed(why: &str) -> Passed<Response<Body>> {
    let mut response = Response::new(Bytes::from(unavailable(why).to_string()));
    response.headers_mut().insert(FUNCTION_ERROR, "Unhandled".parse()?);
    Ok(whole(response))
}

fn plain(status: StatusCode, body: Bytes) -> Passed<Response<Body>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    Ok(whole(response))
}

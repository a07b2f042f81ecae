//! Lambda's Runtime API, version 2018-06-01, for one process.
//!
//! Each process has a listener of its own, which nobody else may call, so that none can answer for another. The requests that
//! each state accepts, and the documents of refusals, are those of AWS's runtime interface emulator, which is Lambda's own code.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot, watch};

use super::caller::{self, Callers, Peer};
use super::failure::{Failure, RESPONSE_LIMIT};

/// A call on its way to the runtime.
pub(super) struct Job {
    pub id: String,
    pub payload: Bytes,
    /// Milliseconds since 1970.
    pub deadline: u128,
    pub arn: String,
    pub trace: String,
    pub answer: oneshot::Sender<Result<Bytes, Failure>>,
}

/// How far a process is with its init.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Init {
    Running,
    Done,
    /// The runtime reported an error: its document.
    Failed(Bytes),
}

enum Phase {
    Started,
    Ready,
    Running { id: String, answer: oneshot::Sender<Result<Bytes, Failure>> },
    Sent,
    InitFailed,
}

impl Phase {
    /// The state as Lambda's refusals name it.
    fn name(&self) -> &'static str {
        match self {
            Self::Started => "Started",
            Self::Ready => "Ready",
            Self::Running { .. } => "Running",
            Self::Sent => "ResponseSent",
            Self::InitFailed => "InitError",
        }
    }
}

struct Inner {
    phase: Phase,
    offered: Option<Job>,
    /// Whether the runtime waits for a call.
    waiting: bool,
}

/// One process's side of the Runtime API.
pub(super) struct RuntimeApi {
    inner: Mutex<Inner>,
    arrived: Notify,
    init: watch::Sender<Init>,
}

impl RuntimeApi {
    pub(super) fn new() -> Arc<Self> {
        let inner = Mutex::new(Inner { phase: Phase::Started, offered: None, waiting: false });
        Arc::new(Self { inner, arrived: Notify::new(), init: watch::Sender::new(Init::Running) })
    }

    /// Serves these callers until it is dropped.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener, callers: Callers) {
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(self)
            .layer(from_fn_with_state(callers, caller::pass));
        let _ = axum::serve(listener, router.into_make_service_with_connect_info::<Peer>()).await;
    }

    pub(super) fn init(&self) -> watch::Receiver<Init> {
        self.init.subscribe()
    }

    /// Gives the runtime a call, now or when it asks for the next one.
    pub(super) fn offer(&self, job: Job) {
        self.lock().offered = Some(job);
        self.arrived.notify_one();
    }

    /// Takes back a call that the runtime has not seen.
    pub(super) fn withdraw(&self) -> bool {
        self.lock().offered.take().is_some()
    }

    #[cfg(test)]
    pub(super) fn waits(&self) -> bool {
        self.lock().waiting
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runtime is done with what it did and asks for a call; the answer is the refusal, if it is not its turn.
    fn ask(&self) -> Option<Response> {
        let mut inner = self.lock();
        match inner.phase {
            Phase::Running { .. } | Phase::InitFailed => return Some(forbidden(inner.phase.name(), "Ready")),
            // The call would go to one of the two, and the other would wait for ever.
            _ if inner.waiting => return Some(forbidden(inner.phase.name(), "Ready")),
            Phase::Started => drop(self.init.send_replace(Init::Done)),
            Phase::Ready | Phase::Sent => {}
        }
        inner.phase = Phase::Ready;
        inner.waiting = true;
        None
    }

    /// Hands the call over, if there is one.
    fn take(&self) -> Option<Response> {
        let mut inner = self.lock();
        let Job { id, payload, deadline, arn, trace, answer } = inner.offered.take()?;
        let headers = [
            ("Content-Type", "application/json".to_owned()),
            ("Lambda-Runtime-Aws-Request-Id", id.clone()),
            ("Lambda-Runtime-Deadline-Ms", deadline.to_string()),
            ("Lambda-Runtime-Invoked-Function-Arn", arn),
            ("Lambda-Runtime-Trace-Id", trace),
        ];
        inner.phase = Phase::Running { id, answer };
        Some((headers, Body::from(payload)).into_response())
    }

    /// Takes what the runtime says about the call with this id.
    fn answer(&self, id: &str, to: &str, outcome: Result<Bytes, Failure>) -> Response {
        let mut inner = self.lock();
        let known = match &inner.phase {
            Phase::Running { id, .. } => id,
            other => return forbidden(other.name(), to),
        };
        if known != id {
            return refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID");
        }
        let said = match outcome {
            Err(Failure::TooLarge) => refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                &format!("Exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."),
            ),
            _ => accepted(),
        };
        if let Phase::Running { answer, .. } = std::mem::replace(&mut inner.phase, Phase::Sent) {
            // Nobody still waits if the call has timed out in this moment.
            let _ = answer.send(outcome);
        }
        said
    }
}

/// The runtime while it waits. It waits no more when its connection breaks, and may ask again.
struct Waiting<'a>(&'a RuntimeApi);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting = false;
    }
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> Response {
    if let Some(refused) = api.ask() {
        return refused;
    }
    let _waiting = Waiting(&api);
    loop {
        let arrived = api.arrived.notified();
        if let Some(call) = api.take() {
            return call;
        }
        arrived.await;
    }
}

async fn response(State(api): State<Arc<RuntimeApi>>, Path(id): Path<String>, body: Body) -> Response {
    match read(body).await {
        Some(read) => api.answer(&id, "InvocationResponse", read.ok_or(Failure::TooLarge)),
        None => refusal(StatusCode::BAD_REQUEST, "TruncatedHTTPRequest", "HTTP request detected as truncated"),
    }
}

async fn error(State(api): State<Arc<RuntimeApi>>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let document = document(&headers, read(body).await.flatten());
    api.answer(&id, "InvocationErrorResponse", Err(Failure::Reported(document)))
}

async fn init_error(State(api): State<Arc<RuntimeApi>>, headers: HeaderMap, body: Body) -> Response {
    let document = document(&headers, read(body).await.flatten());
    let mut inner = api.lock();
    if !matches!(inner.phase, Phase::Started) {
        return forbidden(inner.phase.name(), "InitError");
    }
    inner.phase = Phase::InitFailed;
    api.init.send_replace(Init::Failed(document));
    accepted()
}

/// The body; `None` inside when it is larger than allowed, and outside when it breaks off.
///
/// The excess is read and dropped: a runtime that is still writing would not read the refusal.
async fn read(mut body: Body) -> Option<Option<Bytes>> {
    let mut read = BytesMut::new();
    let mut fits = true;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.ok()?.into_data() {
            fits = fits && read.len() + data.len() <= RESPONSE_LIMIT;
            if fits {
                read.extend_from_slice(&data);
            }
        }
    }
    Some(fits.then(|| read.freeze()))
}

/// A reported error. Without a document Lambda makes one of the header (its OpenAPI description of this API says so).
fn document(headers: &HeaderMap, body: Option<Bytes>) -> Bytes {
    body.filter(|body| !body.is_empty()).unwrap_or_else(|| {
        let kind = headers.get("Lambda-Runtime-Function-Error-Type").and_then(|kind| kind.to_str().ok());
        Bytes::from(json!({ "errorType": kind.unwrap_or("Function.Unknown") }).to_string())
    })
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, [(CONTENT_TYPE, "application/json")], "{\"status\":\"OK\"}\n").into_response()
}

fn forbidden(from: &str, to: &str) -> Response {
    let message = format!("Transition from {from} to {to} failed for runtime. Error: State transition is not allowed");
    refusal(StatusCode::FORBIDDEN, "InvalidStateTransition", &message)
}

pub(super) fn refusal(status: StatusCode, kind: &str, message: &str) -> Response {
    let document = json!({ "errorMessage": message, "errorType": kind }).to_string();
    (status, [(CONTENT_TYPE, "application/json")], document).into_response()
}

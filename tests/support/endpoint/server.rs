//! The server: takes each call, lets the rules at it, has it answered, and records it.

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;
use pipe_local::endpoint::{Body, Passed, serve, whole};
use tokio::sync::{oneshot, watch};

use super::call::Call;
use super::faults::{Action, Rules, When};
use super::message::{Answer, Protocol, Request};
use super::nature::{self, Natures};
use super::quirks::{Exchange, Memory};
use super::upstream::{Lost, Upstream};
use crate::Kind;

/// What the server and the test that started it both look at.
pub struct Shared {
    upstream: Arc<Upstream>,
    memory: Memory,
    pub natures: Arc<Natures>,
    state: Mutex<State>,
}

#[derive(Default)]
pub struct State {
    pub calls: Vec<Call>,
    pub rules: Rules,
    next_id: u64,
    /// Accounts whose calls are refused.
    pub stopped: HashSet<String>,
}

impl Shared {
    pub fn new(kind: Kind, upstream: &str) -> Self {
        let upstream = Arc::new(Upstream::new(kind, upstream));
        Self { upstream, memory: Memory::default(), natures: Arc::default(), state: Mutex::default() }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn handle(&self, request: Request) -> Result<Answer, Lost> {
        let Some(mut call) = Call::of(&request) else {
            // Not a call of an AWS API: an invocation of a deployed API, or the emulator's own pages.
            return self.upstream.forward(&request, "").await;
        };
        call.account = self.upstream.account_of(&call.access_key).await;
        let text = format!("{} {}", request.target, String::from_utf8_lossy(&request.body));
        let actions = {
            let mut state = self.state();
            if state.stopped.contains(&call.account) {
                return Err("the account is stopped".into());
            }
            call.id = state.next_id;
            state.next_id += 1;
            state.calls.push(call.clone());
            state.rules.on_call(&call, &text)
        };
        let answer = self.answer(&call, &request, &text, &actions).await;
        self.finish(&call, answer.as_ref().ok());
        answer
    }

    async fn answer(&self, call: &Call, request: &Request, text: &str, actions: &[Action]) -> Result<Answer, Lost> {
        for action in actions {
            match action {
                Action::Delay(by) => tokio::time::sleep(*by).await,
                Action::Together(all) => {
                    all.wait().await;
                }
                _ => {}
            }
        }
        if let Some(instead) = self.apply(call, actions, When::Before) {
            return instead;
        }
        let tags_as_of = self.natures.tags_as_of(&call.account);
        let exchange = Exchange { call, request, upstream: &self.upstream, memory: &self.memory, tags_as_of };
        let answer = nature::answer(&exchange, &self.natures).await?;
        match self.apply(call, actions, When::After) {
            Some(instead) => instead,
            None => Ok(self.state().rules.on_answer(call, text, answer)),
        }
    }

    /// What the first fault of this time makes of the call, if there is one.
    fn apply(&self, call: &Call, actions: &[Action], now: When) -> Option<Result<Answer, Lost>> {
        actions.iter().find_map(|action| match action {
            Action::Fail { when, status, code, message } if *when == now => {
                Some(Ok(Answer::error(call.protocol, *status, code, message)))
            }
            Action::Throttle if now == When::Before => Some(Ok(throttled(call))),
            Action::Reset(when) if *when == now => Some(Err("the connection is to be reset".into())),
            Action::Stop(when, stop) if *when == now => {
                self.state().stopped.insert(call.account.clone());
                stop();
                Some(Err("the account is stopped".into()))
            }
            _ => None,
        })
    }

    fn finish(&self, call: &Call, answer: Option<&Answer>) {
        let mut state = self.state();
        if let Some(recorded) = state.calls.iter_mut().rev().find(|recorded| recorded.id == call.id) {
            recorded.ended = Some(Instant::now());
            recorded.status = answer.map(|answer| answer.status);
        }
    }
}

/// The refusal of a service that is asked too often.
pub fn throttled(call: &Call) -> Answer {
    let (status, code, message) = match call.service.as_str() {
        "apigateway" => (429, "TooManyRequestsException", "Too Many Requests"),
        "lambda" => (429, "TooManyRequestsException", "Rate exceeded"),
        "kinesis" => (400, "LimitExceededException", "Rate exceeded for stream"),
        _ if call.protocol == Protocol::Query => (400, "Throttling", "Rate exceeded"),
        _ => (400, "ThrottlingException", "Rate exceeded"),
    };
    Answer::error(call.protocol, status, code, message)
}

/// Serves until `stopped` is sent or dropped, and drops what is under way then.
pub fn run(listener: TcpListener, shared: Arc<Shared>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("failed to start the endpoint's runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("the listener does not block");
        let listener = tokio::net::TcpListener::from_std(listener).expect("the listener serves");
        let (_never, stop) = watch::channel(false);
        tokio::select! {
            _ = stopped => {}
            () = serve(listener, move |request| respond(Arc::clone(&shared), request), stop) => {}
        }
    });
}

async fn respond(shared: Arc<Shared>, request: hyper::Request<Incoming>) -> Passed<Response<Body>> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let body = body.collect().await?.to_bytes();
    let request = Request { method: head.method, target, headers: head.headers, body };
    // On a task of its own: a client that is killed meanwhile does not take its call back.
    let answer = tokio::spawn(async move { shared.handle(request).await }).await??;
    let mut response = Response::builder().status(answer.status);
    if let Some(headers) = response.headers_mut() {
        *headers = answer.headers;
    }
    Ok(whole(response.body(answer.body)?))
}

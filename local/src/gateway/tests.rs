//! The gateway over loopback, with a stand-in for the endpoint.

mod answers;
mod authorizers;
mod cloud;
mod codings;
mod fixtures;
mod functions;
mod hostile;
mod keys;
mod parts;
mod refreshes;
mod signed;
mod signer;
mod strangers;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use self::cloud::Cloud;
use super::definition::{Definition, Plan, Stage};
use super::live::Live;
use super::snapshot::Snapshot;
use super::{Gateway, Settings};
use crate::event::Event;
use crate::invoke::{Answer, Call, Invoke, Refusal};
use crate::roles::GivenOut;
use crate::seen::Lens;

/// A gateway, what it calls, and a client.
struct World {
    gateway: Gateway,
    cloud: Cloud,
    events: UnboundedReceiver<Event>,
    /// The payloads of all calls of functions.
    calls: Calls,
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

type Calls = Arc<Mutex<Vec<Value>>>;

/// What a client got.
#[derive(Debug)]
struct Got {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Status, error type and body, which tell refusals apart.
    fn refusal(&self) -> (u16, Option<&str>, &str) {
        (self.status, self.header("x-amzn-errortype"), &self.body)
    }
}

impl World {
    async fn new(definition: &Definition, stage: Stage) -> Self {
        Self::with(definition, stage, |_| Err(Refusal::NotFound)).await
    }

    /// With usage plans.
    async fn with_plans(definition: &Definition, plans: Vec<Plan>) -> Self {
        Self::made(definition, (Stage::default(), plans), |_| Err(Refusal::NotFound)).await
    }

    /// `function` answers every call of a function.
    async fn with(
        definition: &Definition,
        stage: Stage,
        function: impl Fn(&Value) -> Result<Answer, Refusal> + Send + Sync + 'static,
    ) -> Self {
        Self::made(definition, (stage, Vec::new()), function).await
    }

    async fn made(
        definition: &Definition,
        (stage, plans): (Stage, Vec<Plan>),
        function: impl Fn(&Value) -> Result<Answer, Refusal> + Send + Sync + 'static,
    ) -> Self {
        let cloud = Cloud::start().await;
        let (sender, events) = mpsc::unbounded_channel();
        let calls = Calls::default();
        let kept = Arc::clone(&calls);
        let invoke: Invoke = Arc::new(move |Call { payload, .. }| {
            let event: Value = serde_json::from_slice(&payload).unwrap_or_default();
            let answer = function(&event);
            kept.lock().unwrap().push(event);
            async move { answer }.boxed()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap();
        let url = format!("http://{own}");
        let (api, stage_name) = ("abc123".to_owned(), "prod".to_owned());
        let keys: GivenOut = Arc::new(|key| Some(cloud::given()).filter(|given| given.access_key_id() == key));
        let settings = Settings {
            roles: cloud.roles(),
            keys,
            invoke,
            events: sender,
            lens: Lens::default(),
            api,
            stage: stage_name,
        };
        let live = Live::new(fixtures::address(), Arc::new(Snapshot::new(definition)), (stage, plans), None);
        let gateway = Gateway::serve(listener, own, settings, live);
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { gateway, cloud, events, calls, url, client }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Got {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let headers = headers.collect();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Got { status: parts.status.as_u16(), headers, body }
    }

    async fn post(&self, path: &str, body: &str) -> Got {
        self.send("POST", path, &[("content-type", "application/json")], body.to_owned()).await
    }

    /// The next event that is an answer.
    async fn answered(&mut self) -> Value {
        loop {
            let event = tokio::time::timeout(Duration::from_secs(60), self.events.recv()).await.unwrap().unwrap();
            if let Event::Answered(answered) = event {
                return serde_json::to_value(answered).unwrap();
            }
        }
    }

    fn warnings(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            if let Event::Warning { message } = event {
                found.push(message);
            }
        }
        found
    }

    fn calls(&self) -> Vec<Value> {
        self.calls.lock().unwrap().clone()
    }
}

/// A function's answer.
fn says(payload: &Value) -> Result<Answer, Refusal> {
    Ok(Answer { payload: Bytes::from(payload.to_string()), error: None, request_id: "f-1".to_owned(), memory: None })
}

/// A function's error.
fn fails(message: &str) -> Result<Answer, Refusal> {
    let payload = Bytes::from(serde_json::json!({ "errorMessage": message, "errorType": "E" }).to_string());
    Ok(Answer { payload, error: Some("Unhandled".to_owned()), request_id: "f-1".to_owned(), memory: None })
}

/// Moves tokio's clock on, while nothing waits for a socket.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

//! A host of functions at a small endpoint, as the tests use it.

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pipe_local::event::Event;
use pipe_local::functions::{Functions, Settings};
use pipe_local::invoke::{Answer, Call, Refusal};
use pipe_local::roles::Roles;
use pipe_local::seen::Lens;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::endpoint::Endpoint;

/// The function that does what its event says.
pub const BOOTSTRAP: &str = include_str!("bootstrap.py");

pub struct Host {
    pub endpoint: Endpoint,
    pub functions: Functions,
    pub events: UnboundedReceiver<Event>,
    pub cache: TempDir,
}

/// A host with one function, `f`.
pub async fn host(with: Value) -> Host {
    host_of(&[("bootstrap", BOOTSTRAP, 0o755)], with).await
}

pub async fn host_of(files: &[(&str, &str, u32)], with: Value) -> Host {
    let endpoint = Endpoint::start().await;
    endpoint.put("f", files, with);
    let cache = tempfile::tempdir().unwrap();
    let (functions, events) = functions(&endpoint, &cache);
    Host { endpoint, functions, events, cache }
}

pub fn functions(endpoint: &Endpoint, cache: &TempDir) -> (Functions, UnboundedReceiver<Event>) {
    let (events, told) = unbounded_channel();
    let settings = Settings {
        supervisor: vec![env!("CARGO_BIN_EXE_pipe-supervise").into()],
        cache: cache.path().to_owned(),
        events,
        lens: Lens::default(),
        roles: Roles::new(endpoint.sdk()),
        endpoint_url: "http://127.0.0.1:1".to_owned(),
        region: "eu-central-1".to_owned(),
    };
    (Functions::new(settings), told)
}

impl Host {
    pub async fn invoke(&self, event: Value) -> Result<Answer, Refusal> {
        self.functions.invoke(Call::new("f".to_owned(), Bytes::from(event.to_string()))).await
    }

    /// The answer of a call that must succeed.
    pub async fn ask(&self, event: Value) -> Value {
        let answer = self.invoke(event).await.unwrap();
        assert_eq!(answer.error, None, "{:?}", answer.payload);
        serde_json::from_slice(&answer.payload).unwrap()
    }

    pub async fn pid(&self) -> u64 {
        self.ask(json!({})).await["pid"].as_u64().unwrap()
    }

    /// Calls that run for a second, all at once.
    pub fn sleepers(&self, count: usize) -> Vec<tokio::task::JoinHandle<Result<Answer, Refusal>>> {
        let event = json!({ "do": "sleep", "seconds": 1 }).to_string();
        let call = |_| {
            let (functions, event) = (self.functions.clone(), Bytes::from(event.clone()));
            tokio::spawn(async move { functions.invoke(Call::new("f".to_owned(), event)).await })
        };
        (0..count).map(call).collect()
    }

    /// A call that is under way, and ends when there is a file at `path`.
    pub async fn held(&self, path: &Path) -> tokio::task::JoinHandle<Result<Answer, Refusal>> {
        let event = Bytes::from(json!({ "do": "wait", "file": path }).to_string());
        let functions = self.functions.clone();
        let call = tokio::spawn(async move { functions.invoke(Call::new("f".to_owned(), event)).await });
        eventually("the call is under way", || path.with_added_extension("begun").exists()).await;
        call
    }
}

/// The document of a call that must fail, with its request id.
pub fn failure(answer: Answer) -> (String, String) {
    assert_eq!(answer.error.as_deref(), Some("Unhandled"));
    (String::from_utf8(answer.payload.to_vec()).unwrap(), answer.request_id)
}

pub fn pid_of(answer: &Answer) -> u64 {
    serde_json::from_slice::<Value>(&answer.payload).unwrap()["pid"].as_u64().unwrap()
}

/// Whether a process runs: one that only waits to be reaped does not.
pub fn runs(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next()).is_some_and(|state| state != "Z")
}

/// Moves tokio's clock on.
pub async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Waits until it holds, for a minute at most.
pub async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "not in a minute: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

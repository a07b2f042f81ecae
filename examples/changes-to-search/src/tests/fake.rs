//! A search service of one index that knows one call: `_bulk` with external versions, as OpenSearch and Elasticsearch have it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the service has, and how it behaves.
#[derive(Default)]
pub struct State {
    /// Version and document by id; one that was deleted keeps its version.
    pub documents: BTreeMap<String, (u64, Option<Value>)>,
    /// Answers to the next calls in place of what it would do.
    pub replies: VecDeque<(u16, String)>,
    /// Ids whose documents do not fit the index.
    pub unfit: BTreeSet<String>,
    /// How often actions on an id are refused because the service is busy.
    pub busy: BTreeMap<String, u32>,
    /// Larger calls are answered 413.
    pub most: Option<usize>,
    /// How many actions each call had.
    pub calls: Vec<usize>,
    /// Ids in the order in which their actions were taken.
    pub taken: Vec<(String, u64)>,
    /// Path, type and authorization of the last call.
    pub head: (String, String, String),
}

#[derive(Clone)]
pub struct Fake {
    pub url: String,
    pub state: Arc<Mutex<State>>,
}

impl Fake {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let fake = Self { url, state };
        let serving = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let fake = serving.clone();
                let service = service_fn(move |request| answer(fake.clone(), request));
                let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(served);
            }
        });
        fake
    }

    pub fn document(&self, id: &str) -> Option<Value> {
        self.state.lock().unwrap().documents.get(id).and_then(|(_, document)| document.clone())
    }
}

async fn answer(fake: Fake, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let mut state = fake.state.lock().unwrap();
    let header =
        |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    state.head = (head.uri.to_string(), header("content-type"), header("authorization"));
    let (status, body) = if state.most.is_some_and(|most| body.len() > most) {
        state.calls.push(0);
        (413, String::new())
    } else if let Some(reply) = state.replies.pop_front() {
        state.calls.push(0);
        reply
    } else {
        bulk(&mut state, std::str::from_utf8(&body).unwrap())
    };
    Ok(Response::builder().status(status).body(Full::new(Bytes::from(body))).unwrap())
}

fn bulk(state: &mut State, body: &str) -> (u16, String) {
    assert!(body.ends_with('\n'), "the last line has no end");
    let (mut lines, mut items) = (body.lines(), Vec::new());
    while let Some(line) = lines.next() {
        let action: Value = serde_json::from_str(line).unwrap();
        let (name, which) = action.as_object().unwrap().iter().next().unwrap();
        assert_eq!(which["version_type"], "external_gte");
        let (id, version) = (which["_id"].as_str().unwrap(), which["version"].as_u64().unwrap());
        assert!(!id.is_empty() && id.len() <= 512);
        // A search service's numbers are not those of serde: all that counts here is that the line is JSON.
        let document = (name == "index").then(|| lines.next().unwrap());
        let document = document.map(|line| serde_json::from_str(line).unwrap_or_else(|_| Value::from(line)));
        items.push(json!({ (name.as_str()): one(state, id, version, document) }));
    }
    state.calls.push(items.len());
    (200, json!({ "items": items }).to_string())
}

fn one(state: &mut State, id: &str, version: u64, document: Option<Value>) -> Value {
    if let Some(left) = state.busy.get_mut(id).filter(|left| **left > 0) {
        *left -= 1;
        return json!({ "status": 429, "error": { "type": "es_rejected_execution_exception", "reason": "queue" } });
    }
    if document.is_some() && state.unfit.contains(id) {
        let reason = "failed to parse field [n]\nPreview: '".to_owned() + &"x".repeat(10_000);
        return json!({ "status": 400, "error": { "type": "mapper_parsing_exception", "reason": reason } });
    }
    let there = state.documents.get(id).map(|(version, document)| (*version, document.is_some()));
    if there.is_some_and(|(there, _)| there > version) {
        return json!({ "status": 409, "error": { "type": "version_conflict_engine_exception", "reason": "" } });
    }
    state.taken.push((id.to_owned(), version));
    let is_there = there.is_some_and(|(_, is_there)| is_there);
    let status = match (document.is_some(), is_there) {
        (true, false) => 201,
        (false, false) => 404,
        _ => 200,
    };
    state.documents.insert(id.to_owned(), (version, document));
    json!({ "status": status })
}

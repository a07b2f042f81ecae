//! What the console answers to its page.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::entry::{State, record_key};
use super::redrive::Chosen;
use super::remote::{Remote, traced};
use super::rows::rows;
use super::scene::Scene;
use super::shared::Shared;
use crate::commands::send::form::{Filled, Outcome, send};
use crate::error::Error;
use crate::event::milliseconds;

/// Lines of events in one answer, and rows and letters.
const MOST: usize = 1_000;
const MOST_ROWS: i32 = 200;
/// How long the number of a new event is waited for: the gateway answers before the console has seen the request.
const SEEN_WITHIN: Duration = Duration::from_millis(500);

/// A request's path below `/api/`, and its query.
pub struct Asked {
    path: String,
    params: BTreeMap<String, String>,
}

/// Why there is no answer.
pub struct Refused {
    pub status: u16,
    pub error: String,
    pub hint: Option<String>,
}

/// What a page sends.
#[derive(Deserialize)]
struct ToSend {
    sender: String,
    #[serde(default)]
    params: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

impl Asked {
    pub fn of(path: &str, query: &str) -> Self {
        let params = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { path: path.to_owned(), params }
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }

    fn number<T: std::str::FromStr>(&self, name: &str, default: T) -> Result<T, Refused> {
        let parsed = self.param(name).map_or(Ok(default), str::parse);
        parsed.map_err(|_| Refused::new(400, &format!("`{name}` is no number")))
    }
}

impl Refused {
    pub fn new(status: u16, error: &str) -> Self {
        Self { status, error: error.to_owned(), hint: None }
    }

    pub fn hint(self, hint: &str) -> Self {
        Self { hint: Some(hint.to_owned()), ..self }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self { status: 502, error: error.message().to_owned(), hint: error.hint_text().map(str::to_owned) }
    }
}

/// Answers what only reads.
pub async fn read(shared: &Shared, asked: &Asked) -> Result<Value, Refused> {
    match asked.path.split_once('/').unwrap_or((&asked.path, "")) {
        ("state", "") => {
            let mut state = shared.now().state(&shared.session);
            state["figures"] = shared.all_figures();
            Ok(state)
        }
        ("events", "") => events(shared, asked),
        ("events", n) => event(shared, n),
        ("status", "") => remote(shared, |remote| json!(remote.status)),
        ("lines", "") => remote(shared, |remote| remote.lines()),
        ("trace", "") => {
            let running = scene(shared)?.running().await?;
            let around = asked.number("around", i64::MAX)?;
            Ok(traced(&running, asked.param("id").unwrap_or_default(), around).await?)
        }
        ("rows", "") => table_rows(shared, asked).await,
        ("letters", "") => {
            let running = scene(shared)?.running().await?;
            let limit = asked.number("limit", 100)?.min(MOST);
            Ok(masked(shared, shared.letters.list(&running, limit).await?))
        }
        ("letters", id) => {
            let running = scene(shared)?.running().await?;
            let mask = |text: &str| shared.journal().secrets.text(text);
            Ok(masked(shared, shared.letters.one(&running, id, &mask).await?))
        }
        _ => Err(Refused::new(404, "there is no such thing to read")),
    }
}

/// Answers what does something.
pub async fn write(shared: &Arc<Shared>, asked: &Asked, body: Value) -> Result<Value, Refused> {
    match asked.path.as_str() {
        "send" if shared.remote(|_| ()).is_some() => {
            Err(Refused::new(405, "nothing is sent from here to AWS").hint("`pipe send` sends"))
        }
        "send" => sent(shared, body).await,
        "redrive" => redriven(shared, body).await,
        _ => Err(Refused::new(404, "there is no such thing to do")),
    }
}

fn scene(shared: &Shared) -> Result<Arc<Scene>, Refused> {
    shared.scene().ok_or_else(|| Refused::new(503, "the pipeline is not up yet"))
}

fn remote(shared: &Shared, read: impl FnOnce(&mut Remote) -> Value) -> Result<Value, Refused> {
    let local =
        || Refused::new(404, "this is the console of `pipe dev`").hint("`pipe status --local` and `pipe logs --local`");
    shared.remote(read).ok_or_else(local)
}

fn events(shared: &Shared, asked: &Asked) -> Result<Value, Refused> {
    let unknown = || Refused::new(400, "there is no such state").hint("waiting, done, failed, letter, refused");
    let state = asked.param("state").filter(|state| !state.is_empty());
    let state = state.map(|name| State::named(name).ok_or_else(unknown)).transpose()?;
    let (before, limit) = (asked.number("before", u64::MAX)?, asked.number("limit", 200_usize)?.min(MOST));
    let (events, more) = shared.journal().summaries(before, limit, asked.param("q").unwrap_or_default(), state);
    Ok(json!({ "events": events, "more": more }))
}

fn event(shared: &Shared, n: &str) -> Result<Value, Refused> {
    let missing = || Refused::new(404, "there is no such event").hint("the oldest are forgotten");
    let n = n.parse().map_err(|_| missing())?;
    let (summary, steps) = shared.journal().event(n).ok_or_else(missing)?;
    Ok(json!({ "summary": summary, "steps": steps }))
}

async fn table_rows(shared: &Shared, asked: &Asked) -> Result<Value, Refused> {
    let scene = scene(shared)?;
    let missing = || Refused::new(404, "there is no such table");
    let (name, keys) = scene.table(asked.param("table").unwrap_or("table")).ok_or_else(missing)?;
    let (running, limit) = (scene.running().await?, asked.number("limit", 50_i32)?.clamp(1, MOST_ROWS));
    let start = asked.param("start").filter(|start| !start.is_empty());
    Ok(masked(shared, rows(&running.cx, &name, &keys, limit, start).await?))
}

async fn sent(shared: &Shared, body: Value) -> Result<Value, Refused> {
    let asked: ToSend = serde_json::from_value(body).map_err(|error| Refused::new(400, &error.to_string()))?;
    let running = scene(shared)?.running().await?;
    let ToSend { sender, params, body, headers } = asked;
    let (filled, began) =
        (Filled { params, headers: headers.into_iter().collect(), body: body.into_bytes() }, Instant::now());
    let Outcome { status, body, request, record } = send(&running, &sender, filled).await?;
    let ms = milliseconds(began.elapsed());
    let key = request.or_else(|| record.map(|(location, id)| record_key(&location, &id)));
    let n = match key {
        Some(key) => seen(shared, &key).await,
        None => None,
    };
    let body = shared.journal().secrets.text(&body);
    Ok(json!({ "status": status, "body": body, "ms": ms, "n": n }))
}

async fn redriven(shared: &Arc<Shared>, body: Value) -> Result<Value, Refused> {
    let (chosen, running) = (Chosen::of(body)?, scene(shared)?.running().await?);
    let there = shared.letters.ids(&running).await?;
    let results = chosen.send(shared, running, &there).await;
    shared.letters.forget().await;
    Ok(masked(shared, results?))
}

/// The number of an event that was just sent, once it was seen.
async fn seen(shared: &Shared, key: &str) -> Option<u64> {
    let end = Instant::now() + SEEN_WITHIN;
    loop {
        if let Some(n) = shared.journal().number(key) {
            return Some(n);
        }
        if Instant::now() >= end {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The same without secrets that senders showed.
fn masked(shared: &Shared, mut value: Value) -> Value {
    shared.journal().secrets.hide(&mut value);
    value
}

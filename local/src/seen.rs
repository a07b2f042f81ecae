//! Whole facts of the data path, for somebody who looks at single events, as the console of `pipe dev` does.
//!
//! **Secrets are in it**, as senders sent them and as functions wrote them: whoever takes a fact masks them before keeping anything, and no
//! fact can be printed. An [`crate::event::Event`] may be shown as it is.
//!
//! A fact is made only where somebody looks, and nobody waits for them: beyond a number of facts and of bytes on their way, facts are
//! left out and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::event::{Event, Location};

/// How many facts may be on their way.
const MOST: usize = 16_384;
/// How many bytes of payloads these may hold together.
const MOST_BYTES: usize = 48 * 1024 * 1024;

/// Headers that show who sends a request, or let somebody in.
const SECRET: [&str; 6] =
    ["authorization", "x-api-key", "cookie", "set-cookie", "proxy-authorization", "x-amz-security-token"];

/// A fact with all that belongs to it.
pub enum Seen {
    /// A request shows who sends it by these texts. Comes before all else about the request.
    Credentials(Vec<String>),
    /// The gateway answered a request.
    Request(Box<Request>),
    /// A function begins to work on a call.
    Calling(Calling),
    /// It has answered.
    Called(Called),
    /// It wrote a line.
    Line(Line),
    /// An item was written on behalf of a function or a route.
    Item(Item),
    /// Lambda has an event for a function, whether or not somebody waits for the function's answer.
    Accepted(Accepted),
    /// The function was called with such an event.
    Tried(Tried),
    /// No filter of the mapping lets these records pass.
    Filtered { location: Location, records: Vec<String> },
    /// What others are told, too.
    Told(Event),
}

/// A request and its answer.
pub struct Request {
    pub id: String,
    pub extended_id: String,
    pub method: String,
    /// As sent, with the query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// What the authorizer said, as `$context.authorizer`; null where none was asked or it said nothing.
    pub authorizer: Value,
    /// Its status and latency, where one was asked.
    pub authorizer_status: Option<String>,
    pub authorizer_latency: Option<String>,
    /// What the mapping template made, and the service that got it.
    pub mapped: Option<(String, Bytes)>,
    /// The id of the call that was made for it.
    pub call: Option<String>,
    pub integration_status: Option<String>,
    pub integration_latency: Option<String>,
    pub status: u16,
    pub answer: Bytes,
    pub milliseconds: u64,
    pub location: Option<Location>,
    pub record: Option<String>,
    pub reason: Option<String>,
}

/// A call of a function.
pub struct Calling {
    /// Its id: that of Lambda's request.
    pub id: String,
    pub function: String,
    /// The trace that the function's own calls of AWS carry.
    pub trace: String,
    pub payload: Bytes,
}

/// The end of a call. The answer of one that nobody could serve says why.
pub struct Called {
    pub id: String,
    pub answer: Bytes,
    pub failed: bool,
    pub milliseconds: u64,
}

/// A line of a log.
pub struct Line {
    /// The call that the process had when the line was read: the last one, if it was between two.
    pub call: String,
    pub line: String,
}

/// An item that was written.
pub struct Item {
    pub table: String,
    /// The names of the table's key attributes; none where they are not known.
    pub keys: Vec<String>,
    /// As DynamoDB's JSON.
    pub item: Value,
    /// The trace of the call that wrote it; empty where the caller named none.
    pub trace: String,
    /// Whether it was there before, and stays as it is.
    pub kept: bool,
}

/// An event for a function.
pub struct Accepted {
    /// The event's id: that of Lambda's request.
    pub id: String,
    pub function: String,
    pub location: Location,
    pub payload: Bytes,
}

/// A call with such an event.
pub struct Tried {
    pub id: String,
    /// The call's own id.
    pub call: String,
    pub failed: bool,
}

/// Where the parts show what happens; nowhere, by default. Cheap to clone.
#[derive(Clone, Default)]
pub struct Lens(Option<Way>);

#[derive(Clone)]
struct Way {
    sender: mpsc::Sender<(i64, Seen)>,
    load: Arc<Load>,
}

#[derive(Default)]
struct Load {
    bytes: AtomicUsize,
    missed: AtomicU64,
}

/// The other end: the facts in the order in which they were shown.
pub struct Sight {
    facts: mpsc::Receiver<(i64, Seen)>,
    load: Arc<Load>,
}

impl Lens {
    /// A lens, and where one looks through it.
    #[must_use]
    pub fn new() -> (Self, Sight) {
        let (sender, facts) = mpsc::channel(MOST);
        let load = Arc::<Load>::default();
        (Self(Some(Way { sender, load: Arc::clone(&load) })), Sight { facts, load })
    }

    /// Shows a fact, which is made only where somebody looks and can take it. Never waits.
    pub fn show(&self, fact: impl FnOnce() -> Seen) {
        let Some(Way { sender, load }) = &self.0 else { return };
        let Ok(place) = sender.try_reserve() else {
            load.missed.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let fact = fact();
        let bytes = fact.bytes();
        if load.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > MOST_BYTES {
            load.bytes.fetch_sub(bytes, Ordering::Relaxed);
            load.missed.fetch_add(1, Ordering::Relaxed);
            return;
        }
        place.send((now_ms(), fact));
    }

    /// Whether somebody looks.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.as_ref().is_some_and(|way| !way.sender.is_closed())
    }
}

impl Sight {
    /// The next fact, with its time in milliseconds since 1970; nothing when nobody can show any more.
    pub async fn next(&mut self) -> Option<(i64, Seen)> {
        let (at, fact) = self.facts.recv().await?;
        self.load.bytes.fetch_sub(fact.bytes(), Ordering::Relaxed);
        Some((at, fact))
    }

    /// How many facts were left out.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.load.missed.load(Ordering::Relaxed)
    }
}

impl Seen {
    /// About how much memory it holds.
    fn bytes(&self) -> usize {
        match self {
            Self::Request(request) => {
                let mapped = request.mapped.as_ref().map_or(0, |(_, body)| body.len());
                let headers: usize = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
                request.body.len() + request.answer.len() + mapped + headers
            }
            Self::Item(item) => 256 + size(&item.item),
            Self::Calling(calling) => calling.payload.len(),
            Self::Called(called) => called.answer.len(),
            Self::Accepted(accepted) => accepted.payload.len(),
            Self::Line(line) => line.line.len(),
            Self::Credentials(_) | Self::Tried(_) | Self::Filtered { .. } | Self::Told(_) => 256,
        }
    }
}

/// Whether a header, or what is called like one, shows who sends a request.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Milliseconds since 1970.
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// About how much memory a document takes.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(elements) => elements.iter().map(|element| 32 + size(element)).sum(),
        Value::Object(members) => members.iter().map(|(name, member)| 64 + name.len() + size(member)).sum(),
        Value::String(text) => text.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(bytes: usize) -> Seen {
        Seen::Line(Line { call: String::new(), line: "x".repeat(bytes) })
    }

    #[tokio::test]
    async fn a_fact_is_made_only_where_somebody_looks() {
        Lens::default().show(|| unreachable!("nobody looks"));
        assert!(!Lens::default().is_open());
        let (lens, mut sight) = Lens::new();
        lens.show(|| line(1));
        assert!(lens.is_open() && matches!(sight.next().await, Some((1.., Seen::Line(_)))));
        drop(sight);
        lens.show(|| unreachable!("nobody looks any more"));
        assert!(!lens.is_open());
    }

    #[tokio::test]
    async fn what_nobody_takes_is_left_out_and_counted() {
        let (lens, mut sight) = Lens::new();
        for _ in 0..49 {
            lens.show(|| line(1024 * 1024));
        }
        assert_eq!(sight.missed(), 1, "more bytes than may be on their way");
        assert!(sight.next().await.is_some());
        lens.show(|| line(1024 * 1024));
        assert_eq!(sight.missed(), 1, "there is room again");
        while sight.facts.try_recv().is_ok() {}
        for _ in 0..=MOST {
            lens.show(|| line(0));
        }
        assert_eq!(sight.missed(), 2, "more facts than may be on their way");
    }
}

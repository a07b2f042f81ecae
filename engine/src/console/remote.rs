//! A pipeline on AWS, as `status` and `logs` show it: read as long as a page is open, for each look costs.

mod figures;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::time::sleep;

use super::shared::Shared;
use crate::commands::dlq::records::now;
use crate::commands::logs::{Merged, Range, Seen, entry};
use crate::commands::running::{Part, Running};
use crate::commands::{status, trace};
use crate::error::{Class, Error, Result};
use crate::event::logs::Logged;
use crate::event::status::Status;
pub use figures::figures;

/// How often AWS is read.
const STATUS_EVERY: Duration = Duration::from_secs(30);
const LOGS_EVERY: Duration = Duration::from_secs(5);
/// How often somebody is looked for who looks at a page.
const HEARD_EVERY: Duration = Duration::from_millis(250);
/// How long before its beginning it shows lines, and where a trace looks for them, in milliseconds.
const BACK: i64 = 10 * 60 * 1000;
const TRACED_BACK: i64 = 60 * 60 * 1000;
/// Lines that are kept, and those that pages are told of at once: where there are more, they read all that are kept.
const MOST: usize = 2_000;
const TOLD: usize = 200;
/// Bytes of a line's text, and of the rest of it.
const LONGEST: usize = 16 * 1024;

/// What was read last.
#[derive(Default)]
pub struct Remote {
    pub status: Option<Status>,
    /// The newest last.
    lines: VecDeque<Row>,
    numbered: u64,
    /// Why lines are missing.
    missing: Vec<String>,
}

/// A line of a log.
#[derive(Clone, Serialize)]
struct Row {
    n: u64,
    #[serde(flatten)]
    logged: Logged,
}

impl Remote {
    /// The newest lines first, and why others are missing.
    pub fn lines(&self) -> Value {
        json!({ "lines": self.lines.iter().rev().collect::<Vec<_>>(), "missing": self.missing })
    }

    /// Keeps what a look found, and gives what pages are to be told.
    fn keep(&mut self, found: Look) -> Value {
        let Look { lines, missing, .. } = found;
        self.missing = missing;
        let told = lines.len() <= TOLD;
        let numbered = self.numbered;
        for logged in lines {
            self.numbered += 1;
            self.lines.push_back(Row { n: self.numbered, logged });
        }
        self.lines.drain(..self.lines.len().saturating_sub(MOST));
        let new: Vec<&Row> = self.lines.iter().filter(|row| told && row.n > numbered).collect();
        json!({ "lines": new, "missing": self.missing, "more": !told })
    }
}

/// What a look at the logs found.
#[derive(Default)]
struct Look {
    /// The newest of them, the oldest first.
    lines: VecDeque<Logged>,
    /// Why others are missing.
    missing: Vec<String>,
    /// Whether AWS may give more of the same time in a moment.
    again: bool,
    /// Lines that were too many.
    skipped: usize,
}

impl Look {
    fn take(&mut self, logged: Logged) {
        self.lines.push_back(bounded(logged));
        if self.lines.len() > MOST {
            self.lines.pop_front();
            self.skipped += 1;
        }
    }

    fn unread(&mut self, part: &Part, error: &Error) {
        self.again |= matches!(error.class(), Class::Throttled | Class::Unclear);
        self.missing.push(format!("the log of `{}` could not be read: {error}", part.id));
    }
}

fn bounded(mut logged: Logged) -> Logged {
    if logged.message.len() > LONGEST {
        logged.message.truncate(logged.message.floor_char_boundary(LONGEST));
        logged.message += " … (cut)";
    }
    let bytes = Value::Object(logged.fields.clone()).to_string().len();
    if bytes > LONGEST {
        let cut = format!("{bytes} bytes of other fields: `pipe logs` shows them");
        logged.fields = Map::from_iter([("cut".to_owned(), json!(cut))]);
    }
    logged
}

/// Returns when a page is open.
async fn heard(shared: &Shared) {
    while !shared.hub.is_heard() {
        sleep(HEARD_EVERY).await;
    }
}

/// Reads how the pipeline is, without end.
pub async fn statuses(shared: Arc<Shared>, running: Arc<Running>) {
    loop {
        heard(&shared).await;
        let status = status::read(&running).await;
        shared.hub.tell("status", &json!(status));
        shared.remote(|remote| remote.status = Some(status));
        shared.hub.tell("figures", &shared.all_figures());
        sleep(STATUS_EVERY).await;
    }
}

/// Reads the logs, without end.
pub async fn logs(shared: Arc<Shared>, running: Arc<Running>) {
    let (mut parts, mut seen) = (None, Seen::default());
    loop {
        heard(&shared).await;
        // Of the time in which nobody looked, the last minutes are enough.
        seen.skip_to(now() - BACK);
        let began = Instant::now();
        let found = match parts_of(&running, &mut parts).await {
            Ok(parts) => look(&running, parts, &mut seen).await,
            Err(error) => Look { missing: vec![error.to_string()], ..Look::default() },
        };
        let told = shared.remote(|remote| remote.keep(found));
        shared.hub.tell("lines", &told.unwrap_or_default());
        // Looks that take long become rarer.
        sleep(LOGS_EVERY.max(began.elapsed() * 2)).await;
    }
}

/// The parts that have logs, found once.
async fn parts_of<'a>(running: &Running, known: &'a mut Option<Vec<Part>>) -> Result<&'a [Part]> {
    let parts = match known.take() {
        Some(parts) => parts,
        None => running.logs().await?,
    };
    Ok(known.insert(parts))
}

/// The lines that are new.
async fn look(running: &Running, parts: &[Part], seen: &mut Seen) -> Look {
    let names: Vec<(usize, &str)> = parts.iter().enumerate().map(|(at, part)| (at, part.group.as_str())).collect();
    let range = Range { from: seen.from(), ..Range::default() };
    let (mut lines, failed) = Merged::of(&running.cx, &names, range).await;
    let mut look = Look::default();
    failed.iter().for_each(|(at, error)| look.unread(&parts[*at], error));
    seen.begin(now());
    while let Some(next) = lines.next_line().await {
        match next {
            Ok((at, line)) if seen.is_new(at, &line) => {
                entry(parts[at].writer, &parts[at].id, &line).into_iter().for_each(|logged| look.take(logged));
            }
            Ok(_) => {}
            Err((at, error)) => look.unread(&parts[at], &error),
        }
    }
    // Else the next look begins where this one did.
    if !look.again {
        seen.end();
    }
    if look.skipped > 0 {
        look.missing.push(format!("{} more lines are not shown: `pipe logs` shows all", look.skipped));
    }
    look
}

/// The way of one event, as `pipe trace` finds it; logs are searched from an hour before `around` on, in milliseconds since 1970.
///
/// # Errors
/// Those of `pipe trace`.
pub async fn traced(running: &Running, id: &str, around: i64) -> Result<Value> {
    let (_never, stopped) = watch::channel(false);
    let since = now().min(around) - TRACED_BACK;
    let (hops, unknown) = trace::way(running, trace::Names::of(id)?, since, None, stopped).await?;
    Ok(json!({ "id": id, "hops": hops, "unknown": unknown }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(message: String) -> Logged {
        Logged { at: "2026-11-29T12:00:00Z".to_owned(), part: "api".to_owned(), message, ..Logged::default() }
    }

    #[test]
    fn the_newest_lines_are_kept_and_none_is_too_long() {
        let mut remote = Remote::default();
        let mut look = Look::default();
        (0..MOST + 5).for_each(|n| look.take(line(n.to_string())));
        assert_eq!((look.skipped, look.lines[0].message.as_str()), (5, "5"));
        let told = remote.keep(look);
        assert_eq!((&told["lines"], &told["more"]), (&json!([]), &json!(true)), "pages read what is kept");
        let mut look = Look { missing: vec!["why".to_owned()], ..Look::default() };
        look.take(line("é".repeat(LONGEST)));
        let told = remote.keep(look);
        assert_eq!((&told["lines"][0]["n"], &told["more"]), (&json!(MOST + 1), &json!(false)));
        let shown = remote.lines();
        let lines = shown["lines"].as_array().unwrap();
        assert_eq!((lines.len(), &lines[0]["n"], &shown["missing"]), (MOST, &json!(MOST + 1), &json!(["why"])));
        assert!(lines[0]["message"].as_str().unwrap().len() < LONGEST + 20);
        let fields = Map::from_iter([("long".to_owned(), json!("x".repeat(LONGEST)))]);
        let cut = bounded(Logged { fields, ..line(String::new()) });
        assert!(cut.fields["cut"].as_str().unwrap().contains("16395 bytes"), "{:?}", cut.fields);
    }
}

//! The lines of the logs that name an event, and all lines of the calls of functions that they belong to.

use serde_json::Value;

use super::Trace;
use super::hops::Found;
use super::id::has_word;
use crate::commands::logs::{Line, Merged, Range, Writer, entry};
use crate::commands::running::Part;
use crate::error::Result;
use crate::event::logs::Logged;

/// Lines that are shown of each search.
const MOST_LINES: usize = 50;
/// Calls of functions that are looked at: retries of one event have one each.
const MOST_CALLS: usize = 10;
/// Letters of what logs are searched for, at least: lines have many short words and numbers.
const SHORTEST: usize = 6;
/// The name that the access log gives to the extended request id.
const EXTENDED: &str = "extendedRequestId";
/// The names that lines of the bundled handlers and of Lambda give to the id of a call.
const CALLS: [&str; 3] = ["requestId", "request_id", "function_request_id"];

impl Trace<'_> {
    /// Searches all logs from this time on. Returns whether the API's has a request.
    pub(super) async fn in_logs(&mut self, since: i64) -> Result<bool> {
        let parts = match self.running.logs().await {
            Ok(parts) => parts,
            Err(error) => {
                self.hops.unknown(format!("what the logs say: {error}"));
                return Ok(false);
            }
        };
        let mut sought = Vec::new();
        match self.names.sought().to_owned() {
            short if short.len() < SHORTEST => {
                self.hops.unknown(format!("what the logs say: `{short}` is too short to be told from other words"));
            }
            asked => {
                self.search_and_add(&parts, &asked, since).await;
                sought.push(asked);
            }
        }
        // What the letter or a line has told.
        if let Some(number) = self.names.number.clone().filter(|number| !sought.contains(number)) {
            self.search_and_add(&parts, &number, since).await;
            sought.push(number);
        }
        let functions: Vec<Part> = parts.into_iter().filter(|part| part.writer == Writer::Function).collect();
        let calls: Vec<String> =
            self.calls.iter().filter(|call| !sought.contains(call)).take(MOST_CALLS).cloned().collect();
        for call in calls {
            self.search_and_add(&functions, &call, since).await;
        }
        Ok(self.request.is_some())
    }

    /// Searches for a text, adds the lines that have it, and learns from them.
    async fn search_and_add(&mut self, parts: &[Part], text: &str, since: i64) {
        for (at, line) in self.search(parts, text, since).await {
            let part = &parts[at];
            let Some(logged) = entry(part.writer, &part.id, &line) else { continue };
            self.learn(&logged);
            if part.writer == Writer::Api {
                let id = logged.fields.get(EXTENDED).and_then(Value::as_str).unwrap_or_default();
                self.request = Some((line.at, id.to_owned()));
            }
            self.calls.extend(call(part, &logged).map(str::to_owned));
            self.add(&line, logged);
        }
    }

    /// Searches the API's log for the request that the record came of: without a partition key of its own it has the request's
    /// extended id, which no client chooses.
    pub(super) async fn request_of(&mut self, key: &str, since: i64) -> bool {
        let Ok(mut parts) = self.running.logs().await else { return false };
        parts.retain(|part| part.writer == Writer::Api);
        let mut found = false;
        for (at, line) in self.search(&parts, key, since).await {
            if let Some(logged) = entry(Writer::Api, &parts[at].id, &line)
                && logged.fields.get(EXTENDED).and_then(Value::as_str) == Some(key)
            {
                found = true;
                self.add(&line, logged);
            }
        }
        found
    }

    /// The lines that have a text, each with the place of its part.
    async fn search(&mut self, parts: &[Part], text: &str, since: i64) -> Vec<(usize, Line)> {
        let names: Vec<(usize, &str)> = parts.iter().enumerate().map(|(at, part)| (at, part.group.as_str())).collect();
        // CloudWatch Logs finds the lines that may be meant; letter by letter they are compared here.
        let range = Range { from: since, to: None, pattern: Some(format!("\"{text}\"")) };
        let running = self.running;
        let (mut lines, mut failed) = Merged::of(&running.cx, &names, range).await;
        let mut found = Vec::new();
        while let Some(next) = lines.next_line().await {
            match next {
                Ok((_, line)) if !has_word(&line.text, text) => {}
                Ok(_) if found.len() == MOST_LINES => {
                    self.hops.unknown(format!("what else the logs say: more than {MOST_LINES} lines have `{text}`"));
                    break;
                }
                Ok(line) => found.push(line),
                Err(error) => failed.push(error),
            }
        }
        for (at, error) in failed {
            self.hops.unknown(format!("what the log of `{}` says: {error}", parts[at].id));
        }
        found
    }

    /// Where the line says that the event is.
    fn learn(&mut self, logged: &Logged) {
        let text = |name: &str| logged.fields.get(name).and_then(Value::as_str);
        if let Some(number) = text("sequenceNumber") {
            self.names.learn(text("shardId"), number);
        }
    }

    /// Adds a line, once: several of its texts may have been searched for.
    fn add(&mut self, line: &Line, logged: Logged) {
        let Logged { part, level, message, fields, .. } = logged;
        let message = level.map(|level| format!("{level} ")).unwrap_or_default() + &message;
        let found = Found { at: Some(line.at), part, message, fields };
        self.hops.add_once(found);
    }
}

/// The call of a function that a line belongs to, or that a request of the API made.
fn call<'a>(part: &Part, logged: &'a Logged) -> Option<&'a str> {
    let names: &[&str] = if part.writer == Writer::Api { &["integrationRequestId"] } else { &CALLS };
    let id = names.iter().find_map(|name| logged.fields.get(*name)?.as_str())?;
    // As long as Lambda's, so that no line of somebody else's leads astray.
    (id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')).then_some(id)
}

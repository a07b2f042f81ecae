//! Events as they are made and printed.

use pipe_local::event as moved;
use serde::Serialize;

use super::{Event, VERSION};
use crate::plan::Plan;
use crate::tame::tame_json;

/// An event with its version, as it is printed.
#[derive(Serialize)]
struct Line<'a> {
    version: u32,
    #[serde(flatten)]
    event: &'a Event,
}

impl Event {
    /// What a plan comes to: its changes, without what stays the same.
    pub fn plan(plan: &Plan) -> Self {
        Self::Plan {
            pipeline: plan.pipeline.clone(),
            changes: plan.work().cloned().collect(),
            uses: plan.uses.clone(),
            left: plan.left.clone(),
            notes: plan.notes.clone(),
        }
    }

    /// The summary of a plan that changes nothing.
    pub fn nothing_to_do() -> Self {
        Self::Summary { done: 0, failed: 0, skipped: 0, interrupted: false, milliseconds: 0 }
    }

    /// The event as one line of JSON, with its newline.
    ///
    /// # Errors
    /// None that these types can give.
    pub fn to_line(&self) -> serde_json::Result<String> {
        serde_json::to_string(&Line { version: VERSION, event: self }).map(|line| tame_json(&line) + "\n")
    }
}

impl From<moved::Event> for Event {
    fn from(moved: moved::Event) -> Self {
        match moved {
            moved::Event::Answered(answered) => Self::Answered(answered),
            moved::Event::Put(put) => Self::Put(put),
            moved::Event::Batch(batch) => Self::Batch(batch),
            moved::Event::Row(row) => Self::Row(row),
            moved::Event::DeadLetter(letter) => Self::DeadLetter(letter),
            moved::Event::Retry(retry) => Self::Retry(retry),
            moved::Event::GivenUp(given_up) => Self::GivenUp(given_up),
            moved::Event::Denied(denied) => Self::Denied(denied),
            moved::Event::Log(log) => Self::Log(log),
            moved::Event::Warning { message } => Self::Warning { message },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line may end in the log of a build service, or on a terminal.
    #[test]
    fn a_line_steers_nothing_and_keeps_its_content() {
        let message = "##[add-mask]a \u{9b}2J\u{202e}".to_owned();
        let line = Event::Warning { message: message.clone() }.to_line().unwrap();
        assert!(!line.contains("##[") && !line.contains(['\u{9b}', '\u{202e}']), "{line}");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["message"], message);
    }

    /// Events of every kind that moves through `pipe dev`, and their names.
    fn all_that_moves() -> Vec<(moved::Event, &'static str)> {
        let text = || "x".to_owned();
        let (method, path, status, milliseconds) = (text(), text(), 200, 1);
        let refused =
            moved::Answered { method, path, status, milliseconds, location: None, record: None, reason: Some(text()) };
        let location = moved::Location { service: text(), name: None, part: None };
        let part = moved::Location { name: Some(text()), part: Some(text()), ..location.clone() };
        let taken =
            moved::Answered { location: Some(part.clone()), record: Some(text()), reason: None, ..refused.clone() };
        let batch = moved::Batch {
            function: text(),
            location: part,
            records: 2,
            milliseconds: 1,
            age_milliseconds: Some(7),
            succeeded: 1,
            error: None,
            answer: None,
            peak_mb: None,
            memory_mb: None,
        };
        let put = moved::Put { location: location.clone(), records: 2 };
        let odd = moved::Batch { answer: Some(text()), peak_mb: Some(1), memory_mb: Some(128), ..batch.clone() };
        let letter = moved::DeadLetter { queue: text(), reason: text(), location, first: text(), last: text() };
        let denied = moved::Denied { role: text(), action: text(), resource: Some(text()) };
        vec![
            (moved::Event::Answered(refused), "answered"),
            (moved::Event::Answered(taken), "answered"),
            (moved::Event::Put(put), "put"),
            (moved::Event::Batch(batch.clone()), "batch"),
            (moved::Event::Batch(odd), "batch"),
            (moved::Event::Batch(moved::Batch { error: Some(text()), ..batch }), "batch"),
            (moved::Event::Row(moved::Row { table: text(), key: text(), kept: true }), "row"),
            (moved::Event::DeadLetter(letter), "dead_letter"),
            (moved::Event::Denied(denied), "denied"),
            (moved::Event::Log(moved::LogLine { function: text(), line: text() }), "log"),
            (moved::Event::Warning { message: text() }, "warning"),
        ]
    }

    /// Those of events that nobody polls.
    fn all_that_is_pushed() -> Vec<(moved::Event, &'static str)> {
        let text = || "x".to_owned();
        let at = || moved::Location { service: text(), name: Some(text()), part: None };
        let (function, request, reason) = (text(), text(), text());
        let retry = moved::Retry { function, location: at(), request, reason, seconds: 60 };
        let (function, request, reason) = (text(), text(), text());
        let lost = moved::GivenUp { function, location: at(), request, reason, to: None };
        vec![
            (moved::Event::Retry(retry), "retry"),
            (moved::Event::GivenUp(moved::GivenUp { to: Some(text()), ..lost.clone() }), "given_up"),
            (moved::Event::GivenUp(lost), "given_up"),
        ]
    }

    /// Every line about what moves through `pipe dev` has its fields as they are, and fits the schema.
    #[test]
    fn what_moves_fits_the_schema() {
        let schema: serde_json::Value = serde_json::from_str(&crate::event::schema()).unwrap();
        let schema = jsonschema::draft202012::new(&schema).unwrap();
        for (moved, name) in all_that_moves().into_iter().chain(all_that_is_pushed()) {
            let mut line: serde_json::Value = serde_json::from_str(&Event::from(moved).to_line().unwrap()).unwrap();
            assert_eq!((&line["event"], &line["version"]), (&name.into(), &VERSION.into()));
            assert!(schema.is_valid(&line), "{line}");
            line["other"] = 1.into();
            assert!(!schema.is_valid(&line), "{line}");
        }
    }
}

//! One step of an event's way, as the page shows it.

use pipe_local::event::Location;
use serde::Serialize;

/// The most of a body that is kept, in bytes.
pub const MOST: usize = 64 * 1024;

/// What happened to an event in one part of the pipeline.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Step {
    /// The part's id.
    pub part: &'static str,
    pub title: &'static str,
    /// Milliseconds since 1970.
    pub at: i64,
    pub ms: Option<u64>,
    pub ok: bool,
    /// Each with its label.
    pub facts: Vec<(&'static str, String)>,
    pub bodies: Vec<Body>,
    /// Lines that a function wrote meanwhile.
    pub log: Vec<String>,
}

/// A text that moved, or the beginning of it.
#[derive(Clone, Debug, Serialize)]
pub struct Body {
    pub title: &'static str,
    pub text: String,
    /// Of the whole, as it moved.
    pub bytes: usize,
    pub cut: bool,
}

impl Step {
    pub fn new(part: &'static str, title: &'static str, at: i64) -> Self {
        Self { part, title, at, ok: true, ..Self::default() }
    }

    /// Adds a fact, where there is one.
    #[must_use]
    pub fn fact(mut self, label: &'static str, value: impl Into<Option<String>>) -> Self {
        self.facts.extend(value.into().filter(|value| !value.is_empty()).map(|value| (label, value)));
        self
    }

    /// Adds a body, where there is one: already without secrets.
    #[must_use]
    pub fn body(mut self, title: &'static str, text: String, bytes: usize) -> Self {
        if !text.is_empty() {
            self.bodies.push(Body::new(title, text, bytes));
        }
        self
    }

    /// Adds where a record is.
    #[must_use]
    pub fn place(self, location: &Location, record: &str) -> Self {
        let step = self.fact("in", location.name.clone()).fact("shard", location.part.clone());
        step.fact(if location.service == "kinesis" { "sequence number" } else { "id" }, record.to_owned())
    }

    /// About how much memory it takes.
    pub fn size(&self) -> usize {
        let bodies: usize = self.bodies.iter().map(|body| body.text.len()).sum();
        let log: usize = self.log.iter().map(String::len).sum();
        let facts: usize = self.facts.iter().map(|(_, value)| 64 + value.len()).sum();
        bodies + log + facts + 128
    }
}

impl Body {
    /// Keeps the beginning of a text that is too long. The text may be shorter than what moved.
    pub fn new(title: &'static str, mut text: String, bytes: usize) -> Self {
        let cut = text.len() > MOST || bytes > text.len().max(MOST);
        text.truncate(text.floor_char_boundary(MOST));
        text.shrink_to_fit();
        Self { title, text, bytes, cut }
    }
}

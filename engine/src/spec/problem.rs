//! What is wrong with a spec, and how it is shown: in rustc's look, or as JSON.

use super::places::Places;
use super::scan::scan;
use crate::tame::{steers, tame, without_commands};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;
use std::ops::Range;

/// Problems that are drawn of one report; the rest are counted.
const DRAWN: usize = 100;
/// Bytes of a line that is still drawn; of a longer one only the position is shown.
const LINE: usize = 2000;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The spec cannot be used.
    Error,
    /// Legal, but likely wrong.
    Warning,
    /// What the numbers of the spec mean; shown by `validate`.
    Note,
}

/// One thing to say about one place of a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// One lower-case sentence without a full stop.
    pub message: String,
    /// JSON pointer of the value, as in `/stream/kinesis/shards`; empty for the document.
    pub path: String,
    /// Bytes of the text that are marked, within one line.
    pub span: Option<Range<usize>>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether the key is marked, not the value.
    pub(super) on_key: bool,
}

impl Problem {
    /// Makes an error about the value at `path`.
    pub(super) fn error(path: impl Into<String>, message: impl Into<String>) -> Self {
        let (path, message) = (path.into(), tame(&message.into()));
        Self { severity: Severity::Error, message, path, span: None, hint: None, on_key: false }
    }

    /// Makes a warning about the value at `path`.
    pub(super) fn warning(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, message) }
    }

    /// Makes a note about the value at `path`.
    pub(super) fn note(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(path, message) }
    }

    /// Adds what to do.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(tame(&hint.into())), ..self }
    }

    /// Marks the key instead of the value.
    pub(super) fn on_key(self) -> Self {
        Self { on_key: true, ..self }
    }

    /// Marks these bytes.
    pub(super) fn at(self, span: Range<usize>) -> Self {
        Self { span: Some(span), ..self }
    }

    /// Finds the bytes to mark, unless they are known.
    pub(super) fn place(&mut self, places: &Places) {
        if self.span.is_none() {
            self.span = places.span(&self.path, self.on_key);
        }
    }
}

/// A problem as data, with the place that it has in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Located {
    /// Name of the file, as given.
    pub file: String,
    /// Line, from 1; `null` where the problem is the whole file's.
    pub line: Option<usize>,
    /// Column, from 1, in characters; `null` where the problem is the whole file's.
    pub column: Option<usize>,
    /// How bad it is.
    pub severity: Severity,
    /// One lower-case sentence without a full stop.
    pub message: String,
    /// JSON pointer of the value, as in `/stream/kinesis/shards`; empty for the document.
    pub path: String,
    /// What to do about it; `null` where nothing is known.
    pub hint: Option<String>,
}

/// The problems of one spec with the text that they are drawn in, in the order of their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Name of the file, as given.
    pub file: String,
    /// Every problem, the first in the file first.
    pub problems: Vec<Problem>,
    /// The text of the file, with the values of environment variables blotted out.
    text: String,
}

impl Report {
    /// Makes a report; sorts the problems by their places.
    pub(super) fn new(file: &str, text: String, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_cached_key(|problem| {
            (problem.span.as_ref().map(|span| span.start), problem.severity, problem.message.clone())
        });
        // Letters of as many bytes stand for those that steer a terminal and that the drawing would let through.
        let text = without_commands(&text).replace(|letter: char| letter.len_utf8() == 2 && steers(letter), "\u{b7}");
        let text = text.replace(|letter: char| letter.len_utf8() == 3 && steers(letter), "\u{fffd}");
        Self { file: file.to_owned(), problems, text }
    }

    /// Tells whether the spec cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Adds a warning about the value at `path` that only something beside the spec could tell.
    pub fn warn(&mut self, path: &str, message: &str, hint: Option<&str>) {
        let mut problem = Problem::warning(path, message);
        problem.hint = hint.map(tame);
        if let Ok((places, _)) = scan(&self.text) {
            problem.place(&places);
        }
        self.problems.push(problem);
    }

    /// Returns where the value at `path` stands, as in `pipeline.yaml:3:9`; the file alone where that is not known.
    #[must_use]
    pub fn place_of(&self, path: &str) -> String {
        let span = scan(&self.text).ok().and_then(|(places, _)| places.span(path, false));
        let position = span.map(|span| self.position(span.start));
        position.map_or_else(|| self.file.clone(), |(line, column)| format!("{}:{line}:{column}", self.file))
    }

    /// Returns the report without its notes, which only `validate` shows.
    #[must_use]
    pub fn without_notes(mut self) -> Self {
        self.problems.retain(|problem| problem.severity != Severity::Note);
        self
    }

    /// Draws every problem with its file, line, column, the marked line and the hint; empty when there is none.
    /// Beyond 100 problems the rest are counted.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut parts: Vec<String> =
            self.problems.iter().take(DRAWN).map(|problem| self.draw(problem, &renderer)).collect();
        if self.problems.len() > DRAWN {
            parts.push(format!("... and {} more", self.problems.len() - DRAWN));
        }
        parts.into_iter().map(|part| part + "\n").collect::<Vec<_>>().join("\n")
    }

    /// Returns each problem with its place.
    #[must_use]
    pub fn located(&self) -> Vec<Located> {
        let located = self.problems.iter().map(|problem| {
            let (line, column) = problem.span.as_ref().map(|span| self.position(span.start)).unzip();
            Located {
                file: self.file.clone(),
                line,
                column,
                severity: problem.severity,
                message: problem.message.clone(),
                path: problem.path.clone(),
                hint: problem.hint.clone(),
            }
        });
        located.collect()
    }

    fn draw(&self, problem: &Problem, renderer: &Renderer) -> String {
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(problem.message.as_str());
        let mut group = match &problem.span {
            Some(span) => self.drawn(span, Group::with_title(title)),
            None => Group::with_title(title).element(Origin::path(tame(&self.file))),
        };
        if let Some(hint) = &problem.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        renderer.render(&[group])
    }

    /// Draws the line of the span; only the position where the line is too long to draw.
    fn drawn<'a>(&'a self, span: &Range<usize>, group: Group<'a>) -> Group<'a> {
        let (number, column) = self.position(span.start);
        let start = self.text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.text[span.start..].find(['\n', '\r']).map_or(self.text.len(), |length| span.start + length);
        if end - start > LINE {
            return group.element(Origin::path(tame(&self.file)).line(number).char_column(column));
        }
        let marked = span.start - start..span.end.min(end) - start;
        let snippet = Snippet::source(&self.text[start..end]).path(tame(&self.file)).line_start(number);
        group.element(snippet.annotation(AnnotationKind::Primary.span(marked)))
    }

    /// Returns line and column, both from 1, the column in characters.
    fn position(&self, byte: usize) -> (usize, usize) {
        let before = &self.text[..byte];
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        (line, before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}

/// Returns the path as people write it: `source.api.routes[0].post`.
pub(super) fn dotted(path: &str) -> String {
    let mut text = String::new();
    for segment in path.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        if !text.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push_str(&format!("[{segment}]"));
        } else {
            text.push_str(if text.is_empty() { "" } else { "." });
            text.push_str(&segment);
        }
    }
    text
}

/// Returns one segment of a JSON pointer.
pub(super) fn segment(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

//! Reads the text event by event, and refuses what no value may be built from.
//!
//! Memory and time stay bounded: the depth, and the size with every alias written out, have a limit. An alias is not
//! followed here: what is wrong inside of it is drawn at the alias.

use super::places::{Node, Places};
use super::problem::{Problem, segment};
use saphyr_parser::{Event, Parser, ScanError, Span};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// Levels of a document; the grammar needs 8.
const DEPTH: usize = 32;
/// Size of the document with its aliases written out: 16 for each node, and its bytes.
const EXPANDED: usize = 4 * 1024 * 1024;
/// Problems that are kept; a document with more is not a spec with mistakes in it.
const KEPT: usize = 200;
/// Bytes of a key; AWS's longest (an attribute of a table) has 255.
const KEY: usize = 1024;

/// Reads the text's places. Returns with them what may be reported together with other problems: keys that are there
/// twice or are not words.
///
/// # Errors
/// One problem after which no value can be built: bad syntax, an alias bomb, too many levels, more than one document.
pub(super) fn scan(text: &str) -> Result<(Places, Vec<Problem>), Problem> {
    let mut walk = Walk::new(text);
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| walk.syntax(&error))?;
        walk.event(event, span)?;
    }
    Ok((walk.places, walk.problems))
}

/// A container that is open while its children are read.
struct Frame {
    node: usize,
    name: String,
    anchor: usize,
    size: usize,
    /// The key that waits for its value (a mapping).
    key: Option<(String, Range<usize>)>,
    mapping: bool,
    items: usize,
}

struct Walk<'a> {
    text: &'a str,
    /// Byte of each character; empty when the text is ASCII and the two are the same.
    bytes: Vec<usize>,
    places: Places,
    problems: Vec<Problem>,
    frames: Vec<Frame>,
    anchors: HashMap<usize, usize>,
    size: usize,
    documents: usize,
}

impl<'a> Walk<'a> {
    fn new(text: &'a str) -> Self {
        let bytes = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(byte, _)| byte).collect() };
        let (places, problems, frames, anchors) = Default::default();
        Self { text, bytes, places, problems, frames, anchors, size: 0, documents: 0 }
    }

    fn syntax(&self, error: &ScanError) -> Problem {
        if error.info().contains("recursion limit") {
            return self.levels().at(self.point(error.marker().index()));
        }
        Problem::error("", format!("this is not YAML: {}", error.info())).at(self.point(error.marker().index()))
    }

    fn levels(&self) -> Problem {
        Problem::error("", format!("more than {DEPTH} levels nested in each other"))
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let range = self.range(&span);
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let problem = Problem::error("", "a spec is one document, but another one starts here");
                    return Err(problem.hint("put each pipeline into a file of its own").at(range));
                }
            }
            Event::Alias(anchor) => {
                let Some(size) = self.anchors.get(&anchor).copied() else {
                    return Err(Problem::error("", "this alias is part of what it refers to").at(range));
                };
                self.leaf(None, size, range, self.byte(span.end.index()))?;
            }
            Event::Scalar(value, _, anchor, _) => {
                let size = 16 + value.len();
                self.anchors.insert(anchor, size);
                self.leaf(Some(&value), size, range, self.byte(span.end.index()))?;
            }
            Event::SequenceStart(anchor, _) => self.open(false, anchor, range)?,
            Event::MappingStart(anchor, _) => self.open(true, anchor, range)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// Takes a scalar or an alias: a key, or a value.
    fn leaf(&mut self, scalar: Option<&str>, size: usize, range: Range<usize>, end: usize) -> Result<(), Problem> {
        self.grow(size, &range)?;
        if self.frames.last().is_some_and(|frame| frame.mapping && frame.key.is_none()) {
            return self.key(scalar, range);
        }
        self.node(false, range, end);
        Ok(())
    }

    fn key(&mut self, scalar: Option<&str>, range: Range<usize>) -> Result<(), Problem> {
        let Some(text) = scalar.filter(|text| text.len() <= KEY) else {
            return Err(Problem::error("", "a key must be a word").at(range));
        };
        let key = segment(text);
        self.twice(&key, text, &range);
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        // An entry of a list has no key of its own: its first key stands for it.
        if let Some(node) = self.places.nodes.get_mut(frame.node).filter(|node| node.key.is_none()) {
            node.key = Some(range.clone());
        }
        frame.key = Some((key, range));
        Ok(())
    }

    fn twice(&mut self, key: &str, text: &str, range: &Range<usize>) {
        let node = self.frames.last().and_then(|frame| self.places.nodes.get(frame.node));
        if node.is_some_and(|node| node.children.contains_key(key)) && self.problems.len() < KEPT {
            let names = self.frames.iter().skip(1).map(|frame| frame.name.as_str()).chain([key]);
            let path = names.fold(String::new(), |path, name| path + "/" + name);
            let problem = Problem::error(path, format!("the key `{text}` appears twice"));
            self.problems.push(problem.hint("keep one of the two").at(range.clone()));
        }
    }

    fn open(&mut self, mapping: bool, anchor: usize, range: Range<usize>) -> Result<(), Problem> {
        self.grow(16, &range)?;
        if self.frames.last().is_some_and(|frame| frame.mapping && frame.key.is_none()) {
            return Err(Problem::error("", "a key must be a word, not a list or a mapping").at(range));
        }
        if self.frames.len() >= DEPTH {
            return Err(self.levels().at(range));
        }
        let end = range.end;
        let (node, name) = self.node(true, range, end);
        self.frames.push(Frame { node, name, anchor, size: 16, key: None, mapping, items: 0 });
        Ok(())
    }

    fn close(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.anchors.insert(frame.anchor, frame.size);
            if let Some(parent) = self.frames.last_mut() {
                // `grow` counted this container's own 16 for the parent already.
                parent.size += frame.size.saturating_sub(16);
            }
        }
    }

    /// Adds a node to the container that is open, and returns its index and name.
    fn node(&mut self, container: bool, value: Range<usize>, end: usize) -> (usize, String) {
        let index = self.places.nodes.len();
        let mut node = Node { key: None, value, end, container, children: BTreeMap::new() };
        let mut name = String::new();
        if let Some(frame) = self.frames.last_mut() {
            name = frame.items.to_string();
            if let Some((waiting, key)) = frame.key.take() {
                node.key = Some(key);
                name = waiting;
            }
            frame.items += 1;
            if let Some(parent) = self.places.nodes.get_mut(frame.node) {
                // The first value of a key that is here twice stays, under a name that no path has.
                if let Some(first) = parent.children.insert(name.clone(), index) {
                    parent.children.insert(format!("{name}~2{index}"), first);
                }
            }
        }
        self.places.nodes.push(node);
        (index, name)
    }

    /// Counts what a node adds to the written-out document.
    fn grow(&mut self, size: usize, range: &Range<usize>) -> Result<(), Problem> {
        self.size += size;
        if let Some(frame) = self.frames.last_mut() {
            frame.size += size;
        }
        if self.size > EXPANDED {
            let problem =
                Problem::error("", "the document is too large: at most 4 MiB with every alias (`*name`) written out");
            return Err(problem.at(range.clone()));
        }
        Ok(())
    }

    fn byte(&self, character: usize) -> usize {
        let byte = if self.bytes.is_empty() { Some(character) } else { self.bytes.get(character).copied() };
        byte.unwrap_or(self.text.len()).min(self.text.len())
    }

    /// Returns the bytes of the span, as far as its first line goes, without blanks at its end.
    fn range(&self, span: &Span) -> Range<usize> {
        let (start, end) = (self.byte(span.start.index()), self.byte(span.end.index()));
        let marked = self.text.get(start..end).unwrap_or_default();
        let line = marked.split(['\n', '\r']).next().unwrap_or_default().trim_end();
        start..start + line.len()
    }

    fn point(&self, character: usize) -> Range<usize> {
        let start = self.byte(character);
        let next = self.text.get(start..).and_then(|rest| rest.chars().next()).filter(|next| !next.is_control());
        start..start + next.map_or(0, char::len_utf8)
    }
}

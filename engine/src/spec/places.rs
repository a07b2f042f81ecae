//! Where each key and value of the document stands in the text.

use std::collections::BTreeMap;
use std::ops::Range;

/// The places of every key and value, found by JSON pointer.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) nodes: Vec<Node>,
}

/// One key with its value, or one entry of a list.
#[derive(Debug)]
pub(super) struct Node {
    /// The key's text; of a mapping in a list its first key.
    pub(super) key: Option<Range<usize>>,
    /// The value's text, as far as its first line goes.
    pub(super) value: Range<usize>,
    /// End of the value on its last line.
    pub(super) end: usize,
    /// Whether it is a mapping or a list.
    pub(super) container: bool,
    /// Index of each child, by its segment of a JSON pointer.
    pub(super) children: BTreeMap<String, usize>,
}

impl Places {
    /// Returns the bytes to mark for `path`: a scalar's text or a container's key, or the key where it is asked for.
    /// Something without a place of its own (a missing key, the inside of an alias) is marked at the value that holds it.
    pub(super) fn span(&self, path: &str, on_key: bool) -> Option<Range<usize>> {
        let mut node = self.nodes.first()?;
        for part in path.split('/').skip(1) {
            match node.children.get(part).and_then(|index| self.nodes.get(*index)) {
                Some(child) => node = child,
                None => break,
            }
        }
        match &node.key {
            // A value that is not there has no place.
            Some(key) if on_key || node.container || node.value.is_empty() => Some(key.clone()),
            _ => Some(node.value.clone()),
        }
    }

    /// Returns the bytes of every scalar at and below `path`.
    pub(super) fn scalars(&self, path: &str) -> Vec<Range<usize>> {
        let mut node = self.nodes.first();
        for part in path.split('/').skip(1) {
            node = node.and_then(|node| node.children.get(part)).and_then(|index| self.nodes.get(*index));
        }
        let mut open: Vec<&Node> = node.into_iter().collect();
        let mut spans = Vec::new();
        while let Some(node) = open.pop() {
            open.extend(node.children.values().filter_map(|index| self.nodes.get(*index)));
            if !node.container {
                spans.push(node.value.start..node.end);
            }
        }
        spans
    }
}

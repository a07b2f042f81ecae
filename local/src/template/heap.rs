//! The values of one rendering.
//!
//! Lists and maps live in a [`Heap`] and are named by their place in it: as in Java, two variables can share one, a list may even
//! contain itself, and nothing of that has to be taken apart when the rendering is over.

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::Block;
use super::number::Number;

/// The work of one rendering: bytes of text read and made, and some for each other step. Less than a second, and a bound of memory.
const MAX_WORK: usize = 256 << 20;
/// The work of a step without a text.
pub const STEP: usize = 64;
/// Maps with more members than this have an index.
const SMALL: usize = 16;

#[derive(Debug, Clone)]
pub enum Value {
    /// Only ever inside of lists, maps and arguments: a reference to it is an empty text.
    Null,
    Bool(bool),
    Number(Number),
    Text(Arc<str>),
    List(usize),
    Map(usize),
    /// A member of a map.
    Entry(usize, Arc<str>),
    /// `$foreach` at this depth.
    Loop(usize),
    /// What `#define` made.
    Block(Arc<Block>),
    /// `$input`.
    Input,
    /// `$util`.
    Util,
}

impl Value {
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    pub fn count(count: usize) -> Self {
        i128::try_from(count).map_or(Self::Null, |count| Self::Number(Number::Whole(count)))
    }

    pub fn as_text(&self) -> Option<&Arc<str>> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub fn as_whole(&self) -> Option<i128> {
        if let Self::Number(number) = self { number.whole() } else { None }
    }
}

#[derive(Debug, Default)]
pub struct List {
    pub items: Vec<Value>,
    /// Of a JSON text. Such a list prints as JSON (recorded), one of the template as Java prints it.
    pub json: bool,
}

/// Members in the order in which they were first put.
#[derive(Debug, Default)]
pub struct Map {
    entries: Vec<(Arc<str>, Value)>,
    /// Empty while the map is small.
    index: HashMap<Arc<str>, usize>,
}

impl Map {
    fn place(&self, key: &str) -> Option<usize> {
        if self.entries.len() > SMALL {
            return self.index.get(key).copied();
        }
        self.entries.iter().position(|(known, _)| &**known == key)
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.place(key).map(|place| &self.entries[place].1)
    }

    pub fn put(&mut self, key: Arc<str>, value: Value) -> Option<Value> {
        if let Some(place) = self.place(&key) {
            return Some(std::mem::replace(&mut self.entries[place].1, value));
        }
        self.entries.push((Arc::clone(&key), value));
        match self.entries.len() {
            0..=SMALL => {}
            length if length == SMALL + 1 => self.reindex(),
            length => drop(self.index.insert(key, length - 1)),
        }
        None
    }

    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let place = self.place(key)?;
        let (_, value) = self.entries.remove(place);
        self.reindex();
        Some(value)
    }

    fn reindex(&mut self) {
        self.index.clear();
        if self.entries.len() > SMALL {
            self.index = self.entries.iter().enumerate().map(|(at, (key, _))| (Arc::clone(key), at)).collect();
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn entries(&self) -> &[(Arc<str>, Value)] {
        &self.entries
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }
}

#[derive(Debug, Default)]
pub struct Heap {
    lists: Vec<List>,
    maps: Vec<Map>,
    work: usize,
}

impl Heap {
    /// Counts work; fails when a rendering does too much of it.
    pub fn work(&mut self, amount: usize) -> Result<(), String> {
        self.work = self.work.saturating_add(amount);
        if self.work > MAX_WORK { Err("the template does too much for one request".to_owned()) } else { Ok(()) }
    }

    pub fn new_list(&mut self, items: Vec<Value>, json: bool) -> Result<Value, String> {
        self.work(items.len().saturating_mul(STEP / 2) + STEP)?;
        self.lists.push(List { items, json });
        Ok(Value::List(self.lists.len() - 1))
    }

    pub fn new_map(&mut self, entries: impl IntoIterator<Item = (Arc<str>, Value)>) -> Result<Value, String> {
        let mut map = Map::default();
        for (key, value) in entries {
            self.work(STEP)?;
            map.put(key, value);
        }
        self.work(2 * STEP)?;
        self.maps.push(map);
        Ok(Value::Map(self.maps.len() - 1))
    }

    pub fn list(&self, list: usize) -> &List {
        &self.lists[list]
    }

    pub fn items(&mut self, list: usize) -> &mut Vec<Value> {
        &mut self.lists[list].items
    }

    pub fn map(&self, map: usize) -> &Map {
        &self.maps[map]
    }

    pub fn map_mut(&mut self, map: usize) -> &mut Map {
        &mut self.maps[map]
    }
}

//! JSON texts to values: members in their order, numbers as Java holds them.

use std::sync::Arc;

use serde::de::IgnoredAny;
use serde_json::Value as Json;

use super::heap::{Heap, Value};
use super::number::Number;
use crate::lenient::{levels, text};

/// Each level of a body is one on the stack of a thread here; AWS names no bound.
const MOST_LEVELS: usize = 256;

/// None for a text that is no JSON or nests deeper than [`MOST_LEVELS`]. Of a key that comes twice, the last value counts.
pub fn parse(text: &str, heap: &mut Heap) -> Result<Option<Value>, String> {
    heap.work(2 * text.len())?;
    // The rest may then trust the text: its depth is known, and serde_json, which bounds none here, has judged its grammar.
    if levels(text.as_bytes()) > MOST_LEVELS || serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Ok(None);
    }
    let mut reader = Reader { text, at: 0, heap };
    match reader.value() {
        Ok(value) => Ok(Some(value)),
        Err(Stop::NoJson) => Ok(None),
        Err(Stop::Failed(message)) => Err(message),
    }
}

enum Stop {
    NoJson,
    Failed(String),
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    heap: &'a mut Heap,
}

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(blank) {
            self.at += 1;
        }
        bytes.get(self.at).copied().unwrap_or(0)
    }

    fn passed(&mut self, byte: u8) -> bool {
        let found = self.byte() == byte;
        self.at += usize::from(found);
        found
    }

    fn value(&mut self) -> Result<Value, Stop> {
        match self.byte() {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => self.string().map(Value::Text),
            b't' => Ok(self.word("true", Value::Bool(true))),
            b'f' => Ok(self.word("false", Value::Bool(false))),
            b'n' => Ok(self.word("null", Value::Null)),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Value {
        self.at += word.len();
        value
    }

    fn number(&mut self) -> Result<Value, Stop> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.bytes().take_while(part).count();
        if length == 0 {
            return Err(Stop::NoJson);
        }
        self.at += length;
        Ok(Value::Number(Number::json(&rest[..length])))
    }

    fn string(&mut self) -> Result<Arc<str>, Stop> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        self.at += 1;
        loop {
            match bytes.get(self.at) {
                None => return Err(Stop::NoJson),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        let quoted = &self.text[start..self.at];
        if !escaped {
            return Ok(quoted[1..quoted.len() - 1].into());
        }
        text(quoted).map(Arc::from).ok_or(Stop::NoJson)
    }

    fn array(&mut self) -> Result<Value, Stop> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.passed(b']') {
            items.push(self.value()?);
            self.passed(b',');
        }
        Ok(self.heap.new_list(items, true)?)
    }

    fn object(&mut self) -> Result<Value, Stop> {
        self.at += 1;
        let mut entries = Vec::new();
        while !self.passed(b'}') {
            self.byte();
            let key = self.string()?;
            self.passed(b':');
            entries.push((key, self.value()?));
            self.passed(b',');
        }
        Ok(self.heap.new_map(entries)?)
    }
}

/// A value of `$context`.
pub fn from_json(json: &Json, heap: &mut Heap) -> Result<Value, String> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => Value::Number(Number::json(&number.to_string())),
        Json::String(text) => Value::text(text),
        Json::Array(items) => {
            let items = items.iter().map(|item| from_json(item, heap)).collect::<Result<_, _>>()?;
            heap.new_list(items, true)?
        }
        Json::Object(members) => {
            let member = |(key, value): (&String, &Json)| Ok((Arc::from(key.as_str()), from_json(value, heap)?));
            let members = members.iter().map(member).collect::<Result<Vec<_>, String>>()?;
            heap.new_map(members)?
        }
    })
}

//! Values as text: as Java prints them, and as JSON.

use super::MAX_OUTPUT_BYTES;
use super::heap::{Heap, STEP, Value};

/// How deep lists and maps may nest where they are printed or compared. A list that contains itself ends here.
pub const MAX_NESTING: usize = 200;

impl Heap {
    /// `toString`: a map is `{foo=bar}`, a list of the template `[a, b]`, one of a JSON text is JSON (recorded).
    pub fn print(&mut self, value: &Value, out: &mut String) -> Result<(), String> {
        self.java(value, out, 0)
    }

    pub fn printed(&mut self, value: &Value) -> Result<String, String> {
        let mut out = String::new();
        self.java(value, &mut out, 0)?;
        Ok(out)
    }

    /// As JSON, without whitespace.
    pub fn json(&mut self, value: &Value) -> Result<String, String> {
        let mut out = String::new();
        self.write_json(value, &mut out, 0)?;
        Ok(out)
    }

    /// Appends a text and counts it.
    pub fn append(&mut self, text: &str, out: &mut String) -> Result<(), String> {
        self.work(text.len() + STEP / 4)?;
        if out.len() + text.len() > MAX_OUTPUT_BYTES {
            return Err(format!("the text becomes longer than {MAX_OUTPUT_BYTES} bytes"));
        }
        out.push_str(text);
        Ok(())
    }

    fn java(&mut self, value: &Value, out: &mut String, depth: usize) -> Result<(), String> {
        check(depth)?;
        match value {
            Value::Text(text) => self.append(text, out),
            Value::List(list) if self.list(*list).json => self.write_json(value, out, depth),
            Value::List(list) => {
                self.append("[", out)?;
                for at in 0..self.list(*list).items.len() {
                    let item = self.list(*list).items[at].clone();
                    self.append(if at == 0 { "" } else { ", " }, out)?;
                    self.java(&item, out, depth + 1)?;
                }
                self.append("]", out)
            }
            Value::Map(map) => {
                self.append("{", out)?;
                for at in 0..self.map(*map).len() {
                    let (key, item) = self.map(*map).entries()[at].clone();
                    self.append(if at == 0 { "" } else { ", " }, out)?;
                    self.append(&key, out)?;
                    self.append("=", out)?;
                    self.java(&item, out, depth + 1)?;
                }
                self.append("}", out)
            }
            Value::Entry(map, key) => {
                let item = self.map(*map).get(key).cloned().unwrap_or(Value::Null);
                self.append(key, out)?;
                self.append("=", out)?;
                self.java(&item, out, depth + 1)
            }
            plain => self.append(&plain_text(plain), out),
        }
    }

    fn write_json(&mut self, value: &Value, out: &mut String, depth: usize) -> Result<(), String> {
        check(depth)?;
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => self.append(&plain_text(value), out),
            Value::List(list) => {
                self.append("[", out)?;
                for at in 0..self.list(*list).items.len() {
                    let item = self.list(*list).items[at].clone();
                    self.append(if at == 0 { "" } else { "," }, out)?;
                    self.write_json(&item, out, depth + 1)?;
                }
                self.append("]", out)
            }
            Value::Map(map) => {
                self.append("{", out)?;
                for at in 0..self.map(*map).len() {
                    let (key, item) = self.map(*map).entries()[at].clone();
                    self.append(if at == 0 { "" } else { "," }, out)?;
                    self.json_text(&key, out)?;
                    self.append(":", out)?;
                    self.write_json(&item, out, depth + 1)?;
                }
                self.append("}", out)
            }
            Value::Text(text) => self.json_text(text, out),
            other => {
                let text = self.printed(other)?;
                self.json_text(&text, out)
            }
        }
    }

    fn json_text(&mut self, text: &str, out: &mut String) -> Result<(), String> {
        let quoted = serde_json::to_string(text).map_err(|error| error.to_string())?;
        self.append(&quoted, out)
    }
}

fn check(depth: usize) -> Result<(), String> {
    if depth > MAX_NESTING { Err(format!("a value nests deeper than {MAX_NESTING}")) } else { Ok(()) }
}

fn plain_text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(bool) => bool.to_string(),
        Value::Number(number) => number.print(),
        Value::Text(text) => text.to_string(),
        Value::Input => "$input".to_owned(),
        Value::Util => "$util".to_owned(),
        Value::Loop(_) => "$foreach".to_owned(),
        Value::List(_) | Value::Map(_) | Value::Entry(..) | Value::Block(_) => String::new(),
    }
}

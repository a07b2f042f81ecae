//! What API Gateway brings along: `$input`, `$util`, `$context` and `$stageVariables`.

use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};

use super::heap::{Heap, Value};
use super::render::Run;
use super::text::keep;
use super::{json, walk};

/// Takes what Java's decoder takes: padding may lack, and the last bits need not be zero.
const LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));

impl Run<'_> {
    pub fn builtin(&mut self, name: &str) -> Result<Option<Value>, String> {
        Ok(match name {
            "input" => Some(Value::Input),
            "util" => Some(Value::Util),
            "context" => Some(self.context()?),
            "stageVariables" => Some(self.stage_variables()?),
            _ => None,
        })
    }

    /// `$context`, in which the overrides can be set at once.
    pub fn context(&mut self) -> Result<Value, String> {
        if let Some(context) = &self.context {
            return Ok(context.clone());
        }
        let heap = &mut self.heap;
        let context = match json::from_json(self.scope.context, heap)? {
            Value::Map(context) => context,
            _ => empty_map(heap)?,
        };
        for (name, parts) in
            [("requestOverride", &["header", "path", "querystring"][..]), ("responseOverride", &["header"])]
        {
            let overrides = member(heap, context, name)?;
            parts.iter().try_for_each(|part| member(heap, overrides, part).map(drop))?;
        }
        self.context = Some(Value::Map(context));
        Ok(Value::Map(context))
    }

    fn stage_variables(&mut self) -> Result<Value, String> {
        if self.stage_variables.is_none() {
            let members = self.scope.stage_variables.iter();
            let members = members.map(|(name, value)| (Arc::from(name.as_str()), Value::text(value)));
            self.stage_variables = Some(self.heap.new_map(members)?);
        }
        Ok(self.stage_variables.clone().unwrap_or(Value::Null))
    }

    fn params(&mut self) -> Result<Value, String> {
        if self.params.is_none() {
            let params = self.scope.params;
            let mut parts = Vec::new();
            for (name, part) in
                [("path", &params.path), ("querystring", &params.querystring), ("header", &params.header)]
            {
                let members = part.iter().map(|(name, value)| (Arc::from(name.as_str()), Value::text(value)));
                parts.push((Arc::from(name), self.heap.new_map(members)?));
            }
            self.params = Some(self.heap.new_map(parts)?);
        }
        Ok(self.params.clone().unwrap_or(Value::Null))
    }

    pub fn raw_body(&mut self) -> Value {
        let body = self.scope.body;
        self.raw.get_or_insert_with(|| Value::text(if body.is_empty() { "{}" } else { body })).clone()
    }

    /// The body as a value. An empty one is none; one that is no JSON is a text, as Jayway's parser takes it.
    fn body(&mut self) -> Result<Value, String> {
        if self.body.is_none() {
            let text = self.scope.body;
            let body = match json::parse(text, &mut self.heap)? {
                _ if text.is_empty() => Value::Null,
                Some(value) => value,
                None => Value::text(text),
            };
            self.body = Some(body);
        }
        Ok(self.body.clone().unwrap_or(Value::Null))
    }

    fn at_path(&mut self, path: &Value) -> Result<Option<Value>, String> {
        let Some(path) = path.as_text().cloned() else { return Ok(None) };
        let body = self.body()?;
        walk::find(&path, &body, &mut self.heap)
    }

    pub fn input_method(&mut self, name: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
        match (name, arguments) {
            ("path", [path]) => self.at_path(path),
            ("json", [path]) => self.input_json(path).map(Some),
            ("params", []) => self.params().map(Some),
            ("params", [Value::Text(name)]) => self.param(name).map(Some),
            _ => Ok(None),
        }
    }

    /// The JSON text of the value at the path. The whole of an empty body is `{}`; an absent value is an empty text in quotes.
    fn input_json(&mut self, path: &Value) -> Result<Value, String> {
        let text = match self.at_path(path)? {
            Some(Value::Null) if self.scope.body.is_empty() => "{}".to_owned(),
            Some(value) => self.heap.json(&value)?,
            None => "\"\"".to_owned(),
        };
        keep(&mut self.heap, text)
    }

    /// From the path, then the query, then the headers; an empty text if it is in none.
    fn param(&mut self, name: &str) -> Result<Value, String> {
        let params = self.scope.params;
        let mut parts = [&params.path, &params.querystring, &params.header].into_iter();
        let found = parts.find_map(|part| part.iter().rev().find(|(known, _)| known == name));
        keep(&mut self.heap, found.map_or_else(String::new, |(_, value)| value.clone()))
    }

    pub fn util_method(&mut self, name: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
        let [argument] = arguments else { return Ok(None) };
        let mut text = String::new();
        if !matches!(argument, Value::Null) {
            self.print(argument, &mut text)?;
        }
        let made = match name {
            "escapeJavaScript" => escape_java_script(&text),
            "urlEncode" => form_urlencoded::byte_serialize(text.as_bytes()).collect(),
            "urlDecode" => url_decode(&text)?,
            "base64Encode" => STANDARD.encode(&text),
            "base64Decode" => base64_decode(&text),
            "parseJson" => {
                let parsed = json::parse(&text, &mut self.heap)?;
                return parsed.map(Some).ok_or_else(|| "the text for `$util.parseJson` is not JSON".to_owned());
            }
            _ => return Ok(None),
        };
        keep(&mut self.heap, made).map(Some)
    }
}

fn empty_map(heap: &mut Heap) -> Result<usize, String> {
    match heap.new_map([])? {
        Value::Map(map) => Ok(map),
        _ => Err("a map is expected".to_owned()),
    }
}

/// The map under this name in a map, made if it is not there.
fn member(heap: &mut Heap, map: usize, name: &str) -> Result<usize, String> {
    if let Some(Value::Map(member)) = heap.map(map).get(name) {
        return Ok(*member);
    }
    let made = empty_map(heap)?;
    heap.map_mut(map).put(name.into(), Value::Map(made));
    Ok(made)
}

/// As `escapeJavaScript` of commons-lang: UTF-16 units outside of ASCII as `\uXXXX`, and a backslash before quotes and slashes.
fn escape_java_script(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for char in text.chars() {
        match char {
            '\'' | '"' | '\\' | '/' => out.extend(['\\', char]),
            '\u{8}' => out.push_str("\\b"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            ' '..='\u{7f}' => out.push(char),
            _ => {
                let mut units = [0; 2];
                char.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04X}")));
            }
        }
    }
    out
}

fn url_decode(text: &str) -> Result<String, String> {
    let bytes = text.as_bytes();
    let broken = text
        .match_indices('%')
        .any(|(at, _)| !bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)));
    if broken {
        return Err("the text for `$util.urlDecode` has a `%` without two hexadecimal digits".to_owned());
    }
    let spaces = text.replace('+', " ");
    Ok(percent_encoding::percent_decode_str(&spaces).decode_utf8_lossy().into_owned())
}

/// Characters outside of the alphabet, also the one for addresses, are skipped; bytes that are not UTF-8 are replaced.
fn base64_decode(text: &str) -> String {
    let known = |byte: u8| match byte {
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        byte if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/') => Some(byte),
        _ => None,
    };
    let mut digits: Vec<u8> = text.bytes().take_while(|byte| *byte != b'=').filter_map(known).collect();
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    let bytes = LENIENT.decode(digits).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

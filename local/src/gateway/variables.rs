//! Texts with `$context` variables and nothing else: gateway responses and the access log.

/// A text, cut at its variables once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// Name without `$context.`.
    Variable(String),
}

const PREFIX: &str = "$context.";

impl Format {
    pub fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(PREFIX) {
            let after = &rest[at + PREFIX.len()..];
            let name = name(after);
            if name.is_empty() {
                parts.push(Part::Text(rest[..at + PREFIX.len()].to_owned()));
            } else {
                parts.push(Part::Text(rest[..at].to_owned()));
                parts.push(Part::Variable(name.to_owned()));
            }
            rest = &after[name.len()..];
        }
        parts.push(Part::Text(rest.to_owned()));
        Self { parts }
    }

    /// Puts the values in. A value itself is never expanded again.
    pub fn fill(&self, value: impl Fn(&str) -> String) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Variable(name) => value(name),
        });
        parts.collect()
    }
}

/// Words of letters, digits and `_` with dots between them; a dot at the end is text.
fn name(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(text.len());
    let name = text[..end].trim_end_matches('.');
    name.split("..").next().unwrap_or_default()
}

/// A value for the inside of a JSON text on one line, whatever the client put into it.
pub fn escaped(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    let mut safe = String::with_capacity(quoted.len());
    for c in quoted[1..quoted.len() - 1].chars() {
        // JSON lets these stand, but a reader of lines may end a line there, and a terminal may obey.
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            safe.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            safe.push(c);
        }
    }
    safe
}

//! From YAML's values to JSON's, which the schema and the types read.

use super::problem::{Problem, segment};
use crate::resource::OUTPUT;
use serde_json::{Map, Number, Value};
use serde_yaml::Value as Yaml;

/// Problems that are kept; a document with more is not a spec with mistakes in it.
const KEPT: usize = 200;

/// Turns a YAML document into JSON. A value that JSON has no word for (a tag, a key that is not text, `.nan`) is a problem.
pub(super) fn json(yaml: Yaml) -> (Value, Vec<Problem>) {
    let mut walk = Walk { path: Vec::new(), problems: Vec::new() };
    let value = walk.value(yaml);
    (value, walk.problems)
}

struct Walk {
    path: Vec<String>,
    problems: Vec<Problem>,
}

impl Walk {
    fn value(&mut self, yaml: Yaml) -> Value {
        match yaml {
            Yaml::Null => Value::Null,
            Yaml::Bool(flag) => Value::Bool(flag),
            Yaml::String(text) => {
                self.unmarked(&text);
                Value::String(text)
            }
            Yaml::Number(number) => numeric(&number).unwrap_or_else(|| {
                self.problem("this is not a finite number", None);
                Value::Null
            }),
            Yaml::Sequence(items) => {
                let items = items.into_iter().enumerate();
                Value::Array(items.map(|(index, item)| self.below(index.to_string(), item)).collect())
            }
            Yaml::Mapping(entries) => self.object(entries),
            Yaml::Tagged(tagged) => {
                self.problem(&format!("the tag `{}` has no meaning here", tagged.tag), Some("leave it out".to_owned()));
                self.value(tagged.value)
            }
        }
    }

    fn object(&mut self, entries: serde_yaml::Mapping) -> Value {
        let mut object = Map::new();
        for (key, value) in entries {
            let written = match key {
                Yaml::String(name) => {
                    self.unmarked(&name);
                    let value = self.below(segment(&name), value);
                    object.insert(name, value);
                    continue;
                }
                Yaml::Null => "null".to_owned(),
                Yaml::Bool(flag) => flag.to_string(),
                Yaml::Number(number) => number.to_string(),
                _ => String::new(),
            };
            self.path.push(segment(&written));
            self.problem("a key must be text", Some(format!("write it in quotes: `\"{written}\"`")));
            self.path.pop();
        }
        Value::Object(object)
    }

    /// Reports a text that holds the mark: once the spec is a graph, it stands for an output of a resource.
    fn unmarked(&mut self, text: &str) {
        if text.contains(OUTPUT) {
            self.problem("a text cannot hold the character U+FDD0", Some("leave it out".to_owned()));
        }
    }

    fn below(&mut self, name: String, yaml: Yaml) -> Value {
        self.path.push(name);
        let value = self.value(yaml);
        self.path.pop();
        value
    }

    fn problem(&mut self, message: &str, hint: Option<String>) {
        if self.problems.len() < KEPT {
            let path = self.path.iter().fold(String::new(), |path, name| path + "/" + name);
            self.problems.push(Problem { hint, ..Problem::error(path, message).on_key() });
        }
    }
}

/// Returns the number; a float without a fraction (`30.0`) as the integer that it is, as the schema reads it.
fn numeric(number: &serde_yaml::Number) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(integer) = number.as_i64() {
        return Some(Value::from(integer));
    }
    if let Some(integer) = number.as_u64() {
        return Some(Value::from(integer));
    }
    let float = number.as_f64()?;
    if float.fract() == 0.0 && float.abs() < EXACT {
        return format!("{float:.0}").parse::<i64>().ok().map(Value::from);
    }
    Number::from_f64(float).map(Value::Number)
}

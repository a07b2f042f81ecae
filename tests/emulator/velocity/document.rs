//! Hostile documents, and what they mean to DynamoDB.

use proptest::prelude::*;
use serde_json::{Value, json};

/// A JSON value, with its numbers as texts: Rust's own would round them.
#[derive(Clone, Debug)]
pub enum Document {
    Null,
    Flag(bool),
    Number(String),
    Text(String),
    List(Vec<Document>),
    Map(Vec<(String, Document)>),
}

impl Document {
    /// The document as a client writes it. JSON has two ways to write a letter: `escaped` takes the longer one for all.
    pub fn plain(&self, escaped: bool) -> String {
        let text = |text: &str| if escaped { escapes(text) } else { json!(text).to_string() };
        match self {
            Self::Null => "null".to_owned(),
            Self::Flag(flag) => flag.to_string(),
            Self::Number(digits) => digits.clone(),
            Self::Text(one) => text(one),
            Self::List(items) => format!("[{}]", joined(items.iter().map(|item| item.plain(escaped)))),
            Self::Map(members) => {
                format!(
                    "{{{}}}",
                    joined(members.iter().map(|(name, one)| format!("{}: {}", text(name), one.plain(escaped))))
                )
            }
        }
    }

    /// DynamoDB's form of it.
    pub fn attribute(&self) -> String {
        match self {
            Self::Null => r#"{"NULL":true}"#.to_owned(),
            Self::Flag(flag) => format!(r#"{{"BOOL":{flag}}}"#),
            Self::Number(digits) => format!(r#"{{"N":"{digits}"}}"#),
            Self::Text(text) => format!(r#"{{"S":{}}}"#, json!(text)),
            Self::List(items) => format!(r#"{{"L":[{}]}}"#, joined(items.iter().map(Self::attribute))),
            Self::Map(_) => format!(r#"{{"M":{}}}"#, self.item()),
        }
    }

    /// The attributes of a map, by name.
    pub fn item(&self) -> String {
        let Self::Map(members) = self else { panic!("{self:?} is no item") };
        format!("{{{}}}", joined(members.iter().map(|(name, one)| format!("{}:{}", json!(name), one.attribute()))))
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

fn escapes(text: &str) -> String {
    format!("\"{}\"", text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>())
}

/// Texts that end a place in JSON, begin something in Velocity, or are something else in Java, Python or a regular expression.
const HOSTILE: &[&str] = &[
    "",
    "\"",
    "'",
    "\\",
    "\\\"",
    "\\'",
    "\\u0022",
    "\"}, \"X\": {\"S\": \"y",
    "\"},\"TableName\":\"other",
    "}}",
    "/",
    "</script>",
    "#set($x = 1)",
    "#set($body = 1)#end",
    "#end",
    "#else",
    "##",
    "#*",
    "#",
    "$",
    "$x",
    "$!x",
    "${x}",
    "${hash}",
    "$hash",
    "$input.body",
    "$context.requestId",
    "$util.escapeJavaScript('x')",
    "$$",
    "\\$x",
    "\u{0}",
    "\u{1}\u{1f}\u{7f}\u{80}\u{9f}",
    "\n\r\t\u{8}\u{c}",
    "\u{85}\u{2028}\u{2029}",
    "\u{feff}\u{fffd}\u{fffe}",
    "é",
    "日本",
    "\u{1F600}",
    "e\u{301}",
    "\u{202e}",
    "%",
    "%2",
    "%22",
    "%25",
    "a+b",
    "a b",
    "__proto__",
    "constructor",
    "get",
    "size",
    "keySet",
    "containsKey",
    "null",
    "true",
    "True",
    "None",
    "1",
    "0",
    "-1",
    "1.0",
    "NaN",
    "S",
    "N",
    "M",
    "$1",
    "\\1",
    "^.*$",
    "[",
    "{",
    ":",
    ",",
    "@",
    "ID",
    "a.b",
    "['a']",
];

/// Such a text, or any other.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => prop::sample::select(HOSTILE).prop_map(str::to_owned), 1 => "\\PC{0,12}", 1 => any::<String>(), 1 => "[\"\\\\$#{}'a]{1,8}"]
}

/// Numbers that Java writes as they were written: whole ones of any length, and short decimals.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|one| one.to_string()),
        "-?[1-9][0-9]{37}",
        "-?[1-9][0-9]{0,5}[.][0-9]{0,7}[1-9]",
        "-?0[.][1-9]{1,9}"
    ]
}

/// What fits a schema; what is not required is there or not.
pub fn fitting(schema: &Value) -> BoxedStrategy<Document> {
    let types = match &schema["type"] {
        Value::Array(several) => several.clone(),
        one => vec![one.clone()],
    };
    let of = |kind: &Value| match kind.as_str().unwrap() {
        "string" => text().prop_map(Document::Text).boxed(),
        "integer" => any::<i64>().prop_map(|one| Document::Number(one.to_string())).boxed(),
        "number" => number().prop_map(Document::Number).boxed(),
        "boolean" => any::<bool>().prop_map(Document::Flag).boxed(),
        "null" => Just(Document::Null).boxed(),
        "array" => prop::collection::vec(fitting(&schema["items"]), 0..4).prop_map(Document::List).boxed(),
        _ => object(schema),
    };
    prop::strategy::Union::new(types.iter().map(of)).boxed()
}

fn object(schema: &Value) -> BoxedStrategy<Document> {
    let required = |name: &String| schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
    let member = |(name, schema): (&String, &Value)| {
        let (name, always) = (name.clone(), required(name));
        let one = (fitting(schema), any::<bool>());
        one.prop_map(move |(value, there)| (always || there).then(|| (name.clone(), value)))
    };
    let members: Vec<_> = schema["properties"].as_object().unwrap().iter().map(member).collect();
    members.prop_map(|all| Document::Map(all.into_iter().flatten().collect())).boxed()
}

/// An item as anything may have written it: any names, any nesting that answers show.
pub fn item() -> impl Strategy<Value = Document> {
    let leaf = prop_oneof![
        Just(Document::Null),
        any::<bool>().prop_map(Document::Flag),
        number().prop_map(Document::Number),
        text().prop_map(Document::Text)
    ];
    let map = |inner| {
        prop::collection::btree_map(text(), inner, 0..4).prop_map(|all| Document::Map(all.into_iter().collect()))
    };
    // An item, and five levels of lists and maps in it.
    let deep = leaf.prop_recursive(5, 24, 4, move |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..4).prop_map(Document::List), map(inner)]
    });
    prop::collection::btree_map(text(), deep, 1..5).prop_map(|all| Document::Map(all.into_iter().collect()))
}

//! A second opinion on the templates of tables: airspeed, a Velocity in Python that shares no code with ours, renders what is deployed.
//!
//! For hostile documents, keys and answers both engines must make the same tokens of JSON, and these must be the call of DynamoDB, or the
//! client's answer, that the document means: worked out here, from the document alone. What airspeed itself does otherwise than API Gateway is
//! listed in `velocity.py`.

mod api;
mod cases;
mod document;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use pipe_local::template::{Params, Scope, Template};
use pipe_test_support::python;
use serde_json::{Value, json};

/// A template with what it is rendered over, and what is to come out.
struct Case {
    template: String,
    body: String,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    wanted: Wanted,
}

enum Wanted {
    /// This JSON, digit by digit, and this status.
    Json(String, Option<u16>),
    /// An update of the key that sets these attributes.
    Update { key: String, item: String },
    /// A refusal in words of the API's own.
    Refusal,
}

/// What a template made.
#[derive(Debug, PartialEq)]
struct Made {
    tokens: Vec<String>,
    status: Option<u16>,
}

#[test]
fn another_velocity_makes_the_same_calls_and_answers_and_they_are_right() {
    let cases = cases::all();
    let theirs = by_airspeed(&cases);
    assert_eq!(theirs.len(), cases.len(), "every case has an answer");
    let mut templates = BTreeMap::new();
    for (case, theirs) in cases.iter().zip(theirs) {
        let template = templates.entry(&case.template).or_insert_with(|| Template::parse(&case.template).unwrap());
        let ours = by_pipe(template, case);
        let about = || format!("{}\nbody {}\npath {:?}\nquery {:?}", case.template, case.body, case.path, case.query);
        let text = theirs["text"].as_str().unwrap_or_else(|| panic!("airspeed: {theirs}\n{}", about()));
        let status = theirs["status"].as_u64().map(|status| u16::try_from(status).unwrap());
        let theirs = Made { tokens: tokens(text), status };
        assert_eq!(ours, theirs, "ours is left, airspeed's right\n{}", about());
        assert!(right(&case.wanted, &ours), "{ours:?}\n{}", about());
    }
}

fn by_airspeed(cases: &[Case]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/emulator/velocity.py");
    let mut command = Command::new(python());
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let object = |pairs: &[(String, String)]| pairs.iter().cloned().collect::<BTreeMap<_, _>>();
    let line = |case: &Case| {
        let (path, query) = (object(&case.path), object(&case.query));
        json!({ "template": case.template, "body": case.body, "path": path, "query": query }).to_string() + "\n"
    };
    let lines: String = cases.iter().map(line).collect();
    // It reads all before it writes.
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn by_pipe(template: &Template, case: &Case) -> Made {
    let params = Params { path: case.path.clone(), querystring: case.query.clone(), ..Params::default() };
    let (context, stage_variables) = (json!({ "requestId": "r" }), BTreeMap::new());
    let scope = Scope { body: &case.body, params: &params, context: &context, stage_variables: &stage_variables };
    let made = template.render(&scope).unwrap_or_else(|error| panic!("{error}: {}", case.body));
    Made { tokens: tokens(&made.text), status: made.overrides.response_status }
}

/// The tokens of a JSON text: texts without their escapes, numbers digit by digit, members in their order, also one that comes twice.
fn tokens(text: &str) -> Vec<String> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '{' | '}' | '[' | ']' | ':' | ',' => 1,
            _ => rest.find(|c: char| "{}[]:,\"".contains(c) || c.is_whitespace()).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(match first {
            '"' => {
                format!("\"{}", serde_json::from_str::<String>(token).unwrap_or_else(|error| panic!("{error}: {text}")))
            }
            _ => token.to_owned(),
        });
        rest = after.trim_start();
    }
    tokens
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, letter)| {
        let ends = *letter == '"' && !escaped;
        escaped = *letter == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// The value of a text's tokens. A number keeps its digits: it is a text that begins with `n`, as every text does with `s`.
fn exact(tokens: &[String]) -> Value {
    let marked = |token: &String| match token.strip_prefix('"') {
        Some(text) => json!(format!("s{text}")).to_string(),
        None if ["{", "}", "[", "]", ":", ",", "true", "false", "null"].contains(&token.as_str()) => token.clone(),
        None => json!(format!("n{token}")).to_string(),
    };
    let text: String = tokens.iter().map(marked).collect();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn right(wanted: &Wanted, made: &Made) -> bool {
    let found = exact(&made.tokens);
    // A second member of one name would take the place of the first.
    let members = made.tokens.iter().filter(|token| *token == ":").count();
    let once = count(&found) == members;
    once && match wanted {
        Wanted::Json(text, status) => found == exact(&tokens(text)) && made.status == *status,
        Wanted::Update { key, item } => is_update(&found, &exact(&tokens(key)), &exact(&tokens(item))),
        Wanted::Refusal => {
            let names: Vec<&String> = found.as_object().unwrap().keys().collect();
            names == ["smessage"] && made.status.is_some_and(|status| status >= 400)
        }
    }
}

/// How many members all maps have together.
fn count(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.len() + members.values().map(count).sum::<usize>(),
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}

/// `SET #n0 = :v0, ...` with these names and values, and nothing else. Nothing to set is what DynamoDB refuses.
fn is_update(call: &Value, key: &Value, item: &Value) -> bool {
    let (names, values) = (&call["sExpressionAttributeNames"], &call["sExpressionAttributeValues"]);
    let sets = call["sUpdateExpression"].as_str().unwrap().strip_prefix("sSET ").unwrap();
    let set = |one: &str| {
        let (name, value) = one.split_once(" = ").unwrap();
        (names[format!("s{name}")].as_str().unwrap().to_owned(), values[format!("s{value}")].clone())
    };
    let set: serde_json::Map<String, Value> = sets.split(", ").filter(|one| !one.is_empty()).map(set).collect();
    let entries = |of: &Value| of.as_object().unwrap().len();
    let mut rest = call.clone();
    for resolved in ["sUpdateExpression", "sExpressionAttributeNames", "sExpressionAttributeValues"] {
        rest.as_object_mut().unwrap().remove(resolved);
    }
    let fixed = json!({ "sTableName": "svtl-table", "sKey": key, "sConditionExpression": "sattribute_exists(#k)", "sReturnValues": "sNONE" });
    let complete = (entries(names), entries(values)) == (set.len() + 1, set.len()) && names["s#k"] == "sID";
    complete && rest == fixed && set == *item.as_object().unwrap()
}

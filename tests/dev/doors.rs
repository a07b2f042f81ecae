//! The example with three doors: a member's token, an API key, a signed-in user; and who is turned away, and how.

use std::path::Path;

use pipe_test_support::copy_folder;
use serde_json::{Value, json};

use super::client::{Answer, Client, JSON};
use super::dev::Dev;

const SPEC: &str = include_str!("../../examples/api-to-table.yaml");

fn schemas(folder: &Path) {
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/api-to-table"), &folder.join("api-to-table"));
}

/// Status, type and body, which tell refusals apart.
fn refusal(answer: &Answer) -> (u16, &str, &str) {
    (answer.status, answer.header("x-amzn-errortype").unwrap_or_default(), answer.body.trim())
}

#[test]
fn each_door_opens_for_its_own_and_for_nobody_else() {
    let dev = Dev::start(SPEC, None, schemas);
    let client = Client::open_to(&dev);
    let reveal = |field: &str| dev.pipe(&["outputs", "--reveal", "--field", field]).trim().to_owned();
    let (key, token) = (reveal("key.free.value"), reveal("users.people.token"));
    let ask = |method: &str, path: &str, headers: &[(&str, &str)], body: &Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        client.send(method, path, &[&[JSON], headers].concat(), body.as_bytes())
    };
    let (member, reader) = (("Authorization", token.as_str()), ("x-api-key", key.as_str()));
    let ada = json!({ "ID": "1", "FirstName": "Ada", "Age": 36 });

    // The pattern's order: put by a member, put with a bad token, get with a key, get without one, delete by a user.
    assert_eq!(ask("POST", "/put", &[member], &ada).status, 200);
    let bearer = format!("Bearer {token}");
    assert_eq!(ask("POST", "/put", &[("authorization", &bearer)], &ada).status, 200);
    for bad in ["", "x.y.z", &token[..token.len() - 8]] {
        let answer = ask("POST", "/put", &[("Authorization", bad)], &ada);
        assert_eq!(refusal(&answer), (401, "UnauthorizedException", r#"{"message":"Unauthorized"}"#), "{bad}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"people\""));
    }
    assert_eq!(ask("GET", "/get", &[reader], &Value::Null).json(), json!({ "items": [ada] }));
    let forbidden = (403, "ForbiddenException", r#"{"message":"Forbidden"}"#);
    assert_eq!(refusal(&ask("GET", "/get", &[], &Value::Null)), forbidden);
    assert_eq!(refusal(&ask("GET", "/get", &[("x-api-key", "no key of this API, at least")], &Value::Null)), forbidden);
    assert_eq!(refusal(&ask("GET", "/get", &[member], &Value::Null)), forbidden, "a token is no key");
    assert_eq!(ask("DELETE", "/delete/1/Ada", &[reader], &Value::Null).status, 401, "a key is no user");
    // The user's other token is not for this.
    let access = reveal("users.people.access_token");
    assert_eq!(ask("DELETE", "/delete/1/Ada", &[("Authorization", &access)], &Value::Null).status, 401);
    assert_eq!(ask("POST", "/put", &[("Authorization", &access)], &ada).status, 401);
    assert_eq!(ask("DELETE", "/delete/1/Ada", &[member], &Value::Null).status, 200);
    assert_eq!(ask("DELETE", "/delete/1/Ada", &[member], &Value::Null).status, 404);

    // One who reads the output alone can use all three.
    let said = dev.said();
    for door in ["users.people.token)\" ", "key.basic.value)\" ", "/delete/ID-1/FirstName-1"] {
        assert!(said.contains(door), "{door}:\n{said}");
    }
    for secret in [&key, &token] {
        assert!(!said.contains(secret.as_str()), "a secret is shown");
    }
    for route in ["/put", "/get"] {
        let sent = dev.pipe(&["send", "--route", route]);
        assert!(sent.contains("200"), "{route}: {sent}");
    }
}

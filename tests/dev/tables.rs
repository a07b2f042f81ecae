//! An API straight to a table: the example, each of its routes, and what is refused.

use std::path::Path;

use pipe_test_support::copy_folder;
use serde_json::{Value, json};

use super::client::{Answer, Client, JSON};
use super::dev::Dev;

const SPEC: &str = include_str!("../../examples/every-table-action.yaml");

/// The schemas beside the spec.
fn schemas(folder: &Path) {
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/api-to-table"), &folder.join("api-to-table"));
}

/// Adds an index and two routes that read it.
fn with_index() -> String {
    let routes = "      - get: /names/{FirstName}\n        to: { table: { query: { index: by-name } } }\n      - get: /names\n        to: { table: { scan: { index: by-name } } }\n";
    let sink = "  table:\n    partition_key: ID\n    sort_key: FirstName\n    indexes: { by-name: { partition_key: FirstName, sort_key: { name: Age, type: number }, project: [email] } }\n";
    let spec = SPEC.replace("\nauth:", &format!("{routes}\nauth:"));
    spec.replace("  table: { partition_key: ID, sort_key: FirstName }\n", sink)
}

/// The role may read the index, whose key the path and the token name.
#[test]
fn an_index_is_read_page_by_page() {
    let dev = Dev::start(&with_index(), None, schemas);
    let client = Client::of(&dev);
    let authorization = client.authorization();
    let ask = |method: &str, path: &str, body: &str| {
        client.send(method, path, &[JSON, ("Authorization", &authorization)], body.as_bytes())
    };
    for (id, age) in [("a\"1", 30), ("b", 20), ("c", 10)] {
        let body = json!({ "ID": id, "FirstName": "Ada", "Age": age, "email": null, "tags": [] });
        assert_eq!(ask("POST", "/people", &body.to_string()).status, 200);
    }
    let mut found = Vec::new();
    let mut next = String::new();
    loop {
        let page = ask("GET", &format!("/names/Ada?limit=1{next}"), "").json();
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(token) = page["next"].as_str() else { break };
        next = format!("&next={token}");
    }
    let item = |id: &str, age: u32| json!({ "ID": id, "FirstName": "Ada", "Age": age, "email": null });
    assert_eq!(found, [item("c", 10), item("b", 20), item("a\"1", 30)], "in the order of the index, without `tags`");
    assert_eq!(ask("GET", "/names", "").json()["items"].as_array().unwrap().len(), 3);
    assert_eq!(ask("GET", "/names/Bob", "").json(), json!({ "items": [] }));
    assert_eq!(ask("GET", "/people/b", "").json()["items"][0]["tags"], json!([]), "the table itself is read as before");
}

#[test]
fn each_action_does_what_it_says_and_no_refusal_is_a_success() {
    let dev = Dev::start(SPEC, None, schemas);
    let client = Client::of(&dev);
    let authorization = client.authorization();
    let ask = |method: &str, path: &str, body: &Value| -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        client.send(method, path, &[JSON, ("Authorization", &authorization)], body.as_bytes())
    };
    let get = |path: &str| ask("GET", path, &Value::Null);
    let ada = json!({ "ID": "1", "FirstName": "A\"d'a", "Age": 36.50, "email": null, "tags": ["x", "ü"], "address": { "city": "Köln" } });
    let bob = json!({ "ID": "1", "FirstName": "Bob", "Age": 7 });
    assert_eq!((ask("POST", "/people", &ada).status, ask("POST", "/people", &bob).status), (200, 200));
    assert_eq!(ask("POST", "/people", &bob).refusal(), (409, "There is such an item already".to_owned()));
    let unknown = json!({ "ID": "1", "FirstName": "C", "Age": 1, "role": "admin" });
    assert_eq!(ask("POST", "/people", &unknown).status, 400, "nothing would keep it");
    assert_eq!(ask("POST", "/people", &json!({ "ID": 1, "FirstName": "C", "Age": 1 })).status, 400);

    assert_eq!(get("/people/1/A%22d'a").json(), ada, "as it was put, with numbers as numbers");
    assert_eq!(get("/people/1").json(), json!({ "items": [ada, bob] }), "in the order of the sort key");
    assert_eq!(get("/people/2").json(), json!({ "items": [] }));
    let first = get("/people?limit=1").json();
    let next = first["next"].as_str().unwrap();
    assert_eq!(
        (&first["items"][0], get(&format!("/people?next={next}")).json()["items"][0].clone()),
        (&ada, bob.clone())
    );
    assert_eq!(get("/people?limit=0").status, 400);
    assert_eq!(get("/people?next=not-a-token!").status, 400);
    assert_eq!(get("/people?limit=101").status, 400);

    assert_eq!(ask("PATCH", "/people/1/Bob", &json!({ "Age": 8, "tags": [] })).status, 200);
    assert_eq!(get("/people/1/Bob").json(), json!({ "ID": "1", "FirstName": "Bob", "Age": 8, "tags": [] }));
    assert_eq!(ask("PATCH", "/people/1/Eve", &json!({ "Age": 8 })).status, 404, "an update makes no item");
    assert_eq!((ask("DELETE", "/people/1/Bob", &Value::Null).status, get("/people/1/Bob").status), (200, 404));
    assert_eq!(ask("DELETE", "/people/1/Bob", &Value::Null).status, 404);
    assert_eq!(client.send("GET", "/people", &[], b"").status, 401);
    assert_eq!(ask("PUT", "/people", &bob).status, 403, "no route takes PUT");

    let sent = dev.pipe(&["send", "--count", "3"]);
    assert!(sent.contains("200: 3"), "{sent}");
}

//! The documents of real files, held to the rules of OpenAPI 3.0, and what they say.

mod dialect;
mod strict;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The document of a spec that is good.
fn of(text: &str) -> Value {
    let loaded = crate::spec::parse("o.yaml", text.as_bytes(), &root().join("examples"));
    document(&loaded.unwrap_or_else(|report| panic!("{report}")), &Global::default()).unwrap()
}

fn of_file(file: &str) -> Value {
    let loaded = crate::spec::load(&root().join(file)).unwrap_or_else(|report| panic!("{report}"));
    document(&loaded, &Global::default()).unwrap()
}

#[test]
fn every_file_of_ours_has_a_document_that_follows_the_rules() {
    let mut described = 0;
    for folder in ["", "examples", "tests/specs/good"] {
        for file in std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
            let yaml = file.extension().is_some_and(|ending| ending == "yaml");
            let Some(loaded) = Some(&file).filter(|_| yaml).map(|file| crate::spec::load(file).unwrap()) else {
                continue;
            };
            let Some(api) = loaded.spec.api() else { continue };
            let document = document(&loaded, &Global::default()).unwrap_or_else(|error| panic!("{file:?}: {error:?}"));
            strict::check(&document);
            let operations: usize =
                document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len()).sum();
            assert!(operations >= api.routes.len(), "{file:?}");
            let read: Value = serde_yaml::from_str(&yaml::text(&document)).unwrap();
            assert_eq!(read, document);
            described += 1;
        }
    }
    assert!(described >= 6, "{described}");
}

#[test]
fn the_document_of_every_table_action() {
    let document = of_file("examples/every-table-action.yaml");
    let at = |pointer: &str| document.pointer(pointer).unwrap_or_else(|| panic!("{pointer}: {document:#}"));
    let statuses = |operation: &str| {
        let responses = at(&format!("{operation}/responses")).as_object().unwrap();
        responses.keys().map(|status| status.parse().unwrap()).collect::<Vec<u16>>()
    };
    assert_eq!(statuses("/paths/~1people/post"), [200, 400, 401, 409, 413, 415, 429, 500, 502, 504]);
    assert_eq!(statuses("/paths/~1people/get"), [200, 400, 401, 409, 429, 500, 502, 504]);
    let one = "/paths/~1people~1{ID}~1{FirstName}";
    assert_eq!(statuses(&format!("{one}/get")), [200, 400, 401, 404, 409, 429, 500, 502, 504]);
    assert_eq!(at(&format!("{one}/get/responses/404/description")), "There is no such item");
    assert_eq!(
        at("/paths/~1people/post/responses/409/description"),
        "Another request writes the same item: try again; or: There is such an item already"
    );
    let bad = at("/paths/~1people/post/responses/400/description").as_str().unwrap();
    assert!(bad.contains("The request body does not fit the schema of this route"), "{bad}");
    assert_eq!(at(&format!("{one}/get/responses/401")), &json!({ "$ref": "#/components/responses/Unauthorized" }));
    assert!(at("/components/responses/Unauthorized/headers/WWW-Authenticate").is_object());
    assert_eq!(at(&format!("{one}/patch/operationId")), "patchPeopleByIDByFirstName");
    let query = at("/paths/~1people~1{ID}/get/parameters").as_array().unwrap();
    let names: Vec<_> = query.iter().map(|one| (one["in"].as_str().unwrap(), one["name"].as_str().unwrap())).collect();
    assert_eq!(names, [("path", "ID"), ("query", "limit"), ("query", "next")]);
    assert_eq!(query[1]["schema"], json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 100 }));
    let person = at("/components/schemas/Person");
    assert_eq!(person["properties"]["email"], json!({ "type": "string", "nullable": true }));
    assert_eq!((&person["additionalProperties"], person.get("$schema")), (&json!(false), None));
    assert_eq!(at("/components/schemas/Item/required"), &json!(["FirstName", "ID"]));
    let items = "/paths/~1people/get/responses/200/content/application~1json/schema/properties/items/items";
    assert_eq!(at(items), &json!({ "$ref": "#/components/schemas/Item" }));
    assert_eq!(document["servers"][0]["url"], "https://{api}.execute-api.{region}.amazonaws.com/prod");
}

#[test]
fn each_door_has_its_scheme_and_its_refusals() {
    let document = of_file("tests/specs/good/doors.yaml");
    let of = |name: &str, key: &str| document["components"]["securitySchemes"][name][key].clone();
    assert_eq!((of("basic", "type"), of("basic", "scheme")), (json!("http"), json!("basic")));
    assert_eq!(
        (of("readers", "type"), of("readers", "in"), of("readers", "name")),
        (json!("apiKey"), json!("header"), json!("x-api-key"))
    );
    for bearer in ["members", "tokens", "others"] {
        assert_eq!((of(bearer, "scheme"), of(bearer, "bearerFormat")), (json!("bearer"), json!("JWT")));
    }
    assert_eq!(
        of("members", "description"),
        "An access token of the user pool, with the scope `aws.cognito.signin.user.admin`."
    );
    assert_eq!(
        of("tokens", "description"),
        "An id token of the user pool, of a user in the group `Basic` or `FreeTier`."
    );
    let refused = |path: &str| {
        let responses = document["paths"][path]["post"]["responses"].as_object().unwrap();
        ["401", "403"].map(|status| responses.contains_key(status))
    };
    assert_eq!(["/a", "/b", "/c", "/d"].map(refused), [[true, false], [true, false], [false, true], [true, true]]);
    assert_eq!(document["paths"]["/c"]["post"]["security"], json!([{ "readers": [] }]));
}

#[test]
fn any_is_each_method_without_a_route_of_its_own() {
    let routes = "routes: [{ any: /a, auth: none }, { post: /a, auth: none, partition_key: header.X-Id }, { any: '/a-b', auth: none }, { any: '/a_b', auth: none }]";
    let text =
        |cors: &str| format!("name: demo\nsource: {{ api: {{ {cors}{routes} }} }}\nstream: {{ kinesis: {{}} }}\n");
    let document = of(&text(""));
    strict::check(&document);
    let methods =
        |document: &Value, path: &str| document["paths"][path].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(methods(&document, "/a"), ["delete", "get", "head", "options", "patch", "post", "put"]);
    assert_eq!(document["paths"]["/a"]["post"]["parameters"][0]["name"], "X-Id");
    assert!(document["paths"]["/a"]["get"].get("parameters").is_none());
    assert!(document["paths"]["/a"]["get"].get("requestBody").is_none());
    assert_eq!(document["paths"]["/a_b"]["get"]["operationId"], "getAB2");
    let document = of(&text("cors: { origins: ['https://a.example', 'https://b.example'] }, "));
    strict::check(&document);
    assert!(!methods(&document, "/a").contains(&"options".to_owned()), "browsers ask by it");
    let answer = &document["paths"]["/a"]["post"]["responses"]["502"]["description"];
    assert_eq!(answer, "The stream did not take the record");
}

#[test]
fn the_version_changes_with_the_api_and_with_nothing_else() {
    let text = "name: demo\nsource: { api: { routes: [{ post: /a, auth: none }] } }\nstream: { kinesis: {} }\n";
    let version = |text: &str| of(text)["info"]["version"].clone();
    assert_eq!(version(text), version(&text.replace("kinesis: {}", "kinesis: { shards: 2 }")));
    assert_ne!(version(text), version(&text.replace("/a", "/b")));
}

#[test]
fn where_the_api_answers_is_said_as_far_as_it_is_known() {
    let text =
        b"name: demo\nsource: { api: { stage: v1, routes: [{ post: /a, auth: none }] } }\nstream: { kinesis: {} }\n";
    let loaded = crate::spec::parse("o.yaml", text, Path::new(".")).unwrap();
    let global = Global { region: Some("eu-west-1".into()), ..Global::default() };
    let made = document(&loaded, &global).unwrap();
    assert_eq!(made["servers"][0]["variables"]["region"]["default"], "eu-west-1");
    let session = crate::session::Session {
        spec: "o.yaml".into(),
        endpoint_url: String::new(),
        api_url: "http://127.0.0.1:3000/v1".into(),
        console_url: None,
        region: "local".into(),
        keys: None,
    };
    let made = document(&loaded, &Global { session: Some(session), ..Global::default() }).unwrap();
    assert_eq!(made["servers"][0]["url"], "http://127.0.0.1:3000/v1");
}

#[test]
fn a_spec_without_an_api_has_nothing_to_describe() {
    let loaded = crate::spec::load(&root().join("examples/stream-to-table.yaml")).unwrap();
    let error = document(&loaded, &Global::default()).unwrap_err();
    assert_eq!(error.message(), "the spec has no API to describe");
}

/// A pool that exists says where the pipeline is, as other things that exist do.
#[test]
fn a_pool_of_another_place_is_no_reason_to_say_nothing() {
    let pool = "arn:aws:cognito-idp:eu-west-3:123456789012:userpool/eu-west-3_Abc123456";
    let text = format!(
        "name: demo\nsource: {{ api: {{ routes: [{{ post: /a }}] }} }}\nauth: {{ cognito: {{ users: '{pool}' }} }}\nstream: {{ kinesis: {{}} }}\n"
    );
    assert_eq!(of(&text)["servers"][0]["variables"]["region"]["default"], "eu-west-3");
}

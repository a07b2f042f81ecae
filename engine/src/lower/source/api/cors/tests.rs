//! What pages get, from a spec to the headers; templates are rendered by the engine of the local gateway.

use pipe_local::template::{Params, Scope, Template};
use serde_json::{Value, json};

use super::*;

/// The document of a spec with this `cors`, where it has one.
fn api(cors: &str) -> RestApi {
    let text = format!(
        "name: demo\nsource:\n  api:\n    {cors}\n    routes:\n      - {{ post: /a, partition_key: header.X-Key }}\n\
         \x20     - {{ post: '/a/{{id}}', auth: none }}\n      - {{ any: /b, auth: none }}\nauth: {{ basic: {{}} }}\n\
         stream: {{ kinesis: {{}} }}\n"
    );
    let loaded = spec::parse("pipeline.yaml", text.as_bytes(), std::path::Path::new(".")).unwrap();
    let codes = crate::bundle::Codes::unbuilt();
    let graph = crate::lower::lower(&loaded, &crate::aws::mocked::place(), &codes).unwrap();
    serde_json::from_value(graph.node("api").unwrap().desired.clone()).unwrap()
}

/// A header of the answer to a browser that asks about a path.
fn asked<'a>(api: &'a RestApi, path: &str, header: &str) -> Option<&'a str> {
    let response = &api.routes[&format!("OPTIONS {path}")].integration.responses[STATUS];
    response.parameters.get(&format!("method.response.header.{header}")).map(String::as_str)
}

#[test]
fn every_path_answers_browsers_without_credentials() {
    let api = api("cors: { origins: ['https://a.example'] }");
    for path in ["/a", "/a/{id}", "/b"] {
        let route = &api.routes[&format!("OPTIONS {path}")];
        let call = (route.integration.kind.as_str(), route.authorization.as_str(), route.authorizer.as_str());
        assert_eq!(call, ("MOCK", "NONE", ""), "{path}");
        assert_eq!(asked(&api, path, ALLOW_ORIGIN), Some("'https://a.example'"), "{path}");
        assert_eq!(asked(&api, path, "Access-Control-Max-Age"), Some("'600'"), "{path}");
        let declared: Vec<&String> = route.responses[STATUS].keys().collect();
        let mapped: Vec<&String> = route.integration.responses[STATUS].parameters.keys().collect();
        assert_eq!(declared, mapped, "API Gateway refuses a header that the method does not declare");
    }
    assert_eq!(asked(&api, "/a", "Vary").or(asked(&api, "/a", ALLOW_CREDENTIALS)), None);
}

#[test]
fn methods_and_headers_follow_from_the_routes() {
    let may = |api: &RestApi, path: &str| {
        ["Methods", "Headers"].map(|what| {
            asked(api, path, &format!("Access-Control-Allow-{what}")).unwrap_or_default().trim_matches('\'').to_owned()
        })
    };
    let derived = api("cors: { origins: ['*'] }");
    assert_eq!(may(&derived, "/a"), ["POST", "Authorization,Content-Type,X-Key"]);
    assert_eq!(may(&derived, "/a/{id}"), ["POST", "Content-Type"]);
    assert_eq!(may(&derived, "/b"), ["DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT", "Content-Type"]);
    let said = api("cors: { origins: ['*'], methods: [post, get], headers: [X-One, X-Two] }");
    assert_eq!(may(&said, "/a/{id}"), ["GET,POST", "X-One,X-Two"]);
}

#[test]
fn signed_callers_are_asked_for_nothing_beforehand_and_may_send_a_signature() {
    let text = "name: demo\nsource: { api: { cors: { origins: ['*'] }, routes: [{ get: /a, to: { table: scan } }] } }\n\
                auth: { iam: {} }\nsink: { table: { partition_key: id } }\n";
    let loaded = spec::parse("pipeline.yaml", text.as_bytes(), std::path::Path::new(".")).unwrap();
    let codes = crate::bundle::Codes::unbuilt();
    let graph = crate::lower::lower(&loaded, &crate::aws::mocked::place(), &codes).unwrap();
    let api: RestApi = serde_json::from_value(graph.node("api").unwrap().desired.clone()).unwrap();
    let by = |route: &str| api.routes[route].authorization.as_str();
    assert_eq!((by("GET /a"), by("OPTIONS /a"), api.authorizers.len()), ("AWS_IAM", "NONE", 0));
    let headers = "'Authorization,X-Amz-Content-Sha256,X-Amz-Date,X-Amz-Security-Token'";
    assert_eq!(asked(&api, "/a", "Access-Control-Allow-Headers"), Some(headers));
}

#[test]
fn every_answer_names_the_page() {
    let one = api("cors: { origins: ['https://a.example'], credentials: true }");
    let names = |parameters: &Texts, place: &str| {
        let of = |name: &str| parameters.get(&format!("{place}.header.{name}")).cloned().unwrap_or_default();
        (of(ALLOW_ORIGIN), of(ALLOW_CREDENTIALS))
    };
    let expected = ("'https://a.example'".to_owned(), "'true'".to_owned());
    for (name, route) in &one.routes {
        for (status, response) in &route.integration.responses {
            assert_eq!(names(&response.parameters, "method.response"), expected, "{name} {status}");
            assert!(response.parameters.keys().all(|header| route.responses[status].contains_key(header)));
        }
    }
    let refusals: Vec<&str> = one.gateway_responses.keys().map(String::as_str).collect();
    assert_eq!(refusals, ["BAD_REQUEST_BODY", "DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED"]);
    for (kind, response) in &one.gateway_responses {
        assert_eq!(names(&response.parameters, "gatewayresponse"), expected, "{kind}");
    }
    assert!(one.gateway_responses["UNAUTHORIZED"].parameters.contains_key("gatewayresponse.header.WWW-Authenticate"));
}

#[test]
fn refusals_name_every_page_unless_credentials_are_at_stake() {
    let refused = |credentials: bool| {
        let api = api(&format!(
            "cors: {{ origins: ['https://a.example', 'https://b.example'], credentials: {credentials} }}"
        ));
        api.gateway_responses["DEFAULT_4XX"].parameters[&format!("gatewayresponse.header.{ALLOW_ORIGIN}")].clone()
    };
    assert_eq!([refused(false), refused(true)], ["'*'", "'https://a.example'"]);
}

/// The origin that an answer to a page names, and whether caches keep it apart.
fn named(response: &IntegrationResponse, header: &str, page: &str, body: &Value) -> (Option<String>, bool) {
    let text = &response.templates[JSON];
    let params = Params { header: vec![(header.to_owned(), page.to_owned())], ..Params::default() };
    let scope = Scope { body: &body.to_string(), params: &params, context: &json!({}), stage_variables: &Texts::new() };
    let rendered = Template::parse(text).unwrap().render(&scope).unwrap();
    let headers = rendered.overrides.response_headers;
    (headers.get(ALLOW_ORIGIN).cloned(), response.parameters["method.response.header.Vary"] == "'Origin'")
}

#[test]
fn of_several_origins_an_answer_names_the_one_that_asks_and_never_a_stranger() {
    let (a, b) = ("https://a.example", "http://localhost:3000");
    let api = api(&format!("cors: {{ origins: ['{a}', '{b}'] }}"));
    let taken = json!({ "SequenceNumber": "1", "ShardId": "s" });
    let question = &api.routes["OPTIONS /a"].integration.responses[STATUS];
    let answers = &api.routes["POST /a"].integration.responses;
    for response in answers.values().chain([question]) {
        assert_eq!(named(response, "origin", b, &taken), (Some(b.to_owned()), true), "as HTTP/2 sends it");
        assert_eq!(named(response, "Origin", a, &taken), (Some(a.to_owned()), true));
        for stranger in
            ["https://evil.example", "null", "", "https://a.example.evil.example", "HTTPS://A.EXAMPLE", "\"$x#end"]
        {
            assert_eq!(named(response, "origin", stranger, &taken).0, None, "{stranger}");
        }
        assert_eq!(response.parameters[&format!("method.response.header.{ALLOW_ORIGIN}")], format!("'{a}'"));
    }
    assert!(
        answers["200"].templates[JSON]
            .ends_with(&self::api("").routes["POST /a"].integration.responses["200"].templates[JSON])
    );
}

/// A live pipeline without `cors` has the same hash as before there was one.
#[test]
fn without_cors_nothing_is_added() {
    let api = api("");
    assert!(api.routes.keys().all(|name| !name.starts_with("OPTIONS")));
    assert!(api.routes.values().flat_map(|route| route.responses.values()).all(BTreeMap::is_empty));
    assert!(api.gateway_responses.keys().all(|kind| !kind.starts_with("DEFAULT")));
}

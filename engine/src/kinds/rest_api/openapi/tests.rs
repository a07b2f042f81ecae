mod imported;

use std::collections::BTreeSet;

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::read::Found;
use super::super::tests::{desired, found};
use super::super::{IntegrationResponse, Texts};
use super::*;
use imported::imported;

const PATHS: [&str; 8] = ["/", "/a", "/a/b", "/a/{id}", "/a/{id}/c", "/b/{rest+}", "/c.d/e-f_g", "/{x}/{y}"];
const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"];
const STATUS: &str = "[2-5][0-9]{2}";
/// Anything that can be seen, whatever it may mean to JSON, YAML or a pattern.
const TEXT: &str = "\\PC{1,12}";

fn texts(name: &'static str) -> impl Strategy<Value = Texts> {
    btree_map(name, TEXT, 0..3)
}

fn handling() -> impl Strategy<Value = String> {
    select(vec!["", "CONVERT_TO_TEXT", "CONVERT_TO_BINARY"]).prop_map(str::to_owned)
}

fn integration_response() -> impl Strategy<Value = IntegrationResponse> {
    (TEXT, handling(), texts("method\\.response\\.header\\.[A-Za-z-]{1,8}"), texts("[a-z]{1,5}/[a-z+]{1,5}")).prop_map(
        |(pattern, content_handling, parameters, templates)| IntegrationResponse {
            pattern,
            content_handling,
            parameters,
            templates,
        },
    )
}

fn integration() -> impl Strategy<Value = Integration> {
    let words = (select(vec!["AWS", "AWS_PROXY", "MOCK"]), select(vec!["NEVER", "WHEN_NO_MATCH", "WHEN_NO_TEMPLATES"]));
    let maps = (texts("integration\\.request\\.header\\.[A-Za-z-]{1,8}"), texts("[a-z]{1,5}/[a-z+]{1,5}"));
    let responses = btree_map(STATUS, integration_response(), 0..4);
    (words, TEXT, option(TEXT), 50..29_000_u32, handling(), maps, responses).prop_map(
        |((kind, passthrough), uri, credentials, timeout_ms, content_handling, (parameters, templates), responses)| {
            let mock = kind == "MOCK";
            Integration {
                kind: kind.to_owned(),
                http_method: if mock { "" } else { "POST" }.to_owned(),
                uri: if mock { String::new() } else { uri },
                credentials,
                passthrough: passthrough.to_owned(),
                timeout_ms,
                content_handling,
                parameters,
                templates,
                responses: distinct(responses),
            }
        },
    )
}

/// One response at most takes what no other takes, and each other has a pattern of its own.
fn distinct(mut responses: BTreeMap<String, IntegrationResponse>) -> BTreeMap<String, IntegrationResponse> {
    for (number, (status, response)) in responses.iter_mut().enumerate() {
        response.pattern = if number == 0 { String::new() } else { format!("{status}{}", response.pattern) };
    }
    responses
}

fn option(text: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), text]
}

/// A route, and what its guard, validator and model are drawn by.
fn route() -> impl Strategy<Value = (Route, [Index; 3])> {
    let parameters = btree_map("method\\.request\\.(querystring|header)\\.[A-Za-z]{1,6}", any::<bool>(), 0..3);
    let headers = btree_map("method\\.response\\.header\\.[A-Za-z-]{1,8}", any::<bool>(), 0..3);
    let scopes = btree_set("[a-z./]{1,8}", 0..3);
    let drawn = any::<[Index; 3]>();
    (parameters, btree_map(STATUS, headers, 0..4), scopes, any::<bool>(), integration(), drawn).prop_map(
        |(parameters, responses, scopes, api_key, integration, drawn)| {
            let route = Route { parameters, responses, scopes, api_key, integration, ..Route::default() };
            (route, drawn)
        },
    )
}

fn authorizer() -> impl Strategy<Value = Authorizer> {
    let of_requests = (TEXT, option(TEXT), "method\\.request\\.header\\.[A-Z][a-z]{0,5}", 0..3600_u32).prop_map(
        |(uri, credentials, identity_source, cache_seconds)| Authorizer {
            uri,
            credentials,
            identity_source,
            cache_seconds,
            ..Authorizer::default()
        },
    );
    let of_pools = (btree_set(TEXT, 1..3), "method\\.request\\.header\\.[A-Z][a-z]{0,5}", 0..3600_u32).prop_map(
        |(pools, identity_source, cache_seconds)| Authorizer {
            kind: "COGNITO_USER_POOLS".to_owned(),
            pools,
            identity_source,
            cache_seconds,
            ..Authorizer::default()
        },
    );
    prop_oneof![of_requests, of_pools]
}

fn schema() -> impl Strategy<Value = Value> {
    let text = (option("[a-z ]{1,8}"), btree_set("[a-z]{1,4}", 1..3));
    let leaf = (text, select(vec!["string", "number", "integer", "boolean"])).prop_map(|((title, values), kind)| {
        let values = if kind == "string" { json!(values) } else { Value::Null };
        Value::Object(given([("type", json!(kind)), ("title", json!(title)), ("enum", values)]))
    });
    let object = btree_map("[a-z]{1,5}", leaf, 1..4).prop_map(|properties| {
        let required: Vec<_> = properties.keys().take(1).collect();
        json!({ "type": "object", "properties": properties, "required": required })
    });
    // The second is one that an import does not bring.
    (object, any::<bool>()).prop_map(|(mut schema, strange)| {
        if strange {
            schema["additionalProperties"] = json!(false);
        }
        schema
    })
}

fn api() -> impl Strategy<Value = RestApi> {
    let routes = btree_map((select(METHODS.to_vec()), select(PATHS.to_vec())), route(), 0..6);
    let authorizers = btree_map(prop_oneof!["[a-z][a-zA-Z0-9-]{0,6}", Just("api_key".to_owned())], authorizer(), 0..3);
    let gateway =
        (option("[45][0-9]{2}"), texts("gatewayresponse\\.header\\.[A-Za-z-]{1,8}"), texts("[a-z]{1,5}/[a-z]{1,5}"))
            .prop_map(|(status, parameters, templates)| GatewayResponse { status, parameters, templates });
    let gateway = btree_map(select(vec!["UNAUTHORIZED".to_owned(), "DEFAULT_4XX".to_owned()]), gateway, 0..3);
    let validators = btree_map("[a-z]{1,6}", any::<(bool, bool)>(), 0..3);
    (routes, authorizers, gateway, validators, btree_map("[A-Za-z0-9]{4,9}", schema(), 0..3), any::<bool>()).prop_map(
        |(routes, authorizers, gateway_responses, validators, models, by_authorizer)| {
            let validators =
                validators.into_iter().map(|(name, (body, parameters))| (name, Validator { body, parameters }));
            let mut api = RestApi {
                routes: BTreeMap::new(),
                authorizers,
                gateway_responses,
                validators: validators.collect(),
                models,
                api_key_source: if by_authorizer { "AUTHORIZER".to_owned() } else { String::new() },
                ..desired()
            };
            for ((method, path), (route, drawn)) in routes {
                let route = completed(route, drawn, &api);
                api.routes.insert(format!("{method} {path}"), route);
            }
            api.sealed().unwrap()
        },
    )
}

/// The route with the guard, validator and model that were drawn.
fn completed(mut route: Route, [guard, validator, model]: [Index; 3], api: &RestApi) -> Route {
    let at = guard.index(api.authorizers.len() + 2);
    route.authorization = match api.authorizers.iter().nth(at) {
        Some((name, authorizer)) => {
            route.authorizer.clone_from(name);
            if authorizer.kind == "REQUEST" { "CUSTOM".to_owned() } else { authorizer.kind.clone() }
        }
        None if at == api.authorizers.len() => "NONE".to_owned(),
        None => "AWS_IAM".to_owned(),
    };
    if route.authorization != "COGNITO_USER_POOLS" {
        route.scopes = BTreeSet::new();
    }
    let name = |index: Index, names: Vec<&String>| names.get(index.index(names.len() + 1)).map(|&name| name.clone());
    route.validator = name(validator, api.validators.keys().collect()).unwrap_or_default();
    let model = name(model, api.models.keys().collect());
    route.models = model.into_iter().map(|name| ("application/json".to_owned(), name)).collect();
    route
}

fn read_back(api: &RestApi) -> RestApi {
    let about = About { name: "api".to_owned(), ..About::default() };
    let document = document(api, &about).expect("it can be said");
    let mut head = found(&[]).head;
    head.api_key_source = document["x-amazon-apigateway-api-key-source"].as_str().unwrap().replace("HEADER", "");
    let back = Found::of(head, imported(&document)).document;
    RestApi { stages: api.stages.clone(), deployed: api.deployed.clone(), ..back }
}

/// An import without them would take them from the API.
#[test]
fn a_private_api_keeps_its_endpoints() {
    let about = About::default();
    assert_eq!(document(&desired(), &about).unwrap().get("servers"), None);
    let private = RestApi { vpc_endpoints: BTreeSet::from(["vpce-1".to_owned()]), ..desired() };
    let servers = &document(&private, &about).unwrap()["servers"];
    assert_eq!(servers[0]["x-amazon-apigateway-endpoint-configuration"]["vpcEndpointIds"], json!(["vpce-1"]));
}

proptest! {
    #[test]
    fn whatever_is_imported_is_read_back(api in api()) {
        let back = read_back(&api);
        let mut wanted = api.clone();
        for schema in wanted.models.values_mut().filter(|schema| !survives(schema)) {
            *schema = json!({ "type": "object" });
        }
        prop_assert_eq!(back, wanted);
    }
}

fn said(api: &RestApi) -> Option<Value> {
    document(&api.clone().sealed().unwrap(), &About { name: "api".to_owned(), ..About::default() })
}

/// A small document of each kind that was recorded, and this one: the same members at the same places.
#[test]
fn the_document_is_spelled_as_those_that_were_recorded() {
    let mut api = desired();
    api.authorizers.get_mut("basic").unwrap().identity_source = "method.request.header.Custom-Authorization".to_owned();
    let document = said(&api).unwrap();
    assert_eq!(
        (&document["openapi"], &document["info"]),
        (&json!("3.0.1"), &json!({ "title": "api", "version": "1.0" }))
    );
    let authorizer = json!({
        "type": "apiKey", "name": "Unused", "in": "header", "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "request", "identitySource": "method.request.header.Custom-Authorization",
            "authorizerResultTtlInSeconds": 300,
        },
    });
    assert_eq!(document["components"]["securitySchemes"], json!({ "basic": authorizer }));
    let operation = json!({
        "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
        "security": [{ "basic": [] }],
        "responses": { "200": { "description": "" } },
        "x-amazon-apigateway-integration": {
            "type": "aws", "httpMethod": "POST", "uri": "arn:aws:apigateway:eu-central-1:kinesis:action/PutRecord",
            "passthroughBehavior": "never", "timeoutInMillis": 0, "requestTemplates": { "application/json": "{}" },
            "responses": { "200": { "statusCode": "200", "responseTemplates": { "application/json": "$input.body" } } },
        },
    });
    assert_eq!(document["paths"], json!({ "/submit/{id}": { "post": operation } }));
    assert_eq!(document["x-amazon-apigateway-gateway-responses"], json!({ "UNAUTHORIZED": { "statusCode": "401" } }));
    let validator = json!({ "validateRequestBody": true, "validateRequestParameters": false });
    assert_eq!(document["x-amazon-apigateway-request-validators"], json!({ "body": validator }));
    assert_eq!(document["components"]["schemas"]["Object1"], json!({ "type": "object", "title": "t" }));
}

#[test]
fn a_guard_that_cannot_be_said_makes_no_document() {
    let with = |change: &dyn Fn(&mut RestApi)| {
        let mut api = desired();
        change(&mut api);
        said(&api)
    };
    let route = |change: fn(&mut Route)| with(&|api| api.routes.values_mut().for_each(change));
    assert!(route(|route| route.authorizer = "other".into()).is_none(), "it would be open");
    assert!(route(|route| route.authorizer = String::new()).is_none());
    assert!(route(|route| route.authorization = "NONE".into()).is_none(), "AWS refuses an authorizer there");
    assert!(route(|route| route.authorization = "AWS_IAM".into()).is_none());
    assert!(route(|route| route.authorization = "COGNITO_USER_POOLS".into()).is_none(), "of another kind");
    assert!(with(&|api| api.authorizers.get_mut("basic").unwrap().kind = "TOKEN".into()).is_none());
    assert!(
        with(&|api| drop(api.routes.insert("GET /a~b".into(), Route::default()))).is_none(),
        "AWS takes no such path"
    );
    let renamed = |api: &mut RestApi| api.authorizers = BTreeMap::from([("a b".to_owned(), Authorizer::default())]);
    assert!(with(&renamed).is_none(), "no name of a component");
}

#[test]
fn a_scheme_of_keys_has_a_name_that_no_authorizer_has() {
    let mut api = desired();
    api.authorizers.insert("api_key".to_owned(), Authorizer::default());
    api.routes.values_mut().for_each(|route| route.api_key = true);
    let document = said(&api).unwrap();
    assert_eq!(document["paths"]["/submit/{id}"]["post"]["security"], json!([{ "basic": [] }, { "api_key_": [] }]));
    assert_eq!(document["components"]["securitySchemes"]["api_key_"]["name"], "x-api-key");
}

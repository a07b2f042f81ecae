use super::*;
use crate::kinds::rest_api::{Authorizer, Integration, IntegrationResponse};

fn input(routes: Vec<Route>) -> Input {
    let basic = Guard {
        authorization: "CUSTOM",
        authorizer: Some(("basic".into(), Authorizer::default())),
        challenge: Some("Basic realm=\"gateway-events\"".into()),
        ..Guard::default()
    };
    Input {
        stage: "prod".into(),
        minimum_tls: MinimumTls::Tls12,
        throttle: None,
        xray: false,
        web_acl: None,
        access_log_group_arn: None,
        routes,
        key_of_authorizer: false,
        guards: BTreeMap::from([("basic".to_owned(), basic)]),
    }
}

fn route(path: &str, body: Body) -> Route {
    let integration = Integration { templates: one(JSON, "{}"), ..Integration::default() };
    let to = To { integration, statuses: &["200"], statements: Vec::new(), mentions: Vec::new() };
    Route {
        method: spec::Method::Post,
        path: path.into(),
        guard: Some("basic".into()),
        body,
        types: vec![JSON.into()],
        to,
    }
}

#[test]
fn a_guarded_route_without_authorizer_is_never_open() {
    let api = document(&Input { guards: BTreeMap::new(), ..input(vec![route("/a", Body::Any)]) }).unwrap();
    assert_eq!(api.routes["POST /a"].authorization, "CUSTOM", "AWS refuses this; it does not serve it");
    let open = Route { guard: None, ..route("/a", Body::Any) };
    let api = document(&input(vec![open])).unwrap();
    assert_eq!((api.routes["POST /a"].authorization.as_str(), api.routes["POST /a"].authorizer.as_str()), ("NONE", ""));
}

#[test]
fn bodies_are_checked_by_models_of_their_schema() {
    let person = json!({ "type": "object", "required": ["id"] });
    let routes =
        vec![route("/object", Body::Object), route("/person", Body::Schema(person.clone())), route("/any", Body::Any)];
    let api = document(&input(routes)).unwrap();
    assert_eq!(api.models.len(), 2);
    let model = |route: &str| api.routes[route].models.get(JSON).map(|name| &api.models[name]);
    assert_eq!(model("POST /object").unwrap()["type"], "object");
    assert_eq!(model("POST /person"), Some(&person));
    assert_eq!((model("POST /any"), api.routes["POST /any"].validator.as_str()), (None, ""));
    assert!(api.models.keys().all(|name| name.chars().all(|c| c.is_ascii_alphanumeric())), "AWS takes no other names");
    assert!(api.gateway_responses["BAD_REQUEST_BODY"].templates[JSON].contains("schema"));
}

#[test]
fn the_challenge_names_the_realm() {
    let api = document(&input(vec![route("/a", Body::Object)])).unwrap();
    let header = &api.gateway_responses["UNAUTHORIZED"].parameters["gatewayresponse.header.WWW-Authenticate"];
    assert_eq!(header, "'Basic realm=\"gateway-events\"'");
}

#[test]
fn the_access_log_is_one_line_of_json_without_client_text() {
    let format = access_log();
    let line: BTreeMap<String, String> = serde_json::from_str(&format).unwrap();
    assert!(format.len() <= 3072 && !format.contains('\n'));
    assert_eq!(line["extendedRequestId"], "$context.extendedRequestId", "AWS wants this id or the one below");
    assert_eq!(
        line["validationError"], "$context.error.validationErrorString",
        "nobody else says why a body was refused"
    );
    assert!(line.values().all(|variable| !variable.contains("header") && variable != "$context.path"));
}

#[test]
fn each_door_has_its_own_guard_and_a_refusal_names_all_challenges() {
    let mut input = input(vec![route("/a", Body::Any)]);
    let pool = Authorizer { kind: "COGNITO_USER_POOLS".into(), ..Authorizer::default() };
    let users = Guard {
        authorization: "COGNITO_USER_POOLS",
        authorizer: Some(("users".into(), pool)),
        scopes: vec!["read".into()],
        challenge: Some("Bearer realm=\"gateway-events\"".into()),
        ..Guard::default()
    };
    let keys = Guard { authorization: "NONE", api_key: true, ..Guard::default() };
    let signed = Guard { authorization: "AWS_IAM", ..Guard::default() };
    input.guards.extend([("users".to_owned(), users), ("keys".to_owned(), keys), ("signed".to_owned(), signed)]);
    for (path, guard) in [("/b", "users"), ("/c", "keys"), ("/d", "signed")] {
        input.routes.push(Route { guard: Some(guard.into()), ..route(path, Body::Any) });
    }
    let api = document(&input).unwrap();
    let shown = |key: &str| {
        let Method { authorization, authorizer, scopes, api_key, .. } = &api.routes[key];
        format!("{authorization} {authorizer} {} {api_key}", scopes.iter().cloned().collect::<String>())
    };
    assert_eq!(shown("POST /a"), "CUSTOM basic  false");
    assert_eq!(shown("POST /b"), "COGNITO_USER_POOLS users read false");
    assert_eq!(shown("POST /c"), "NONE   true");
    assert_eq!(shown("POST /d"), "AWS_IAM   false");
    let header = &api.gateway_responses["UNAUTHORIZED"].parameters["gatewayresponse.header.WWW-Authenticate"];
    assert_eq!(header, "'Basic realm=\"gateway-events\", Bearer realm=\"gateway-events\"'");
}

#[test]
fn a_body_is_checked_whatever_its_type_where_no_template_would_refuse_it() {
    let mut answered = route("/answered", Body::Object);
    answered.to.integration = Integration::default();
    let taken = vec!["application/json".to_owned(), "application/cloudevents+json".to_owned(), "text/plain".to_owned()];
    let several = Route { types: taken, ..route("/several", Body::Object) };
    let api = document(&input(vec![answered, several])).unwrap();
    let types = |route: &str| api.routes[route].models.keys().cloned().collect::<Vec<_>>();
    assert_eq!(types("POST /answered"), ["$default"]);
    assert_eq!(types("POST /several"), ["application/cloudevents+json", "application/json"]);
}

#[test]
fn what_is_named_and_no_text_is_binary() {
    let types = vec!["application/json".to_owned(), "image/png".to_owned()];
    let api = document(&input(vec![Route { types, ..route("/a", Body::Any) }])).unwrap();
    assert_eq!(api.binary_types.into_iter().collect::<Vec<_>>(), ["image/png"]);
}

#[test]
fn answers_are_text_where_bodies_may_be_bytes() {
    let mut made = route("/a", Body::Any);
    made.to.integration.kind = "AWS".to_owned();
    made.to.integration.responses = BTreeMap::from([("200".to_owned(), IntegrationResponse::default())]);
    let mut answered = route("/b", Body::Any);
    answered.to.integration = Integration { kind: "AWS_PROXY".to_owned(), ..Integration::default() };
    let api = as_text(document(&input(vec![made, answered])).unwrap()).unwrap();
    assert_eq!(api.routes["POST /a"].integration.responses["200"].content_handling, "CONVERT_TO_TEXT");
    assert!(api.routes["POST /b"].integration.responses.is_empty());
}

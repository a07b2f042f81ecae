use super::*;
use crate::kinds::rest_api::{Authorizer, Integration};

fn input(routes: Vec<Route>) -> Input {
    Input {
        stage: "prod".into(),
        minimum_tls: MinimumTls::Tls12,
        throttle: None,
        xray: false,
        access_log_group_arn: None,
        routes,
        guard: Some(Guard {
            nodes: Vec::new(),
            authorization: "CUSTOM",
            name: "basic".into(),
            authorizer: Authorizer::default(),
            challenge: "Basic realm=\"gateway-events\"".into(),
            statements: Vec::new(),
            mentions: Vec::new(),
        }),
    }
}

fn route(path: &str, body: Body) -> Route {
    let to =
        To { integration: Integration::default(), statuses: &["200"], statements: Vec::new(), mentions: Vec::new() };
    Route { method: spec::Method::Post, path: path.into(), guarded: true, body, to }
}

#[test]
fn a_guarded_route_without_authorizer_is_never_open() {
    let api = document(&Input { guard: None, ..input(vec![route("/a", Body::Any)]) }).unwrap();
    assert_eq!(api.routes["POST /a"].authorization, "CUSTOM", "AWS refuses this; it does not serve it");
    let open = Route { guarded: false, ..route("/a", Body::Any) };
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
    let theirs = ["$context.path", "$context.requestId"];
    assert!(line.values().all(|variable| !variable.contains("header") && !theirs.contains(&variable.as_str())));
}

use super::*;

fn input(routes: Vec<Route>) -> ApiInput {
    ApiInput {
        place: Place { partition: "aws".into(), account: "111122223333".into(), region: "eu-central-1".into() },
        pipeline: "gateway-events".into(),
        stage: "prod".into(),
        minimum_tls: MinimumTls::Tls12,
        throttle: None,
        xray: false,
        access_log_group_arn: None,
        routes,
        stream: "Events".into(),
        role_arn: "arn:aws:iam::111122223333:role/pipe/api".into(),
        authorizer: Some(AuthorizerInput {
            name: "basic".into(),
            function_arn: "arn:aws:lambda:f".into(),
            cache_seconds: 0,
        }),
    }
}

fn route(path: &str, partition_key: PartitionKey, body: Body) -> Route {
    Route { path: path.into(), auth: true, partition_key, body }
}

fn template(path: &str, key: PartitionKey) -> String {
    let api = document(&input(vec![route(path, key, Body::Object)])).unwrap();
    api.routes.values().next().unwrap().integration.templates[JSON].clone()
}

#[test]
fn the_stream_is_the_paths_or_the_pipelines() {
    let fixed = template("/{id}", PartitionKey::Random);
    assert!(
        fixed.contains(r#""StreamName": "Events""#)
            && fixed.contains(r#""PartitionKey": "$context.extendedRequestId""#)
    );
    assert!(template("/{streamName}", PartitionKey::Random).contains("path.get('streamName')"));
    assert!(template("/x{streamName}y", PartitionKey::Random).contains("Events"));
}

#[test]
fn keys_come_from_where_the_spec_says() {
    assert!(template("/a", PartitionKey::Query("q".into())).contains("querystring.get('q')"));
    assert!(template("/a", PartitionKey::Header("X-Id".into())).contains(".equalsIgnoreCase(\"X-Id\")"));
    assert!(template("/a", PartitionKey::Body("a.b".into())).contains("$!input.path('$.a.b')"));
}

#[test]
fn answers_fail_closed() {
    let api = document(&input(vec![route("/a", PartitionKey::Random, Body::Object)])).unwrap();
    let route = &api.routes["POST /a"];
    let patterns: Vec<_> =
        route.integration.responses.iter().map(|(status, one)| (status.as_str(), one.pattern.as_str())).collect();
    assert_eq!(patterns, [("200", "200"), ("400", r"4\d{2}"), ("502", "")]);
    assert!(route.integration.responses.keys().eq(route.responses.keys()), "each has its method response");
    assert_eq!(route.integration.passthrough, "NEVER");
    let refusal = &route.integration.responses["400"].templates[JSON];
    let statuses: Vec<&str> = refusal.lines().filter_map(|line| line.split("status = ").nth(1)).collect();
    assert_eq!(statuses, ["429)", "502)", "404)", "502)", "400)", "413)", "404)", "502)"]);
    assert_eq!(refusal.lines().filter(|line| line.starts_with('{')).count(), 8, "each case answers in JSON");
    assert!(
        refusal.lines().filter(|line| line.starts_with('{')).all(|line| serde_json::from_str::<Value>(line).is_ok())
    );
}

#[test]
fn a_guarded_route_without_authorizer_is_never_open() {
    let api =
        document(&ApiInput { authorizer: None, ..input(vec![route("/a", PartitionKey::Random, Body::Any)]) }).unwrap();
    assert_eq!(api.routes["POST /a"].authorization, "CUSTOM", "AWS refuses this; it does not serve it");
    let open = Route { auth: false, ..route("/a", PartitionKey::Random, Body::Any) };
    let api = document(&input(vec![open])).unwrap();
    assert_eq!((api.routes["POST /a"].authorization.as_str(), api.routes["POST /a"].authorizer.as_str()), ("NONE", ""));
}

#[test]
fn bodies_are_checked_by_models_of_their_schema() {
    let person = json!({ "type": "object", "required": ["id"] });
    let routes = vec![
        route("/object", PartitionKey::Random, Body::Object),
        route("/person", PartitionKey::Random, Body::Schema(person.clone())),
        route("/any", PartitionKey::Random, Body::Any),
    ];
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
    let api = document(&input(vec![route("/a", PartitionKey::Random, Body::Object)])).unwrap();
    let header = &api.gateway_responses["UNAUTHORIZED"].parameters["gatewayresponse.header.WWW-Authenticate"];
    assert_eq!(header, "'Basic realm=\"gateway-events\"'");
}

#[test]
fn the_access_log_is_one_line_of_json_without_client_text() {
    let format = templates::access_log();
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

use aws_sdk_apigateway::types::{
    AccessLogSettings, ConnectionType, EndpointConfiguration, EndpointType, GatewayResponseType, IntegrationType,
    MethodResponse, MethodSetting,
};

use super::*;
use crate::aws::mocked::place;
use crate::kinds::rest_api::{Stage, Throttle};

fn head() -> Head {
    let endpoint = EndpointConfiguration::builder().types(EndpointType::Regional).build();
    let api = AwsRestApi::builder().id("abc").name("api").endpoint_configuration(endpoint);
    Head::of(&place(), api.tags("pipe:pipeline", "demo").build())
}

fn document(parts: Parts) -> RestApi {
    Found::of(head(), parts).document
}

/// A method as AWS gives it, with all that it fills in by itself.
fn method() -> Method {
    let response = AwsIntegrationResponse::builder().status_code("200").selection_pattern("200");
    let response = response.response_templates("application/json", "{}").build();
    let integration = AwsIntegration::builder()
        .r#type(IntegrationType::Aws)
        .http_method("POST")
        .uri("arn:aws:apigateway:eu-central-1:kinesis:action/PutRecord")
        .credentials("role")
        .passthrough_behavior("NEVER")
        .timeout_in_millis(29_000)
        .connection_type(ConnectionType::Internet)
        .cache_namespace("r1")
        .set_cache_key_parameters(Some(Vec::new()))
        .request_templates("application/json", "{}")
        .integration_responses("200", response);
    Method::builder()
        .http_method("POST")
        .authorization_type("CUSTOM")
        .authorizer_id("a1")
        .api_key_required(false)
        .request_validator_id("v9")
        .method_responses("200", MethodResponse::builder().status_code("200").build())
        .method_integration(integration.build())
        .build()
}

#[test]
fn ids_become_names_and_what_aws_fills_in_is_left_out() {
    let parts = Parts {
        resources: vec![
            AwsResource::builder().id("r0").path("/").build(),
            AwsResource::builder().id("r1").path("/a").resource_methods("POST", method()).build(),
        ],
        authorizers: vec![AwsAuthorizer::builder().id("a1").name("basic").identity_source("a, b").build()],
        ..Parts::default()
    };
    let document = document(parts);
    let route = &document.routes["POST /a"];
    assert_eq!((route.authorizer.as_str(), route.validator.as_str()), ("basic", "v9"), "v9 is gone, and shows");
    assert_eq!((route.integration.timeout_ms, route.integration.content_handling.as_str()), (29_000, ""));
    assert_eq!(document.authorizers["basic"].identity_source, "a,b");
    assert_eq!(document.paths.into_iter().collect::<Vec<_>>(), ["/a"]);
    assert_eq!(head().tags.into_keys().collect::<Vec<_>>(), ["pipe:pipeline"]);
}

#[test]
fn defaults_of_aws_are_not_the_apis() {
    let model = |name: &str, schema: &str| Model::builder().name(name).schema(schema).build();
    let response = |kind, default| {
        AwsGatewayResponse::builder().response_type(kind).default_response(default).status_code("401").build()
    };
    let parts = Parts {
        models: vec![
            model("Empty", "{}"),
            model("Error", "{}"),
            model("Own", "{ \"type\": \"object\" }"),
            model("Bad", "{"),
        ],
        gateway_responses: vec![
            response(GatewayResponseType::Unauthorized, false),
            response(GatewayResponseType::AccessDenied, true),
        ],
        ..Parts::default()
    };
    let document = document(parts);
    assert_eq!(document.models["Own"], serde_json::json!({ "type": "object" }));
    assert_eq!(document.models["Bad"], Value::String("{".into()));
    assert_eq!(document.models.len(), 2);
    assert_eq!(document.gateway_responses.into_keys().collect::<Vec<_>>(), ["UNAUTHORIZED"]);
}

#[test]
fn the_security_policy_is_aws_s_own_unless_another_one_is_set() {
    let shown = |api: AwsRestApi| Found::of(Head::of(&place(), api), Parts::default()).document.security_policy;
    assert_eq!(shown(AwsRestApi::builder().id("abc").build()), "TLS_1_0");
    let newer = AwsRestApi::builder().security_policy("SecurityPolicy_TLS13_1_3_2025_09".into());
    assert_eq!(shown(newer.build()), "SecurityPolicy_TLS13_1_3_2025_09");
}

#[test]
fn a_resource_policy_is_read_without_the_api_s_id() {
    let text = r#"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"execute-api:Invoke\",\"Resource\":\"arn:aws:execute-api:eu-central-1:111122223333:abc\/*\"}]}"#;
    let shown = |text: &str| {
        Found::of(Head::of(&place(), AwsRestApi::builder().id("abc").policy(text).build()), Parts::default())
    };
    let policy = shown(text).document.policy.unwrap();
    assert_eq!(policy.statements()[0]["Resource"], serde_json::json!(["execute-api:/*"]));
    assert_eq!(shown("").document.policy, None);
}

#[test]
fn a_second_part_of_a_name_shows() {
    let one = |id: &str| RequestValidator::builder().id(id).name("body").validate_request_body(true).build();
    let found = Found::of(head(), Parts { validators: vec![one("v1"), one("v2")], ..Parts::default() });
    assert_eq!(found.document.validators.into_keys().collect::<Vec<_>>(), ["body", "body (v2)"]);
    assert_eq!(found.validators["body (v2)"], "v2");
}

#[test]
fn a_method_without_integration_shows() {
    let bare = Method::builder().http_method("POST").authorization_type("NONE").build();
    let resource = AwsResource::builder().id("r0").path("/").resource_methods("POST", bare).build();
    let document = document(Parts { resources: vec![resource], ..Parts::default() });
    assert_eq!(
        document.routes["POST /"].integration,
        Integration::default(),
        "a half-done route differs from every desired one"
    );
}

#[test]
fn stage_settings_count_only_where_they_are_set() {
    let shown = |rate: f64, burst: i32| {
        let all = MethodSetting::builder().throttling_rate_limit(rate).throttling_burst_limit(burst).build();
        let log = AccessLogSettings::builder().build();
        let stage_of = AwsStage::builder().stage_name("prod").method_settings("*/*", all).access_log_settings(log);
        stage::of(stage_of.build(), &Tags::new())
    };
    assert_eq!(shown(-1.0, -1), Stage::default());
    assert_eq!(shown(0.5, 2).throttle, Some(Throttle { rate_per_second: 0.5, burst: 2 }));
    assert_eq!(stage::of(AwsStage::builder().stage_name("prod").build(), &Tags::new()), Stage::default());
}

#[test]
fn the_newest_deployment_comes_first() {
    let deployment = |id: &str, at: i64| AwsDeployment::builder().id(id).created_date(DateTime::from_secs(at)).build();
    let parts = Parts { deployments: vec![deployment("old", 1), deployment("new", 2)], ..Parts::default() };
    let ids: Vec<String> = Found::of(head(), parts).deployments.into_iter().map(|deployment| deployment.id).collect();
    assert_eq!(ids, ["new", "old"]);
}

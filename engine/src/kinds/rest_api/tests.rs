use std::collections::BTreeMap;

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::operation::create_deployment::CreateDeploymentOutput;
use aws_sdk_apigateway::operation::delete_deployment::DeleteDeploymentOutput;
use aws_sdk_apigateway::operation::delete_method::{DeleteMethodError, DeleteMethodOutput};
use aws_sdk_apigateway::operation::update_stage::UpdateStageOutput;
use aws_sdk_apigateway::types::error::ConflictException;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_types::{DateTime, error::ErrorMetadata};
use serde_json::json;

use super::read::Deployment;
use super::*;
use crate::aws::{mocked, policy::Policy};

fn texts<const N: usize>(pairs: [(&str, &str); N]) -> Texts {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn named<T, const N: usize>(pairs: [(&str, T); N]) -> BTreeMap<String, T> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

pub(super) fn desired() -> RestApi {
    let response = IntegrationResponse {
        pattern: "200".into(),
        templates: texts([("application/json", "$input.body")]),
        ..IntegrationResponse::default()
    };
    let integration = Integration {
        kind: "AWS".into(),
        http_method: "POST".into(),
        uri: "arn:aws:apigateway:eu-central-1:kinesis:action/PutRecord".into(),
        passthrough: "NEVER".into(),
        templates: texts([("application/json", "{}")]),
        responses: named([("200", response)]),
        ..Integration::default()
    };
    let route = Route {
        authorization: "CUSTOM".into(),
        authorizer: "basic".into(),
        responses: named([("200", BTreeMap::new())]),
        integration,
        ..Route::default()
    };
    let unauthorized = GatewayResponse { status: "401".into(), ..GatewayResponse::default() };
    let api = RestApi {
        endpoint_type: "REGIONAL".into(),
        security_policy: LEGACY_TLS.into(),
        stages: named([("prod", Stage::default())]),
        routes: named([("POST /submit/{id}", route)]),
        authorizers: named([("basic", Authorizer { cache_seconds: 300, ..Authorizer::default() })]),
        models: named([("Object1", json!({ "type": "object", "title": "t" }))]),
        validators: named([("body", Validator { body: true, parameters: false })]),
        gateway_responses: named([("UNAUTHORIZED", unauthorized)]),
        ..RestApi::default()
    };
    api.sealed().unwrap()
}

/// The hash after a change.
fn hash(change: impl FnOnce(&mut RestApi)) -> String {
    let mut api = desired();
    change(&mut api);
    api.sealed().unwrap().deployed
}

fn with_route(change: impl FnOnce(&mut Route)) -> String {
    hash(|api| change(api.routes.get_mut("POST /submit/{id}").unwrap()))
}

fn with_response(change: impl FnOnce(&mut IntegrationResponse)) -> String {
    with_route(|route| change(route.integration.responses.get_mut("200").unwrap()))
}

#[test]
fn each_property_of_the_snapshot_needs_a_new_deployment() {
    let hashes = [
        desired().deployed,
        with_route(|route| route.integration.templates = texts([("application/json", "{ }")])),
        with_route(|route| route.integration.credentials = "role".into()),
        with_route(|route| route.integration.uri.push('s')),
        with_route(|route| route.integration.passthrough = "WHEN_NO_MATCH".into()),
        with_route(|route| route.integration.timeout_ms = 1),
        with_route(|route| route.integration.content_handling = "CONVERT_TO_TEXT".into()),
        with_route(|route| route.integration.parameters = texts([("a", "b")])),
        with_response(|response| response.pattern = "2..".into()),
        with_response(|response| response.templates = texts([("application/json", "{}")])),
        with_response(|response| response.parameters = texts([("a", "b")])),
        with_route(|route| route.authorizer = "other".into()),
        with_route(|route| route.authorization = "NONE".into()),
        with_route(|route| route.validator = "body".into()),
        with_route(|route| route.models = texts([("application/json", "Object1")])),
        with_route(|route| route.parameters = named([("method.request.querystring.id", true)])),
        with_route(|route| route.responses = named([("400", BTreeMap::new())])),
        with_route(|route| route.api_key = true),
        hash(|api| api.authorizers.get_mut("basic").unwrap().cache_seconds = 0),
        hash(|api| api.authorizers.get_mut("basic").unwrap().uri = "uri".into()),
        hash(|api| api.authorizers.get_mut("basic").unwrap().identity_source = "a".into()),
        hash(|api| api.models = named([("Object1", json!({ "type": "array" }))])),
        hash(|api| api.validators.get_mut("body").unwrap().parameters = true),
        hash(|api| api.gateway_responses.get_mut("UNAUTHORIZED").unwrap().status = "403".into()),
        hash(|api| api.gateway_responses.get_mut("UNAUTHORIZED").unwrap().templates = texts([("a", "b")])),
        hash(|api| api.gateway_responses.clear()),
        hash(|api| drop(api.routes.insert("POST /other".into(), Route::default()))),
        hash(|api| api.routes.clear()),
        hash(|api| api.security_policy = "SecurityPolicy_TLS13_1_2_2021_06".into()),
        hash(|api| api.policy = Some(Policy::new(Vec::new()))),
    ];
    let different: std::collections::BTreeSet<_> = hashes.iter().collect();
    assert_eq!(different.len(), hashes.len());
}

#[test]
fn what_no_deployment_holds_needs_none() {
    let throttle = Throttle { rate_per_second: 1.0, burst: 1 };
    let stage = Stage { throttle: Some(throttle), xray: true, ..Stage::default() };
    assert_eq!(hash(|api| api.stages = named([("other", stage)])), desired().deployed);
    assert_eq!(hash(|api| api.endpoint_type = "EDGE".into()), desired().deployed);
    let mut value = serde_json::to_value(desired()).unwrap();
    let apart = ["endpoint_type", "security_policy", "stages", "deployed"];
    value.as_object_mut().unwrap().retain(|key, _| !apart.contains(&key.as_str()));
    assert_eq!(crate::diff::hash(&value), desired().deployed, "and none where the security policy is AWS's own");
}

#[test]
fn the_hash_is_of_the_canonical_desired_form() {
    let spelled: serde_json::Value = serde_json::from_str(r#"{ "title": "t",  "type": "object" }"#).unwrap();
    assert_eq!(hash(|api| api.models = named([("Object1", spelled)])), desired().deployed);
    assert_eq!(hash(|api| api.deployed = "what was read".into()), desired().deployed);
    assert_eq!(desired().paths.into_iter().collect::<Vec<_>>(), ["/submit", "/submit/{id}"]);
}

#[test]
fn stage_settings_are_patched_leaf_by_leaf_but_taken_away_whole() {
    let throttle = |rate, burst| Some(Throttle { rate_per_second: rate, burst });
    let log = Some(AccessLog { group_arn: "arn".into(), format: "$context.requestId".into() });
    let full = Stage { throttle: throttle(10.0, 5), xray: true, access_log: log, ..Stage::default() };
    let shown = |desired: &Stage, live: &Stage| {
        let patches = deploy::stage_patches(desired, live);
        let show = |p: &PatchOperation| {
            format!("{} {} {}", p.op().unwrap().as_str(), p.path().unwrap(), p.value().unwrap_or("-"))
        };
        patches.iter().map(show).collect::<Vec<_>>()
    };
    let set = [
        "replace /*/*/throttling/rateLimit 10",
        "replace /*/*/throttling/burstLimit 5",
        "replace /tracingEnabled true",
        "replace /accessLogSettings/destinationArn arn",
        "replace /accessLogSettings/format $context.requestId",
    ];
    assert_eq!(shown(&full, &Stage::default()), set);
    assert_eq!(
        shown(&Stage::default(), &full),
        ["remove /*/* -", "replace /tracingEnabled false", "remove /accessLogSettings -"]
    );
    let faster = Stage { throttle: throttle(0.5, 5), ..full.clone() };
    assert_eq!(shown(&faster, &full)[0], "replace /*/*/throttling/rateLimit 0.5");
    assert!(shown(&full, &full).is_empty());
}

#[test]
fn the_endpoint_follows_from_the_partition() {
    let endpoint = |partition: &str, region: &str| {
        let place = Place { partition: partition.into(), account: "111122223333".into(), region: region.into() };
        outputs(&place, "abc", "api", &desired())["endpoint"].clone()
    };
    assert_eq!(endpoint("aws", "eu-central-1"), "https://abc.execute-api.eu-central-1.amazonaws.com/prod");
    assert_eq!(endpoint("aws-eusc", "eusc-de-east-1"), "https://abc.execute-api.eusc-de-east-1.amazonaws.eu/prod");
    assert_eq!(endpoint("aws-cn", "cn-north-1"), "https://abc.execute-api.cn-north-1.amazonaws.com.cn/prod");
}

/// A context whose API Gateway answers by these rules, and refuses any call out of their order.
pub(super) fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx(RuleMode::Sequential, rules)
}

/// The API as desired, but deployed by these, the newest first; the stage is on the newest.
pub(super) fn found(hashes: &[&str]) -> Found {
    let deployment = |(age, hash): (usize, &&str)| Deployment {
        id: format!("d{age}"),
        hash: Some((*hash).to_owned()),
        created: Some(DateTime::from_secs(1000 - i64::try_from(age).unwrap())),
    };
    Found {
        head: Head {
            id: "abc".into(),
            name: "api".into(),
            endpoint_type: "REGIONAL".into(),
            vpc_endpoints: Default::default(),
            security_policy: LEGACY_TLS.into(),
            api_key_source: String::new(),
            binary_types: Default::default(),
            policy: None,
            tags: Default::default(),
        },
        document: desired(),
        resources: texts([("/", "r0")]),
        authorizers: Texts::new(),
        validators: Texts::new(),
        deployments: hashes.iter().enumerate().map(deployment).collect(),
        stages: texts([("prod", "d0")]),
    }
}

#[tokio::test]
async fn deploy_then_point_the_stage_then_prune_all_but_five() {
    let create = mock!(Client::create_deployment)
        .match_requests(|call| {
            call.description() == Some(&format!("pipe:{}", desired().deployed)) && call.stage_name().is_none()
        })
        .then_output(|| CreateDeploymentOutput::builder().id("new").build());
    let point = mock!(Client::update_stage)
        .match_requests(|call| {
            let patch = &call.patch_operations()[0];
            call.stage_name() == Some("prod") && patch.path() == Some("/deploymentId") && patch.value() == Some("new")
        })
        .then_output(|| UpdateStageOutput::builder().build());
    let prune = |id: &'static str| {
        mock!(Client::delete_deployment)
            .match_requests(move |call| call.deployment_id() == Some(id))
            .then_output(|| DeleteDeploymentOutput::builder().build())
    };
    // A deployment that someone else's canary uses stays.
    let text = "Active stages with canary settings pointing to this deployment must be moved or deleted";
    let fifth = mock!(Client::delete_deployment)
        .match_requests(|call| call.deployment_id() == Some("d4"))
        .then_http_response(move || mocked::refusal("BadRequestException", text));
    let sixth = prune("d5");
    let cx = cx(&[&create, &point, &fifth, &sixth]);
    deploy::sync(&cx, &desired(), &found(&["a", "b", "c", "d", "e", "f"])).await.unwrap();
    assert_eq!([&create, &point, &fifth, &sixth].map(Rule::num_calls), [1, 1, 1, 1]);
}

#[tokio::test]
async fn a_deployment_with_the_right_hash_is_used_and_not_made_again() {
    let point = mock!(Client::update_stage)
        .match_requests(|call| call.patch_operations()[0].value() == Some("d2"))
        .then_output(|| UpdateStageOutput::builder().build());
    let cx = cx(&[&point]);
    let right = desired().deployed;
    deploy::sync(&cx, &desired(), &found(&["a", "b", &right])).await.unwrap();
    assert_eq!(point.num_calls(), 1);
    // And where the stage is on it already, nothing is called at all.
    deploy::sync(&self::cx(&[]), &desired(), &found(&[&right, "b"])).await.unwrap();
}

#[tokio::test]
async fn a_concurrent_modification_is_waited_for() {
    let conflict = || {
        let text = "Unable to complete operation due to concurrent modification. Please try again later.";
        let meta = ErrorMetadata::builder().code("ConflictException").message(text).build();
        DeleteMethodError::ConflictException(ConflictException::builder().message(text).meta(meta).build())
    };
    let delete = mock!(Client::delete_method)
        .sequence()
        .error(conflict)
        .error(conflict)
        .output(|| DeleteMethodOutput::builder().build())
        .build();
    route::delete(&cx(&[&delete]), "abc", "r1", "POST").await.unwrap();
    assert_eq!(delete.num_calls(), 3);
}

#[tokio::test]
async fn nothing_is_called_where_nothing_differs() {
    let live = live(&cx(&[]).aws.place, found(&[&desired().deployed]));
    let made = desired().reconcile(&cx(&[]), &Name::new("api"), Some(&live)).await.unwrap();
    assert_eq!(made.outputs["id"], "abc");
}

#[test]
fn a_snapshot_by_someone_else_shows_as_a_difference() {
    let mut parts = parts::Parts::default();
    let stage =
        |name: &str, id: &str| aws_sdk_apigateway::types::Stage::builder().stage_name(name).deployment_id(id).build();
    let deployment =
        |id: &str, text: &str| aws_sdk_apigateway::types::Deployment::builder().id(id).description(text).build();
    parts.stages = vec![stage("prod", "d1")];
    parts.deployments = vec![deployment("d1", "by hand"), deployment("d2", "pipe:00ff")];
    let deployed = |parts| Found::of(found(&[]).head, parts).document.deployed;
    assert_eq!(deployed(parts), "deployment d1");
    let both = parts::Parts {
        stages: vec![stage("prod", "d2"), stage("test", "d1")],
        deployments: vec![deployment("d1", "by hand"), deployment("d2", "pipe:00ff")],
        ..parts::Parts::default()
    };
    assert_eq!(deployed(both), "00ff, deployment d1");
}

#[test]
fn an_api_that_ends_takes_its_endpoint_with_it() {
    let told = RestApi::advice(&Changed::End { live: &desired(), gone: &[] }).means;
    assert_eq!(told, ["requests to its endpoint are refused from now on: an API made later has another endpoint"]);
}

mod policy;
mod tags;

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::operation::create_deployment::CreateDeploymentOutput;
use aws_sdk_apigateway::operation::create_rest_api::CreateRestApiOutput;
use aws_sdk_apigateway::operation::get_rest_api::GetRestApiOutput;
use aws_sdk_apigateway::operation::update_rest_api::UpdateRestApiOutput;
use aws_sdk_apigateway::operation::update_stage::UpdateStageOutput;
use aws_smithy_mocks::{Rule, mock};

use aws_sdk_apigateway::types::ApiStatus;

use super::super::tls::{policy_patches, security_policy};
use super::*;
use crate::aws::mocked;
use crate::kinds::rest_api::deploy;
use crate::kinds::rest_api::tests::{cx, desired, found};

const NEWER: &str = "SecurityPolicy_TLS13_1_2_2021_06";

/// The API with another minimum of TLS than the live one.
fn newer() -> RestApi {
    RestApi { security_policy: NEWER.into(), ..desired() }
}

fn shown(patches: &[PatchOperation]) -> Vec<String> {
    let show = |patch: &PatchOperation| format!("{}={}", patch.path().unwrap(), patch.value().unwrap());
    patches.iter().map(show).collect()
}

#[test]
fn an_enhanced_policy_has_an_access_mode_and_another_one_has_none() {
    let patches = |policy, mode| shown(&policy_patches(policy, mode)).join(" ");
    assert_eq!(patches(NEWER, None), format!("/securityPolicy={NEWER} /endpointAccessMode=BASIC"));
    assert_eq!(patches(NEWER, Some("STRICT")), format!("/securityPolicy={NEWER}"), "what somebody chose stays");
    assert_eq!(patches("TLS_1_0", Some("BASIC")), "/securityPolicy=TLS_1_0 /endpointAccessMode=");
    assert_eq!(patches("TLS_1_0", None), "/securityPolicy=TLS_1_0");
}

#[tokio::test]
async fn a_new_api_has_its_policy_from_the_start() {
    let create = mock!(Client::create_rest_api)
        .match_requests(|call| {
            call.security_policy().map(SecurityPolicy::as_str) == Some(NEWER)
                && call.endpoint_access_mode() == Some(&EndpointAccessMode::Basic)
        })
        .then_output(|| {
            CreateRestApiOutput::builder().id("abc").root_resource_id("r0").security_policy(NEWER.into()).build()
        });
    let made = super::create(&cx(&[&create]), &newer(), &Name::new("api")).await.unwrap();
    assert_eq!(made.document.security_policy, NEWER, "nothing is left to be patched");
}

#[tokio::test]
async fn a_new_policy_is_waited_for() {
    let status = |status: ApiStatus| {
        mock!(Client::get_rest_api).then_output(move || GetRestApiOutput::builder().api_status(status.clone()).build())
    };
    let look = status(ApiStatus::Available);
    let patch = mock!(Client::update_rest_api)
        .match_requests(|call| shown(call.patch_operations()).contains(&"/endpointAccessMode=BASIC".to_owned()))
        .then_output(|| UpdateRestApiOutput::builder().build());
    let (updating, done) = (status(ApiStatus::Updating), status(ApiStatus::Available));
    let rules = [&look, &patch, &updating, &done];
    security_policy(&cx(&rules), &newer(), &found(&[])).await.unwrap();
    assert_eq!(rules.map(Rule::num_calls), [1; 4]);
    // And where it is right, nothing is called at all.
    security_policy(&cx(&[]), &desired(), &found(&[])).await.unwrap();
}

#[tokio::test]
async fn a_policy_that_aws_fails_to_set_is_a_failure() {
    let look = mock!(Client::get_rest_api).then_output(|| GetRestApiOutput::builder().build());
    let patch = mock!(Client::update_rest_api).then_output(|| UpdateRestApiOutput::builder().build());
    let failed = || GetRestApiOutput::builder().api_status(ApiStatus::Failed).api_status_message("why").build();
    let failed = mock!(Client::get_rest_api).then_output(failed);
    let refused = security_policy(&cx(&[&look, &patch, &failed]), &newer(), &found(&[])).await.unwrap_err();
    assert_eq!(refused.message(), "failed to change the API's minimum of TLS: why");
}

#[tokio::test]
async fn an_api_that_aws_updates_is_waited_for() {
    let refuse = |text: &'static str| move || mocked::refusal("BadRequestException", text);
    let deploy = mock!(Client::create_deployment)
        .sequence()
        .http_response(refuse("You cannot deploy a RestApi while the apiStatus is UPDATING or FAILED."))
        .output(|| CreateDeploymentOutput::builder().id("new").build())
        .build();
    let text = "There is already an update in progress. Please wait until the current update finishes before making another request.";
    let point = mock!(Client::update_stage)
        .sequence()
        .http_response(refuse(text))
        .output(|| UpdateStageOutput::builder().build())
        .build();
    deploy::sync(&cx(&[&deploy, &point]), &desired(), &found(&["a"])).await.unwrap();
    assert_eq!([&deploy, &point].map(Rule::num_calls), [2, 2]);
}

//! The resource policy: set and taken away by one call, and deployed.

use aws_sdk_apigateway::operation::create_deployment::CreateDeploymentOutput;
use aws_sdk_apigateway::operation::update_rest_api::UpdateRestApiOutput;
use aws_sdk_apigateway::operation::update_stage::UpdateStageOutput;
use aws_smithy_mocks::{Rule, mock};

use super::*;
use crate::kinds::rest_api::policy::{Callers, only_from};
use crate::network::Network;

fn from(networks: &[&str]) -> RestApi {
    let networks = networks.iter().map(|text| Network::parse(text).unwrap()).collect();
    let callers = Callers { networks, ..Callers::default() };
    let mut api = desired();
    api.policy = Some(only_from(&callers, &api.routes));
    api.sealed().unwrap()
}

/// What is live, by deployments of these hashes.
fn live(api: &RestApi, hashes: &[&str]) -> Found {
    let mut live = found(hashes);
    live.head.policy = api.policy.clone();
    live.document = api.clone();
    live
}

#[tokio::test]
async fn it_is_patched_where_it_differs_and_an_empty_text_takes_it_away() {
    let office = from(&["203.0.113.0/24"]);
    let text = office.policy.as_ref().unwrap().text();
    for (now, then, patch) in [(&office, &desired(), text.as_str()), (&desired(), &office, "")] {
        let expected = format!("/policy={patch}");
        let set = mock!(Client::update_rest_api)
            .match_requests(move |call| shown(call.patch_operations()) == [expected.clone()])
            .then_output(|| UpdateRestApiOutput::builder().build());
        head(&cx(&[&set]), now, &Name::new("api"), &live(then, &[])).await.unwrap();
        assert_eq!(set.num_calls(), 1);
        head(&cx(&[]), now, &Name::new("api"), &live(now, &[])).await.unwrap();
    }
}

/// Whether an older deployment has the policy of its time nobody says.
#[tokio::test]
async fn a_changed_policy_is_deployed_anew_though_an_older_deployment_has_its_hash() {
    let (office, home) = (from(&["203.0.113.0/24"]), from(&["198.51.100.7/32"]));
    let hashes = [home.deployed.as_str(), office.deployed.as_str(), desired().deployed.as_str()].map(str::to_owned);
    let hashes = [&hashes[0], &hashes[1], &hashes[2]].map(String::as_str);
    for (now, then) in [(&office, &home), (&desired(), &home), (&office, &office)] {
        let create =
            mock!(Client::create_deployment).then_output(|| CreateDeploymentOutput::builder().id("new").build());
        let point = mock!(Client::update_stage).then_output(|| UpdateStageOutput::builder().build());
        deploy::sync(&cx(&[&create, &point]), now, &live(then, &hashes)).await.unwrap();
        assert_eq!([&create, &point].map(Rule::num_calls), [1, 1]);
    }
    // The newest is the one that an earlier attempt has made.
    deploy::sync(&cx(&[]), &home, &live(&home, &hashes)).await.unwrap();
}

/// AWS looks at each patch alone: "VPCEndpoints can only be specified with PRIVATE apis."
#[tokio::test]
async fn endpoints_come_after_the_private_type_and_go_before_it() {
    let private = |endpoints: &[&str]| {
        let mut api = desired();
        api.endpoint_type = "PRIVATE".to_owned();
        api.vpc_endpoints = endpoints.iter().map(|&id| id.to_owned()).collect();
        api.sealed().unwrap()
    };
    let live = |api: &RestApi| {
        let mut live = live(api, &[]);
        live.head.endpoint_type = api.endpoint_type.clone();
        live.head.vpc_endpoints = api.vpc_endpoints.clone();
        live
    };
    let ids = "/endpointConfiguration/vpcEndpointIds";
    let (one, two) = (private(&["vpce-1"]), private(&["vpce-2"]));
    let changes: [(&RestApi, &RestApi, Vec<String>, usize); 3] = [
        (&one, &desired(), vec!["/endpointConfiguration/types/REGIONAL=PRIVATE".into(), format!("{ids}=vpce-1")], 1),
        (&desired(), &one, vec![format!("{ids}=vpce-1"), "/endpointConfiguration/types/PRIVATE=REGIONAL".into()], 1),
        (&two, &one, vec![format!("{ids}=vpce-1"), format!("{ids}=vpce-2")], 0),
    ];
    for (now, then, expected, waits) in changes {
        let set = mock!(Client::update_rest_api)
            .match_requests(move |call| shown(call.patch_operations()) == expected)
            .then_output(|| UpdateRestApiOutput::builder().build());
        let got = mock!(Client::get_rest_api).then_output(|| GetRestApiOutput::builder().build());
        head(&cx(&[&set, &got]), now, &Name::new("api"), &live(then)).await.unwrap();
        assert_eq!((set.num_calls(), got.num_calls()), (1, waits));
        assert_ne!(now.deployed, then.deployed, "it takes effect when it is deployed");
    }
}

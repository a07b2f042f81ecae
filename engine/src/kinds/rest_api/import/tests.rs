use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::operation::get_authorizers::GetAuthorizersOutput;
use aws_sdk_apigateway::operation::get_deployments::GetDeploymentsOutput;
use aws_sdk_apigateway::operation::get_gateway_responses::GetGatewayResponsesOutput;
use aws_sdk_apigateway::operation::get_models::GetModelsOutput;
use aws_sdk_apigateway::operation::get_request_validators::GetRequestValidatorsOutput;
use aws_sdk_apigateway::operation::get_resources::GetResourcesOutput;
use aws_sdk_apigateway::operation::get_rest_api::GetRestApiOutput;
use aws_sdk_apigateway::operation::get_rest_api::builders::GetRestApiOutputBuilder;
use aws_sdk_apigateway::operation::get_stages::GetStagesOutput;
use aws_sdk_apigateway::operation::put_rest_api::PutRestApiOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use serde_json::{Value, json};

use super::super::tests::{desired, found};
use super::super::{IntegrationResponse, Route, model_name};
use super::*;
use crate::aws::mocked;

/// The API with so many routes more, each of 5 answers.
fn large(routes: usize) -> RestApi {
    let mut api = desired();
    for number in 0..routes {
        let route = api.routes.entry(format!("GET /r{number}")).or_insert(Route {
            authorization: "NONE".into(),
            validator: "body".into(),
            ..Route::default()
        });
        for status in 200..205 {
            route.responses.insert(status.to_string(), BTreeMap::new());
            let answer = IntegrationResponse { pattern: status.to_string(), ..IntegrationResponse::default() };
            route.integration.responses.insert(status.to_string(), answer);
        }
    }
    api.sealed().unwrap()
}

#[test]
fn an_import_pays_from_as_many_calls_as_api_gateway_takes_at_once() {
    let live = desired();
    // A resource, a method, an integration and 10 answers for each.
    assert_eq!((1..4).map(|routes| single_calls(&large(routes), &live)).collect::<Vec<_>>(), [13, 26, 39]);
    assert_eq!((1..5).map(|routes| pays(&large(routes), &live)).collect::<Vec<_>>(), [false, false, false, true]);
    assert!(!pays(&large(299), &large(299)), "nothing differs");
}

#[test]
fn an_edit_of_one_route_among_many_is_made_by_single_calls() {
    let live = large(299);
    let mut edited = live.clone();
    edited.routes.get_mut("GET /r7").unwrap().authorization = "AWS_IAM".into();
    assert_eq!(single_calls(&edited, &live), 13, "it is deleted before it is made again");
    assert!(!pays(&edited, &live));
    let mut without = live.clone();
    without.routes.remove("GET /r7");
    assert_eq!(single_calls(&without.sealed().unwrap(), &live), 1, "the method goes with its resource");
    assert!(pays(&large(10), &live), "so many deletions are an import");
}

#[test]
fn models_that_an_import_does_not_bring_count_against_it() {
    let (live, mut api) = (desired(), desired());
    for number in 0..50 {
        let schema = json!({ "type": "object", "additionalProperties": false, "title": number.to_string() });
        api.models.insert(model_name("Schema", &schema), schema);
    }
    assert_eq!((single_calls(&api, &live), pays(&api, &live)), (50, false));
}

/// The rules of the seven reads of an API that has nothing.
fn reads() -> Vec<Rule> {
    vec![
        mock!(Client::get_resources).then_output(|| GetResourcesOutput::builder().build()),
        mock!(Client::get_stages).then_output(|| GetStagesOutput::builder().build()),
        mock!(Client::get_authorizers).then_output(|| GetAuthorizersOutput::builder().build()),
        mock!(Client::get_models).then_output(|| GetModelsOutput::builder().build()),
        mock!(Client::get_request_validators).then_output(|| GetRequestValidatorsOutput::builder().build()),
        mock!(Client::get_gateway_responses).then_output(|| GetGatewayResponsesOutput::builder().build()),
        mock!(Client::get_deployments).then_output(|| GetDeploymentsOutput::builder().build()),
    ]
}

fn looked(api: impl Fn(GetRestApiOutputBuilder) -> GetRestApiOutputBuilder + Send + Sync + 'static) -> Rule {
    mock!(Client::get_rest_api).then_output(move || api(GetRestApiOutput::builder()).build())
}

async fn synced(rules: &[&Rule], is_new: bool) -> Result<Found> {
    let cx = mocked::cx(RuleMode::MatchAny, rules);
    sync(&cx, &large(9), &Name::new("api"), found(&[]), is_new).await
}

#[tokio::test]
async fn an_import_overwrites_and_is_read_back() {
    let put = mock!(Client::put_rest_api)
        .match_requests(|call| {
            let body: Value = serde_json::from_slice(call.body().unwrap().as_ref()).unwrap();
            call.mode() == Some(&PutMode::Overwrite)
                && call.fail_on_warnings() == Some(true)
                && body["info"] == json!({ "title": "api", "version": "7", "description": "by hand" })
                && body["paths"].as_object().unwrap().len() == 10
        })
        .then_output(|| PutRestApiOutput::builder().security_policy("SecurityPolicy_TLS13_1_3_2025_09".into()).build());
    let look = looked(|api| api.description("by hand").version("7"));
    let reads = reads();
    let rules: Vec<&Rule> = [&put, &look].into_iter().chain(&reads).collect();
    let found = synced(&rules, false).await.unwrap();
    assert!(rules.iter().all(|rule| rule.num_calls() == 1));
    assert!(found.document.routes.is_empty(), "as it was read: the other writers see what is missing");
    assert_eq!(found.document.security_policy, "SecurityPolicy_TLS13_1_3_2025_09", "and what the import changed");
}

#[tokio::test]
async fn what_no_document_says_is_not_taken_away() {
    let bare = [looked(|api| api.minimum_compression_size(0)), looked(|api| api.disable_execute_api_endpoint(true))];
    for look in bare {
        let found = synced(&[&look], false).await.unwrap();
        assert_eq!(found.document, desired(), "no import, and nothing read");
    }
}

#[tokio::test]
async fn where_aws_does_not_take_the_document_single_calls_go_on_from_what_is_there() {
    for (status, code) in [(400_u16, "BadRequestException"), (404, "NotFoundException")] {
        let put = mock!(Client::put_rest_api).then_http_response(move || {
            let mut answer = mocked::refusal(code, "Warnings found during import: ..");
            *answer.status_mut() = status.try_into().unwrap();
            answer
        });
        let reads = reads();
        let rules: Vec<&Rule> = [&put].into_iter().chain(&reads).collect();
        let found = synced(&rules, true).await.unwrap();
        assert!(rules.iter().all(|rule| rule.num_calls() == 1), "read again: nobody knows what it did");
        assert_eq!(found.document.security_policy, "TLS_1_0");
    }
}

#[tokio::test]
async fn a_concurrent_change_is_waited_for_and_an_unclear_end_is_looked_at_by_the_engine() {
    let refused = || {
        let mut answer = mocked::refusal("ConflictException", "concurrent modification. Please try again later.");
        *answer.status_mut() = 409.try_into().unwrap();
        answer
    };
    let put = mock!(Client::put_rest_api)
        .sequence()
        .http_response(refused)
        .http_response(|| {
            let mut answer = mocked::refusal("InternalFailure", "");
            *answer.status_mut() = 500.try_into().unwrap();
            answer
        })
        .build();
    let error = synced(&[&put], true).await.err().unwrap();
    assert_eq!((error.class(), put.num_calls()), (Class::Unclear, 2));
}

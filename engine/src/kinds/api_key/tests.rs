use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::operation::delete_api_key::DeleteApiKeyOutput;
use aws_sdk_apigateway::operation::get_usage_plan_keys::GetUsagePlanKeysOutput;
use aws_sdk_apigateway::operation::get_usage_plans::GetUsagePlansOutput;
use aws_sdk_apigateway::operation::tag_resource::TagResourceOutput;
use aws_sdk_apigateway::types::{UsagePlan as AwsPlan, UsagePlanKey};
use aws_sdk_resourcegroupstagging::Client as Tagging;
use aws_sdk_resourcegroupstagging::operation::get_resources::GetResourcesOutput;
use aws_sdk_resourcegroupstagging::types::ResourceTagMapping;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::*;
use crate::aws::mocked;
use crate::resource::{How, Id, Tags};

const VALUE: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ1234";
const ARN: &str = "arn:aws:apigateway:eu-central-1::/apikeys/k1";

fn tags() -> Tags {
    Tags::from([(owner::PIPELINE.to_owned(), "demo".to_owned()), (owner::RESOURCE.to_owned(), "free-key".to_owned())])
}

/// A context whose API Gateway answers by these rules; any other call panics.
fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx(RuleMode::MatchAny, rules).for_resource(&Id::new("free-key"), tags())
}

fn name() -> Name {
    Name::new("demo-free")
}

fn desired() -> ApiKey {
    ApiKey { description: "Opens the plan free".into(), enabled: true }
}

fn live_one(props: ApiKey, name: &str, tags: Tags) -> Live<ApiKey> {
    let outputs = outputs(&mocked::place(), "k1", name);
    Live { handle: Handle::new("k1"), props, outputs, tags, identity: "k1".into(), state: State::Live }
}

/// A key as a real account gives it, beside which stands a value, as in answers that were asked for one.
fn body(id: &str, name: &str, tags: &Tags) -> Value {
    json!({ "createdDate": 1_700_000_000, "description": "Opens the plan free", "enabled": true, "id": id,
        "lastUpdatedDate": 1_700_000_000, "name": name, "stageKeys": [], "tags": tags, "value": VALUE })
}

fn listed(names: &'static [(&'static str, &'static str)]) -> Rule {
    mock!(Client::get_api_keys)
        .match_requests(|call| call.name_query() == Some("demo-free") && call.include_values().is_none())
        .then_http_response(|| {
            let mut items: Vec<Value> = names.iter().map(|(id, name)| body(id, name, &Tags::new())).collect();
            items.iter_mut().for_each(|item| drop(item.as_object_mut().unwrap().remove("value")));
            mocked::success(&json!({ "item": items }))
        })
}

fn described(id: &'static str, with_value: bool, tags: Tags) -> Rule {
    mock!(Client::get_api_key)
        .match_requests(move |call| {
            call.api_key() == Some(id) && call.include_value().unwrap_or_default() == with_value
        })
        .then_http_response(move || mocked::success(&body(id, "demo-free", &tags)))
}

fn not_found() -> HttpResponse {
    mocked::refusal("NotFoundException", "Invalid API Key identifier specified")
}

#[tokio::test]
async fn a_key_that_exists_is_found_by_its_id() {
    let list = || mock!(Client::get_api_keys).then_http_response(|| mocked::success(&json!({ "item": [] })));
    let theirs = described("k1", false, Tags::new());
    let found = ApiKey::read(&cx(&[&list(), &theirs]), &Name::new("k1")).await.unwrap();
    assert_eq!(found, [live_one(desired(), "demo-free", Tags::new())]);
    let gone = mock!(Client::get_api_key).then_http_response(not_found);
    assert_eq!(ApiKey::read(&cx(&[&list(), &gone]), &Name::new("k2")).await.unwrap(), []);
    assert_eq!(
        ApiKey::read(&cx(&[&list()]), &Name::new("demo-free")).await.unwrap(),
        [],
        "no name of ours is asked for as an id"
    );
}

#[tokio::test]
async fn a_key_is_found_by_its_whole_name_with_its_tags_and_without_its_value() {
    let list = listed(&[("k1", "demo-free"), ("k2", "demo-free-too"), ("k3", "demo-free")]);
    let gone =
        mock!(Client::get_api_key).match_requests(|call| call.api_key() == Some("k3")).then_http_response(not_found);
    let found = ApiKey::read(&cx(&[&list, &described("k1", false, tags()), &gone]), &name()).await.unwrap();
    assert_eq!(found, [live_one(desired(), "demo-free", tags())]);
    assert_eq!(found[0].outputs["arn"], ARN, "it names no account");
    assert!(!format!("{found:?}").contains(VALUE));
    let json = serde_json::to_string(&found[0].props).unwrap();
    assert_eq!(json, r#"{"description":"Opens the plan free","enabled":true}"#);
}

#[tokio::test]
async fn a_key_is_made_enabled_with_its_tags_and_its_value_goes_no_further() {
    let create = mock!(Client::create_api_key)
        .match_requests(|call| {
            let named = call.name() == Some("demo-free") && call.description() == Some("Opens the plan free");
            let tagged = call.tags().is_some_and(|tags| tags[owner::PIPELINE] == "demo");
            named && tagged && call.enabled() == Some(true) && call.value().is_none()
        })
        .then_http_response(|| mocked::success(&body("k1", "demo-free", &tags())));
    let made = desired().reconcile(&cx(&[&create]), &name(), None).await.unwrap();
    assert_eq!((made.identity.as_str(), made.outputs["id"].as_str()), ("k1", "k1"));
    assert!(!format!("{made:?}").contains(VALUE));
}

#[tokio::test]
async fn a_creation_whose_outcome_nobody_knows_is_not_repeated() {
    let create = mock!(Client::create_api_key)
        .then_http_response(|| HttpResponse::new(500.try_into().unwrap(), SdkBody::from("{}")));
    let cx = mocked::cx_that_repeats(RuleMode::MatchAny, &[&create]);
    let error = desired().reconcile(&cx, &name(), None).await.unwrap_err();
    assert_eq!((error.class(), create.num_calls()), (Class::Unclear, 1));
}

#[tokio::test(start_paused = true)]
async fn a_creation_beyond_the_rate_waits_for_its_turn() {
    let create = mock!(Client::create_api_key)
        .sequence()
        .http_response(|| mocked::refusal("TooManyRequestsException", "Too Many Requests"))
        .http_response(|| mocked::success(&body("k1", "demo-free", &tags())))
        .build();
    desired().reconcile(&cx(&[&create]), &name(), None).await.unwrap();
    assert_eq!(create.num_calls(), 2);
}

#[tokio::test]
async fn all_that_differs_goes_in_one_update_after_the_tags() {
    let tag = mock!(Client::tag_resource)
        .match_requests(|call| {
            call.resource_arn() == Some(ARN) && call.tags().is_some_and(|tags| tags[owner::PIPELINE] == "demo")
        })
        .then_output(|| TagResourceOutput::builder().build());
    let update = mock!(Client::update_api_key)
        .match_requests(|call| {
            let shown: Vec<_> = call.patch_operations().iter().map(|one| (one.path(), one.value())).collect();
            let wanted = [
                (Some("/name"), Some("demo-free")),
                (Some("/description"), Some("Opens the plan free")),
                (Some("/enabled"), Some("true")),
            ];
            call.api_key() == Some("k1") && shown == wanted
        })
        .then_http_response(|| mocked::success(&body("k1", "demo-free", &tags())));
    let cx = mocked::cx(RuleMode::Sequential, &[&tag, &update]).for_resource(&Id::new("free-key"), tags());
    let before = live_one(ApiKey { description: String::new(), enabled: false }, "demo-old", Tags::new());
    let made = desired().reconcile(&cx, &name(), Some(&before)).await.unwrap();
    assert_eq!((tag.num_calls(), update.num_calls()), (1, 1));
    assert_eq!(made.outputs["name"], "demo-free");
}

#[tokio::test]
async fn nothing_is_called_where_nothing_differs() {
    let made = desired().reconcile(&cx(&[]), &name(), Some(&live_one(desired(), "demo-free", tags()))).await.unwrap();
    assert_eq!(made.identity, "k1");
}

#[tokio::test]
async fn a_delete_of_what_is_gone_succeeds() {
    let delete = mock!(Client::delete_api_key)
        .match_requests(|call| call.api_key() == Some("k1"))
        .sequence()
        .output(|| DeleteApiKeyOutput::builder().build())
        .http_response(not_found)
        .build();
    let cx = cx(&[&delete]);
    for _ in 0..2 {
        ApiKey::delete(&cx, &name(), &Handle::new("k1")).await.unwrap();
    }
    assert_eq!(delete.num_calls(), 2);
}

#[tokio::test]
async fn only_reveal_asks_for_the_value_and_of_several_for_that_of_the_pipelines_own() {
    let list = listed(&[("k0", "demo-free"), ("k1", "demo-free")]);
    let (other, own) = (described("k0", false, Tags::new()), described("k1", false, tags()));
    let value = described("k1", true, tags());
    let told = ApiKey::reveal(&cx(&[&list, &other, &own, &value]), &name()).await.unwrap();
    assert_eq!(told, Outputs::from([("value".to_owned(), VALUE.to_owned())]));
    assert_eq!(ApiKey::reveal(&cx(&[&listed(&[])]), &name()).await.unwrap(), Outputs::new());
}

fn resources(arns: &'static [&'static str]) -> Rule {
    mock!(Tagging::get_resources).match_requests(|call| call.tag_filters()[0].values() == ["demo"]).then_output(
        move || {
            let found = arns.iter().map(|arn| ResourceTagMapping::builder().resource_arn(*arn).build()).collect();
            GetResourcesOutput::builder().set_resource_tag_mapping_list(Some(found)).build()
        },
    )
}

#[tokio::test]
async fn what_the_tagging_api_knows_by_id_is_found_by_name() {
    const OTHERS: &[&str] = &["arn:aws:apigateway:eu-central-1::/restapis/a1", "arn:aws:sqs:eu-central-1:1:q"];
    let arns: &[&str] = &[ARN, "arn:aws:apigateway:eu-central-1::/usageplans/p1"];
    let found = ApiKey::tagged(&cx(&[&resources(arns), &described("k1", false, tags())])).await.unwrap();
    assert_eq!(found, [name()]);
    // A pipeline without keys needs no right to look at any.
    assert!(ApiKey::tagged(&cx(&[&resources(OTHERS)])).await.unwrap().is_empty());
    let denied =
        mock!(Tagging::get_resources).then_http_response(|| mocked::refusal("AccessDeniedException", "not authorized"));
    assert!(ApiKey::tagged(&cx(&[&denied])).await.unwrap().is_empty());
}

#[tokio::test]
async fn keys_hang_on_the_plans_that_have_them() {
    let plans = mock!(Client::get_usage_plans).then_output(|| {
        let plan = |id: &str, name: &str| AwsPlan::builder().id(id).name(name).build();
        GetUsagePlansOutput::builder().items(plan("p1", "free")).items(plan("p2", "basic")).build()
    });
    let keys = mock!(Client::get_usage_plan_keys)
        .match_requests(|call| call.usage_plan_id() == Some("p1"))
        .then_output(|| {
            let key = UsagePlanKey::builder().id("k1").name("demo-free").value(VALUE).build();
            GetUsagePlanKeysOutput::builder().items(key).build()
        });
    let children = ApiKey::children(&cx(&[&plans, &keys]), UsagePlan::KIND, &Name::new("free")).await.unwrap();
    assert_eq!(children, [name()]);
    assert!(ApiKey::children(&cx(&[]), "apigateway:RestApi", &Name::new("free")).await.unwrap().is_empty());
}

#[test]
fn a_disabled_key_that_is_let_in_again_widens_and_the_end_of_one_refuses() {
    let off = ApiKey { enabled: false, ..desired() };
    let how = How::default();
    let edit = |desired: &ApiKey, live: &ApiKey| ApiKey::advice(&Changed::Edit { desired, live, how: &how });
    assert_eq!(edit(&desired(), &off).widens, ["the key was disabled: whoever has it may call again"]);
    assert_eq!(edit(&off, &desired()).means, ["whoever uses the key is refused from now on"]);
    for quiet in [edit(&desired(), &desired()), edit(&off, &off), ApiKey::advice(&Changed::New(&desired()))] {
        assert_eq!(quiet, Advice::default());
    }
    let end = ApiKey::advice(&Changed::End { live: &desired(), gone: &[] });
    assert_eq!(end.means, ["whoever uses the key is refused from now on: a key made later has another value"]);
}

#[test]
fn a_deployer_may_change_no_key_but_the_pipelines() {
    let scope = Scope { place: &mocked::place(), pipeline: "demo", boundary: None };
    let all = ApiKey::grants(&scope, &name());
    let bound = |grant: &Grant| grant.conditions.iter().any(|(_, _, pipeline)| pipeline == "demo");
    let free: Vec<_> =
        all.iter().filter(|grant| !bound(grant)).map(|grant| (grant.actions, &*grant.resource)).collect();
    assert_eq!(free, [(&["apigateway:GET"][..], "arn:aws:apigateway:eu-central-1::/apikeys*")]);
    let resources: Vec<&str> = all.iter().filter_map(|grant| grant.resource.rsplit("::").next()).collect();
    assert_eq!(resources, ["/apikeys*", "/apikeys", "/tags/*apikeys*", "/tags/*apikeys*", "/apikeys/*"]);
}

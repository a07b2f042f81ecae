mod writes;

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::operation::get_rest_api::GetRestApiOutput;
use aws_sdk_resourcegroupstagging::Client as Tagging;
use aws_sdk_resourcegroupstagging::operation::get_resources::GetResourcesOutput;
use aws_sdk_resourcegroupstagging::types::ResourceTagMapping;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use serde_json::{Value, json};

use super::*;
use crate::aws::mocked;
use crate::owner;
use crate::resource::{How, Id, Kind, State, Tags, output_of};

const VALUE: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ1234";

fn tags() -> Tags {
    Tags::from([(owner::PIPELINE.to_owned(), "demo".to_owned())])
}

/// A context whose API Gateway answers by these rules; any other call panics.
fn cx(rules: &[&Rule]) -> Cx {
    cx_of(RuleMode::MatchAny, rules)
}

/// The same in the order of the rules.
fn cx_in_order(rules: &[&Rule]) -> Cx {
    cx_of(RuleMode::Sequential, rules)
}

fn cx_of(mode: RuleMode, rules: &[&Rule]) -> Cx {
    mocked::cx(mode, rules).for_resource(&Id::new("free"), tags())
}

fn name() -> Name {
    Name::new("demo-free")
}

fn stage(api: &str, stage: &str) -> ApiStage {
    ApiStage { api: api.into(), stage: stage.into(), ..ApiStage::default() }
}

fn keys(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}

fn limit(rate_per_second: f64, burst: u32) -> Throttle {
    Throttle { rate_per_second, burst }
}

fn quota(requests: u32, per: Period) -> Quota {
    Quota { requests, per, offset: 0 }
}

fn desired() -> UsagePlan {
    UsagePlan {
        description: "For a start".into(),
        throttle: Some(limit(200.0, 100)),
        quota: Some(quota(5000, Period::Month)),
        stages: vec![stage("a1", "dev")],
        keys: keys(&["k1", "k2"]),
    }
}

fn with(change: impl FnOnce(&mut UsagePlan)) -> UsagePlan {
    let mut plan = desired();
    change(&mut plan);
    plan
}

fn live_one(props: UsagePlan, name: &str, tags: Tags) -> Live<UsagePlan> {
    let outputs = outputs(&mocked::place(), "p1", name);
    Live { handle: Handle::new("p1"), props, outputs, tags, identity: "p1".into(), state: State::Live }
}

/// A plan as a real account gives it after an update.
fn body() -> Value {
    json!({ "apiStages": [{ "apiId": "a1", "stage": "dev" }], "description": "For a start", "id": "p1",
        "name": "demo-free", "quota": { "limit": 5000, "offset": 0, "period": "MONTH" },
        "tags": { "pipe:pipeline": "demo" }, "throttle": { "burstLimit": 100, "rateLimit": 200.0 } })
}

fn described(body: Value) -> Rule {
    mock!(Client::get_usage_plan)
        .match_requests(|call| call.usage_plan_id() == Some("p1"))
        .then_http_response(move || mocked::success(&body))
}

/// The links of a plan as a real account gives them: with values.
fn links(ids: &'static [&'static str]) -> Rule {
    mock!(Client::get_usage_plan_keys).match_requests(|call| call.usage_plan_id() == Some("p1")).then_http_response(
        move || {
            let item = |id: &&str| json!({ "id": id, "name": id, "type": "API_KEY", "value": VALUE });
            mocked::success(&json!({ "item": ids.iter().map(item).collect::<Vec<_>>() }))
        },
    )
}

fn listed() -> Rule {
    mock!(Client::get_usage_plans).then_http_response(|| {
        let other = json!({ "apiStages": [], "id": "p2", "name": "demo-free-too" });
        mocked::success(&json!({ "item": [other, body()] }))
    })
}

#[tokio::test]
async fn a_plan_is_found_by_its_name_with_the_ids_of_its_keys_and_without_their_values() {
    let cx = cx(&[&listed(), &described(body()), &links(&["k2", "k1"])]);
    let found = UsagePlan::read(&cx, &name()).await.unwrap();
    assert_eq!(found, [live_one(desired(), "demo-free", tags())]);
    assert_eq!(found[0].outputs["arn"], "arn:aws:apigateway:eu-central-1::/usageplans/p1");
    assert!(!format!("{found:?}").contains(VALUE));
}

#[tokio::test]
async fn a_bare_plan_has_no_limits_and_one_by_hand_shows_all_that_is_not_ours() {
    let bare = json!({ "apiStages": [], "id": "p1", "name": "demo-free", "quota": {}, "tags": {} });
    let cx = cx(&[&described(bare), &links(&[])]);
    assert_eq!(read::fetch(&cx, "p1").await.unwrap().unwrap().props, UsagePlan::default());
    let by_hand = json!({ "id": "p1", "quota": { "limit": 7, "offset": 3, "period": "WEEK" }, "apiStages": [
        { "apiId": "a2", "stage": "dev" },
        { "apiId": "a1", "stage": "dev", "throttle": { "/pets/GET": { "burstLimit": 2, "rateLimit": 1.5 } } },
    ] });
    let cx = self::cx(&[&described(by_hand), &links(&[])]);
    let props = serde_json::to_value(read::fetch(&cx, "p1").await.unwrap().unwrap().props).unwrap();
    assert_eq!(props["quota"], json!({ "requests": 7, "per": "week", "offset": 3 }));
    let limits = json!({ "/pets/GET": { "rate_per_second": 1.5, "burst": 2 } });
    let stages = json!([{ "api": "a1", "stage": "dev", "methods": limits }, { "api": "a2", "stage": "dev" }]);
    assert_eq!(props["stages"], stages);
}

#[tokio::test]
async fn a_plan_that_goes_between_two_reads_is_absent() {
    let gone = mock!(Client::get_usage_plan)
        .then_http_response(|| mocked::refusal("NotFoundException", "Invalid Usage Plan ID specified"));
    // Of an unknown plan AWS gives no keys, and no error.
    let found = UsagePlan::read(&cx(&[&listed(), &gone, &links(&[])]), &name()).await.unwrap();
    assert!(found.is_empty());
}

#[test]
fn the_order_of_stages_is_that_of_their_ids_and_not_that_of_marks() {
    let kind = Kind::of::<UsagePlan>();
    let sealed = |first: &str, second: &str| {
        let plan = with(|plan| plan.stages = vec![stage(first, "dev"), stage(second, "dev"), stage(first, "dev")]);
        (kind.sealed)(&serde_json::to_value(plan).unwrap()).unwrap()["stages"].clone()
    };
    let sorted = json!([{ "api": "a1", "stage": "dev" }, { "api": "a2", "stage": "dev" }]);
    assert_eq!(sealed("a2", "a1"), sorted);
    assert_eq!(sealed("a1", "a2"), sorted);
}

#[tokio::test]
async fn what_the_tagging_api_knows_by_id_is_found_by_name_and_hangs_on_its_api() {
    let tagged = mock!(Tagging::get_resources).then_output(|| {
        let one = |id: &str| {
            let arn = format!("arn:aws:apigateway:eu-central-1::{id}");
            ResourceTagMapping::builder().resource_arn(arn).build()
        };
        let all = vec![one("/apikeys/k1"), one("/usageplans/p1"), one("/usageplans/p9")];
        GetResourcesOutput::builder().set_resource_tag_mapping_list(Some(all)).build()
    });
    let gone = mock!(Client::get_usage_plan)
        .match_requests(|call| call.usage_plan_id() == Some("p9"))
        .then_http_response(|| mocked::refusal("NotFoundException", "Invalid Usage Plan ID specified"));
    let api = mock!(Client::get_rest_api)
        .match_requests(|call| call.rest_api_id() == Some("a1"))
        .then_output(|| GetRestApiOutput::builder().id("a1").name("demo-api").build());
    let cx = cx(&[&tagged, &described(body()), &gone, &api]);
    assert_eq!(UsagePlan::tagged(&cx).await.unwrap(), [name()]);
    let children = async |kind, api| UsagePlan::children(&cx, kind, &Name::new(api)).await.unwrap();
    assert_eq!(children(RestApi::KIND, "demo-api").await, [name()]);
    assert!(children(RestApi::KIND, "other-api").await.is_empty());
    assert!(children("sqs:Queue", "demo-api").await.is_empty());
}

fn told(desired: &UsagePlan, live: &UsagePlan) -> Advice {
    UsagePlan::advice(&Changed::Edit { desired, live, how: &How::default() })
}

#[test]
fn a_key_or_a_stage_that_is_there_already_widens_and_one_of_this_plan_does_not() {
    let (one, none) = (with(|plan| plan.keys = keys(&["k1"])), with(|plan| plan.keys.clear()));
    assert_eq!(told(&desired(), &one).widens, ["whoever has the key `k2` may call what the plan opens"]);
    let new = with(|plan| plan.keys = [output_of("free-key", "id"), "k1".to_owned()].into());
    assert_eq!(told(&new, &one).widens, [""; 0]);
    let stages = with(|plan| plan.stages.push(stage("a2", "dev")));
    assert_eq!(told(&stages, &desired()).widens, ["whoever has a key of the plan may call `a2/dev`"]);
    assert_eq!(told(&with(|plan| plan.keys.clear()), &none).widens, [""; 0]);
    let open = UsagePlan { keys: BTreeSet::new(), ..stages };
    assert_eq!(told(&open, &none).widens, [""; 0], "nobody has a key");
    assert_eq!(UsagePlan::advice(&Changed::New(&desired())), Advice::default());
}

#[test]
fn a_higher_limit_widens_only_where_it_was_0() {
    let again = ["its limit was 0: its keys are let in again"];
    for stopped in [
        with(|plan| plan.throttle = Some(limit(0.0, 5))),
        with(|plan| plan.throttle = Some(limit(5.0, 0))),
        with(|plan| plan.quota = Some(quota(0, Period::Month))),
    ] {
        assert_eq!(told(&desired(), &stopped).widens, again);
        assert_eq!(told(&stopped, &stopped).widens, [""; 0]);
    }
    let low = with(|plan| (plan.throttle, plan.quota) = (Some(limit(1.0, 1)), Some(quota(1, Period::Month))));
    assert_eq!(told(&desired(), &low), Advice::default());
    assert_eq!(told(&UsagePlan { throttle: None, quota: None, ..desired() }, &desired()), Advice::default());
}

#[test]
fn what_refuses_clients_is_told() {
    let less = UsagePlan {
        throttle: Some(limit(0.5, 100)),
        quota: Some(quota(4999, Period::Month)),
        stages: Vec::new(),
        keys: keys(&["k1"]),
        ..desired()
    };
    let means = [
        "requests with the key `k2` are refused from now on",
        "requests to `a1/dev` with keys of the plan are refused from now on",
        "clients beyond 0.5 requests a second, or 100 at once, are answered 429 from now on",
        "clients beyond 4999 requests a month are answered 429 from now on",
    ];
    assert_eq!(told(&less, &desired()).means, means);
    let daily = with(|plan| plan.quota = Some(quota(9000, Period::Day)));
    let beyond = ["clients beyond 9000 requests a day are answered 429 from now on"];
    assert_eq!(told(&daily, &desired()).means, beyond, "of two periods nobody can say which is more");
    let unbound = UsagePlan { throttle: None, quota: None, ..desired() };
    assert_eq!(told(&desired(), &unbound).means.len(), 2);
    let end = |live: &UsagePlan| UsagePlan::advice(&Changed::End { live, gone: &[] }).means;
    assert_eq!(end(&desired()), ["requests with its keys are refused from now on, unless another plan has them"]);
    assert_eq!(end(&with(|plan| plan.keys.clear())), [""; 0]);
}

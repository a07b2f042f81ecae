//! What a plan is made, changed and deleted by.

use aws_sdk_apigateway::operation::create_usage_plan_key::CreateUsagePlanKeyOutput;
use aws_sdk_apigateway::operation::delete_usage_plan::DeleteUsagePlanOutput;
use aws_sdk_apigateway::operation::delete_usage_plan_key::DeleteUsagePlanKeyOutput;
use aws_sdk_apigateway::operation::tag_resource::TagResourceOutput;
use aws_sdk_apigateway::types::PatchOperation;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;

use super::*;
use crate::error::Class;

const UNKNOWN_STAGE: &str = "Invalid API Stage {api: a1, stage: dev} specified for usageplan p1";

fn shown(patches: &[PatchOperation]) -> Vec<String> {
    let show = |one: &PatchOperation| {
        format!("{} {} {}", one.op().unwrap().as_str(), one.path().unwrap(), one.value().unwrap_or("-"))
    };
    patches.iter().map(show).collect()
}

fn patched(desired: &UsagePlan, live: &UsagePlan) -> Vec<String> {
    shown(&write::patches(("demo-free", desired), ("demo-free", live)))
}

fn no_answer() -> HttpResponse {
    HttpResponse::new(500.try_into().unwrap(), SdkBody::from("{}"))
}

fn answered() -> HttpResponse {
    mocked::success(&body())
}

fn linked(key: &'static str) -> Rule {
    mock!(Client::create_usage_plan_key)
        .match_requests(move |call| {
            let of_plan = call.usage_plan_id() == Some("p1") && call.key_type() == Some("API_KEY");
            of_plan && call.key_id() == Some(key)
        })
        .then_output(|| CreateUsagePlanKeyOutput::builder().id("k").value(VALUE).build())
}

fn unlinked(key: &'static str) -> Rule {
    mock!(Client::delete_usage_plan_key)
        .match_requests(move |call| call.usage_plan_id() == Some("p1") && call.key_id() == Some(key))
        .then_output(|| DeleteUsagePlanKeyOutput::builder().build())
}

#[tokio::test]
async fn a_plan_is_made_whole_in_one_call_and_then_linked() {
    let create = mock!(Client::create_usage_plan)
        .match_requests(|call| {
            let (throttle, quota, stages) = (call.throttle().unwrap(), call.quota().unwrap(), call.api_stages());
            let limits = (throttle.rate_limit() - 200.0).abs() < f64::EPSILON && throttle.burst_limit() == 100;
            let amount = (quota.limit(), quota.offset(), quota.period().unwrap().as_str()) == (5000, 0, "MONTH");
            let stage = (stages.len(), stages[0].api_id(), stages[0].stage()) == (1, Some("a1"), Some("dev"));
            let named = call.name() == Some("demo-free") && call.tags().unwrap()[owner::PIPELINE] == "demo";
            limits && amount && stage && named && stages[0].throttle().is_none()
        })
        .then_http_response(answered);
    let rules = [&create, &linked("k1"), &linked("k2")];
    let made = desired().reconcile(&cx_in_order(&rules), &name(), None).await.unwrap();
    assert_eq!(rules.map(Rule::num_calls), [1, 1, 1]);
    assert_eq!((made.identity.as_str(), made.outputs["id"].as_str()), ("p1", "p1"));
    assert!(!format!("{made:?}").contains(VALUE));
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_is_new_is_waited_for_by_both_calls() {
    let bare = with(|plan| plan.keys.clear());
    let create = mock!(Client::create_usage_plan)
        .sequence()
        .http_response(|| mocked::refusal("BadRequestException", UNKNOWN_STAGE))
        .http_response(answered)
        .build();
    bare.reconcile(&cx(&[&create]), &name(), None).await.unwrap();
    assert_eq!(create.num_calls(), 2);
    let update = mock!(Client::update_usage_plan)
        .sequence()
        .http_response(|| mocked::refusal("NotFoundException", UNKNOWN_STAGE))
        .http_response(|| mocked::refusal("TooManyRequestsException", "Too Many Requests"))
        .http_response(|| mocked::refusal("ConflictException", "concurrent modification. Please try again later."))
        .http_response(answered)
        .build();
    let before = live_one(UsagePlan { stages: Vec::new(), ..bare.clone() }, "demo-free", tags());
    let start = tokio::time::Instant::now();
    bare.reconcile(&cx(&[&update]), &name(), Some(&before)).await.unwrap();
    assert_eq!((update.num_calls(), start.elapsed().as_secs()), (4, 60), "AWS takes one update in 20 s");
}

#[tokio::test]
async fn a_write_whose_outcome_nobody_knows_is_not_repeated() {
    let create = mock!(Client::create_usage_plan).then_http_response(no_answer);
    let cx = mocked::cx_that_repeats(RuleMode::MatchAny, &[&create]);
    let error = desired().reconcile(&cx, &name(), None).await.unwrap_err();
    assert_eq!((error.class(), create.num_calls()), (Class::Unclear, 1));
    // A stage that went out would be refused the second time.
    let update = mock!(Client::update_usage_plan).then_http_response(no_answer);
    let cx = mocked::cx_that_repeats(RuleMode::MatchAny, &[&update]).for_resource(&Id::new("free"), tags());
    let before = live_one(with(|plan| plan.quota = None), "demo-free", tags());
    let error = desired().reconcile(&cx, &name(), Some(&before)).await.unwrap_err();
    assert_eq!((error.class(), update.num_calls()), (Class::Unclear, 1));
}

#[tokio::test]
async fn a_plan_that_is_gone_is_not_waited_for() {
    let update = mock!(Client::update_usage_plan)
        .then_http_response(|| mocked::refusal("NotFoundException", "Invalid Usage Plan ID specified"));
    let before = live_one(with(|plan| plan.quota = None), "demo-free", tags());
    let error = desired().reconcile(&cx(&[&update]), &name(), Some(&before)).await.unwrap_err();
    assert_eq!((error.class(), update.num_calls()), (Class::NotFound, 1));
}

#[test]
fn limits_are_set_leaf_by_leaf_and_taken_away_whole() {
    let bare = UsagePlan { throttle: None, quota: None, ..desired() };
    let set = [
        "replace /throttle/rateLimit 200",
        "replace /throttle/burstLimit 100",
        "replace /quota/limit 5000",
        "replace /quota/period MONTH",
    ];
    assert_eq!(patched(&desired(), &bare), set);
    assert_eq!(patched(&bare, &desired()), ["remove /throttle -", "remove /quota -"]);
    let offset = with(|plan| plan.quota = Some(Quota { offset: 20, ..quota(5000, Period::Month) }));
    let daily = with(|plan| plan.quota = Some(quota(500, Period::Day)));
    let back = ["replace /quota/offset 0", "replace /quota/limit 500", "replace /quota/period DAY"];
    assert_eq!(patched(&daily, &offset), back, "a day has no offset");
    let other = with(|plan| plan.description.clear());
    let named = write::patches(("new", &other), ("old", &desired()));
    assert_eq!(shown(&named), ["replace /name new", "replace /description "]);
    assert!(patched(&desired(), &desired()).is_empty());
}

#[test]
fn stages_go_and_come_by_their_ids_in_the_value() {
    let moved = with(|plan| plan.stages = vec![stage("a1", "prod"), stage("a2", "dev")]);
    let both = ["remove /apiStages a1:dev", "add /apiStages a1:prod", "add /apiStages a2:dev"];
    assert_eq!(patched(&moved, &desired()), both);
    let limited = with(|plan| plan.stages[0].methods = BTreeMap::from([("/pets/GET".into(), limit(1.5, 2))]));
    assert_eq!(patched(&desired(), &limited), ["remove /apiStages/a1:dev/throttle -"]);
    let map = r#"replace /apiStages/a1:dev/throttle {"/pets/GET":{"rateLimit":1.5,"burstLimit":2}}"#;
    assert_eq!(patched(&limited, &desired()), [map]);
    let absent = with(|plan| plan.stages.clear());
    assert_eq!(patched(&limited, &absent), ["add /apiStages a1:dev", map]);
    assert_eq!(patched(&absent, &limited), ["remove /apiStages a1:dev"]);
}

#[tokio::test]
async fn a_number_that_aws_has_not_is_refused_before_any_call() {
    let many = with(|plan| plan.quota = Some(quota(u32::MAX, Period::Day)));
    let error = many.reconcile(&cx(&[]), &name(), None).await.unwrap_err();
    assert!(error.message().contains("4294967295"), "{error}");
}

#[tokio::test]
async fn what_closes_comes_before_what_opens() {
    let tag = mock!(Client::tag_resource)
        .match_requests(|call| call.resource_arn() == Some("arn:aws:apigateway:eu-central-1::/usageplans/p1"))
        .then_output(|| TagResourceOutput::builder().build());
    let update = mock!(Client::update_usage_plan)
        .match_requests(|call| {
            let patches = ["replace /name demo-free", "replace /quota/limit 5000", "replace /quota/period MONTH"];
            call.usage_plan_id() == Some("p1") && shown(call.patch_operations()) == patches
        })
        .then_http_response(answered);
    let before = with(|plan| (plan.keys, plan.quota) = (keys(&["k1", "k3"]), Some(quota(9, Period::Day))));
    let rules = [&tag, &unlinked("k3"), &update, &linked("k2")];
    let before = live_one(before, "demo-old", Tags::new());
    let made = desired().reconcile(&cx_in_order(&rules), &name(), Some(&before)).await.unwrap();
    assert_eq!(rules.map(Rule::num_calls), [1, 1, 1, 1]);
    assert_eq!(made.outputs["name"], "demo-free");
}

#[tokio::test]
async fn nothing_is_called_where_nothing_differs() {
    let made = desired().reconcile(&cx(&[]), &name(), Some(&live_one(desired(), "demo-free", tags()))).await.unwrap();
    assert_eq!(made.identity, "p1");
}

#[tokio::test]
async fn a_key_that_is_linked_already_is_no_failure_and_one_of_another_plan_is() {
    let conflict = mock!(Client::create_usage_plan_key)
        .then_http_response(|| mocked::refusal("ConflictException", "the key is linked already"));
    write::link(&cx(&[&conflict, &links(&["k1"])]), "p1", "k1").await.unwrap();
    let error = write::link(&cx(&[&conflict, &links(&["k1"])]), "p1", "k2").await.unwrap_err();
    assert_eq!(error.code(), "ConflictException");
}

#[tokio::test]
async fn links_and_stages_go_before_the_plan() {
    let update = mock!(Client::update_usage_plan)
        .match_requests(|call| shown(call.patch_operations()) == ["remove /apiStages a1:dev"])
        .then_http_response(answered);
    let delete = mock!(Client::delete_usage_plan)
        .match_requests(|call| call.usage_plan_id() == Some("p1"))
        .then_output(|| DeleteUsagePlanOutput::builder().build());
    let (plan, keys) = (described(body()), links(&["k1"]));
    let rules = [&plan, &keys, &unlinked("k1"), &update, &delete];
    UsagePlan::delete(&cx_in_order(&rules), &name(), &Handle::new("p1")).await.unwrap();
    assert_eq!(rules.map(Rule::num_calls), [1; 5]);
}

#[tokio::test(start_paused = true)]
async fn a_delete_goes_on_where_one_before_it_was_stopped() {
    let handle = Handle::new("p1");
    // The stage went out by itself, and not everywhere yet.
    let update = mock!(Client::update_usage_plan)
        .then_http_response(|| mocked::refusal("BadRequestException", "Invalid API Stage specified"));
    let still = "Cannot delete Usage Plan p1 because there are API Stages associated with it, including a1:dev";
    let delete = mock!(Client::delete_usage_plan)
        .sequence()
        .http_response(move || mocked::refusal("BadRequestException", still))
        .output(|| DeleteUsagePlanOutput::builder().build())
        .build();
    let cx = cx(&[&described(body()), &links(&[]), &update, &delete]);
    UsagePlan::delete(&cx, &name(), &handle).await.unwrap();
    assert_eq!(delete.num_calls(), 2);
    let absent = || mocked::refusal("NotFoundException", "Invalid Usage Plan ID specified");
    let gone = mock!(Client::get_usage_plan).then_http_response(absent);
    UsagePlan::delete(&self::cx(&[&gone, &links(&[])]), &name(), &handle).await.unwrap();
    let denied = mock!(Client::update_usage_plan)
        .then_http_response(|| mocked::refusal("AccessDeniedException", "not authorized"));
    let cx = self::cx(&[&described(body()), &links(&[]), &denied]);
    assert!(UsagePlan::delete(&cx, &name(), &handle).await.is_err());
}

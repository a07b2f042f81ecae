use std::sync::{Arc, Mutex};

use super::*;
use crate::aws::mocked;
use crate::kinds::rest_api::Stage;
use crate::kinds::rest_api::tests::desired;
use crate::resource::Name;
use crate::resource::Resource;

const FIRST: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/first/1";
const SECOND: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/second/2";

fn api(stages: &[(&str, Option<WebAcl>)]) -> RestApi {
    let stage = |(name, web_acl): &(&str, Option<WebAcl>)| {
        ((*name).to_owned(), Stage { web_acl: web_acl.clone(), ..Stage::default() })
    };
    RestApi { stages: stages.iter().map(stage).collect(), ..desired() }
}

fn own(arn: &str) -> Option<WebAcl> {
    Some(WebAcl::own(arn))
}

fn theirs(arn: &str) -> Option<WebAcl> {
    Some(WebAcl { arn: arn.to_owned(), of_others: true })
}

#[test]
fn the_tag_knows_whose_a_web_acl_is() {
    let tags = api(&[("prod", own(FIRST))]).records();
    assert_eq!(WebAcl::shown(Some(FIRST.into()), &tags), own(FIRST));
    assert_eq!(WebAcl::shown(Some(SECOND.into()), &tags), theirs(SECOND));
    assert_eq!(WebAcl::shown(Some(FIRST.into()), &Tags::new()), theirs(FIRST));
    assert_eq!((WebAcl::shown(None, &tags), WebAcl::shown(Some(String::new()), &tags)), (None, None));
    assert_eq!(api(&[("prod", theirs(FIRST))]).records(), Tags::new());
    let both = remembering(
        &mocked::cx_answered(|_, _| mocked::success(&json!({}))),
        &api(&[("prod", own(FIRST))]),
        &api(&[("prod", own(SECOND))]),
    );
    assert_eq!(WebAcl::shown(Some(FIRST.into()), &both.tags), own(FIRST));
    assert_eq!(WebAcl::shown(Some(SECOND.into()), &both.tags), own(SECOND), "until it is gone");
}

#[test]
fn one_that_others_set_stays_where_the_spec_has_none() {
    let (none, live) = (api(&[("prod", None)]), api(&[("prod", theirs(FIRST))]));
    assert_eq!(none.keeping(&live), Some(live.clone()));
    assert_eq!(none.keeping(&api(&[("prod", own(FIRST))])), None, "the pipeline's own goes");
    assert_eq!(api(&[("prod", own(SECOND))]).keeping(&live), None);
    assert!(!serde_json::to_string(&none).unwrap().contains("web_acl"), "hashes stay as they were");
    assert_eq!(live.clone().sealed().unwrap().deployed, none.sealed().unwrap().deployed, "and need no deployment");
}

#[test]
fn requests_that_are_filtered_no_more_widen() {
    let (first, second, none) = (api(&[("prod", own(FIRST))]), api(&[("prod", own(SECOND))]), api(&[("prod", None)]));
    assert_eq!(widens(&none, &first), ["requests to stage `prod` no longer go through the web ACL `first`"]);
    let instead = "requests to stage `prod` no longer go through the web ACL `first`, but through `second`";
    assert_eq!(widens(&second, &first), [instead]);
    assert_eq!(widens(&second, &api(&[("prod", theirs(FIRST))])), [instead]);
    assert_eq!(widens(&api(&[("live", None)]), &first).len(), 1, "a stage under another name is the same to clients");
    for (desired, live) in [(&first, &none), (&first, &first), (&api(&[("live", own(FIRST))]), &first)] {
        assert_eq!(widens(desired, live), [""; 0]);
    }
}

#[test]
fn only_an_api_with_a_web_acl_needs_rights_to_it() {
    let place = mocked::place();
    let scope = Scope { place: &place, pipeline: "demo", boundary: None };
    assert!(api(&[("prod", None)]).more_grants(&scope, &Name::new("x")).is_empty());
    let grants = api(&[("prod", own(FIRST))]).more_grants(&scope, &Name::new("x"));
    assert!(grants.iter().any(|grant| grant.resource == FIRST && grant.actions == ["wafv2:AssociateWebACL"]));
    let set = grants.iter().find(|grant| grant.actions == ["apigateway:SetWebACL"]).unwrap();
    assert_eq!(set.conditions.len(), 1, "on the pipeline's own APIs alone");
}

/// AWS WAF and API Gateway: the former knows the stage at the second question only, and the latter shows what was set.
async fn synced(desired: Option<WebAcl>, live: Option<WebAcl>) -> (Result<()>, Vec<String>) {
    let calls = Arc::<Mutex<(Vec<String>, Value)>>::default();
    let seen = Arc::clone(&calls);
    let cx = mocked::cx_answered(move |operation, input| {
        let mut seen = seen.lock().unwrap();
        let (calls, shown) = &mut *seen;
        calls.push(operation.to_owned());
        match operation {
            "AssociateWebACL" if input["WebACLArn"] == SECOND => {
                mocked::refusal("WAFNonexistentItemException", "AWS WAF couldn't perform the operation")
            }
            "AssociateWebACL" if calls.len() == 1 => mocked::refusal(
                "WAFUnavailableEntityException",
                "AWS WAF couldn't retrieve the resource. Retry your request.",
            ),
            "AssociateWebACL" | "DisassociateWebACL" => {
                assert_eq!(input["ResourceArn"], "arn:aws:apigateway:eu-central-1::/restapis/a1/stages/prod");
                *shown = input["WebACLArn"].clone();
                mocked::success(&json!({}))
            }
            _ => mocked::success(&json!({ "stageName": "prod", "webAclArn": shown })),
        }
    });
    let done = sync(&cx, ("a1", "prod"), desired.as_ref(), live.as_ref()).await;
    let calls = calls.lock().unwrap().0.clone();
    (done, calls)
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_waf_does_not_know_yet_is_asked_about_again_and_shows_its_web_acl() {
    let (done, calls) = synced(own(FIRST), None).await;
    done.unwrap();
    assert_eq!(calls[..2], ["AssociateWebACL"; 2]);
    assert_eq!(calls.len(), 3);
    let (done, calls) = synced(None, own(FIRST)).await;
    done.unwrap();
    assert_eq!((calls[0].as_str(), calls.len()), ("DisassociateWebACL", 2));
    let (done, calls) = synced(own(FIRST), theirs(FIRST)).await;
    assert!(done.is_ok() && calls.is_empty(), "it is there");
}

#[tokio::test(start_paused = true)]
async fn a_web_acl_that_is_not_there_is_named() {
    let error = synced(own(SECOND), None).await.0.unwrap_err();
    assert_eq!(error.class(), Class::NotFound, "the engine looks again: the stage may be new");
    assert!(error.hint_text().unwrap().contains(SECOND));
}

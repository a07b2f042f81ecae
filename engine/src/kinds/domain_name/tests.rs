use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::operation::create_base_path_mapping::CreateBasePathMappingOutput;
use aws_sdk_apigateway::operation::create_domain_name::CreateDomainNameOutput;
use aws_sdk_apigateway::operation::delete_domain_name::DeleteDomainNameOutput;
use aws_sdk_apigateway::operation::update_base_path_mapping::UpdateBasePathMappingOutput;
use aws_sdk_apigateway::operation::update_domain_name::UpdateDomainNameOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::*;
use crate::aws::mocked;
use crate::error::Class;
use crate::resource::{Changed, How, Id, State, Tags};

const TARGET: &str = "d-1.execute-api.eu-central-1.amazonaws.com";

fn name() -> Name {
    Name::new("api.example.com")
}

fn cx(mode: RuleMode, rules: &[&Rule]) -> Cx {
    let tags = Tags::from([(owner::PIPELINE.to_owned(), "demo".to_owned())]);
    mocked::cx(mode, rules).for_resource(&Id::new("domain.api"), tags)
}

fn root(api: &str, stage: &str) -> Option<Root> {
    Some(Root { api: api.into(), stage: stage.into() })
}

fn desired() -> DomainName {
    DomainName {
        certificate: "arn:one".into(),
        endpoint_type: "REGIONAL".into(),
        security_policy: "TLS_1_2".into(),
        root: root("a1", "prod"),
        ..DomainName::default()
    }
}

fn body(status: &str) -> Value {
    json!({ "domainName": "api.example.com", "domainNameStatus": status, "domainNameStatusMessage": "why", "regionalDomainName": TARGET,
        "regionalHostedZoneId": "Z1", "regionalCertificateArn": "arn:one", "securityPolicy": "TLS_1_2",
        "endpointConfiguration": { "types": ["REGIONAL"] }, "tags": { "pipe:pipeline": "demo" } })
}

fn described(status: &'static str) -> Rule {
    mock!(Client::get_domain_name).then_http_response(move || mocked::success(&body(status)))
}

fn mapped(mappings: &'static [(&'static str, &'static str)]) -> Rule {
    mock!(Client::get_base_path_mappings).then_http_response(move || {
        let item = |(path, api): &(&str, &str)| json!({ "basePath": path, "restApiId": api, "stage": "prod" });
        mocked::success(&json!({ "item": mappings.iter().map(item).collect::<Vec<_>>() }))
    })
}

fn refused(status: u16, code: &str, message: &str) -> HttpResponse {
    let body = json!({ "__type": code, "message": message }).to_string();
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

fn live(props: DomainName) -> Live<DomainName> {
    let tags = Tags::from([(owner::PIPELINE.to_owned(), "demo".to_owned())]);
    Live {
        handle: Handle::new("api.example.com"),
        props,
        outputs: Default::default(),
        tags,
        identity: String::new(),
        state: State::Live,
    }
}

#[tokio::test]
async fn a_domain_is_read_with_what_dns_needs_and_others_mappings_apart() {
    let rules = [&described("AVAILABLE"), &mapped(&[("(none)", "a1"), ("v2", "b1")])];
    let found = DomainName::read(&cx(RuleMode::MatchAny, &rules), &name()).await.unwrap().remove(0);
    assert_eq!(found.props, DomainName { others: ["v2".to_owned()].into(), ..desired() });
    let shown = |attribute: &str| found.outputs[attribute].clone();
    assert_eq!([shown("target"), shown("hosted_zone_id"), shown("url")], [TARGET, "Z1", "https://api.example.com"]);
    assert_eq!(desired().keeping(&found.props), Some(found.props.clone()), "they are no difference");
    assert_eq!(DomainName::name_of(&shown("arn")), Some(name()));
    assert_eq!(DomainName::name_of("arn:aws:apigateway:eu-west-1::/domainnames/a.b/basepathmappings/c"), None);
}

#[tokio::test(start_paused = true)]
async fn a_new_domain_waits_for_its_turn_and_until_it_is_available_and_leads_to_the_stage() {
    let create = mock!(Client::create_domain_name)
        .match_requests(|call| {
            let types = call.endpoint_configuration().map(|endpoint| endpoint.types().to_vec()).unwrap_or_default();
            call.domain_name() == Some("api.example.com")
                && call.regional_certificate_arn() == Some("arn:one")
                && call.security_policy().is_some_and(|policy| policy.as_str() == "TLS_1_2")
                && types.iter().map(|kind| kind.as_str()).eq(["REGIONAL"])
                && call.tags().is_some_and(|tags| tags[owner::PIPELINE] == "demo")
        })
        .sequence()
        .http_response(|| refused(429, "TooManyRequestsException", "Too Many Requests"))
        .output(|| CreateDomainNameOutput::builder().build())
        .build();
    let status = mock!(Client::get_domain_name)
        .sequence()
        .http_response(|| mocked::success(&body("PENDING")))
        .http_response(|| mocked::success(&body("AVAILABLE")))
        .build();
    let lead = mock!(Client::create_base_path_mapping)
        .match_requests(|call| {
            (call.base_path(), call.rest_api_id(), call.stage()) == (Some("(none)"), Some("a1"), Some("prod"))
        })
        .sequence()
        .http_response(|| refused(400, "BadRequestException", "Invalid stage identifier specified"))
        .output(|| CreateBasePathMappingOutput::builder().build())
        .build();
    let start = tokio::time::Instant::now();
    let cx = cx(RuleMode::MatchAny, &[&create, &status, &lead]);
    let made = desired().reconcile(&cx, &name(), None).await.unwrap();
    assert_eq!(made.outputs["target"], TARGET);
    assert!(start.elapsed().as_secs() >= 30, "one each 30 s");
    assert_eq!((create.num_calls(), status.num_calls(), lead.num_calls()), (2, 2, 2));
}

#[tokio::test(start_paused = true)]
async fn one_that_another_account_has_is_looked_for_and_then_told() {
    let text = "The domain name you provided already exists.";
    let create =
        mock!(Client::create_domain_name).then_http_response(move || refused(400, "BadRequestException", text));
    let error = desired().reconcile(&cx(RuleMode::MatchAny, &[&create]), &name(), None).await.unwrap_err();
    assert_eq!(
        (error.class(), create.num_calls()),
        (Class::Exists, 1),
        "the engine looks whether it is this pipeline's"
    );
    assert!(error.hint_text().unwrap().contains("once in a Region"));
}

#[tokio::test(start_paused = true)]
async fn a_domain_that_failed_says_why() {
    for (status, what) in
        [("FAILED", "failed: why"), ("PENDING_OWNERSHIP_VERIFICATION", "ownership to be verified: why")]
    {
        let rules = [&described(status)];
        let error = desired().reconcile(&cx(RuleMode::MatchAny, &rules), &name(), Some(&live(desired()))).await;
        let error = error.unwrap_err();
        assert!(error.message().contains(what), "{error}");
    }
}

#[tokio::test]
async fn only_what_differs_is_written() {
    let rules = [&described("AVAILABLE")];
    desired().reconcile(&cx(RuleMode::MatchAny, &rules), &name(), Some(&live(desired()))).await.unwrap();
    let certificate = mock!(Client::update_domain_name)
        .match_requests(|call| {
            let patches: Vec<_> = call.patch_operations().iter().map(|one| (one.path(), one.value())).collect();
            patches == [(Some("/regionalCertificateArn"), Some("arn:two"))]
        })
        .then_output(|| UpdateDomainNameOutput::builder().build());
    let stage = mock!(Client::update_base_path_mapping)
        .match_requests(|call| {
            let patches: Vec<_> = call.patch_operations().iter().map(|one| (one.path(), one.value())).collect();
            call.base_path() == Some("(none)") && patches == [(Some("/stage"), Some("live"))]
        })
        .then_output(|| UpdateBasePathMappingOutput::builder().build());
    let wish = DomainName { certificate: "arn:two".into(), root: root("a1", "live"), ..desired() };
    let cx = cx(RuleMode::MatchAny, &[&described("AVAILABLE"), &certificate, &stage]);
    wish.reconcile(&cx, &name(), Some(&live(desired()))).await.unwrap();
    assert_eq!((certificate.num_calls(), stage.num_calls()), (1, 1));
}

#[tokio::test]
async fn a_mapping_whose_answer_was_lost_is_there_and_another_is_not_taken() {
    let text = "Base path already exists for this domain name";
    let lead =
        mock!(Client::create_base_path_mapping).then_http_response(move || refused(409, "ConflictException", text));
    for (api, taken) in [(&[("(none)", "a1")], true), (&[("(none)", "b1")], false)] {
        let rules = [&described("AVAILABLE"), &lead, &mapped(api)];
        let before = live(DomainName { root: None, ..desired() });
        let done = desired().reconcile(&cx(RuleMode::MatchAny, &rules), &name(), Some(&before)).await;
        assert_eq!(done.is_ok(), taken, "{done:?}");
    }
}

#[tokio::test]
async fn a_domain_goes_with_its_mapping_but_not_with_others() {
    let delete = mock!(Client::delete_domain_name).then_output(|| DeleteDomainNameOutput::builder().build());
    let handle = Handle::new("api.example.com");
    let own = cx(RuleMode::MatchAny, &[&mapped(&[("(none)", "a1")]), &delete]);
    DomainName::delete(&own, &name(), &handle).await.unwrap();
    let shared = cx(RuleMode::MatchAny, &[&mapped(&[("(none)", "a1"), ("v2", "b1")]), &delete]);
    let error = DomainName::delete(&shared, &name(), &handle).await.unwrap_err();
    assert!(error.message().contains("api.example.com/v2") && delete.num_calls() == 1, "{error}");
}

fn refuses(desired: &DomainName, live: &DomainName, how: &How) -> String {
    let advice = DomainName::advice(&Changed::Edit { desired, live, how });
    advice.refuses.map(|refusal| refusal.why).unwrap_or_default()
}

#[test]
fn nothing_of_somebody_elses_is_taken_or_lost() {
    let (in_place, adopted) = (How::default(), How { adopted: true, ..How::default() });
    let replaced = How { replaced: true, ..How::default() };
    let theirs = DomainName { root: root("b1", "x"), ..desired() };
    assert_eq!(refuses(&desired(), &theirs, &adopted), "leads to the API `b1`, which is not the pipeline's");
    assert_eq!(refuses(&desired(), &theirs, &in_place), "", "its own domain is led back, and that is said");
    let told = DomainName::advice(&Changed::Edit { desired: &desired(), live: &theirs, how: &in_place }).means;
    assert!(told[0].contains("go to the API `b1`"), "{told:?}");
    assert_eq!(refuses(&desired(), &DomainName { root: None, ..desired() }, &adopted), "");
    let edge = DomainName { endpoint_type: "EDGE".into(), ..desired() };
    assert!(refuses(&desired(), &edge, &adopted).contains("`EDGE`"));
    let shared = DomainName { others: ["v1".to_owned(), "v2".to_owned()].into(), ..desired() };
    assert_eq!(refuses(&desired(), &shared, &in_place), "");
    assert!(refuses(&desired(), &shared, &replaced).contains("below `v1`, `v2`"));
    let ends = |live: &DomainName| DomainName::advice(&Changed::End { live, gone: &[] }).refuses.is_some();
    assert!(ends(&shared) && !ends(&desired()));
}

#[test]
fn an_older_tls_widens_and_a_newer_one_refuses_clients() {
    let old = DomainName { security_policy: "TLS_1_0".into(), ..desired() };
    let advice = |desired: &DomainName, live: &DomainName| {
        let advice = DomainName::advice(&Changed::Edit { desired, live, how: &How::default() });
        (advice.widens.len(), advice.means.len())
    };
    assert_eq!([advice(&old, &desired()), advice(&desired(), &old), advice(&old, &old)], [(1, 0), (0, 1), (0, 0)]);
}

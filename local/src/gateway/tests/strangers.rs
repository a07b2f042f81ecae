//! Those who do not get to the API: other hosts, and pages of other origins.

use std::collections::BTreeMap;

use super::super::definition::{Definition, GatewayResponse, Integration, IntegrationResponse, Stage};
use super::fixtures::*;
use super::{Got, World};

const FORBIDDEN: (u16, Option<&str>, &str) = (403, Some("ForbiddenException"), r#"{"message":"Forbidden"}"#);

/// What a page can send without asking first.
async fn simple(world: &World, headers: &[(&str, &str)]) -> Got {
    world.send("POST", RECORD, &[&[("content-type", "text/plain")], headers].concat(), "{}").await
}

/// Asserts that the API saw nothing.
fn assert_untouched(world: &World) {
    assert_eq!(world.cloud.get(|told| told.calls.len()), 0);
}

#[tokio::test]
async fn another_host_is_forbidden_and_told_once() {
    let mut world = World::new(&api(), Stage::default()).await;
    let port = world.url.rsplit_once(':').unwrap().1.to_owned();
    for host in [format!("evil.example:{port}"), "127.0.0.1:1".to_owned(), "localhost".to_owned()] {
        let got = world.send("POST", RECORD, &[("host", &host)], "{}").await;
        assert_eq!(got.refusal(), FORBIDDEN, "{host}");
    }
    assert_untouched(&world);
    let expected = format!(
        "the gateway answers 403 to requests for another host than 127.0.0.1:{port} or localhost:{port}: any web page may be behind it"
    );
    assert_eq!(world.warnings(), [expected]);
    assert_eq!(world.send("POST", RECORD, &[("host", &format!("localhost:{port}"))], "{}").await.status, 200);
}

#[tokio::test]
async fn a_page_of_another_origin_is_forbidden_and_told_once() {
    let mut world = World::new(&api(), Stage::default()).await;
    let pages = [
        ("origin", "https://evil.example"),
        ("origin", "http://localhost:3000"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    for page in pages {
        let got = simple(&world, &[page]).await;
        assert_eq!(got.refusal(), FORBIDDEN, "{page:?}");
        assert!(got.headers.iter().all(|(name, _)| !name.starts_with("access-control")), "{got:?}");
    }
    assert_untouched(&world);
    assert_eq!(
        world.warnings(),
        ["the gateway answers 403 to web pages of other origins, until `cors` of the spec names them"]
    );
}

#[tokio::test]
async fn a_request_that_no_page_sent_and_one_of_its_own_pages_get_through() {
    let world = World::new(&api(), Stage::default()).await;
    let own = world.url.clone();
    for headers in [&[][..], &[("sec-fetch-site", "none")], &[("origin", &own), ("sec-fetch-site", "same-origin")]] {
        assert_eq!(world.send("POST", RECORD, headers, "{}").await.status, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn a_browser_that_asks_beforehand_runs_nothing() {
    let mut api = api();
    api.resources.push(resource("/any", vec![("ANY", open(kinesis()))]));
    let world = World::new(&api, Stage::default()).await;
    let asks = [("origin", "https://evil.example"), ("access-control-request-method", "PUT")];
    let got = world.send("OPTIONS", "/prod/any", &asks, "").await;
    let missing = r#"{"message":"Missing Authentication Token"}"#;
    assert_eq!(got.refusal(), (403, Some("MissingAuthenticationTokenException"), missing));
    assert!(got.headers.iter().all(|(name, _)| !name.starts_with("access-control")), "{got:?}");
    assert_untouched(&world);
}

#[tokio::test]
async fn what_the_api_configures_is_not_for_strangers() {
    let mut api = api();
    let all = GatewayResponse {
        status: Some(418),
        parameters: texts(&[("gatewayresponse.header.Access-Control-Allow-Origin", "'*'")]),
        ..GatewayResponse::default()
    };
    api.gateway_responses = [("DEFAULT_4XX".to_owned(), all)].into();
    let world = World::new(&api, Stage::default()).await;
    let got = simple(&world, &[("origin", "https://evil.example")]).await;
    assert_eq!((got.refusal(), got.header("access-control-allow-origin")), (FORBIDDEN, None));
}

const PAGE: &str = "https://app.example.com";

/// The API behind the answers that browsers are given: every answer names the page, of the two that there are.
fn with_cors() -> Definition {
    let mut api = guarded(60);
    let origin = "method.response.header.Access-Control-Allow-Origin";
    let choice = "#foreach($known in [\"https://first.example.com\", \"https://app.example.com\"])\n\
                  #if($known == $input.params().header.get(\"origin\"))\n\
                  #set($context.responseOverride.header.Access-Control-Allow-Origin = $known)\n#end\n#end\n";
    let answer = IntegrationResponse {
        parameters: texts(&[(origin, "'https://first.example.com'"), ("method.response.header.Vary", "'Origin'")]),
        templates: texts(&[("application/json", choice)]),
        ..IntegrationResponse::default()
    };
    let asked = Integration { responses: BTreeMap::from([("204".to_owned(), answer)]), ..mock(204) };
    api.resources[0].methods.insert("OPTIONS".into(), open(asked));
    let refusal = GatewayResponse {
        parameters: texts(&[("gatewayresponse.header.Access-Control-Allow-Origin", "'*'")]),
        ..GatewayResponse::default()
    };
    api.gateway_responses.insert("DEFAULT_4XX".into(), refusal);
    api
}

#[tokio::test]
async fn a_page_that_the_api_names_gets_through() {
    let mut world = World::new(&with_cors(), Stage::default()).await;
    for page in [PAGE, "https://first.example.com"] {
        let asked = world.send("OPTIONS", RECORD, &[("origin", page)], "").await;
        let named = (asked.status, asked.header("access-control-allow-origin"), asked.header("vary"));
        assert_eq!((named, asked.body.as_str()), ((204, Some(page), Some("Origin")), ""));
    }
    let refused = world.send("GET", RECORD, &[("origin", PAGE), ("sec-fetch-site", "cross-site")], "").await;
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"), "a page can read why: {refused:?}");
    assert_eq!(refused.refusal().1, Some("MissingAuthenticationTokenException"));
    let unknown = world.send("POST", "/prod/nowhere", &[("origin", PAGE)], "").await;
    assert_eq!(unknown.refusal().1, Some("MissingAuthenticationTokenException"));
    assert_eq!(simple(&world, &[("origin", PAGE)]).await.status, 401, "it lacks credentials");
    assert_eq!(world.warnings(), [""; 0]);
}

#[tokio::test]
async fn a_page_that_the_api_does_not_name_is_forbidden() {
    let world = World::new(&with_cors(), Stage::default()).await;
    let pages: [&[(&str, &str)]; 4] = [
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("origin", PAGE), ("origin", "https://evil.example")],
    ];
    for page in pages {
        assert_eq!(simple(&world, page).await.refusal(), FORBIDDEN, "{page:?}");
        let asked = world.send("OPTIONS", RECORD, page, "").await;
        assert_eq!((asked.status, asked.header("access-control-allow-origin")), (403, None), "{page:?}");
    }
    assert_untouched(&world);
}

#[tokio::test]
async fn whoever_is_on_this_machine_passes_the_api_s_policy_and_is_told_so() {
    let mut definition = api();
    definition.policy =
        r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*",
        "Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}]}"#
            .into();
    let mut world = World::new(&definition, Stage::default()).await;
    assert_eq!(world.post(RECORD, "{}").await.status, 200);
    let told = "the gateway: requests from this machine are let in, whatever addresses the API's resource policy (`allow_ips`) names";
    assert_eq!(world.warnings(), [told]);
}

#[tokio::test]
async fn an_api_that_names_every_page_lets_every_page_in() {
    let mut definition = api();
    let all = texts(&[("method.response.header.Access-Control-Allow-Origin", "'*'")]);
    let answer = IntegrationResponse { parameters: all, ..IntegrationResponse::default() };
    let asked = Integration { responses: BTreeMap::from([("204".to_owned(), answer)]), ..mock(204) };
    definition.resources[0].methods.insert("OPTIONS".into(), open(asked));
    let world = World::new(&definition, Stage::default()).await;
    for page in [("origin", "https://any.example"), ("sec-fetch-site", "cross-site")] {
        let got = world.send("POST", RECORD, &[page, ("content-type", "application/json")], "{}").await;
        assert_eq!(got.status, 200, "{page:?}");
    }
}

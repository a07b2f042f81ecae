//! `source.api` and `auth`.

use aws_sdk_apigateway::types::{Op, PatchOperation};
use pipe_test_support::Kind;

use crate::cloud::Cloud;
use crate::session::{Edit, apply, chain, each, plan, sandbox, snapshot};

#[test]
fn api() {
    const EDITS: &[Edit] = &[
        ("name", "    stage: prod", "    name: gateway\n    stage: prod"),
        ("stage", "stage: prod", "stage: live"),
        ("access_log_days", "access_log_days: 1", "access_log_days: 3"),
        ("access_log_days: off", "access_log_days: 3", "access_log_days: off"),
        ("access_log_days, its default", "    access_log_days: off\n", ""),
        ("minimum_tls", "    routes:", "    minimum_tls: tls_1_0\n    routes:"),
        ("minimum_tls, its default", "    minimum_tls: tls_1_0\n", ""),
        ("throttle", "    routes:", "    throttle: { rate_per_second: 5.5, burst: 10 }\n    routes:"),
        ("throttle.rate_per_second", "rate_per_second: 5.5", "rate_per_second: 7"),
        ("throttle.burst", "burst: 10", "burst: 20"),
        // moto keeps the settings when they are removed.
        ("throttle: off", "throttle: { rate_per_second: 7, burst: 20 }", "throttle: off"),
        ("throttle, its default", "    throttle: off\n", ""),
        ("xray", "    routes:", "    xray: true\n    routes:"),
        ("no xray", "    xray: true\n", ""),
    ];
    chain(Kind::MiniStack, "200000000011", "edits_api", EDITS);
}

#[test]
fn cors() {
    const EDITS: &[Edit] = &[
        ("cors", "    routes:", "    cors: { origins: [\"https://a.example\"] }\n    routes:"),
        ("cors.origins", "[\"https://a.example\"]", "[\"https://b.example\", \"http://localhost:3000\"]"),
        ("cors.credentials", "3000\"] }", "3000\"], credentials: true }"),
        ("cors.methods", "credentials: true", "methods: [post, get]"),
        ("cors.headers", "methods: [post, get]", "headers: [Authorization, X-Page]"),
        ("cors.max_age_seconds", "headers: [Authorization, X-Page]", "max_age_seconds: 60"),
        ("cors.origins: any", "[\"https://b.example\", \"http://localhost:3000\"], max_age_seconds: 60", "[\"*\"]"),
        ("no cors", "    cors: { origins: [\"*\"] }\n", ""),
    ];
    for (kind, account) in [(Kind::MiniStack, "200000000015"), (Kind::Moto, "200000000016")] {
        let (_endpoint, sandbox) = sandbox(kind, account, crate::MAIN);
        sandbox.converge();
        snapshot("edits_cors", &each(&sandbox, EDITS));
    }
}

/// Of a private API, whose endpoints are there: in a VPC of the pipeline's it is in `network.rs`, on moto.
#[test]
fn private() {
    const EDITS: &[Edit] = &[
        ("private", "    routes:", "    private: { endpoints: [vpce-00000001] }\n    routes:"),
        ("private.endpoints", "[vpce-00000001]", "[vpce-00000001, vpce-00000002]"),
        ("private.endpoints, one less", "[vpce-00000001, vpce-00000002]", "[vpce-00000002]"),
        ("allow_ips", "    routes:", "    allow_ips: [10.0.0.0/16]\n    routes:"),
        ("no allow_ips", "    allow_ips: [10.0.0.0/16]\n", ""),
        ("public again", "    private: { endpoints: [vpce-00000002] }\n", ""),
    ];
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000018", crate::MAIN);
    sandbox.converge();
    snapshot("edits_private", &each(&sandbox, EDITS));
}

/// Each edit of `allow_ips`, and what its plan says of it.
#[test]
fn allow_ips() {
    const EDITS: &[(&str, &str, &str)] = &[
        (
            "    routes:",
            "    allow_ips: [203.0.113.0/24]\n    routes:",
            "    ? requests from anywhere but `203.0.113.0/24` are refused from now on\n",
        ),
        ("[203.0.113.0/24]", "[203.0.113.0/24, 198.51.100.7/32]", "    ^ requests from `198.51.100.7/32` are let in\n"),
        (
            "[203.0.113.0/24, 198.51.100.7/32]",
            "[\"2001:db8::/32\", 198.51.100.7/32]",
            "    ^ requests from `2001:db8::/32` are let in\n    ? requests from `203.0.113.0/24` are refused from now on\n",
        ),
        ("    allow_ips: [\"2001:db8::/32\", 198.51.100.7/32]\n", "", "    ^ requests from any address are let in\n"),
    ];
    for (kind, account) in [(Kind::MiniStack, "200000000017"), (Kind::Moto, "200000000018")] {
        let (_endpoint, sandbox) = sandbox(kind, account, crate::MAIN);
        sandbox.converge();
        for (from, to, told) in EDITS {
            sandbox.edit(from, to);
            let plan = plan(&sandbox);
            assert!(plan.contains(told), "{to}:\n{plan}");
            apply(&sandbox, to, &plan);
        }
    }
}

/// Who shut the API may have meant it: to open it takes consent, and the plan says so.
#[test]
fn a_resource_policy_by_hand_shows_and_goes_with_consent_alone() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000019", crate::MAIN);
    sandbox.converge();
    let cloud = Cloud::of(&sandbox.account);
    let shut = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}"#;
    let patch = PatchOperation::builder().op(Op::Replace).path("/policy").value(shut).build();
    cloud.run(cloud.aws.apigateway.update_rest_api().rest_api_id(cloud.api()).patch_operations(patch).send()).unwrap();
    let plan = plan(&sandbox);
    assert!(plan.contains("    ^ its resource policy, which others wrote, no longer keeps anybody out\n"), "{plan}");
    let refused = sandbox.run(&["apply", "--yes"]);
    assert_eq!(refused.code, Some(3), "{}{}", refused.out, refused.err);
    apply(&sandbox, "a policy by hand", &plan);
}

#[test]
fn routes() {
    const EDITS: &[Edit] = &[
        (
            "another route",
            "        partition_key: path.eventId\n",
            "        partition_key: path.eventId\n      - post: /other\n        auth: none\n",
        ),
        ("auth", "        auth: none\n", "        auth: basic\n"),
        ("its default", "        auth: basic\n", "        partition_key: random\n"),
    ];
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000012", crate::MAIN);
    sandbox.converge();
    std::fs::write(sandbox.path().join("event.json"), r#"{"type":"object","required":["id"]}"#).unwrap();
    let mut session = String::new();
    let mut step = |title: &str, from: &str, to: &str| {
        sandbox.edit(from, to);
        let (_, same) = title.split_once("= ").unzip();
        if same.is_some() {
            return crate::session::in_sync(&sandbox, title);
        }
        let plan = plan(&sandbox);
        session += &format!("# {title}\n{plan}\n");
        apply(&sandbox, title, &plan);
    };
    for (title, from, to) in &EDITS[..2] {
        step(title, from, to);
    }
    step("= its default", EDITS[2].1, EDITS[2].2);
    step("partition_key: query", "partition_key: random", "partition_key: query.key");
    step("partition_key: header", "partition_key: query.key", "partition_key: header.X-Key");
    step("partition_key: body", "partition_key: header.X-Key", "partition_key: body.user.id");
    step("partition_key: random", "        partition_key: body.user.id\n", "");
    step("body: schema", "      - post: /other\n", "      - post: /other\n        body: { schema: event.json }\n");
    std::fs::write(sandbox.path().join("event.json"), r#"{"type":"object","required":["id","at"]}"#).unwrap();
    step("another text of the schema", "/other\n", "/other\n");
    step("body: any", "body: { schema: event.json }", "body: any");
    step("body: object", "        body: any\n", "");
    step("post", "post: /other", "post: /others/{id}");
    step("no other route", "      - post: /others/{id}\n", "");
    snapshot("edits_routes", &session);
}

#[test]
fn auth() {
    const EDITS: &[Edit] = &[
        ("secret", "secret: gateway/credentials", "secret: gateway/keys"),
        ("on_destroy", "secret: gateway/keys", "secret: gateway/keys\n    on_destroy: retain"),
        ("another secret instead of one that is retained", "secret: gateway/keys", "secret: gateway/more"),
        ("on_destroy, its default", "    on_destroy: retain\n", ""),
        // The first name is still in its recovery window: the same secret comes back.
        ("a secret that was deleted", "secret: gateway/more", "secret: gateway/credentials"),
        ("secret, its default", "    secret: gateway/credentials\n", ""),
        ("reserved_concurrency", "    cache_seconds: 0", "    cache_seconds: 0\n    reserved_concurrency: 5"),
        ("reserved_concurrency, its default", "    reserved_concurrency: 5\n", ""),
    ];
    chain(Kind::MiniStack, "200000000013", "edits_auth", EDITS);
}

/// MiniStack keeps the TTL of an authorizer that is patched as text, and so never shows the new number.
#[test]
fn cache_seconds() {
    const EDITS: &[Edit] = &[
        ("cache_seconds", "cache_seconds: 0", "cache_seconds: 60"),
        ("cache_seconds, its default", "    cache_seconds: 60\n", ""),
    ];
    chain(Kind::Moto, "200000000014", "edits_cache", EDITS);
}

//! An API with several doors: up, unchanged, edited property by property, down, on MiniStack and on moto.

use std::fs;

use crate::cloud::Cloud;
use pipe_test_support::{Emulator, Endpoint, Kind, Sandbox};

const SPEC: &str = "name: doors
source:
  api:
    routes:
      - { put: /items, auth: members, to: { table: put }, body: { schema: item.json } }
      - { get: /items, auth: readers, to: { table: scan } }
      - { get: '/items/{id}', auth: basic, to: { table: get } }
auth:
  basic: {}
  iam: {}
  members: { cognito: { users: people } }
  readers: { api_key: { plans: [free] } }
plans:
  free: { rate_per_second: 5, burst: 10, quota: { requests: 500, per: day } }
users:
  people: { self_sign_up: true, groups: [Basic, FreeTier], deletion_protection: false }
sink: { table: { partition_key: id } }
";

const SCHEMA: &str = r#"{ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } }"#;

/// Each on top of those before.
const EDITS: [(&str, &str); 13] = [
    ("users: people }", "users: people, scopes: [aws.cognito.signin.user.admin] }"),
    ("signin.user.admin] }", "signin.user.admin], cache_seconds: 60 }"),
    ("self_sign_up: true", "self_sign_up: false"),
    ("[Basic, FreeTier]", "[Basic]"),
    ("deletion_protection: false", "deletion_protection: false, token_minutes: 30, refresh_days: 7"),
    ("deletion_protection: false", "deletion_protection: false, password_length: 16"),
    // A second plan, with a key of its own; then the first one goes, with its key.
    (FREE, BOTH),
    (BOTH, BASIC),
    // Signed callers in the place of an authorizer, and an authorizer in theirs.
    ("auth: basic, to: { table: get }", "auth: iam, to: { table: get }"),
    ("auth: iam", "auth: basic"),
    ("auth: readers", "auth: basic"),
    ("auth: members", "auth: basic"),
    // What nothing names any more goes: plans, pool and both doors.
    (GONE, ""),
];
/// The last one is the first text again.
const LIMITS: [(&str, &str); 4] = [
    ("rate_per_second: 5, burst: 10", "rate_per_second: 7.5, burst: 20"),
    ("requests: 500, per: day", "requests: 900, per: month"),
    (", quota: { requests: 900, per: month }", ""),
    ("rate_per_second: 7.5, burst: 20", "rate_per_second: 5, burst: 10, quota: { requests: 500, per: day }"),
];
const FREE: &str = "plans: [free] } }
plans:
  free: { rate_per_second: 5, burst: 10, quota: { requests: 500, per: day } }
";
const BOTH: &str = "plans: [basic, free] } }
plans:
  basic: { quota: { requests: 1, per: week } }
  free: { rate_per_second: 5, burst: 10, quota: { requests: 500, per: day } }
";
const BASIC: &str = "plans: [basic] } }
plans:
  basic: { quota: { requests: 1, per: week } }
";
const GONE: &str = "  members: { cognito: { users: people, scopes: [aws.cognito.signin.user.admin], cache_seconds: 60 } }
  readers: { api_key: { plans: [basic] } }
plans:
  basic: { quota: { requests: 1, per: week } }
users:
  people: { self_sign_up: false, groups: [Basic], deletion_protection: false, password_length: 16, token_minutes: 30, refresh_days: 7 }
";

/// Keys of somebody else are linked, and stay when the pipeline goes.
fn keys_that_exist(kind: Kind) {
    let endpoint = Endpoint::start(Emulator::shared(kind));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), SPEC);
    fs::write(sandbox.path().join("item.json"), SCHEMA).unwrap();
    let cloud = Cloud::of(&sandbox.account);
    let make = |name: &str| {
        let made = cloud.run(cloud.aws.apigateway.create_api_key().name(name).enabled(true).send()).unwrap();
        made.id.unwrap()
    };
    let (one, two) = (make("their-one"), make("their-two"));
    sandbox.converge();
    // In quotes: an id may be of digits alone, and would be a number.
    for (from, to) in [
        ("plans: [free] }", format!("plans: [free], existing: {{ free: ['{two}', '{one}'] }} }}")),
        (&*format!("['{two}', '{one}']"), format!("['{two}']")),
        (&*format!(", existing: {{ free: ['{two}'] }}"), String::new()),
        ("plans: [free] }", format!("plans: [free], existing: {{ free: ['{one}'] }} }}")),
    ] {
        sandbox.edit(from, &to);
        sandbox.converge();
    }
    assert_eq!(cloud.inventory().iter().filter(|one| one.starts_with("api key ")).count(), 2, "it has none of its own");
    sandbox.edit(&one, "nokeyofours");
    let refused = sandbox.run(&["diff"]);
    assert!(refused.err.contains("apigateway:ApiKey `nokeyofours` does not exist"), "{}", refused.err);
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    let left: Vec<String> = cloud.inventory().into_iter().filter(|one| one.starts_with("api key ")).collect();
    assert_eq!(left, ["api key their-one", "api key their-two"]);
}

#[test]
fn keys_that_exist_on_ministack() {
    keys_that_exist(Kind::MiniStack);
}

#[test]
fn keys_that_exist_on_moto() {
    keys_that_exist(Kind::Moto);
}

fn up_edited_and_down(kind: Kind) {
    let endpoint = Endpoint::start(Emulator::shared(kind));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), SPEC);
    fs::write(sandbox.path().join("item.json"), SCHEMA).unwrap();
    sandbox.converge();
    let shown = sandbox.pipe(&["outputs"]);
    assert!(shown.contains("key.free.id = ") && shown.contains("users.people.client_id = "), "{shown}");
    assert!(!shown.contains("key.free.value"), "{shown}");
    let value = sandbox.pipe(&["outputs", "--reveal", "--field", "key.free.value"]);
    assert!(value.trim().len() >= 20, "{value}");
    // Moto keeps a plan's patched limits as texts, and cannot show it then.
    let limits: &[_] = if kind == Kind::MiniStack { &LIMITS } else { &[] };
    for (from, to) in limits.iter().chain(&EDITS) {
        sandbox.edit(from, to);
        sandbox.converge();
    }
    let listed = sandbox.pipe(&["list"]);
    assert!(!listed.contains("UserPool") && !listed.contains("ApiKey") && !listed.contains("UsagePlan"), "{listed}");
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert!(sandbox.pipe(&["list"]).contains("no pipelines"));
}

#[test]
fn ministack() {
    up_edited_and_down(Kind::MiniStack);
}

#[test]
fn moto() {
    up_edited_and_down(Kind::Moto);
}

const TOKENS: &str = "name: tokens
source: { api: { routes: [{ get: /items, auth: members, to: { table: scan } }] } }
auth: { members: { jwt: { issuer: 'https://a.example/', audience: [app], groups: [a], scopes: [read] } } }
sink: { table: { partition_key: id } }
";

/// Each key of a `jwt` authorizer that says whom it lets in, and what the plan says where these are more.
#[test]
fn whoever_lets_more_users_in_is_asked() {
    const EDITS: &[(&str, &str, &str)] = &[
        ("groups: [a]", "groups: [a, b]", "users in `b` are let in"),
        ("groups: [a, b]", "groups: [b]", ""),
        ("groups: [b], ", "", "users are let in whatever their groups"),
        ("scopes: [read]", "scopes: [read, write]", "tokens with the scope `write` are accepted"),
        (", scopes: [read, write]", "", "tokens are accepted whatever their scopes"),
        ("audience: [app]", "audience: [app, cli]", "tokens for `cli` are accepted"),
        ("https://a.example/", "https://b.example/", "users with a token of `https://b.example/` are let in"),
    ];
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), TOKENS);
    sandbox.converge();
    for (from, to, told) in EDITS {
        sandbox.edit(from, to);
        if told.is_empty() {
            sandbox.pipe(&["apply", "--yes"]);
            continue;
        }
        let refused = sandbox.run(&["apply", "--yes"]);
        assert_eq!(refused.code, Some(3), "{to}: {}{}", refused.out, refused.err);
        assert!(refused.out.contains(&format!("    ^ {told}\n")), "{to}: {}", refused.out);
        sandbox.converge();
    }
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
}

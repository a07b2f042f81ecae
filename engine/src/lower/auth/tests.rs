//! What a change of an authorizer means for those whom it lets in, from the spec to the plan's words.

use std::path::Path;

use crate::aws::mocked;
use crate::bundle::Codes;
use crate::kinds::function::Function;
use crate::kinds::rest_api::RestApi;
use crate::resource::{Changed, How, Resource};

/// The resource of this id as a spec with this authorizer wants it.
fn lowered<R: Resource>(id: &str, authorizer: &str) -> R {
    let text = format!(
        "name: demo\nsource: {{ api: {{ routes: [{{ get: /a, auth: members, to: {{ table: scan }} }}] }} }}\n\
         auth: {{ members: {authorizer} }}\nusers: {{ people: {{ groups: [a, b, c] }}, others: {{}} }}\n\
         plans: {{ free: {{}} }}\nsink: {{ table: {{ partition_key: id }} }}\n"
    );
    let unused: &[(&str, &str)] = &[("free", "plans: { free: {} }\n"), ("others", ", others: {}")];
    let text = unused
        .iter()
        .filter(|(name, _)| !authorizer.contains(name))
        .fold(text, |text, (_, part)| text.replace(part, ""));
    let text = if authorizer.contains("users") {
        text
    } else {
        text.replace("users: { people: { groups: [a, b, c] } }\n", "")
    };
    let loaded = crate::spec::parse("pipeline.yaml", text.as_bytes(), Path::new("."))
        .unwrap_or_else(|report| panic!("{report}"));
    let graph = crate::lower::lower(&loaded, &mocked::place(), &Codes::unbuilt()).unwrap();
    serde_json::from_value(graph.node(id).unwrap().desired.clone()).unwrap()
}

fn widens<R: Resource>(id: &str, then: &str, now: &str) -> Vec<String> {
    let (desired, live): (R, R) = (lowered(id, now), lowered(id, then));
    R::advice(&Changed::Edit { desired: &desired, live: &live, how: &How::default() }).widens
}

#[test]
fn whom_a_jwt_authorizer_lets_in_from_now_on_is_told() {
    let told = |then: &str, now: &str| {
        let jwt = |keys: &str| format!("{{ jwt: {{ {keys} }} }}");
        widens::<Function>("jwt.members", &jwt(then), &jwt(now)).join("; ")
    };
    let any = "users are let in whatever their groups";
    assert_eq!(told("users: people, groups: [a]", "users: people, groups: [a, b]"), "users in `b` are let in");
    assert_eq!(told("users: people, groups: [a]", "users: people"), any);
    assert_eq!(told("users: people", "users: people, groups: [a]"), "");
    let (one, two) =
        ("users: people, plan_by_group: { a: free }", "users: people, plan_by_group: { a: free, b: free }");
    assert_eq!([told(one, two), told(two, one), told(one, "users: people")], ["users in `b` are let in", "", any]);
    let oidc = |more: &str| format!("issuer: 'https://a.example/', audience: [app{more}");
    let (base, scoped) = (oidc("]"), oidc("], scopes: [read]"));
    assert_eq!(told(&base, &oidc(", cli]")), "tokens for `cli` are accepted");
    assert_eq!([told(&scoped, &base), told(&base, &scoped)], ["tokens are accepted whatever their scopes", ""]);
    let other = base.replace("a.example", "b.example");
    assert_eq!(told(&base, &other), "users with a token of `https://b.example/` are let in");
    assert_eq!(told("users: people", "users: others"), "users with a token of a user pool that is made now are let in");
    assert_eq!(told("users: people", "users: people, cache_seconds: 0"), "");
}

#[test]
fn whom_a_cognito_authorizer_lets_in_from_now_on_is_told() {
    let told = |then: &str, now: &str| {
        let cognito = |keys: &str| format!("{{ cognito: {{ users: people{keys} }} }}");
        widens::<RestApi>("api", &cognito(then), &cognito(now)).join("; ")
    };
    assert_eq!(told(", scopes: [a]", ", scopes: [a, b]"), "`GET /a` takes access tokens with the scope `b`");
    assert_eq!(told(", scopes: [a]", ""), "`GET /a` takes id tokens: its users need no scope");
    assert_eq!(told(", scopes: [a, b]", ", scopes: [a]"), "");
}

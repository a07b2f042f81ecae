//! What a change of the API means for its clients and for the order of records.

use super::document::{LEGACY_TLS, Route, split};
use super::widens::widens;
use super::{RestApi, cors, policy};
use crate::resource::{Advice, Changed};

/// What the template of a PutRecord call names its key.
pub const KEY: &str = "\"PartitionKey\": \"";
/// AWS's own id of a request: another one for each.
pub const RANDOM: &str = "$context.extendedRequestId";

/// What each change comes to.
pub fn advice(of: &Changed<'_, RestApi>) -> Advice {
    match *of {
        Changed::New(_) => Advice::default(),
        Changed::Edit { desired, live, .. } => {
            Advice { widens: widens(desired, live), means: means(desired, live), ..Advice::default() }
        }
        // AWS chooses a new host for each API.
        Changed::End { .. } => {
            let told = "requests to its endpoint are refused from now on: an API made later has another endpoint";
            Advice { means: vec![told.to_owned()], ..Advice::default() }
        }
    }
}

/// Requests that are refused, or answered elsewhere, from now on, and routes whose records get other partition keys.
pub(super) fn means(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let mut all = stages(desired, live);
    all.extend(moved(desired, live).map(str::to_owned));
    if live.security_policy == LEGACY_TLS && desired.security_policy != LEGACY_TLS {
        all.push("clients that speak nothing newer than TLS 1.1 are refused from now on".to_owned());
    }
    all.extend(policy::means(desired, live));
    all.extend(cors::means(desired, live));
    let routes = live.routes.iter().filter(|(name, route)| !cors::is_preflight(name, route));
    all.extend(routes.map(|(name, _)| name).filter(|name| !desired.routes.contains_key(*name)).filter_map(|name| {
        match desired.routes.keys().find(|other| takes(other, name)) {
            Some(other) if takes(name, other) => None,
            Some(other) => Some(format!("requests to `{name}` go to `{other}` from now on")),
            None => Some(format!("requests to `{name}` are refused from now on")),
        }
    }));
    let both = desired.routes.iter().filter_map(|(name, route)| Some((name, route, live.routes.get(name)?)));
    all.extend(both.filter_map(|(name, now, then)| match (key(now)?, key(then)?) {
        (now, then) if now == then => None,
        ((_, RANDOM), _) => Some(format!("records of `{name}` get random partition keys: their order is lost")),
        _ => Some(format!(
            "records of `{name}` get other partition keys: those on their way may be overtaken by new ones"
        )),
    }));
    all
}

/// A private API has another endpoint than a public one.
fn moved(desired: &RestApi, live: &RestApi) -> Option<&'static str> {
    match (desired.is_private(), live.is_private()) {
        (true, false) => {
            Some("requests from the internet are refused from now on: clients must use the new endpoint, from a VPC")
        }
        (false, true) => Some("clients must use the new endpoint: the one in the VPC is gone"),
        _ => None,
    }
}

/// An endpoint ends with the stage's name.
fn stages(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let new = desired.stages.keys().any(|name| !live.stages.contains_key(name));
    let instead = if new { ": clients must use the new endpoint" } else { "" };
    let gone = live.stages.keys().filter(|name| !desired.stages.contains_key(*name));
    gone.map(|name| format!("requests to `/{name}` are refused from now on{instead}")).collect()
}

/// Whether a route answers every request of another: each of its segments is the same, or a parameter, whatever its name.
fn takes(route: &str, other: &str) -> bool {
    let ((method, path), (other_method, other_path)) = (split(route), split(other));
    let (segments, others): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), other_path.split('/').collect());
    let fits = |(segment, other): (&&str, &&str)| segment == other || segment.starts_with('{');
    method == other_method && segments.len() == others.len() && segments.iter().zip(&others).all(fits)
}

/// The partition key as the route's template has it, after what is set for it before the call.
fn key(route: &Route) -> Option<(&str, &str)> {
    let (before, call) = route.integration.templates.values().next()?.split_once("{\n")?;
    let (_, key) = call.split_once(KEY)?;
    Some((before, key.split('\n').next()?.trim_end_matches('"')))
}

#[cfg(test)]
mod tests {
    use super::super::Stage;
    use super::super::widens::{COGNITO, IAM, NONE};
    use super::*;
    use crate::kinds::rest_api::Throttle;
    use crate::resource::Resource;

    fn api(stages: &[&str], routes: &[&str]) -> RestApi {
        RestApi {
            endpoint_type: "REGIONAL".into(),
            security_policy: LEGACY_TLS.into(),
            stages: stages.iter().map(|&name| (name.to_owned(), Stage::default())).collect(),
            routes: routes.iter().map(|&name| (name.to_owned(), Route::default())).collect(),
            ..RestApi::default()
        }
    }

    #[test]
    fn signed_callers_in_the_place_of_others_widen_and_others_in_theirs() {
        let by = |authorization: &str, api_key: bool| {
            let mut api = api(&["prod"], &["GET /a"]);
            let route = api.routes.get_mut("GET /a").unwrap();
            (route.authorization, route.api_key) = (authorization.into(), api_key);
            api
        };
        let told = |now: (&str, bool), then: (&str, bool)| widens(&by(now.0, now.1), &by(then.0, then.1));
        let (iam, open, keyed) = ((IAM, false), (NONE, false), (NONE, true));
        for others in [("CUSTOM", false), ("COGNITO_USER_POOLS", false), ("CUSTOM", true), keyed] {
            let signs = "whoever signs, and may `execute-api:Invoke` it by a policy of the account, may call it";
            assert_eq!(told(iam, others), [format!("`GET /a` has another authorizer: {signs}")], "{others:?}");
        }
        for others in [("CUSTOM", false), ("COGNITO_USER_POOLS", false)] {
            let lets = "`GET /a` takes no signatures any more: whom its new authorizer lets in may call it";
            assert_eq!(told(others, iam), [lets]);
        }
        assert_eq!(told(keyed, iam), ["`GET /a` loses its authorizer: whoever has an API key of a plan may call it"]);
        assert_eq!(told(open, iam), ["`GET /a` loses its authorizer: anybody may call it"]);
        assert!(told(iam, open).is_empty() && told(iam, iam).is_empty());
        assert!(widens(&by(IAM, false), &api(&["prod"], &[])).is_empty(), "a new route is guarded");
    }

    #[test]
    fn a_key_in_the_place_of_an_authorizer_and_another_pool_widen() {
        let mut live = api(&["prod"], &["GET /a"]);
        live.routes.get_mut("GET /a").unwrap().authorization = "CUSTOM".into();
        live.authorizers.insert("a".into(), Default::default());
        let mut desired = live.clone();
        (desired.routes.get_mut("GET /a").unwrap().authorization, desired.routes.get_mut("GET /a").unwrap().api_key) =
            (NONE.into(), true);
        desired.authorizers.get_mut("a").unwrap().pools.insert("arn:pool".into());
        assert_eq!(
            widens(&desired, &live),
            [
                "`GET /a` loses its authorizer: whoever has an API key of a plan may call it",
                "users of the pool `arn:pool` may call the routes that its authorizer guards",
            ]
        );
        assert!(widens(&live, &desired).is_empty() && widens(&live, &live).is_empty());
    }

    #[test]
    fn scopes_of_cognito_s_users_widen_and_those_of_nobody_do_not() {
        let with = |authorization: &str, scopes: &[&str]| {
            let mut api = api(&["prod"], &["GET /a"]);
            let route = api.routes.get_mut("GET /a").unwrap();
            route.authorization = authorization.into();
            route.scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
            api
        };
        let told = |now: &[&str], then: &[&str]| widens(&with(COGNITO, now), &with(COGNITO, then));
        assert_eq!(told(&["a", "b"], &["a"]), ["`GET /a` takes access tokens with the scope `b`"]);
        assert_eq!(told(&["a"], &["a", "b"]), [""; 0]);
        assert_eq!(told(&[], &["a"]), ["`GET /a` takes id tokens: its users need no scope"]);
        // A program can have such a token, and never an id token.
        assert_eq!(told(&["a"], &[]), ["`GET /a` takes access tokens with the scope `a`"]);
        assert_eq!(told(&["a"], &["a"]), [""; 0]);
        assert_eq!(widens(&with("CUSTOM", &["a"]), &with("CUSTOM", &[])), [""; 0]);
    }

    #[test]
    fn a_renamed_stage_is_a_new_endpoint_and_one_taken_away_is_not() {
        let told = means(&api(&["new"], &[]), &api(&["old"], &[]));
        assert_eq!(told, ["requests to `/old` are refused from now on: clients must use the new endpoint"]);
        let told = means(&api(&["prod"], &[]), &api(&["by-hand", "prod"], &[]));
        assert_eq!(told, ["requests to `/by-hand` are refused from now on"]);
        assert_eq!(means(&api(&["a", "b"], &[]), &api(&["a"], &[])), [""; 0]);
    }

    #[test]
    fn a_removed_route_is_refused_unless_another_one_answers() {
        let told = |now: &[&str], then: &[&str]| means(&api(&["prod"], now), &api(&["prod"], then));
        let refused = ["requests to `POST /a/b` are refused from now on"];
        assert_eq!(told(&["POST /c"], &["POST /a/b", "POST /c"]), refused);
        assert_eq!(told(&["POST /a", "POST /a/b/c", "GET /a/b"], &["POST /a/b"]), refused);
        assert_eq!(told(&["POST /a/{x}"], &["POST /a/b"]), ["requests to `POST /a/b` go to `POST /a/{x}` from now on"]);
        assert_eq!(told(&["POST /a/b"], &["POST /a/{x}"]), ["requests to `POST /a/{x}` are refused from now on"]);
        assert_eq!(told(&["POST /a/{y}"], &["POST /a/{x}"]), [""; 0], "a parameter's name is no matter to clients");
        assert_eq!(told(&["POST /c", "POST /d"], &["POST /c"]), [""; 0]);
    }

    #[test]
    fn an_older_tls_widens_and_a_newer_one_refuses_clients() {
        let (old, mut new) = (api(&[], &[]), api(&[], &[]));
        new.security_policy = "SecurityPolicy_TLS13_1_2_2021_06".into();
        assert_eq!(widens(&old, &new), ["clients may speak TLS 1.0 and 1.1, which others may be able to read"]);
        assert_eq!(means(&new, &old), ["clients that speak nothing newer than TLS 1.1 are refused from now on"]);
        for (desired, live) in [(&old, &old), (&new, &new)] {
            assert_eq!((widens(desired, live), means(desired, live)), (Vec::new(), Vec::new()));
        }
        assert_eq!((widens(&new, &old), means(&old, &new)), (Vec::new(), Vec::new()));
    }

    #[test]
    fn only_another_stage_moves_the_endpoint() {
        let mut limited = api(&["prod"], &[]);
        limited.stages.get_mut("prod").unwrap().throttle = Some(Throttle { rate_per_second: 1.0, burst: 1 });
        assert_eq!(limited.moves(&api(&["prod"], &["POST /a"])), [""; 0]);
        assert_eq!(api(&["v2"], &[]).moves(&api(&["prod"], &[])), ["endpoint"]);
    }

    #[test]
    fn an_api_that_turns_private_moves_and_one_that_turns_public_widens() {
        let mut private = api(&["prod"], &[]);
        private.endpoint_type = "PRIVATE".into();
        let public = api(&["prod"], &[]);
        assert_eq!(widens(&public, &private), ["requests from the internet reach it, and not from VPCs alone"]);
        assert_eq!(widens(&private, &public), [""; 0]);
        assert!(means(&private, &public)[0].starts_with("requests from the internet are refused from now on"));
        assert_eq!(means(&public, &private), ["clients must use the new endpoint: the one in the VPC is gone"]);
        assert_eq!(private.moves(&public), ["endpoint"]);
        let mut another = private.clone();
        another.vpc_endpoints = ["vpce-1".to_owned()].into();
        assert_eq!((another.moves(&private), means(&another, &private)), (vec!["endpoint"], Vec::new()));
    }

    #[test]
    fn a_stage_that_was_stopped_asks_before_it_goes_on() {
        let limited = |rate_per_second, burst| {
            let mut api = api(&["prod"], &[]);
            api.stages.get_mut("prod").unwrap().throttle = Some(Throttle { rate_per_second, burst });
            api
        };
        let again = ["stage `prod` takes no requests now (its throttle is 0), and takes them again after this"];
        for stopped in [limited(0.0, 0), limited(0.0, 5), limited(9.0, 0)] {
            assert_eq!(widens(&limited(9.0, 5), &stopped), again);
            assert_eq!(widens(&api(&["prod"], &[]), &stopped), again);
            assert_eq!(widens(&stopped, &stopped), [""; 0]);
        }
        assert_eq!(widens(&limited(9.0, 5), &limited(1.0, 1)), [""; 0]);
        let (mut both, stopped) = (limited(9.0, 5), limited(0.0, 0));
        both.stages.insert("by-hand".to_owned(), stopped.stages["prod"].clone());
        assert_eq!(widens(&limited(9.0, 5), &both), [""; 0], "a stopped stage that goes is not open again");
        assert_eq!(widens(&api(&["v2"], &[]), &stopped), again, "but one under another name is");
    }

    #[test]
    fn another_key_is_told_wherever_it_comes_from() {
        let keyed = |before: &str, key: &str| {
            let mut api = api(&["prod"], &["POST /a"]);
            let text = format!("{before}{{\n  \"Data\": \"d\",\n  {KEY}{key}\"\n}}\n");
            let route = api.routes.get_mut("POST /a").unwrap();
            route.integration.templates.insert("application/json".into(), text);
            api
        };
        let told = |now: (&str, &str), then: (&str, &str)| means(&keyed(now.0, now.1), &keyed(then.0, then.1));
        let (query, header) = ("#set($key = \"q\")\n", "#set($key = \"h\")\n");
        assert!(told((query, "$key"), (header, "$key"))[0].contains("get other partition keys"));
        assert!(told(("", "path"), (header, "$key"))[0].contains("get other partition keys"));
        assert!(told(("", RANDOM), (header, "$key"))[0].contains("get random partition keys"));
        assert_eq!(told((query, "$key"), (query, "$key")), [""; 0]);
    }
}

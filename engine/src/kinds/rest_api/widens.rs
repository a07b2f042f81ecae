//! Who may do more after a change of the API.

use std::collections::BTreeSet;

use super::document::{LEGACY_TLS, Route};
use super::{RestApi, Stage, cors, policy, web_acl};

pub(super) const NONE: &str = "NONE";
pub(super) const COGNITO: &str = "COGNITO_USER_POOLS";
/// Callers sign, and need the right to invoke the method.
pub(super) const IAM: &str = "AWS_IAM";

/// Routes that anybody may call from now on, and versions of TLS that others may read.
pub(super) fn widens(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let open = desired.routes.iter().filter(|(_, route)| route.authorization == NONE && !route.api_key);
    let open = open.filter(|(name, route)| !cors::is_preflight(name, route));
    let told = open.filter_map(|(name, _)| match live.routes.get(name) {
        Some(before) if before.authorization == NONE && !before.api_key => None,
        Some(_) => Some(format!("`{name}` loses its authorizer: anybody may call it")),
        None => Some(format!("`{name}` is new, and anybody may call it")),
    });
    let keyed = desired.routes.iter().filter(|(_, route)| route.authorization == NONE && route.api_key);
    let keyed = keyed.filter_map(|(name, _)| {
        let before = live.routes.get(name).filter(|before| before.authorization != NONE)?;
        let told = "loses its authorizer: whoever has an API key of a plan may call it";
        (!before.authorization.is_empty()).then(|| format!("`{name}` {told}"))
    });
    let pools = |api: &RestApi| -> BTreeSet<String> {
        api.authorizers.values().flat_map(|authorizer| authorizer.pools.iter().cloned()).collect()
    };
    let others: Vec<String> = pools(desired).difference(&pools(live)).cloned().collect();
    let users = others.into_iter().filter(|_| !live.authorizers.is_empty());
    let users = users.map(|pool| format!("users of the pool `{pool}` may call the routes that its authorizer guards"));
    let scoped = scopes(desired, live);
    let weak = desired.security_policy == LEGACY_TLS && live.security_policy != LEGACY_TLS;
    let weak = weak.then(|| "clients may speak TLS 1.0 and 1.1, which others may be able to read".to_owned());
    let public = live.is_private() && !desired.is_private();
    let public = public.then(|| "requests from the internet reach it, and not from VPCs alone".to_owned());
    told.chain(keyed)
        .chain(public)
        .chain(signed(desired, live))
        .chain(users)
        .chain(scoped)
        .chain(weak)
        .chain(again(desired, live))
        .chain(policy::widens(desired, live))
        .chain(web_acl::widens(desired, live))
        .chain(cors::widens(desired, live))
        .collect()
}

/// Stages that were stopped and are not any more.
fn again(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let stopped =
        |stage: &Stage| stage.throttle.as_ref().is_some_and(|most| most.rate_per_second <= 0.0 || most.burst == 0);
    // One that goes is open again where a new one takes its place.
    let new = |(name, stage): (&String, &Stage)| !live.stages.contains_key(name) && !stopped(stage);
    let open = |name: &String| match desired.stages.get(name) {
        Some(stage) => !stopped(stage),
        None => desired.stages.iter().any(new),
    };
    let again = live.stages.iter().filter(|(name, stage)| stopped(stage) && open(name));
    let told = again.map(|(name, _)| {
        format!("stage `{name}` takes no requests now (its throttle is 0), and takes them again after this")
    });
    told.collect()
}

/// Routes of Cognito's users that take other tokens from now on. Without scopes they take every user's id token, and with some an
/// access token that has one
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enable-cognito-user-pool.html>).
fn scopes(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let both = desired.routes.iter().filter_map(|(name, now)| Some((name, now, live.routes.get(name)?)));
    let both = both.filter(|(_, now, then)| [now, then].iter().all(|route| route.authorization == COGNITO));
    let told = both.flat_map(|(name, now, then)| {
        let any = now.scopes.is_empty() && !then.scopes.is_empty();
        let any = any.then(|| format!("`{name}` takes id tokens: its users need no scope"));
        let new = now.scopes.difference(&then.scopes);
        new.map(move |scope| format!("`{name}` takes access tokens with the scope `{scope}`"))
            .chain(any)
            .collect::<Vec<_>>()
    });
    told.collect()
}

/// Routes where signed callers take the place of others, or others theirs: neither were let in before.
fn signed(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let was_guarded = |route: &Route| !route.authorization.is_empty() && (route.authorization != NONE || route.api_key);
    let both = desired.routes.iter().filter_map(|(name, now)| Some((name, now, live.routes.get(name)?)));
    let told = both.filter(|(_, _, then)| was_guarded(then)).filter_map(|(name, now, then)| {
        match (now.authorization.as_str(), then.authorization.as_str()) {
            (IAM, then) if then != IAM => Some(format!(
                "`{name}` has another authorizer: whoever signs, and may `execute-api:Invoke` it by a policy of the account, may call it"
            )),
            (now, IAM) if now != IAM && now != NONE => {
                Some(format!("`{name}` takes no signatures any more: whom its new authorizer lets in may call it"))
            }
            _ => None,
        }
    });
    told.collect()
}

//! Rules of who may call: authorizers, usage plans and user pools.

use super::{AUTH, Cx, PLANS, USERS};
use crate::spec::problem::segment;
use crate::spec::wording::{list, nearest, short};
use crate::spec::{ApiKeys, Authorizer, Jwt, Plan, Problem, Token};
use std::collections::BTreeMap;

/// Seconds within which a quota that a client can use up is noted.
const SOON: f64 = 60.0;

/// What authorizers, plans and user pools may be called: their names are parts of AWS's names.
pub(super) fn names(cx: &Cx<'_>) -> Vec<Problem> {
    let fits = |name: &str| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        (1..=64).contains(&name.len()) && name.bytes().all(letters)
    };
    let auth = cx.spec.authorizers().map(|(name, _)| (AUTH, name));
    let plans = cx.spec.plans.keys().map(|name| (PLANS, name.as_str()));
    let users = cx.spec.users.keys().map(|name| (USERS, name.as_str()));
    let problem = |(section, name): (&str, &str)| {
        let path = format!("{section}/{}", segment(name));
        let hint = "a name has 1 to 64 letters, digits, `_` and `-`";
        match name {
            "none" if section == AUTH => {
                let problem = Problem::error(path, "`none` is no name of an authorizer: a route without one says it");
                Some(problem.hint("give it another name").on_key())
            }
            name if fits(name) => None,
            name => Some(Problem::error(path, format!("`{}` is no name", short(name))).hint(hint).on_key()),
        }
    };
    auth.chain(plans).chain(users).filter_map(problem).collect()
}

/// Kinds of authorizers of which an API has one.
pub(super) fn single(cx: &Cx<'_>) -> Vec<Problem> {
    let of = |word: &'static str, why: &str| {
        let all = cx.spec.authorizers().filter(move |(_, authorizer)| authorizer.word() == word);
        let message = format!("a second authorizer of the kind `{word}`: {why}");
        all.skip(1)
            .map(|(name, _)| Problem::error(format!("{AUTH}/{}", segment(name)), message.clone()).on_key())
            .collect::<Vec<_>>()
    };
    let keys = "API Gateway lets every key of every plan of the API through, so that one cannot have other plans than the other";
    let secrets = "the pipeline has one user name and password";
    let signed = "both let the same callers in, as these callers' own policies say which routes they may call";
    [of("api_key", keys), of("basic", secrets), of("iam", signed)]
        .concat()
        .into_iter()
        .map(|problem| problem.hint("have the routes name the first one"))
        .collect()
}

/// Authorizers name plans and user pools that there are.
pub(super) fn known(cx: &Cx<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, authorizer) in cx.spec.authorizers() {
        let at = format!("{AUTH}/{}", cx.spec.auth.as_ref().map(|auth| auth.path(name)).unwrap_or_default());
        match authorizer {
            Authorizer::Basic(_) | Authorizer::Iam(_) => {}
            Authorizer::Cognito(cognito) => problems.extend(pool(cx, &at, &cognito.users)),
            Authorizer::Jwt(jwt) => problems.extend(tokens(cx, &at, jwt)),
            Authorizer::ApiKey(_) if cx.spec.plans.is_empty() && !cx.has(PLANS) => {
                let problem = Problem::error(at, "`api_key` needs usage plans: each has a key").on_key();
                problems.push(problem.hint("add `plans: { free: { rate_per_second: 5, burst: 10 } }`"));
            }
            Authorizer::ApiKey(keys) => {
                let known: Vec<&str> = cx.spec.plans.keys().map(String::as_str).collect();
                for (index, plan) in keys.plans.iter().flatten().enumerate() {
                    problems.extend(unknown("plan", "plans", plan, &known, &format!("{at}/plans/{index}")));
                }
                problems.extend(existing(cx, &at, keys));
            }
        }
    }
    problems
}

/// Keys that exist: each is one plan's, and the plan has no key for users beside them.
fn existing(cx: &Cx<'_>, at: &str, keys: &ApiKeys) -> Vec<Problem> {
    let (mut problems, mut seen) = (Vec::new(), BTreeMap::new());
    let open: Vec<&str> = cx.spec.open_plans().collect();
    for (plan, ids) in &keys.existing {
        let at = format!("{at}/existing/{}", segment(plan));
        let counted = cx.spec.jwts().find(|(_, jwt)| jwt.plan_by_group.values().any(|counted| counted == plan));
        if !open.contains(&plan.as_str()) {
            problems.extend(unknown("plan", "plans", plan, &open, &at));
        } else if let Some((jwt, _)) = counted {
            let message = format!(
                "`{}` counts users for the plan `{}`, which takes a key that the pipeline makes",
                short(jwt),
                short(plan)
            );
            problems.push(Problem::error(&*at, message).hint("count them for another plan").on_key());
        }
        if ids.is_empty() {
            let problem = Problem::error(&*at, "a plan without keys opens nothing").on_key();
            problems.push(problem.hint("name at least one key by its id, or take the plan out of `existing`"));
        }
        for (index, id) in ids.iter().enumerate() {
            let at = format!("{at}/{index}");
            let fits = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !fits {
                let problem = Problem::error(&*at, format!("`{}` is no id of an API key", short(id)));
                problems.push(problem.hint("it looks like `k1a2b3c4d5`: `aws apigateway get-api-keys` lists them"));
            } else if let Some(other) = seen.insert(id, plan) {
                let message = format!(
                    "the key `{id}` is one of the plan `{other}` already, and AWS lets it be in one plan of a stage"
                );
                problems.push(Problem::error(at, message).hint("name it once"));
            }
        }
    }
    problems
}

/// A user pool of the spec, or the ARN of another one.
fn pool(cx: &Cx<'_>, at: &str, users: &str) -> Option<Problem> {
    let at = format!("{at}/users");
    if users.starts_with("arn:") {
        let parts: Vec<&str> = users.split(':').collect();
        let is_pool = parts.len() == 6 && parts[2] == "cognito-idp" && parts[5].starts_with("userpool/");
        let hint = "it looks like `arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_AbCdEfGhI`";
        return (!is_pool)
            .then(|| Problem::error(at, format!("`{}` is no ARN of a user pool", short(users))).hint(hint));
    }
    let known: Vec<&str> = cx.spec.users.keys().map(String::as_str).collect();
    unknown("user pool", "users", users, &known, &at)
}

/// Whose tokens they are, and the groups and plans that there are.
fn tokens(cx: &Cx<'_>, at: &str, jwt: &Jwt) -> Vec<Problem> {
    let mut problems: Vec<Problem> = whose(at, jwt).into_iter().collect();
    let known: Vec<&str> = cx.spec.plans.keys().map(String::as_str).collect();
    for (group, plan) in &jwt.plan_by_group {
        problems.extend(unknown("plan", "plans", plan, &known, &format!("{at}/plan_by_group/{}", segment(group))));
    }
    if let Some(users) = &jwt.users {
        let known: Vec<&str> = cx.spec.users.keys().map(String::as_str).collect();
        problems.extend(match users.starts_with("arn:") {
            true => {
                let hint = "of another pool say `issuer: https://cognito-idp.REGION.amazonaws.com/POOL` and `audience: [CLIENT]`";
                Some(beside(at, "users", "`users` of `jwt` names a pool of this file", hint))
            }
            false => unknown("user pool", "users", users, &known, &format!("{at}/users")),
        });
        problems.extend(groups(cx, at, jwt, users));
    }
    problems
}

/// Says what stands there that must not, or lacks what it needs.
fn beside(at: &str, key: &str, message: &str, hint: &str) -> Problem {
    Problem::error(format!("{at}/{key}"), message.to_owned()).hint(hint.to_owned()).on_key()
}

/// The tokens are those of a user pool, or of an issuer for an audience.
fn whose(at: &str, jwt: &Jwt) -> Option<Problem> {
    Some(match (&jwt.users, &jwt.issuer) {
        (None, None) => {
            let problem = Problem::error(at, "`jwt` must say whose tokens it takes").on_key();
            problem.hint("add `users: NAME` of a user pool, or `issuer: https://...` with `audience: [...]`")
        }
        (Some(_), Some(_)) => {
            beside(at, "issuer", "`issuer` does not go with `users`, which has its own", "take one of the two out")
        }
        (Some(_), None) if !jwt.audience.is_empty() => {
            let message = "`audience` does not go with `users`: the client of the pool is the audience";
            beside(at, "audience", message, "take it out")
        }
        (Some(_), None) if jwt.token == Token::Id && !jwt.scopes.is_empty() => {
            beside(at, "scopes", "an id token has no scopes, so that nobody would get in", "add `token: access`")
        }
        (None, Some(_)) if jwt.audience.is_empty() => {
            let message =
                "`issuer` needs `audience`: without it, tokens for every other app of the issuer would open this API";
            beside(at, "issuer", message, "add `audience: [...]` with what the tokens have in `aud`")
        }
        _ => return None,
    })
}

/// Groups that no user can be in.
fn groups(cx: &Cx<'_>, at: &str, jwt: &Jwt, users: &str) -> Vec<Problem> {
    let Some(pool) = cx.spec.users.get(users).filter(|_| jwt.groups_claim.is_none()) else { return Vec::new() };
    let wanted = jwt.groups.iter().enumerate().map(|(index, group)| (group, format!("{at}/groups/{index}")));
    let counted = jwt.plan_by_group.keys().map(|group| (group, format!("{at}/plan_by_group/{}", segment(group))));
    let missing = wanted.chain(counted).filter(|(group, _)| !pool.groups.contains(*group));
    let problem = |(group, path): (&String, String)| {
        let message = format!("`users.{users}` has no group `{}`", short(group));
        let known: Vec<&str> = pool.groups.iter().map(String::as_str).collect();
        let problem = Problem::error(path, message);
        match nearest(group, &known) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(format!("add it to `users.{users}.groups`")),
        }
    };
    missing.map(problem).collect()
}

fn unknown(what: &str, section: &str, name: &str, known: &[&str], at: &str) -> Option<Problem> {
    if known.contains(&name) {
        return None;
    }
    let problem = Problem::error(at, format!("`{section}` has no {what} `{}`", short(name)));
    Some(match (nearest(name, known), known) {
        (Some(near), _) => problem.hint(format!("did you mean `{near}`?")),
        (None, []) => problem.hint(format!("add `{section}: {{ {}: {{}} }}`", short(name))),
        (None, known) => problem.hint(format!("this may be {}", list(known, "or"))),
    })
}

/// Plans that somebody uses, whose limits go together.
pub(super) fn plans(cx: &Cx<'_>) -> Vec<Problem> {
    let used: Vec<&str> = cx.spec.used_plans().collect();
    let mut problems = Vec::new();
    for (name, plan) in &cx.spec.plans {
        let at = format!("{PLANS}/{}", segment(name));
        if !used.contains(&name.as_str()) && cx.sound(AUTH) {
            let message = format!("nobody uses the plan `{}`", short(name));
            let hint = "have `api_key: { plans: [...] }` or `jwt: { plan_by_group: ... }` name it, or take it out";
            problems.push(Problem::error(&*at, message).hint(hint).on_key());
        }
        problems.extend(halves(plan, &at));
        problems.extend(soon(plan, &at));
    }
    problems
}

fn halves(plan: &Plan, at: &str) -> Option<Problem> {
    let (has, lacks) = match (plan.rate_per_second, plan.burst) {
        (Some(_), None) => ("rate_per_second", "burst"),
        (None, Some(_)) => ("burst", "rate_per_second"),
        _ => return None,
    };
    let problem = Problem::error(format!("{at}/{has}"), format!("`{has}` needs `{lacks}` beside it")).on_key();
    Some(problem.hint("a limit has two numbers, as in `rate_per_second: 5, burst: 10`"))
}

/// A quota that is gone in no time makes most of its period one refusal.
fn soon(plan: &Plan, at: &str) -> Option<Problem> {
    let (rate, quota) = (plan.rate_per_second?, plan.quota?);
    let seconds = f64::from(quota.requests) / rate;
    (seconds < SOON).then(|| {
        let message = format!(
            "at {rate} requests per second the quota is used up after {seconds:.0} s, and what is left of its period is answered \
             with 429"
        );
        Problem::note(format!("{at}/quota"), message).on_key()
    })
}

//! Environment variables by which a bundled authorizer decides whom it lets in, and who is let in after a change of them. Their
//! names and forms are those that `handlers/src/programs/jwt_authorizer.rs` reads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::resource::is_open;

pub const ISSUER: &str = "PIPE_ISSUER";
pub const JWKS_URL: &str = "PIPE_JWKS_URL";
pub const AUDIENCE: &str = "PIPE_AUDIENCE";
pub const TOKEN_USE: &str = "PIPE_TOKEN_USE";
pub const GROUPS_CLAIM: &str = "PIPE_GROUPS_CLAIM";
pub const GROUPS: &str = "PIPE_GROUPS";
pub const SCOPES: &str = "PIPE_SCOPES";
pub const PLANS: &str = "PIPE_PLANS";
/// With this one alone it lets everybody in who has an API key.
pub const KEY_HEADER: &str = "PIPE_KEY_HEADER";

type Variables = BTreeMap<String, String>;

/// Says who is let in that was not before. A function without these variables lets nobody in.
pub fn widens(desired: &Variables, live: &Variables) -> Vec<String> {
    if desired.contains_key(KEY_HEADER) {
        let new = !live.contains_key(KEY_HEADER);
        return new.then(|| "whoever has an API key of a plan is let in".to_owned()).into_iter().collect();
    }
    let Some(issuer) = desired.get(ISSUER) else { return Vec::new() };
    let mut all = Vec::new();
    if live.get(ISSUER) != Some(issuer) {
        let whose = if is_known(issuer) { format!("`{issuer}`") } else { "a user pool that is made now".to_owned() };
        all.push(format!("users with a token of {whose} are let in"));
    } else {
        all.extend(tokens(desired, live));
    }
    all.extend(users(desired, live));
    let (now, then) = (list(desired, SCOPES), list(live, SCOPES));
    match (now.is_empty(), then.is_empty()) {
        (_, true) => {}
        (true, false) => all.push("tokens are accepted whatever their scopes".to_owned()),
        (false, false) => {
            all.extend(now.difference(&then).map(|scope| format!("tokens with the scope `{scope}` are accepted")))
        }
    }
    all
}

/// Tokens of the same issuer that are accepted from now on.
fn tokens(desired: &Variables, live: &Variables) -> Vec<String> {
    let (now, then) = (list(desired, AUDIENCE), list(live, AUDIENCE));
    // A client that is made now has given nobody a token yet.
    let new = now.difference(&then).filter(|audience| is_known(audience));
    let mut all: Vec<String> = new.map(|audience| format!("tokens for `{audience}` are accepted")).collect();
    if live.contains_key(TOKEN_USE) && !desired.contains_key(TOKEN_USE) {
        all.push("tokens are accepted whatever they are made for (`token_use`)".to_owned());
    }
    if desired.get(JWKS_URL) != live.get(JWKS_URL) {
        let from = desired.get(JWKS_URL).filter(|url| is_known(url));
        let from = from.map_or_else(|| "elsewhere".to_owned(), |url| format!("`{url}`"));
        all.push(format!("tokens are checked with keys from {from}"));
    }
    all
}

/// Users of the same issuer that are let in from now on: who is let in has one of the groups, and one of those that have a plan.
fn users(desired: &Variables, live: &Variables) -> Vec<String> {
    let lists = |variables: &Variables| [list(variables, GROUPS), planned(variables)];
    let (now, then) = (lists(desired), lists(live));
    if then.iter().all(BTreeSet::is_empty) {
        return Vec::new();
    }
    if now.iter().any(|groups| !groups.is_empty()) && desired.get(GROUPS_CLAIM) != live.get(GROUPS_CLAIM) {
        let claim = desired.get(GROUPS_CLAIM).map_or("groups", String::as_str);
        return vec![format!("a user's groups are those of the claim `{claim}` from now on")];
    }
    // Whoever is let in has the groups of one of these pairs, and is let in for them alone.
    let any = [String::new()].into();
    let [groups, plans] = now.each_ref().map(|groups| if groups.is_empty() { &any } else { groups });
    let pairs = groups.iter().flat_map(|group| plans.iter().map(move |plan| BTreeSet::from([group, plan])));
    let refused = |user: &BTreeSet<&String>| {
        then.iter().any(|wanted| !wanted.is_empty() && !wanted.iter().any(|group| user.contains(group)))
    };
    let new: BTreeSet<String> = pairs.filter(refused).map(|user| told(&user)).collect();
    new.into_iter().collect()
}

fn told(user: &BTreeSet<&String>) -> String {
    let groups: Vec<String> = user.iter().filter(|group| !group.is_empty()).map(|group| format!("`{group}`")).collect();
    match groups.is_empty() {
        true => "users are let in whatever their groups".to_owned(),
        false => format!("users in {} are let in", groups.join(" and ")),
    }
}

/// A list as JSON; empty where it is not there, which means everybody.
fn list(variables: &Variables, name: &str) -> BTreeSet<String> {
    variables.get(name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// The groups that have a plan.
fn planned(variables: &Variables) -> BTreeSet<String> {
    let pairs = variables.get(PLANS).and_then(|text| serde_json::from_str::<Vec<(String, Value)>>(text).ok());
    pairs.unwrap_or_default().into_iter().map(|(group, _)| group).collect()
}

fn is_known(text: &str) -> bool {
    !is_open(&Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: [(&str, &str); 3] = [(ISSUER, "https://a/"), (AUDIENCE, r#"["app"]"#), (GROUPS_CLAIM, "groups")];

    fn of(more: &[(&str, &str)]) -> Variables {
        BASE.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The warnings about a change from the one environment to the other.
    fn told(then: &[(&str, &str)], now: &[(&str, &str)]) -> String {
        widens(&of(now), &of(then)).join("; ")
    }

    #[test]
    fn another_group_lets_its_users_in_and_one_less_does_not() {
        let (one, two) = ((GROUPS, r#"["a"]"#), (GROUPS, r#"["a","b"]"#));
        assert_eq!(told(&[one], &[two]), "users in `b` are let in");
        assert_eq!(told(&[two], &[one]), "");
        assert_eq!(told(&[one], &[(GROUPS, r#"["b"]"#)]), "users in `b` are let in", "in the place of another");
        assert_eq!(told(&[one], &[]), "users are let in whatever their groups");
        assert_eq!(told(&[], &[one]), "");
        let other = "a user's groups are those of the claim `roles` from now on";
        assert_eq!(told(&[one], &[one, (GROUPS_CLAIM, "roles")]), other);
        assert_eq!(told(&[], &[(GROUPS_CLAIM, "roles")]), "", "nobody asks for groups");
    }

    #[test]
    fn a_user_needs_a_plan_where_there_are_some() {
        let (groups, free) = ((GROUPS, r#"["a","b"]"#), (PLANS, r#"[["a","k1"]]"#));
        let both = (PLANS, r#"[["a","k1"],["c","k2"]]"#);
        assert_eq!(told(&[free], &[both]), "users in `c` are let in");
        assert_eq!(told(&[both], &[free]), "");
        assert_eq!(told(&[free], &[(PLANS, r#"[["a","k9"]]"#)]), "", "another key of the same group");
        assert_eq!(told(&[free], &[]), "users are let in whatever their groups");
        let told_of_both = told(&[groups, free], &[groups, both]);
        assert_eq!(told_of_both, "users in `b` and `c` are let in", "those in `a` have a plan already");
        assert_eq!(told(&[groups], &[groups, free]), "");
    }

    #[test]
    fn scopes_widen_one_by_one_or_all_at_once() {
        let (read, more) = ((SCOPES, r#"["read"]"#), (SCOPES, r#"["read","write"]"#));
        assert_eq!(told(&[read], &[more]), "tokens with the scope `write` are accepted");
        assert_eq!(told(&[read], &[]), "tokens are accepted whatever their scopes");
        assert_eq!([told(&[more], &[read]), told(&[], &[read]), told(&[read], &[read])], [""; 3]);
    }

    #[test]
    fn other_tokens_are_told() {
        let told = |more: &[(&str, &str)]| told(&[(TOKEN_USE, "id")], more);
        assert_eq!(told(&[(TOKEN_USE, "id"), (AUDIENCE, r#"["app","cli"]"#)]), "tokens for `cli` are accepted");
        assert_eq!(told(&[(TOKEN_USE, "id"), (ISSUER, "https://b/")]), "users with a token of `https://b/` are let in");
        let pool = crate::resource::output_of("users.people", "issuer");
        let made = "users with a token of a user pool that is made now are let in";
        assert_eq!(told(&[(TOKEN_USE, "id"), (ISSUER, &pool)]), made);
        assert_eq!(told(&[]), "tokens are accepted whatever they are made for (`token_use`)");
        let keys = "tokens are checked with keys from `https://keys/`";
        assert_eq!(told(&[(TOKEN_USE, "id"), (JWKS_URL, "https://keys/")]), keys);
        assert_eq!(told(&[(TOKEN_USE, "access")]), "", "the same users");
    }

    #[test]
    fn keys_in_the_place_of_tokens_and_back() {
        let keys = Variables::from([(KEY_HEADER.to_owned(), "x-api-key".to_owned())]);
        assert_eq!(widens(&keys, &of(&[])), ["whoever has an API key of a plan is let in"]);
        assert_eq!(widens(&of(&[]), &keys), ["users with a token of `https://a/` are let in"]);
        assert_eq!(widens(&keys, &keys), [""; 0]);
        let other = Variables::from([("MODE".to_owned(), "a".to_owned())]);
        assert_eq!(widens(&other, &other), [""; 0]);
        assert_eq!(widens(&other, &of(&[])), [""; 0], "it is no authorizer any more");
    }

    #[test]
    fn what_is_no_list_lets_everybody_in_as_none_does() {
        assert_eq!(told(&[(GROUPS, r#"["a"]"#)], &[(GROUPS, "a")]), "users are let in whatever their groups");
    }
}

//! The API's resource policy: which networks its requests may come from, and what a change of that means.
//!
//! A deny by network decides before any authorizer is asked, whatever that would say. Without an allow, routes that nobody guards
//! and those of Cognito's users would answer nobody
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>). An allow for everybody
//! would also let in those who sign their requests and whose own policies do not allow them to call the API: so it is for
//! requests that nobody signed, where a route wants a signature (`docs/aws.md#api-gateway-policy`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::document::{RestApi, Route};
use crate::aws::Place;
use crate::aws::policy::{Policy, texts};
use crate::network::Network;

/// All stages, methods and paths of the API that has the policy. AWS writes the API's ARN instead.
const EVERYTHING: &str = "execute-api:/*";
/// The authorization of a route that wants signed requests.
const SIGNED: &str = "AWS_IAM";

/// Which requests are not refused for want of an allow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Allowed {
    All,
    Unsigned,
    None,
}

/// The policy that refuses requests from anywhere but these networks, of an API with these routes.
pub fn only_from(networks: &[Network], routes: &BTreeMap<String, Route>) -> Policy {
    let signed = |route: &Route| route.authorization == SIGNED;
    let allowed = match (routes.values().any(signed), routes.values().all(signed)) {
        (false, _) => Allowed::All,
        (true, false) => Allowed::Unsigned,
        (true, true) => Allowed::None,
    };
    policy(networks, allowed)
}

fn policy(networks: &[Network], allowed: Allowed) -> Policy {
    let statement = |effect: &str| json!({ "Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": EVERYTHING });
    let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
    let mut deny = statement("Deny");
    deny["Condition"] = json!({ "NotIpAddress": { "aws:SourceIp": networks } });
    let mut allow = statement("Allow");
    if allowed == Allowed::Unsigned {
        allow["Condition"] = json!({ "Null": { "aws:PrincipalArn": "true" } });
    }
    let allow = (allowed != Allowed::None).then_some(allow);
    Policy::new(allow.into_iter().chain([deny]).collect())
}

/// The policy of an API as AWS gives it: a JSON text whose quotes are escaped, with the API's ARN
/// (`docs/aws.md#api-gateway-policy`). Nothing where there is none; a text that is no policy equals none that is desired.
pub fn read(place: &Place, api: &str, text: &str) -> Option<Policy> {
    if text.is_empty() {
        return None;
    }
    let own = format!("\"{}/", place.arn("execute-api", api));
    let short = |text: &str| Policy::parse(&text.replace(&own, "\"execute-api:/")).ok();
    let unescaped = || serde_json::from_str::<String>(&format!("\"{text}\"")).ok();
    let read = unescaped().and_then(|text| short(&text)).or_else(|| short(text));
    let read = read.unwrap_or_else(|| Policy::new(vec![Value::from(text)]));
    // Members may come in another order, and with them the statements.
    Some(own_form(&read).map_or(read, |(own, _)| own))
}

/// A policy that is one of [`only_from`], as that makes it, with its networks; nothing for any other.
fn own_form(read: &Policy) -> Option<(Policy, Vec<Network>)> {
    let listed = read.statements().iter().map(|statement| &statement["Condition"]["NotIpAddress"]["aws:SourceIp"]);
    let listed: Vec<Network> = listed.flat_map(texts).map(Network::parse).collect::<Option<_>>()?;
    let same = |own: &Policy| {
        let (own, read) = (own.statements(), read.statements());
        own.len() == read.len() && own.iter().all(|statement| read.contains(statement))
    };
    let forms = [Allowed::All, Allowed::Unsigned, Allowed::None].map(|allowed| policy(&listed, allowed));
    forms.into_iter().find(same).map(|own| (own, listed))
}

fn networks(policy: &Policy) -> Option<Vec<Network>> {
    own_form(policy).map(|(_, networks)| networks)
}

/// Where requests may come from that were refused before. Of a policy by another hand nobody can tell here whom it kept out.
pub(super) fn widens(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let Some(then) = live.policy.as_ref().filter(|then| desired.policy.as_ref() != Some(*then)) else {
        return Vec::new();
    };
    let now = desired.policy.as_ref().and_then(networks);
    match (networks(then), now) {
        (None, _) => vec!["its resource policy, which others wrote, no longer keeps anybody out".to_owned()],
        (Some(_), None) => vec!["requests from any address are let in".to_owned()],
        (Some(then), Some(now)) => {
            let new = now.into_iter().filter(|network| !network.is_within(&then));
            new.map(|network| format!("requests from `{network}` are let in")).collect()
        }
    }
}

/// Where requests may no longer come from.
pub(super) fn means(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let Some(now) = desired.policy.as_ref().and_then(networks) else { return Vec::new() };
    let shown = |networks: &[Network]| networks.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
    let Some(then) = live.policy.as_ref().and_then(networks) else {
        return vec![format!("requests from anywhere but {} are refused from now on", shown(&now))];
    };
    let gone = then.into_iter().filter(|network| !network.is_within(&now));
    gone.map(|network| {
        let left: Vec<Network> = now.iter().copied().filter(|left| network.covers(*left)).collect();
        let but = if left.is_empty() { String::new() } else { format!(", but for those from {},", shown(&left)) };
        format!("requests from `{network}`{but} are refused from now on")
    })
    .collect()
}

#[cfg(test)]
mod tests;

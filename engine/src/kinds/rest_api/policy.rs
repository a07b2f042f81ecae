//! The API's resource policy: which networks and VPC endpoints its requests may come from, and what a change of that means.
//!
//! A deny by network decides before any authorizer is asked, whatever that would say. Without an allow, routes that nobody guards
//! and those of Cognito's users would answer nobody
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>). An allow for everybody
//! would also let in those who sign their requests and whose own policies do not allow them to call the API: so it is for
//! requests that nobody signed, where a route wants a signature (`docs/aws.md#api-gateway-policy`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::document::{RestApi, Route};
use crate::aws::Place;
use crate::aws::policy::{Policy, texts};
use crate::network::Network;
use crate::resource::is_open;

/// All stages, methods and paths of the API that has the policy. AWS writes the API's ARN instead.
const EVERYTHING: &str = "execute-api:/*";
/// The authorization of a route that wants signed requests.
const SIGNED: &str = "AWS_IAM";
/// What a policy knows of a request
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html>): its address, which is
/// another key where it came through a VPC endpoint, and that endpoint.
const ADDRESS: &str = "aws:SourceIp";
const VPC_ADDRESS: &str = "aws:VpcSourceIp";
const ENDPOINT: &str = "aws:SourceVpce";

/// Which requests are not refused for want of an allow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Allowed {
    All,
    Unsigned,
    None,
}

/// Where the requests of an API may come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callers {
    /// From these networks alone; none: from any.
    pub networks: Vec<Network>,
    /// Through these VPC endpoints alone; none: the API is public.
    pub endpoints: BTreeSet<String>,
}

/// The policy that refuses requests from anywhere else, of an API with these routes.
pub fn only_from(callers: &Callers, routes: &BTreeMap<String, Route>) -> Policy {
    let signed = |route: &Route| route.authorization == SIGNED;
    let allowed = match (routes.values().any(signed), routes.values().all(signed)) {
        (false, _) => Allowed::All,
        (true, false) => Allowed::Unsigned,
        (true, true) => Allowed::None,
    };
    policy(callers, allowed)
}

fn policy(callers: &Callers, allowed: Allowed) -> Policy {
    let statement = |effect: &str| json!({ "Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": EVERYTHING });
    let deny = |condition: Value| {
        let mut deny = statement("Deny");
        deny["Condition"] = condition;
        deny
    };
    let networks: Vec<String> = callers.networks.iter().map(ToString::to_string).collect();
    let address = if callers.endpoints.is_empty() { ADDRESS } else { VPC_ADDRESS };
    let from = (!networks.is_empty()).then(|| deny(json!({ "NotIpAddress": { address: networks } })));
    let endpoints = &callers.endpoints;
    let through = (!endpoints.is_empty()).then(|| deny(json!({ "StringNotEquals": { ENDPOINT: endpoints } })));
    let mut allow = statement("Allow");
    if allowed == Allowed::Unsigned {
        allow["Condition"] = json!({ "Null": { "aws:PrincipalArn": "true" } });
    }
    let allow = (allowed != Allowed::None).then_some(allow);
    Policy::new(allow.into_iter().chain(from).chain(through).collect())
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

/// A policy that is one of [`only_from`], as that makes it, with whom it lets in; nothing for any other.
fn own_form(read: &Policy) -> Option<(Policy, Callers)> {
    let listed = |operator: &str, key: &str| {
        read.statements().iter().flat_map(|one| texts(&one["Condition"][operator][key])).collect::<Vec<_>>()
    };
    let addresses = [ADDRESS, VPC_ADDRESS].map(|key| listed("NotIpAddress", key)).concat();
    let networks: Vec<Network> = addresses.into_iter().map(Network::parse).collect::<Option<_>>()?;
    let endpoints = listed("StringNotEquals", ENDPOINT).into_iter().map(str::to_owned).collect();
    let callers = Callers { networks, endpoints };
    let same = |own: &Policy| {
        let (own, read) = (own.statements(), read.statements());
        own.len() == read.len() && own.iter().all(|statement| read.contains(statement))
    };
    let forms = [Allowed::All, Allowed::Unsigned, Allowed::None].map(|allowed| policy(&callers, allowed));
    // Without a deny it keeps nobody out, and is none of ours.
    let denies = callers != Callers::default();
    forms.into_iter().find(same).filter(|_| denies).map(|own| (own, callers))
}

fn callers(policy: &Policy) -> Option<Callers> {
    own_form(policy).map(|(_, callers)| callers)
}

/// Where requests may come from that were refused before. Of a policy by another hand nobody can tell here whom it kept out.
pub(super) fn widens(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let Some(then) = live.policy.as_ref().filter(|then| desired.policy.as_ref() != Some(*then)) else {
        return Vec::new();
    };
    let now = desired.policy.as_ref().and_then(callers);
    match (callers(then), now) {
        (None, _) => vec!["its resource policy, which others wrote, no longer keeps anybody out".to_owned()],
        (Some(_), None) => vec![FROM_ANYWHERE.to_owned()],
        (Some(then), Some(now)) => more(&now, &then),
    }
}

const FROM_ANYWHERE: &str = "requests from any address are let in";

fn more(now: &Callers, then: &Callers) -> Vec<String> {
    let anywhere = now.networks.is_empty() && !then.networks.is_empty();
    let new = now.networks.iter().filter(|network| !then.networks.is_empty() && !network.is_within(&then.networks));
    let new = new.map(|network| format!("requests from `{network}` are let in"));
    // One that the run makes is the pipeline's own.
    let known = |id: &&String| !is_open(&json!(id));
    let through = now.endpoints.difference(&then.endpoints).filter(|_| !then.endpoints.is_empty()).filter(known);
    let through = through.map(|id| format!("requests through `{id}` are let in"));
    anywhere.then(|| FROM_ANYWHERE.to_owned()).into_iter().chain(new).chain(through).collect()
}

/// Where requests may no longer come from.
pub(super) fn means(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let Some(Callers { networks: now, endpoints }) = desired.policy.as_ref().and_then(callers) else {
        return Vec::new();
    };
    let then = live.policy.as_ref().and_then(callers);
    let gone = then.iter().flat_map(|then| then.endpoints.difference(&endpoints)).filter(|_| !endpoints.is_empty());
    let gone: Vec<String> = gone.map(|id| format!("requests through `{id}` are refused from now on")).collect();
    if now.is_empty() {
        return gone;
    }
    let shown = |networks: &[Network]| networks.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
    let Some(then) = then.map(|then| then.networks).filter(|networks| !networks.is_empty()) else {
        let told = format!("requests from anywhere but {} are refused from now on", shown(&now));
        return gone.into_iter().chain([told]).collect();
    };
    let less = then.into_iter().filter(|network| !network.is_within(&now));
    let less = less.map(|network| {
        let left: Vec<Network> = now.iter().copied().filter(|left| network.covers(*left)).collect();
        let but = if left.is_empty() { String::new() } else { format!(", but for those from {},", shown(&left)) };
        format!("requests from `{network}`{but} are refused from now on")
    });
    gone.into_iter().chain(less).collect()
}

#[cfg(test)]
mod tests;

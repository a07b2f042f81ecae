//! The API's resource policy, as far as it is about the addresses of callers.
//!
//! Callers on this machine are always let in: they have no address that a policy for the internet could name, and they are the
//! developer.

use std::net::IpAddr;

use serde_json::Value;

use super::authorizer::policy::matches;
use super::definition::ApiAddress;
use super::exchange::Exchange;
use super::refusal::Refusal;

/// A parsed policy.
#[derive(Clone, Debug)]
pub struct ResourcePolicy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
struct Statement {
    deny: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    /// Where callers must be; everywhere if absent.
    from: Option<Origin>,
    /// A condition or a member that is not evaluated here: such a statement can deny but never allow.
    partial: bool,
}

/// `IpAddress`, or `NotIpAddress` where it is outside.
#[derive(Clone, Debug)]
struct Origin {
    outside: bool,
    networks: Vec<String>,
}

/// What a policy says of a request that it does not refuse itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// Neither: routes without an authorizer, and those of Cognito's users, then answer nobody.
    Silent,
    Denied,
}

impl ResourcePolicy {
    /// Reads a policy as API Gateway gives it, with escaped quotes, or in plain JSON. Nothing where there is none; what cannot be
    /// read denies everything.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let unescaped = serde_json::from_str::<String>(&format!("\"{text}\"")).unwrap_or_else(|_| text.to_owned());
        let policy: Value = serde_json::from_str(&unescaped).unwrap_or_default();
        let statements = match &policy["Statement"] {
            Value::Array(all) => all.iter().map(Statement::parse).collect(),
            one => vec![Statement::parse(one)],
        };
        Some(Self { statements })
    }

    /// What the developer must know of it.
    pub fn problem(&self) -> Option<&'static str> {
        let partial = self.statements.iter().any(|statement| statement.partial);
        Some(match partial {
            true => {
                "the API's resource policy has conditions that are not evaluated here: they let nobody but this machine in"
            }
            false => {
                "requests from this machine are let in, whatever addresses the API's resource policy (`allow_ips`) names"
            }
        })
    }

    /// Says whether the policy allows the request.
    ///
    /// # Errors
    /// It denies it.
    pub fn admit(&self, address: &ApiAddress, exchange: &Exchange) -> Result<Verdict, Refusal> {
        match self.verdict(exchange.source(), address, &exchange.method_arn(address)) {
            Verdict::Denied => Err(refused(address, exchange, Verdict::Denied)),
            verdict => Ok(verdict),
        }
    }

    fn verdict(&self, caller: Option<IpAddr>, address: &ApiAddress, method_arn: &str) -> Verdict {
        let caller = caller.map(|caller| caller.to_canonical());
        if caller.is_some_and(|caller| caller.is_loopback()) {
            return Verdict::Allowed;
        }
        let fits = |deny: bool| {
            let mut of = self.statements.iter().filter(|statement| statement.deny == deny);
            of.any(|statement| (deny || !statement.partial) && statement.is_about(caller, address, method_arn))
        };
        match (fits(true), fits(false)) {
            (true, _) => Verdict::Denied,
            (false, true) => Verdict::Allowed,
            (false, false) => Verdict::Silent,
        }
    }
}

/// The answer to whom the policy keeps out: IAM's text, with the account's last four digits.
pub fn refused(address: &ApiAddress, exchange: &Exchange, verdict: Verdict) -> Refusal {
    let account: String = address.account.chars().enumerate().map(|(at, one)| if at < 8 { '*' } else { one }).collect();
    let arn = exchange.method_arn(&ApiAddress { account, ..address.clone() });
    let explicit = if verdict == Verdict::Denied { " with an explicit deny" } else { "" };
    let message =
        format!("User: anonymous is not authorized to perform: execute-api:Invoke on resource: {arn}{explicit}");
    Refusal::of("ACCESS_DENIED").saying(message).under("Message")
}

impl Statement {
    fn parse(statement: &Value) -> Self {
        let (from, rest) = conditions(&statement["Condition"]);
        let unread = ["NotAction", "NotResource", "NotPrincipal"].iter().any(|member| !statement[*member].is_null());
        let anyone = statement["Principal"] == "*" || texts(&statement["Principal"]["AWS"]) == ["*"];
        let effect = statement["Effect"].as_str();
        Self {
            deny: effect != Some("Allow"),
            actions: texts(&statement["Action"]),
            resources: texts(&statement["Resource"]),
            from,
            partial: rest || unread || !anyone || effect.is_none(),
        }
    }

    fn is_about(&self, caller: Option<IpAddr>, address: &ApiAddress, method_arn: &str) -> bool {
        // What it says of the rest nobody knows here.
        let unknown = |list: &[String]| self.partial && list.is_empty();
        let action = |pattern: &String| matches(&pattern.to_ascii_lowercase(), "execute-api:invoke");
        let resource = |pattern: &String| matches(&whole(pattern, address), method_arn);
        let acts = unknown(&self.actions) || self.actions.iter().any(action);
        let reaches = unknown(&self.resources) || self.resources.iter().any(resource);
        acts && reaches && self.from.as_ref().is_none_or(|from| from.has(caller))
    }
}

impl Origin {
    fn has(&self, caller: Option<IpAddr>) -> bool {
        let inside = caller.is_some_and(|caller| self.networks.iter().any(|network| contains(network, caller)));
        inside != self.outside
    }
}

/// The condition on the caller's address, and whether there is another one. No caller here has signed a request.
fn conditions(all: &Value) -> (Option<Origin>, bool) {
    let (mut from, mut rest) = (None, false);
    for (operator, keys) in all.as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            match (operator.as_str(), key.to_ascii_lowercase().as_str()) {
                ("IpAddress" | "NotIpAddress", "aws:sourceip") if from.is_none() => {
                    from = Some(Origin { outside: operator.starts_with("Not"), networks: texts(values) });
                }
                ("Null", "aws:principalarn") if texts(values) == ["true"] => {}
                _ => rest = true,
            }
        }
    }
    (from, rest)
}

/// A resource without the API's ARN, with it.
fn whole(resource: &str, address: &ApiAddress) -> String {
    let ApiAddress { partition, region, account, api, .. } = address;
    match resource.strip_prefix("execute-api:/") {
        Some(rest) => format!("arn:{partition}:execute-api:{region}:{account}:{api}/{rest}"),
        None => resource.to_owned(),
    }
}

/// Whether a network in CIDR notation, or an address alone, has this address.
fn contains(network: &str, address: IpAddr) -> bool {
    let (start, length) =
        network.split_once('/').map_or((network, None), |(start, length)| (start, length.parse().ok()));
    let shifted =
        |address: u128, bits: u32| address.checked_shr(bits.saturating_sub(length.unwrap_or(bits))).unwrap_or(0);
    match (start.parse(), address) {
        (Ok(IpAddr::V4(start)), IpAddr::V4(address)) => {
            shifted(u32::from(start).into(), 32) == shifted(u32::from(address).into(), 32)
        }
        (Ok(IpAddr::V6(start)), IpAddr::V6(address)) => shifted(start.into(), 128) == shifted(address.into(), 128),
        _ => false,
    }
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned));
    list.chain(value.as_str().map(str::to_owned)).chain(value.as_bool().map(|value| value.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::http::Request;

    use super::*;
    use crate::gateway::refusal::GatewayResponses;

    fn address() -> ApiAddress {
        ApiAddress {
            partition: "aws".into(),
            region: "eu-central-1".into(),
            account: "111122223333".into(),
            api: "abc123".into(),
            stage: "prod".into(),
        }
    }

    const OFFICE: &str = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["execute-api:Invoke"],"Resource":["execute-api:/*"]},
        {"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*",
         "Condition":{"NotIpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:db8::/32"]}}}]}"#;

    fn verdict(policy: &str, caller: &str) -> Verdict {
        let arn = "arn:aws:execute-api:eu-central-1:111122223333:abc123/prod/POST/a";
        ResourcePolicy::parse(policy).unwrap().verdict(caller.parse().ok(), &address(), arn)
    }

    #[test]
    fn only_the_networks_that_it_names_and_this_machine_are_let_in() {
        let escaped =
            Value::from(OFFICE.replace("execute-api:/*", "arn:aws:execute-api:eu-central-1:111122223333:abc123/*"));
        let escaped = escaped.to_string().replace('/', "\\/");
        for policy in [OFFICE, &escaped[1..escaped.len() - 1]] {
            for caller in ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1", "127.0.0.1", "::ffff:127.0.0.1", "::1"] {
                assert_eq!(verdict(policy, caller), Verdict::Allowed, "{caller}");
            }
            for caller in ["203.0.114.1", "192.168.0.7", "2001:db9::1", "no address"] {
                assert_eq!(verdict(policy, caller), Verdict::Denied, "{caller}");
            }
        }
    }

    #[test]
    fn the_answer_is_iam_s() {
        let (parts, ()) = Request::post("/prod/a").body(()).unwrap().into_parts();
        let peer = "203.0.114.1:1".parse().unwrap();
        let mut exchange = Exchange::new(&address(), "d1", Arc::default(), &parts, peer);
        let refusal = ResourcePolicy::parse(OFFICE).unwrap().admit(&address(), &exchange).unwrap_err();
        refusal.tell(&mut exchange);
        let reply = GatewayResponses::default().answer(&refusal, &exchange);
        let text = "User: anonymous is not authorized to perform: execute-api:Invoke on resource: \
                    arn:aws:execute-api:eu-central-1:********3333:abc123/prod/POST/a with an explicit deny";
        assert_eq!((reply.status, reply.body), (403, format!("{{\"Message\":\"{text}\"}}").into()));
        let kind = reply.headers.iter().find(|(name, _)| name == "x-amzn-ErrorType").unwrap();
        assert_eq!(kind.1, "AccessDeniedException");
    }

    #[test]
    fn without_an_allow_it_is_silent() {
        let mut policy: Value = serde_json::from_str(OFFICE).unwrap();
        policy["Statement"].as_array_mut().unwrap().remove(0);
        assert_eq!(verdict(&policy.to_string(), "203.0.113.7"), Verdict::Silent);
        policy["Statement"][0]["Resource"] = "execute-api:/other/*".into();
        assert_eq!(verdict(&policy.to_string(), "1.2.3.4"), Verdict::Silent, "of another stage");
    }

    #[test]
    fn what_is_not_evaluated_here_lets_nobody_in() {
        let vpc = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpc":"v"}}}}"#;
        assert_eq!(verdict(vpc, "1.2.3.4"), Verdict::Silent);
        assert_eq!(verdict(&vpc.replace("Allow", "Deny"), "1.2.3.4"), Verdict::Denied);
        assert!(ResourcePolicy::parse(vpc).unwrap().problem().unwrap().contains("not evaluated"));
        for text in ["{", "no policy", "{}"] {
            assert_eq!(
                (verdict(text, "1.2.3.4"), verdict(text, "127.0.0.1")),
                (Verdict::Denied, Verdict::Allowed),
                "{text}"
            );
        }
        assert!(ResourcePolicy::parse("").is_none());
        let signed = OFFICE.replace(
            r#""Resource":["execute-api:/*"]}"#,
            r#""Resource":["execute-api:/*"],"Condition":{"Null":{"aws:PrincipalArn":["true"]}}}"#,
        );
        assert_eq!(verdict(&signed, "203.0.113.7"), Verdict::Allowed, "nobody here has signed");
    }
}

//! Tokens: a Lambda authorizer for each, with its role and log group; and the function that hands on API keys beside it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::aws::policy::allow;
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::function::{Function, admits};
use crate::kinds::log_group::LogGroup;
use crate::kinds::rest_api::Authorizer;
use crate::kinds::role::Role;
use crate::lower::auth::{Guard, bearer, called};
use crate::lower::function::Lambda;
use crate::lower::known::Family;
use crate::lower::{Lowering, plans, users};
use crate::resource::{Id, output_of};
use crate::spec::{Jwt, Plan, Token};

const FUNCTION: &str = "jwt";
const ROLE: &str = "jwt-role";
const LOG: &str = "jwt-log";

pub(in crate::lower) const FAMILIES: &[Family] =
    &[Family::of::<Function>(FUNCTION), Family::of::<Role>(ROLE), Family::of::<LogGroup>(LOG)];

/// Memory in MB: one signature to check.
const MEMORY_MB: u32 = 128;
/// Seconds that it may take; API Gateway itself waits for 29.
const SECONDS: u32 = 10;
/// Days that its log is kept.
const LOG_DAYS: u32 = 30;
/// Longest name of a function.
const LONGEST: usize = 64;

pub(super) fn guard(lowering: &Lowering<'_>, name: &str, jwt: &Jwt) -> Result<Guard> {
    let keys: Vec<(&String, String)> = plans_of(lowering, jwt);
    let statements = match keys.is_empty() {
        true => Vec::new(),
        false => {
            let arns: BTreeSet<String> =
                keys.iter().map(|(_, id)| lowering.place.apigateway_arn(&format!("/apikeys/{id}"))).collect();
            vec![allow("ReadKeys", &["apigateway:GET"], &arns.into_iter().collect::<Vec<_>>())]
        }
    };
    let needs = keys.iter().map(|(group, _)| plans::key(&jwt.plan_by_group[*group]).to_string());
    let mentions: Vec<String> = needs.collect::<BTreeSet<_>>().into_iter().collect();
    let function = Own {
        name,
        environment: environment(jwt, &keys),
        statements,
        mentions,
        reserved_concurrency: jwt.reserved_concurrency,
    };
    Ok(Guard {
        challenge: Some(bearer(lowering)),
        api_key: !jwt.plan_by_group.is_empty(),
        ..function.guard(lowering, "method.request.header.Authorization", jwt.cache_seconds)?
    })
}

/// What hands on the API key of a header. It is asked each time and without a source of identity, for a request without one is to be
/// answered 403 and not 401, as it is where API Gateway takes the key itself.
pub(super) fn keys(lowering: &Lowering<'_>, name: &str) -> Result<Guard> {
    let function = Own {
        name,
        environment: BTreeMap::from([(admits::KEY_HEADER.to_owned(), "x-api-key".to_owned())]),
        statements: Vec::new(),
        mentions: Vec::new(),
        reserved_concurrency: None,
    };
    Ok(Guard { api_key: true, ..function.guard(lowering, "", 0)? })
}

/// A function of its own for one authorizer.
struct Own<'a> {
    name: &'a str,
    environment: BTreeMap<String, String>,
    statements: Vec<Value>,
    mentions: Vec<String>,
    reserved_concurrency: Option<u32>,
}

impl Own<'_> {
    fn guard(self, lowering: &Lowering<'_>, identity_source: &str, cache_seconds: u32) -> Result<Guard> {
        let id = |family: &str| Id::of_family(family, self.name).to_string();
        let (function, role, log) = (id(FUNCTION), id(ROLE), id(LOG));
        let name = function_name(&lowering.spec.name, self.name);
        let nodes: Vec<Node> = lowering.function(Lambda {
            id: &function,
            role_id: &role,
            log_id: &log,
            name: name.clone(),
            memory_mb: MEMORY_MB,
            timeout_seconds: SECONDS,
            environment: self.environment,
            xray: lowering.spec.api().is_some_and(|api| api.xray),
            log_days: LOG_DAYS,
            log_level: "info",
            reserved_concurrency: self.reserved_concurrency,
            asynchronous: None,
            allows_recursion: false,
            code: lowering.codes.jwt_authorizer(),
            statements: self.statements,
            mentions: self.mentions.iter().map(String::as_str).collect(),
            // It gets the issuer's keys through the internet.
            placed: false,
        })?;
        let arn = lowering.function_arn(&name);
        let authorizer =
            Authorizer { identity_source: identity_source.to_owned(), cache_seconds, ..called(lowering, &arn) };
        Ok(Guard {
            nodes,
            authorization: "CUSTOM",
            authorizer: Some((self.name.to_owned(), authorizer)),
            statements: vec![allow(&sid(self.name), &["lambda:InvokeFunction"], &[arn])],
            mentions: vec![function],
            ..Guard::default()
        })
    }
}

/// A statement's name has letters and digits only.
fn sid(name: &str) -> String {
    let shown: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    format!(
        "Authorize{shown}{}",
        if shown.len() == name.len() { String::new() } else { crate::diff::hash(&json!(name)) }
    )
}

/// `PIPELINE-jwt-NAME`, cut where AWS has no room for it, with a hash in the place of what was cut.
fn function_name(pipeline: &str, name: &str) -> String {
    crate::lower::function::cut(&format!("{pipeline}-jwt-{name}"), LONGEST)
}

/// The groups with the ids of their plans' keys, the fastest plan first.
fn plans_of<'a>(lowering: &Lowering<'_>, jwt: &'a Jwt) -> Vec<(&'a String, String)> {
    let speed = |plan: &String| {
        let rate = |plan: &Plan| plan.rate_per_second.unwrap_or(f64::INFINITY);
        lowering.spec.plans.get(plan).map_or(0.0, rate)
    };
    let mut all: Vec<(&String, &String)> = jwt.plan_by_group.iter().collect();
    all.sort_by(|(_, one), (_, other)| speed(other).total_cmp(&speed(one)));
    all.into_iter().map(|(group, plan)| (group, output_of(plans::key(plan).as_str(), "id"))).collect()
}

fn environment(jwt: &Jwt, keys: &[(&String, String)]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: String| _ = all.insert(name.to_owned(), value);
    match &jwt.users {
        Some(users) => {
            let pool = users::id(users);
            let issuer = output_of(pool.as_str(), "issuer");
            set(admits::JWKS_URL, format!("{issuer}/.well-known/jwks.json"));
            set(admits::ISSUER, issuer);
            set(admits::AUDIENCE, json!([output_of(pool.as_str(), "client_id")]).to_string());
            set(admits::TOKEN_USE, if jwt.token == Token::Id { "id" } else { "access" }.to_owned());
        }
        None => {
            set(admits::ISSUER, jwt.issuer.clone().unwrap_or_default());
            set(admits::AUDIENCE, json!(jwt.audience).to_string());
        }
    }
    let claim = jwt.groups_claim.clone().or_else(|| jwt.users.as_ref().map(|_| "cognito:groups".to_owned()));
    set(admits::GROUPS_CLAIM, claim.unwrap_or_else(|| "groups".to_owned()));
    for (name, words) in [(admits::GROUPS, &jwt.groups), (admits::SCOPES, &jwt.scopes)] {
        if !words.is_empty() {
            set(name, json!(words).to_string());
        }
    }
    if !keys.is_empty() {
        set(admits::PLANS, json!(keys).to_string());
    }
    all
}

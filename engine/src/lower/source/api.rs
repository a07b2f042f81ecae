//! The REST API with its role and its access log, and what guards it.

mod cors;
mod document;
pub(in crate::lower) mod domain;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::policy;
use crate::error::{Error, Result};
use crate::graph::Node;
use crate::kinds::account_logging::AccountLogging;
use crate::kinds::log_group::{self, LogGroup};
use crate::kinds::rest_api::policy::{Callers, only_from};
use crate::kinds::rest_api::{PRIVATE, RestApi, Throttle};
use crate::kinds::role::Role;
use crate::lower::auth::{Guard, guards};
use crate::lower::function::role_name;
use crate::lower::known::Known;
use crate::lower::to::to;
use crate::lower::{Lowering, network};
use crate::network::Network;
use crate::resource::Name;
use crate::spec::{self, Api};
use document::{Body, Input, Route};

pub const API: &str = "api";
pub(in crate::lower) const ROLE: &str = "api-role";
const LOG: &str = "api-log";
const LOGGING: &str = "api-logging";

pub(in crate::lower) const IDS: &[Known] = &[
    Known::of::<RestApi>(API, |spec, _| spec.api_name()),
    Known::of::<LogGroup>(LOG, |spec, _| log_name(&spec.api_name())),
    Known::of::<Role>(ROLE, |spec, place| role_name(&spec.name, ROLE, place)),
];

pub(super) fn nodes(lowering: &Lowering<'_>, api: &Api) -> Result<Vec<Node>> {
    let mut guards = guards(lowering)?;
    let mut nodes: Vec<Node> = guards.values_mut().flat_map(|guard| std::mem::take(&mut guard.nodes)).collect();
    let routes: Vec<Route> = api.routes.iter().map(|one| route(lowering, one)).collect::<Result<_>>()?;
    let (mut statements, mentions) = uses(&routes, &guards);
    statements.extend(network::keeps_door(lowering));
    let role = lowering.role(policy::trust("apigateway.amazonaws.com"), statements);
    nodes.push(Node::new(ROLE, lowering.role_name(ROLE), &role)?.mentions(mentions.iter().map(String::as_str)));
    let group = log_name(&lowering.spec.api_name());
    if let Some(days) = api.access_log_days.days() {
        nodes.push(Node::new(LOG, &group, &LogGroup { retention_days: days })?.adopted());
        nodes.push(Node::new(LOGGING, "account", &AccountLogging { permissions_boundary: lowering.boundary() })?);
    }
    let mut document = document::document(&Input {
        stage: api.stage.clone(),
        minimum_tls: api.minimum_tls,
        web_acl: api.waf.clone(),
        throttle: lowering
            .spec
            .throttle()
            .map(|limit| Throttle { rate_per_second: limit.rate_per_second, burst: limit.burst }),
        xray: api.xray,
        access_log_group_arn: api.access_log_days.days().map(|_| log_group::arn(lowering.place, &Name::new(&group))),
        routes,
        guards,
        key_of_authorizer: lowering.spec.counts_users(),
    })?;
    if let Some(allowed) = &api.cors {
        document = cors::allow(document, allowed, &api.routes)?;
    }
    if !document.binary_types.is_empty() {
        document = document::as_text(document)?;
    }
    let document = let_in(lowering, api, document)?;
    let node = Node::new(API, lowering.spec.api_name(), &document)?.needs([ROLE, LOG, LOGGING]);
    nodes.push(node.mentions(mentions.iter().map(String::as_str)));
    nodes.extend(api.domain.as_ref().map(|own| domain::node(api, own)).transpose()?);
    Ok(nodes)
}

/// Says where requests may come from.
fn let_in(lowering: &Lowering<'_>, api: &Api, mut document: RestApi) -> Result<RestApi> {
    // The check of the spec has refused what is none.
    let networks = api.allow_ips.iter().flatten().filter_map(|text| Network::parse(text)).collect();
    let callers = Callers { networks, endpoints: network::door(lowering) };
    if callers != Callers::default() {
        document.policy = Some(only_from(&callers, &document.routes));
    }
    if api.private.is_some() {
        document.endpoint_type = PRIVATE.to_owned();
        document.vpc_endpoints = callers.endpoints;
    }
    document.sealed()
}

fn route(lowering: &Lowering<'_>, route: &spec::Route) -> Result<Route> {
    Ok(Route {
        method: route.method(),
        path: route.path().to_owned(),
        guard: guard_of(lowering.spec, route),
        body: body(lowering, route)?,
        types: route.types().map(str::to_owned).collect(),
        to: to(lowering, route)?,
    })
}

/// The name of what guards a route. One that nothing goes by guards it all the same: a mistake must not leave the route open.
fn guard_of(spec: &spec::Spec, route: &spec::Route) -> Option<String> {
    let only = || spec.auth.as_ref().and_then(|auth| auth.only()).map(|(name, _)| name.to_owned()).unwrap_or_default();
    spec.is_guarded(route).then(|| route.auth.clone().unwrap_or_else(only))
}

fn body(lowering: &Lowering<'_>, route: &spec::Route) -> Result<Body> {
    let action = match lowering.spec.to(route) {
        Some(spec::To::Table(call)) => Some(call.action()),
        _ => None,
    };
    Ok(match route.body() {
        _ if action.as_ref().is_some_and(|action| !action.takes_body()) => Body::Any,
        spec::Body::Object => Body::Object,
        spec::Body::Any => Body::Any,
        spec::Body::Schema(file) => {
            let unread = || Error::defect(format!("the schema `{}` was not read with the spec", file.display()));
            let schema = lowering.schemas.get(file).ok_or_else(unread)?;
            Body::Schema(match action {
                // A template of one's own may take what it likes.
                Some(action) if action.templates().0.is_none() => spec::shape::model(schema, action.refuses_extra()),
                _ => schema.clone(),
            })
        }
    })
}

/// What the API may do, and what it names, each once: what its routes call, and what guards them.
fn uses(routes: &[Route], guards: &BTreeMap<String, Guard>) -> (Vec<Value>, Vec<String>) {
    let (mut statements, mut mentions) = (Vec::new(), Vec::new());
    let to = routes.iter().map(|route| (&route.to.statements, &route.to.mentions));
    for (may, names) in to.chain(guards.values().map(|guard| (&guard.statements, &guard.mentions))) {
        statements.extend(may.iter().filter(|one| !statements.contains(*one)).cloned().collect::<Vec<_>>());
        mentions.extend(names.iter().filter(|one| !mentions.contains(*one)).cloned().collect::<Vec<_>>());
    }
    (statements, mentions)
}

/// Name of the access log's group.
fn log_name(api: &str) -> String {
    format!("/aws/apigateway/{}", api.replace(' ', "-"))
}

#[cfg(test)]
mod tests {
    /// Between the check of a spec and its lowering a build may have run, and put a link in the file's place.
    #[test]
    fn a_schema_is_as_it_was_when_the_spec_was_checked() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (file, other) = (folder.path().join("a.json"), outside.path().join("a.json"));
        let text = b"name: demo\nsource: { api: { routes: [{ post: /a, auth: none, body: { schema: a.json } }] } }\nstream: { kinesis: {} }\n";
        std::fs::write(&file, r#"{"title": "ours"}"#).unwrap();
        std::fs::write(&other, r#"{"title": "theirs"}"#).unwrap();
        let loaded = crate::spec::parse("pipeline.yaml", text, folder.path()).unwrap();
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(&other, &file).unwrap();
        let (place, codes) = (crate::aws::mocked::place(), crate::bundle::Codes::unbuilt());
        let graph = crate::lower::lower(&loaded, &place, &codes).unwrap();
        let models = graph.node("api").unwrap().desired["models"].to_string();
        assert!(models.contains("ours") && !models.contains("theirs"), "{models}");
        let again = crate::spec::parse("pipeline.yaml", text, folder.path()).unwrap_err();
        assert!(again.problems[0].message.contains("is outside of the spec's folder"), "{again}");
    }
}

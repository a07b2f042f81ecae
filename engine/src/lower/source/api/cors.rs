//! CORS: the answers to browsers that ask before they send a page's request (`OPTIONS`), and the headers that let a page read an
//! answer, on every answer of the API.
//!
//! A browser compares the header with the origin of its page, so an answer names one origin. Of several, the templates choose.
//! Gateway responses have no templates (`docs/aws.md#api-gateway-cors`): they name every page where no credentials are at
//! stake, as their texts are API Gateway's own, and the first origin otherwise.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::kinds::rest_api::cors::{ALLOW_CREDENTIALS, ALLOW_ORIGIN, choice};
use crate::kinds::rest_api::{GatewayResponse, Integration, IntegrationResponse, RestApi, Route, Texts};
use crate::lower::to::{JSON, one};
use crate::spec::{self, ANY_ORIGIN, Cors, CorsMethod, PartitionKey};

/// The status of an answer to a browser that asks: there is nothing to read.
const STATUS: &str = "204";

/// Lets pages call the API that `routes` were lowered to.
///
/// # Errors
/// Only where the document cannot be JSON, which is a defect.
pub(super) fn allow(mut api: RestApi, cors: &Cors, routes: &[spec::Route]) -> Result<RestApi> {
    let preflights = preflights(&api, cors, routes);
    for route in api.routes.values_mut() {
        open(route, cors);
    }
    api.routes.extend(preflights);
    for kind in ["DEFAULT_4XX", "DEFAULT_5XX"] {
        // The default's own text: API Gateway keeps no response without one.
        let templates = one(JSON, r#"{"message":$context.error.messageString}"#);
        let response = GatewayResponse { templates, ..GatewayResponse::default() };
        api.gateway_responses.entry(kind.to_owned()).or_insert(response);
    }
    let several = cors.origins.len() > 1;
    let origin = if several && !cors.credentials { ANY_ORIGIN } else { &cors.origins[0] };
    for response in api.gateway_responses.values_mut() {
        response.parameters.extend(named("gatewayresponse", origins(cors, origin)));
    }
    api.sealed()
}

/// Lets pages read the answers of a route. One whose function gives the whole answer gives its headers, too.
fn open(route: &mut Route, cors: &Cors) {
    if route.integration.kind.ends_with("_PROXY") {
        return;
    }
    for (status, response) in &mut route.integration.responses {
        let headers = answer(response, cors, BTreeMap::new());
        route.responses.entry(status.clone()).or_default().extend(headers);
    }
}

/// Gives an answer its headers, and returns what its method has to declare.
fn answer(response: &mut IntegrationResponse, cors: &Cors, more: BTreeMap<&str, String>) -> BTreeMap<String, bool> {
    let mut headers = origins(cors, &cors.origins[0]);
    headers.extend(more);
    if cors.origins.len() > 1 {
        // A cache must not give the answer of one page to another.
        headers.insert("Vary", "Origin".to_owned());
        let choice = choice(&cors.origins);
        let template = response.templates.entry(JSON.to_owned()).or_default();
        *template = choice + template;
    }
    let headers = named("method.response", headers);
    response.parameters.extend(headers.clone());
    headers.into_keys().map(|name| (name, true)).collect()
}

/// Which pages an answer is for.
fn origins<'a>(cors: &Cors, origin: &str) -> BTreeMap<&'a str, String> {
    let credentials = cors.credentials.then(|| (ALLOW_CREDENTIALS, "true".to_owned()));
    [(ALLOW_ORIGIN, origin.to_owned())].into_iter().chain(credentials).collect()
}

/// Static headers as API Gateway maps them.
fn named(place: &str, headers: BTreeMap<&str, String>) -> Texts {
    headers.into_iter().map(|(name, value)| (format!("{place}.header.{name}"), format!("'{value}'"))).collect()
}

/// What answers a browser that asks, by path. It needs no credentials: browsers send none with the question.
fn preflights(api: &RestApi, cors: &Cors, routes: &[spec::Route]) -> BTreeMap<String, Route> {
    let paths: BTreeSet<&str> = routes.iter().map(spec::Route::path).collect();
    let preflight = |path: &str| {
        let here: Vec<&spec::Route> = routes.iter().filter(|route| route.path() == path).collect();
        let more = BTreeMap::from([
            ("Access-Control-Allow-Methods", methods(cors, &here)),
            ("Access-Control-Allow-Headers", headers(api, cors, &here)),
            ("Access-Control-Max-Age", cors.max_age_seconds.to_string()),
        ]);
        let more = more.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let mut response = IntegrationResponse::default();
        let declared = answer(&mut response, cors, more);
        Route {
            authorization: "NONE".to_owned(),
            responses: BTreeMap::from([(STATUS.to_owned(), declared)]),
            integration: Integration {
                kind: "MOCK".to_owned(),
                passthrough: "NEVER".to_owned(),
                timeout_ms: 29_000,
                templates: one(JSON, &format!("{{\"statusCode\": {STATUS}}}")),
                responses: BTreeMap::from([(STATUS.to_owned(), response)]),
                ..Integration::default()
            },
            ..Route::default()
        }
    };
    paths.into_iter().map(|path| (format!("OPTIONS {path}"), preflight(path))).collect()
}

/// The methods that pages may use on a path.
fn methods(cors: &Cors, routes: &[&spec::Route]) -> String {
    let of = |route: &&spec::Route| match route.method() {
        spec::Method::Any => CorsMethod::ALL.map(CorsMethod::name).to_vec(),
        method => vec![method.name()],
    };
    let names: BTreeSet<&str> = match &cors.methods {
        Some(methods) => methods.iter().map(|method| method.name()).collect(),
        None => routes.iter().flat_map(of).collect(),
    };
    names.into_iter().collect::<Vec<_>>().join(",")
}

/// The headers that pages may set on a path: what its routes read.
fn headers(api: &RestApi, cors: &Cors, routes: &[&spec::Route]) -> String {
    if let Some(headers) = &cors.headers {
        return headers.join(",");
    }
    let mut names = BTreeSet::new();
    for route in routes {
        if route.method().has_body() {
            names.insert("Content-Type");
        }
        if let PartitionKey::Header(name) = &route.partition_key {
            names.insert(name);
        }
        let key = format!("{} {}", route.method().name(), route.path());
        names.extend(api.routes.get(&key).into_iter().flat_map(|made| credentials(api, made)));
    }
    names.into_iter().collect::<Vec<_>>().join(",")
}

/// The headers that a route takes credentials in.
fn credentials<'a>(api: &'a RestApi, route: &Route) -> Vec<&'a str> {
    let mut names = Vec::new();
    if route.api_key {
        names.push("X-Api-Key");
    }
    if route.authorization == "AWS_IAM" {
        names.extend(["Authorization", "X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Security-Token"]);
    }
    let sources = api.authorizers.get(&route.authorizer).map(|authorizer| authorizer.identity_source.split(','));
    names.extend(sources.into_iter().flatten().filter_map(|source| source.strip_prefix("method.request.header.")));
    names
}

#[cfg(test)]
mod tests;

//! Whose pages the API lets in: asked of the API itself, as a browser asks it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::header::ORIGIN;
use axum::http::request::Parts;

use super::exchange::Exchange;
use super::live::Live;
use super::snapshot::{Guard, ServedMethod};

const ALLOW_ORIGIN: &str = "access-control-allow-origin";

/// Whether the API's answer to a browser that asks names the page that sent the request, or every page. Only an answer of API
/// Gateway's own counts, so that nothing is called. A path that the API lacks is answered as its other paths are.
pub fn allow(live: &Live, parts: &Parts, peer: SocketAddr) -> bool {
    let mut asked = Exchange::new(&live.address, &live.snapshot.deployment, Arc::clone(&live.variables), parts, peer);
    // As browsers ask: without the body of the request itself.
    asked.params.header.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    "OPTIONS".clone_into(&mut asked.method);
    let Some(method) = preflight(live, &asked.resource_path) else { return false };
    let reply = method.integration.as_ref().and_then(|integration| integration.mocked(&mut asked));
    let named =
        reply.and_then(|reply| reply.headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(ALLOW_ORIGIN)));
    let mut sent = parts.headers.get_all(ORIGIN).iter();
    match (named, sent.next(), sent.next()) {
        (Some((_, named)), _, _) if named == "*" => true,
        (Some((_, named)), Some(one), None) => one.as_bytes() == named.as_bytes(),
        _ => false,
    }
}

fn preflight<'a>(live: &'a Live, path: &str) -> Option<&'a ServedMethod> {
    let resources = &live.snapshot.resources;
    let found = live.snapshot.router.find(path).and_then(|(number, _)| resources.get(number));
    let method = match found {
        Some(resource) => resource.methods.get("OPTIONS"),
        None => resources.iter().find_map(|resource| resource.methods.get("OPTIONS")),
    };
    method.filter(|method| method.guard == Guard::Open)
}

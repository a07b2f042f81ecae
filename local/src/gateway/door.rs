//! Who gets to the API at all.
//!
//! API Gateway answers under domain names that nobody else can take. This gateway has a port of this machine, which every web
//! page that is open on it can send to, and a route may ask for no credentials.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::Method;
use axum::http::request::Parts;

use super::reach::Reach;
use super::refusal::Refusal;
use crate::pages;

/// The gateway's own address, and what was already said about those who were turned away.
pub struct Door {
    own: SocketAddr,
    host_told: AtomicBool,
    page_told: AtomicBool,
}

impl Door {
    pub fn new(own: SocketAddr) -> Self {
        Self { own, host_told: AtomicBool::new(false), page_told: AtomicBool::new(false) }
    }
}

/// Turns away what comes under another host, as API Gateway does, and what a page of another origin sends, unless `allowed` says
/// that the API lets such a page in. AWS takes every page's requests; but there no page can reach what only this machine can.
///
/// The reason is reported once for each of the two.
pub fn pass(door: &Door, reach: &Reach, parts: &Parts, allowed: impl FnOnce() -> bool) -> Result<(), Refusal> {
    let Door { own, host_told, page_told } = door;
    let once = |told: &AtomicBool, why: String| {
        if !told.swap(true, Ordering::Relaxed) {
            reach.warn(format!("the gateway answers 403 to {why}"));
        }
    };
    if !pages::names(&parts.headers, *own) {
        let port = own.port();
        once(
            host_told,
            format!("requests for another host than {own} or localhost:{port}: any web page may be behind it"),
        );
        return Err(Refusal::of("FORBIDDEN"));
    }
    if !pages::foreign(&parts.headers) || allowed() {
        return Ok(());
    }
    once(page_told, "web pages of other origins, until `cors` of the spec names them".to_owned());
    // A browser that asks beforehand gets what an API without CORS answers, whatever methods the path has.
    Err(Refusal::of(if parts.method == Method::OPTIONS { "MISSING_AUTHENTICATION_TOKEN" } else { "FORBIDDEN" }))
}

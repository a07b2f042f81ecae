//! What all requests of a gateway share, whatever it serves at the time.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::access_log::Log;
use super::door::Door;
use super::live::Live;
use crate::event::{Event, Events};
use crate::invoke::Invoke;
use crate::roles::Roles;

/// The pooled client of service integrations.
pub type Http = Client<HttpConnector, Full<Bytes>>;

/// Handles to everything outside, and what is served now.
pub struct Shared {
    pub roles: Roles,
    pub invoke: Invoke,
    pub events: Events,
    pub http: Http,
    pub log: Log,
    pub door: Door,
    live: RwLock<Arc<Live>>,
}

impl Shared {
    pub fn new(roles: Roles, invoke: Invoke, events: Events, log: Log, door: Door, live: Live) -> Self {
        Self { roles, invoke, events, http: client(), log, door, live: RwLock::new(Arc::new(live)) }
    }

    /// What is served now. Who holds it goes on with it when another comes.
    pub fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves this from now on.
    pub fn serve(&self, live: Live) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
    }

    pub fn warn(&self, message: String) {
        // A receiver that is gone wants to know nothing.
        let _ = self.events.send(Event::Warning { message });
    }
}

fn client() -> Http {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

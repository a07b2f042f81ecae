//! The ways out of the gateway: credentials, functions, services, and the listener for events.

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::event::{Event, Events};
use crate::invoke::Invoke;
use crate::roles::{GivenOut, Roles};
use crate::seen::Lens;

/// The pooled client of service integrations.
pub type Http = Client<HttpConnector, Full<Bytes>>;

/// Handles to everything outside.
pub struct Reach {
    pub roles: Roles,
    pub keys: GivenOut,
    pub invoke: Invoke,
    pub events: Events,
    pub lens: Lens,
    pub http: Http,
}

impl Reach {
    pub fn new(roles: Roles, keys: GivenOut, invoke: Invoke, events: Events, lens: Lens) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { roles, keys, invoke, events, lens, http: Client::builder(TokioExecutor::new()).build(connector) }
    }

    pub fn tell(&self, event: Event) {
        // A receiver that is gone wants to know nothing.
        let _ = self.events.send(event);
    }

    pub fn warn(&self, message: String) {
        self.tell(Event::Warning { message });
    }
}

//! The data plane of a REST API (API Gateway v1), over a snapshot of the API as deployed.
//!
//! A request goes the way that AWS gives it: route, stage throttle, authorizer, validation, mapping template, integration,
//! integration response; what API Gateway answers itself are its gateway responses. Templates, patterns, schemas and routes
//! are parsed once for a deployment.
//!
//! Not served: HTTP and VPC integrations, resource policies, stage caches, the account's own throttle, execution logs, X-Ray. HTTP header names arrive in
//! lower case, as from a client that speaks HTTP/2. The endpoint is spoken to over plain HTTP.

mod access_log;
pub(crate) mod authorizer;
mod callers;
mod coding;
mod definition;
mod door;
mod exchange;
mod integration;
mod keys;
mod live;
mod mapping;
mod origins;
mod params;
mod permits;
mod plans;
mod reach;
mod read;
mod refusal;
mod reply;
mod resource_policy;
mod router;
mod seen;
mod serve;
mod serving;
mod shared;
pub(crate) mod sign;
mod snapshot;
mod throttle;
mod validate;
mod variables;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::access_log::Log;
use self::definition::Plan;
use self::door::Door;
use self::live::Live;
use self::reach::Reach;
use self::read::Reader;
use self::shared::Shared;
use self::snapshot::Snapshot;
use crate::error::{Error, Result};
use crate::event::Events;
use crate::invoke::Invoke;
use crate::roles::{GivenOut, Roles};
use crate::seen::Lens;

/// How long requests under way may take to end when the gateway stops, and then how long the access log may.
const STOP: Duration = Duration::from_millis(1500);

/// What a gateway serves, and with what.
pub struct Settings {
    pub roles: Roles,
    /// Whose signatures open methods of `AWS_IAM`, beside the deployer's.
    pub keys: GivenOut,
    pub invoke: Invoke,
    pub events: Events,
    pub lens: Lens,
    /// The API's id at the endpoint.
    pub api: String,
    pub stage: String,
}

/// A running gateway, until it is stopped or dropped.
pub struct Gateway {
    shared: Arc<Shared>,
    server: JoinHandle<()>,
    log: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Gateway {
    /// Serves `http://<listener>/<stage>/...`.
    ///
    /// # Errors
    /// The API or the stage cannot be read; the listener has no address.
    pub async fn start(listener: TcpListener, settings: Settings) -> Result<Self> {
        let own = listener.local_addr().map_err(|error| Error::new(format!("listen for the gateway: {error}")))?;
        let live = read(&settings.roles, &settings.api, &settings.stage, None).await?;
        Ok(Self::serve(listener, own, settings, live))
    }

    fn serve(listener: TcpListener, own: SocketAddr, settings: Settings, live: Live) -> Self {
        let Settings { roles, keys, invoke, events, lens, .. } = settings;
        let (log, log_task) = Log::start(roles.clone(), events.clone());
        let shared = Arc::new(Shared::new(Reach::new(roles, keys, invoke, events, lens), log, Door::new(own), live));
        warn_of_problems(&shared);
        let (stop, mut stopped) = watch::channel(false);
        let app = Router::new().fallback(serve::answer).with_state(Arc::clone(&shared));
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let listener = listener.tap_io(|stream| {
            // Small answers must not wait for Nagle; a socket that cannot do this is served all the same.
            let _ = stream.set_nodelay(true);
        });
        let server = tokio::spawn(async move {
            let stopping = async move {
                // Ends too when the gateway was dropped.
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            // axum serves until it is stopped; it has no other end.
            let _ = axum::serve(listener, app).with_graceful_shutdown(stopping).await;
        });
        Self { shared, server, log: log_task, stop }
    }

    /// Reads the stage again; takes a new snapshot when its deployment is another one. Stage settings, throttle and access log
    /// always apply. Requests under way end on the old snapshot. Another API id or stage may be given.
    ///
    /// # Errors
    /// The API or the stage cannot be read; what was served until now goes on.
    pub async fn refresh(&self, api: &str, stage: &str) -> Result<()> {
        let before = self.shared.live();
        let live = read(&self.shared.reach.roles, api, stage, Some(&before)).await?;
        let is_new = !Arc::ptr_eq(&before.snapshot, &live.snapshot);
        self.shared.serve(live);
        if is_new {
            warn_of_problems(&self.shared);
        }
        Ok(())
    }

    /// Takes no more requests, lets those under way end for a moment, and writes the rest of the access log.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // Tasks that have not ended by then are aborted when they are dropped here.
        let _ = timeout(STOP, &mut self.server).await;
        // Lines that do not get through to the log in this time are lost.
        let _ = timeout(STOP, self.shared.log.flush()).await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.server.abort();
        self.log.abort();
    }
}

/// What is at the endpoint, with the snapshot of `before` where that is still what is deployed.
async fn read(roles: &Roles, api: &str, stage: &str, before: Option<&Live>) -> Result<Live> {
    let reader = Reader::new(roles, api, stage);
    let settings = reader.stage().await?;
    let same = |live: &&Live| {
        let address = &live.address;
        address.api == api && address.stage == stage && live.snapshot.deployment == settings.deployment
    };
    if let Some(before) = before.filter(same) {
        let plans = plans_of(&reader, &before.snapshot).await?;
        return Ok(Live::new(before.address.clone(), Arc::clone(&before.snapshot), (settings, plans), Some(before)));
    }
    let (address, definition) = (reader.address().await?, reader.definition(&settings.deployment).await?);
    let snapshot = Snapshot::new(&definition);
    let plans = plans_of(&reader, &snapshot).await?;
    Ok(Live::new(address, Arc::new(snapshot), (settings, plans), before))
}

/// An endpoint without usage plans serves APIs without keys.
async fn plans_of(reader: &Reader, snapshot: &Snapshot) -> Result<Vec<Plan>> {
    if snapshot.asks_for_keys() { reader.plans().await } else { Ok(Vec::new()) }
}

fn warn_of_problems(shared: &Shared) {
    for problem in &shared.live().snapshot.problems {
        shared.reach.warn(format!("the gateway: {problem}"));
    }
}

#[cfg(test)]
mod tests;

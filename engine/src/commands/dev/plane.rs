//! The data plane of `pipe dev`: gateway, pollers, functions.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use pipe_local::event::{Event, Events};
use pipe_local::functions::{self, Functions};
use pipe_local::gateway::{self, Gateway};
use pipe_local::invoke::Invoke;
use pipe_local::meter::Meter;
use pipe_local::poller::{self, Pollers, Wanted};
use pipe_local::push::{self, Push};
use pipe_local::roles::{GivenOut, Roles};
use pipe_local::seen::Lens;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::aws::{ConnectOptions, sdk};
use crate::error::{Error, Result};
use crate::lower::id;
use crate::resource::{Id, Outputs};
use crate::session;
use crate::spec::Loaded;

use super::cloud::{Cloud, supervisor};

/// What moves events: started once, and made to follow the spec after every apply.
pub struct Plane {
    roles: Roles,
    keys: GivenOut,
    functions: Functions,
    pollers: Pollers,
    /// Absent on an endpoint of the user's, which calls functions itself.
    push: Option<Push>,
    gateway: Option<Gateway>,
    /// The API's port, until a gateway serves it.
    listener: Option<TcpListener>,
    address: SocketAddr,
    events: Events,
    /// The way to call functions, counted.
    invoke: Invoke,
    meter: Meter,
    /// Publishes what the meter counts.
    published: JoinHandle<()>,
    lens: Lens,
}

impl Plane {
    /// Prepares functions and pollers; nothing runs before [`Plane::follow`].
    ///
    /// # Errors
    /// The port was lost.
    pub async fn new(
        cloud: &mut Cloud,
        spec: &Path,
        listener: TcpListener,
        events: Events,
        meter: Meter,
    ) -> Result<Self> {
        let address = reached_at(&listener)?;
        let roles = Roles::new(way(cloud).await?);
        let functions = Functions::new(functions::Settings {
            supervisor: supervisor()?,
            cache: session::cache()?.join("code"),
            events: events.clone(),
            lens: cloud.lens(),
            roles: roles.clone(),
            endpoint_url: cloud.url(),
            region: cloud.region().to_owned(),
        });
        let invoke = meter.timing(functions.as_invoke());
        let pollers = Pollers::new(poller::Settings {
            roles: roles.clone(),
            invoke: Arc::clone(&invoke),
            events: events.clone(),
            lens: cloud.lens(),
            puts: cloud.puts(),
            // By the spec, which one `pipe dev` at a time has: the next one goes on where this one ends.
            checkpoints: session::checkpoints(spec)?,
        });
        let push = pushing(cloud, &roles, &invoke, &events);
        let published = meter.publish(roles.clone());
        let (listener, lens) = (Some(listener), cloud.lens());
        Ok(Self {
            roles,
            keys: cloud.given_out(),
            functions,
            pollers,
            push,
            gateway: None,
            listener,
            address,
            events,
            invoke,
            meter,
            published,
            lens,
        })
    }

    /// Where a stage of the API is served.
    pub fn url(&self, stage: &str) -> String {
        format!("http://{}/{stage}", self.address)
    }

    /// Makes what runs match what was applied: other code for the next call, another snapshot of the API, other mappings.
    ///
    /// # Errors
    /// A role that may not what its function or mapping needs; an endpoint that does not answer.
    pub async fn follow(&mut self, loaded: &Loaded, outputs: &BTreeMap<Id, Outputs>) -> Result<()> {
        self.roles.forget();
        self.functions.refresh().await?;
        self.serve(loaded, outputs).await?;
        let spec = &loaded.spec;
        let wanted =
            spec.function().map(|function| Wanted { function: spec.consumer_name(), enabled: function.enabled });
        self.pollers.sync(wanted.into_iter().collect()).await?;
        if let Some(push) = &mut self.push {
            push.sync().await?;
        }
        if spec.function().is_some() {
            // A function that does not start is reported, and tried again when a record comes.
            if let Err(error) = self.functions.warm(&spec.consumer_name()).await {
                let message = format!("failed to {error}");
                let _ = self.events.send(Event::Warning { message });
            }
        }
        Ok(())
    }

    async fn serve(&mut self, loaded: &Loaded, outputs: &BTreeMap<Id, Outputs>) -> Result<()> {
        let api = outputs.get(&Id::new(id::API)).and_then(|api| api.get("id"));
        let (Some(api), Some(spec)) = (api, loaded.spec.api()) else {
            return Ok(());
        };
        self.meter.serves(&loaded.spec.api_name(), &spec.stage);
        if let Some(gateway) = &self.gateway {
            return Ok(gateway.refresh(api, &spec.stage).await?);
        }
        let Some(listener) = self.listener.take() else { return Ok(()) };
        let settings = gateway::Settings {
            roles: self.roles.clone(),
            keys: Arc::clone(&self.keys),
            invoke: Arc::clone(&self.invoke),
            events: self.events.clone(),
            lens: self.lens.clone(),
            api: api.clone(),
            stage: spec.stage.clone(),
        };
        self.gateway = Some(Gateway::start(listener, settings).await?);
        Ok(())
    }

    /// Ends what runs: no new requests first, then no new batches, then the functions.
    pub async fn stop(self) {
        if let Some(gateway) = self.gateway {
            gateway.stop().await;
        }
        self.pollers.stop().await;
        self.published.abort();
        if let Some(push) = self.push {
            push.stop();
        }
        self.functions.stop().await;
    }
}

/// Where a listener is reached: of all addresses the one that works on this machine, whatever its network.
fn reached_at(listener: &TcpListener) -> Result<SocketAddr> {
    let mut address =
        listener.local_addr().map_err(|error| Error::fatal(format!("cannot listen for the API: {error}")))?;
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Ok(address)
}

/// The way to the endpoint. Quotas of AWS's control plane do not concern the data plane.
async fn way(cloud: &Cloud) -> Result<SdkConfig> {
    let options = ConnectOptions {
        region: Some(cloud.region().to_owned()),
        profile: None,
        endpoint_url: Some(cloud.url()),
        keys: cloud.keys(),
    };
    let tls = Provider::Rustls(CryptoMode::AwsLc);
    let client = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
    Ok(sdk(&options).await?.into_builder().http_client(client).build())
}

/// Takes what the emulator has for functions; nothing where it is the user's.
fn pushing(cloud: &mut Cloud, roles: &Roles, invoke: &Invoke, events: &Events) -> Option<Push> {
    let (roles, invoke, events) = (roles.clone(), Arc::clone(invoke), events.clone());
    Some(Push::start(push::Settings { roles, invoke, events, lens: cloud.lens(), inbox: cloud.inbox()? }))
}

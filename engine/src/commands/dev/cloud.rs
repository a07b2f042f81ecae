//! The AWS-compatible endpoint of `pipe dev`: MiniStack of its own, or the user's, behind the forwarder.

use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::path::Path;

use pipe_local::endpoint::{Behind, Emulator, Forwarder, MINISTACK, RootKey, environment};
use pipe_local::event::Events;
use pipe_local::push::Inbox;
use pipe_local::roles::GivenOut;
use pipe_local::seen::Lens;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::aws::Keys;
use crate::cli::Global;
use crate::error::{Error, Result};
use crate::session::{self, Session};
use crate::term::Shell;

/// Where nobody says another one.
const REGION: &str = "us-east-1";

/// A running endpoint.
pub struct Cloud {
    forwarder: Forwarder,
    /// Its own, with the key of its root.
    emulator: Option<(Emulator, RootKey)>,
    region: String,
    /// What its own has for functions. An endpoint of the user's runs them itself.
    inbox: Option<Inbox>,
    lens: Lens,
}

impl Cloud {
    /// Starts MiniStack, or uses the endpoint that the options name, and puts the forwarder in front of it.
    ///
    /// # Errors
    /// No Python, no package index on first use, an emulator that does not come up: each with what to do.
    pub async fn start(shell: Shell, global: &Global, spec: &Path, events: Events, lens: Lens) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|error| Error::fatal(format!("cannot listen on 127.0.0.1: {error}")))?;
        let named = std::env::var("AWS_REGION").or_else(|_| std::env::var("AWS_DEFAULT_REGION")).ok();
        let region = global.region.clone().or(named).unwrap_or_else(|| REGION.to_owned());
        let given = global
            .endpoint_url
            .clone()
            .or_else(|| std::env::var("AWS_ENDPOINT_URL").ok())
            .filter(|url| !url.is_empty());
        if let Some(url) = given {
            let forwarder = Forwarder::start(listener, Behind::Users(&url), events, lens.clone()).await?;
            return Ok(Self { forwarder, emulator: None, region, inbox: None, lens });
        }
        let inbox = Inbox::open().await?;
        let (emulator, root) = (own(shell, &listener, spec, inbox.url()).await?, RootKey::random());
        let forwarder =
            Forwarder::start(listener, Behind::Own(&emulator.socket(), root.clone()), events, lens.clone()).await?;
        Ok(Self { forwarder, emulator: Some((emulator, root)), region, inbox: Some(inbox), lens })
    }

    /// Whether `pipe dev` started it, so that nothing in it is anybody's loss.
    pub fn is_own(&self) -> bool {
        self.emulator.is_some()
    }

    pub fn url(&self) -> String {
        self.forwarder.url()
    }

    /// Changes when somebody has put a record into a stream.
    pub fn puts(&self) -> watch::Receiver<()> {
        self.forwarder.puts()
    }

    /// What the emulator has for functions: once, and not of the user's.
    pub fn inbox(&mut self) -> Option<Inbox> {
        self.inbox.take()
    }

    /// Who knows the credentials of the keys that the endpoint gives out.
    pub fn given_out(&self) -> GivenOut {
        self.forwarder.given_out()
    }

    /// Where all parts show what happens.
    pub fn lens(&self) -> Lens {
        self.lens.clone()
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    /// Credentials that the endpoint takes, where they are not the user's own.
    pub fn keys(&self) -> Option<Keys> {
        self.emulator.as_ref().map(|(_, root)| Keys(root.id.clone(), root.secret.clone()))
    }

    /// The options with which the commands' walk comes here.
    pub fn global(&self, global: &Global, spec: &Path) -> Global {
        let session = Session {
            spec: std::fs::canonicalize(spec).unwrap_or_else(|_| spec.to_owned()),
            endpoint_url: self.url(),
            api_url: String::new(),
            console_url: None,
            region: self.region().to_owned(),
            keys: self.keys(),
        };
        Global { session: Some(session), ..global.clone() }
    }

    /// Returns when the emulator ends by itself.
    pub async fn ended(&mut self) -> Error {
        match &mut self.emulator {
            Some((emulator, _)) => emulator.ended().await.into(),
            None => std::future::pending().await,
        }
    }

    pub async fn stop(self) {
        self.forwarder.stop().await;
        if let Some((emulator, _)) = self.emulator {
            emulator.stop().await;
        }
    }
}

async fn own(shell: Shell, listener: &TcpListener, spec: &Path, deliveries: &str) -> Result<Emulator> {
    let cache = session::cache()?;
    let (supervisor, mut progress) = (supervisor()?, |step: &str| shell.err(&format!("{step}\n")));
    let venv = environment(&cache.join("ministack"), MINISTACK, &supervisor, &mut progress).await?;
    let address =
        listener.local_addr().map_err(|error| Error::fatal(format!("cannot listen on 127.0.0.1: {error}")))?;
    Ok(Emulator::start(&venv, &supervisor, &session::log(spec)?, address, Some(deliveries)).await?)
}

/// What every child of `pipe dev` runs under, so that it ends with `pipe dev` however that ends.
pub fn supervisor() -> Result<Vec<OsString>> {
    let program =
        std::env::current_exe().map_err(|error| Error::fatal(format!("cannot find this program: {error}")))?;
    Ok(vec![program.into(), "supervise".into()])
}

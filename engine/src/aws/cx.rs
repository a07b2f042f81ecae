//! What every function of a kind is given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::aws::Aws;
use crate::aws::look::Look;
use crate::error::{Class, Error, Result};
use crate::names::{Id, Tags};

/// The code that functions are made of: zips by the base64 of their SHA-256, which is what Lambda calls `CodeSha256`.
pub type Bundle = BTreeMap<String, Bytes>;

/// Something that is said while a resource is worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The resource at hand.
    pub id: Option<Id>,
    pub said: Said,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// What is waited for.
    Waiting(String),
    /// A call failed, and is made again.
    Again(Error),
    /// It is there, though not yet as the spec has it: with these outputs and this identity.
    There { outputs: BTreeMap<String, String>, identity: String },
}

/// Context of a call: the clients, the pipeline, the tags to set, the code, and the way to send notes. Cheap to clone.
#[derive(Clone)]
pub struct Cx {
    pub aws: Arc<Aws>,
    /// Name of the pipeline.
    pub pipeline: String,
    pub bundle: Arc<Bundle>,
    /// All tags that the resource at hand is to have.
    pub tags: Tags,
    /// The resource at hand.
    pub id: Option<Id>,
    notes: Option<UnboundedSender<Note>>,
    stop: Option<watch::Receiver<bool>>,
    /// What was asked already, where all that asks belongs to one look.
    pub(super) look: Option<Arc<Look>>,
    /// Whether a service was seen to know a new role.
    roles_known: Arc<watch::Sender<bool>>,
    /// What kinds say that this run has made, by kind and name.
    made: Arc<Mutex<BTreeSet<(&'static str, String)>>>,
}

impl Cx {
    /// A context that reads: without tags, code and notes.
    pub fn new(aws: Arc<Aws>, pipeline: impl Into<String>) -> Self {
        Self {
            aws,
            pipeline: pipeline.into(),
            bundle: Arc::default(),
            tags: Tags::new(),
            id: None,
            notes: None,
            stop: None,
            look: None,
            roles_known: Arc::new(watch::channel(false).0),
            made: Arc::default(),
        }
    }

    /// The same for one look at all that there is: what is asked with [`Cx::asked_once`] is asked once.
    #[must_use]
    pub fn for_one_look(mut self) -> Self {
        self.look = Some(Arc::default());
        self
    }

    /// The same with code to deploy.
    #[must_use]
    pub fn with_bundle(mut self, bundle: Arc<Bundle>) -> Self {
        self.bundle = bundle;
        self
    }

    /// The same with a way to send notes.
    #[must_use]
    pub fn with_notes(mut self, notes: UnboundedSender<Note>) -> Self {
        self.notes = Some(notes);
        self
    }

    /// The same for one resource and its tags.
    #[must_use]
    pub fn for_resource(&self, id: &Id, tags: Tags) -> Self {
        Self { id: Some(id.clone()), tags, ..self.clone() }
    }

    /// The same, ended in its pauses when `stop` turns true.
    #[must_use]
    pub fn with_stop(mut self, stop: watch::Receiver<bool>) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Pauses between two calls. Calls are finished, pauses are not: the next run goes on from here.
    ///
    /// # Errors
    /// `Interrupted`, when the user stopped the run.
    pub async fn pause(&self, duration: Duration) -> Result<()> {
        tokio::select! {
            () = sleep(duration) => Ok(()),
            () = stopped(self.stop.clone()) => Err(Error::new(Class::Interrupted, "stopped while it waited")),
        }
    }

    /// As [`Cx::pause`], but over when a service has accepted a role of this run: others may be known by then as well.
    ///
    /// # Errors
    /// `Interrupted`, as [`Cx::pause`].
    pub async fn pause_or_role(&self, duration: Duration) -> Result<()> {
        let mut known = self.roles_known.subscribe();
        tokio::select! {
            Ok(()) = known.changed() => Ok(()),
            over = self.pause(duration) => over,
        }
    }

    /// Says that a service has accepted a role, which this run may have made.
    pub fn role_is_known(&self) {
        self.roles_known.send_replace(true);
    }

    /// Waits until a role of this run is known to some service, and a quarter of that time more, because not all learn of it at
    /// the same moment; for `longest` where nobody tells.
    ///
    /// # Errors
    /// `Interrupted`, as [`Cx::pause`].
    pub async fn until_roles_are_known(&self, longest: Duration) -> Result<()> {
        let (start, mut known) = (Instant::now(), self.roles_known.subscribe());
        tokio::select! {
            () = async { drop(known.wait_for(|known| *known).await) } => self.pause(start.elapsed() / 4).await,
            over = self.pause(longest) => over,
        }
    }

    /// Says that this run has made a resource: nobody can have looked at it before.
    pub fn made(&self, kind: &'static str, name: &str) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert((kind, name.to_owned()));
    }

    /// Whether this run was heard to have made a resource.
    pub fn has_made(&self, kind: &'static str, name: &str) -> bool {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).contains(&(kind, name.to_owned()))
    }

    /// Says that the resource at hand is there: what follows it may begin, for that is tied to its identity alone. The rest of
    /// what needs it waits until it is as the spec has it.
    pub fn there(&self, outputs: BTreeMap<String, String>, identity: String) {
        self.say(Said::There { outputs, identity });
    }

    /// Says what the resource at hand waits for.
    pub fn waiting(&self, what: impl Into<String>) {
        self.say(Said::Waiting(what.into()));
    }

    /// Says that a call failed and is made again. One that is not ends its step, which says so.
    pub fn again(&self, error: &Error) {
        if error.failed_call().is_some() {
            self.say(Said::Again(error.clone()));
        }
    }

    fn say(&self, said: Said) {
        if let Some(notes) = &self.notes {
            // The receiver is gone only when the run is over: then nobody wants to know.
            let _ = notes.send(Note { id: self.id.clone(), said });
        }
    }
}

/// Ends when the user stops the run; never where nobody can.
async fn stopped(stop: Option<watch::Receiver<bool>>) {
    let told = match stop {
        Some(mut stop) => stop.wait_for(|stop| *stop).await.is_ok(),
        None => false,
    };
    if !told {
        std::future::pending::<()>().await;
    }
}

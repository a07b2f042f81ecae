//! What all requests and tasks of a console share.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pipe_local::seen::now_ms;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::figures::Figures;
use super::hub::Hub;
use super::journal::Journal;
use super::letters::Letters;
use super::remote::{Remote, figures};
use super::scene::{Now, Scene};

/// How often pages hear of events that are other ones, and every how many times of the figures.
const PULSE: Duration = Duration::from_millis(100);
const FIGURES: u32 = 10;

/// See the module.
pub struct Shared {
    pub own: SocketAddr,
    /// What a page shows to be one of its own.
    pub token: String,
    /// Another one for each start.
    pub session: String,
    pub hub: Hub,
    pub letters: Letters,
    journal: Mutex<Journal>,
    figures: Mutex<Figures>,
    now: Mutex<Now>,
    /// What was read of a pipeline on AWS; nothing of `pipe dev`.
    remote: Option<Mutex<Remote>>,
    missed: AtomicU64,
    /// Held by a redrive: one at a time.
    pub redriving: tokio::sync::Mutex<()>,
    stop: watch::Sender<bool>,
}

impl Shared {
    pub fn new(own: SocketAddr, token: String) -> Self {
        let session = uuid::Uuid::new_v4().simple().to_string();
        Self {
            own,
            token,
            hub: Hub::new(session.clone()),
            session,
            letters: Letters::default(),
            journal: Mutex::default(),
            figures: Mutex::default(),
            now: Mutex::default(),
            remote: None,
            missed: AtomicU64::new(0),
            redriving: tokio::sync::Mutex::default(),
            stop: watch::Sender::new(false),
        }
    }

    /// The same for a pipeline on AWS.
    pub fn of_remote(self) -> Self {
        Self { remote: Some(Mutex::default()), ..self }
    }

    /// Works on what was read of a pipeline on AWS; nothing where it is a `pipe dev`.
    pub fn remote<T>(&self, work: impl FnOnce(&mut Remote) -> T) -> Option<T> {
        let remote = self.remote.as_ref()?;
        Some(work(&mut remote.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    pub fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn scene(&self) -> Option<Arc<Scene>> {
        self.now().scene.clone()
    }

    /// Changes what is shown of the pipeline, and tells pages to read it again.
    pub fn change(&self, change: impl FnOnce(&mut Now)) {
        let mut now = self.now();
        change(&mut now);
        now.revision += 1;
        drop(now);
        self.hub.tell("state", &self.greeting());
    }

    /// What a page hears first.
    pub fn greeting(&self) -> Value {
        json!({ "revision": self.now().revision, "session": self.session })
    }

    /// Notes how many facts were not recorded.
    pub fn missed(&self, count: u64) {
        self.missed.store(count, Ordering::Relaxed);
    }

    /// Ends the server.
    pub fn end(&self) {
        self.stop.send_replace(true);
    }

    /// Turns true when the server is to end.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Returns when the server is to end.
    pub async fn ended(&self) {
        let mut stop = self.stopping();
        let _ends = stop.wait_for(|stop| *stop).await;
    }

    /// All figures as pages get them.
    pub fn all_figures(&self) -> Value {
        let scene = self.scene();
        let of_status = |remote: &mut Remote| {
            let (scene, status) = (scene.as_ref()?, remote.status.as_ref()?);
            Some(figures(&scene.parts, &scene.edges, status))
        };
        match self.remote(of_status) {
            Some(shown) => shown.unwrap_or_default(),
            None => self.local_figures(scene.as_deref()),
        }
    }

    fn local_figures(&self, scene: Option<&Scene>) -> Value {
        let at = now_ms();
        let (waiting, oldest) = self.journal().waiting();
        let age = oldest.map_or(0, |oldest| (at - oldest).max(0));
        let figures = self.figures();
        let edges = scene.iter().flat_map(|scene| scene.edges.iter().map(|edge| (edge.id.as_str(), edge.leg)));
        let shards: Value =
            figures.shards.iter().map(|(id, records)| json!({ "id": id, "records": records })).collect();
        json!({
            "of": "in all",
            "edges": figures.all(at, edges),
            "parts": { "stream": { "age_ms": age, "waiting": waiting, "shards": shards } },
            "missed": self.missed.load(Ordering::Relaxed),
        })
    }
}

/// Tells pages what is new, as long as any listens.
pub async fn pulse(shared: Arc<Shared>) {
    let mut pulse = interval(PULSE);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut beats = 0_u32;
    loop {
        pulse.tick().await;
        beats = beats.wrapping_add(1);
        let (changed, rows) = shared.journal().changed();
        rows.into_iter().for_each(|took| shared.figures().became_row(took));
        if !shared.hub.is_heard() {
            continue;
        }
        changed.iter().for_each(|summary| shared.hub.tell("event", &json!(summary)));
        if beats.is_multiple_of(FIGURES) {
            shared.hub.tell("figures", &shared.all_figures());
        }
    }
}

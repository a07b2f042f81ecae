//! The console: one page that shows a running pipeline, on a port of its own on the loopback.
//!
//! Of `pipe dev`, what it shows comes from what passes by: the same events as in `--json` give the figures, and the data path's facts
//! ([`pipe_local::seen`]) what happened to each event. Rows and letters are read when a page asks for them. Nothing here is waited for
//! by the data path. Of a pipeline on AWS it shows what `status`, `logs`, `trace` and `dlq` read ([`remote`]).
//!
//! Who may come in: [`guard`]. Everything that others wrote (senders, functions) goes out as JSON texts, without secrets ([`mask`]).

mod answers;
mod door;
mod entry;
mod figures;
mod guard;
mod hub;
mod journal;
mod letters;
mod mask;
mod page;
mod records;
mod redrive;
mod remote;
mod rows;
mod scene;
mod server;
mod shared;
mod step;
mod topology;

use std::sync::Arc;
use std::time::Duration;

use pipe_local::event::Event;
use pipe_local::seen::{Lens, Seen, Sight};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::cli::Global;
use crate::commands::running::Running;
use crate::spec::Loaded;
pub use door::Door;
use pipe_local::seen::now_ms;
use scene::{Planned, Scene};
use shared::Shared;

/// How long pages may take to hear that it ends.
const STOP: Duration = Duration::from_millis(500);

/// How long letters may take that are on their way to the function.
const LETTERS: Duration = Duration::from_secs(60);

/// A running console, until it is stopped or dropped.
pub struct Console {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Console {
    /// Serves `pipe dev`, and records what is seen.
    pub fn start(door: Door, sight: Sight) -> Self {
        let shared = Arc::new(Shared::new(door.own, door.token));
        let tasks = vec![
            tokio::spawn(record(Arc::clone(&shared), sight)),
            tokio::spawn(shared::pulse(Arc::clone(&shared))),
            tokio::spawn(server::serve(door.listener, Arc::clone(&shared))),
        ];
        Self { shared, tasks }
    }

    /// Serves a pipeline on AWS, which it reads as long as a page is open.
    pub fn remote(door: Door, global: &Global, loaded: &Loaded, running: Running) -> Self {
        let shared = Arc::new(Shared::new(door.own, door.token).of_remote());
        let running = Arc::new(running);
        let scene = Scene::remote(global, loaded, Arc::clone(&running));
        shared.change(|now| now.scene = Some(Arc::new(scene)));
        let tasks = vec![
            tokio::spawn(remote::statuses(Arc::clone(&shared), Arc::clone(&running))),
            tokio::spawn(remote::logs(Arc::clone(&shared), running)),
            tokio::spawn(server::serve(door.listener, Arc::clone(&shared))),
        ];
        Self { shared, tasks }
    }

    /// Where it is; without the token, that is.
    pub fn url(&self) -> String {
        format!("http://{}/", self.shared.own)
    }

    /// The address of the page, with the token that opens it.
    pub fn way_in(&self) -> String {
        format!("{}?token={}", self.url(), self.shared.token)
    }

    /// Passes events on, and counts them.
    pub fn overhear(&self, mut events: UnboundedReceiver<Event>, lens: Lens) -> UnboundedReceiver<Event> {
        let (on, passed) = unbounded_channel();
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                shared.figures().take(now_ms(), &event);
                if matches!(event, Event::DeadLetter(_) | Event::GivenUp(_) | Event::Retry(_)) {
                    lens.show(|| Seen::Told(event.clone()));
                }
                if on.send(event).is_err() {
                    return;
                }
            }
        });
        passed
    }

    /// Shows this pipeline from now on; what was wrong with the spec is mended.
    pub fn shows(&self, global: &Global, loaded: &Loaded, endpoint: Option<String>) {
        let scene = Scene::new(global, loaded, endpoint);
        self.shared.journal().row_keys = scene.row_keys();
        self.shared.change(|now| {
            now.scene = Some(Arc::new(scene));
            now.problems.clear();
        });
    }

    /// Shows a plan, and what came of it.
    pub fn planned(&self, text: String, outcome: String) {
        self.shared.change(|now| now.plan = Some(Planned { at: now_ms(), text, outcome }));
    }

    /// Shows what is wrong with the spec, while the pipeline runs as it was.
    pub fn wrong(&self, problems: Vec<String>) {
        self.shared.change(|now| now.problems = problems);
    }

    /// Tells pages that it ends, and takes no more requests.
    pub async fn stop(mut self) {
        self.shared.hub.end();
        self.shared.end();
        if let Some(server) = self.tasks.last_mut() {
            let _late = timeout(STOP, server).await;
        }
        // What the function has taken is to be deleted: a letter that is not goes to it once more.
        let _late = timeout(LETTERS, self.shared.redriving.lock()).await;
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Keeps what is seen.
async fn record(shared: Arc<Shared>, mut sight: Sight) {
    while let Some((at, fact)) = sight.next().await {
        shared.journal().take(at, fact);
        shared.missed(sight.missed());
    }
}

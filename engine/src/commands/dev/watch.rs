//! Tells when the spec, what it names, or its handler's source changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::{Instant, timeout_at};

use crate::error::{Error, Result};
use crate::session;
use crate::spec::Loaded;

/// How long it has to be quiet: editors and `git checkout` write several times.
const QUIET: Duration = Duration::from_millis(100);
/// Folders beside a handler's source that hold no source.
const NO_SOURCE: [&str; 3] = ["target", ".git", "node_modules"];

/// Changes of the files that a pipeline is made of.
pub struct Changes {
    watcher: RecommendedWatcher,
    events: UnboundedReceiver<PathBuf>,
    watched: BTreeSet<PathBuf>,
    /// Files and folders that matter.
    sources: Vec<PathBuf>,
}

impl Changes {
    /// Watches the spec and what it names.
    ///
    /// # Errors
    /// The system gives no more watches.
    pub fn of(spec: &Path, loaded: &Loaded) -> Result<Self> {
        let (sender, events) = mpsc::unbounded_channel();
        let tell = move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            if !matches!(event.kind, EventKind::Access(_)) {
                event.paths.into_iter().for_each(|path| drop(sender.send(path)));
            }
        };
        let watcher = notify::recommended_watcher(tell).map_err(failed)?;
        let mut changes = Self { watcher, events, watched: BTreeSet::new(), sources: Vec::new() };
        changes.look_at(spec, loaded)?;
        Ok(changes)
    }

    /// Watches what the spec names now, too.
    ///
    /// # Errors
    /// As [`Changes::of`].
    pub fn look_at(&mut self, spec: &Path, loaded: &Loaded) -> Result<()> {
        let handler = loaded.spec.function().map(|function| loaded.root.join(&function.handler));
        let schemas = loaded.spec.schemas().map(|schema| loaded.root.join(schema));
        let bell = session::bell(spec)?;
        if !bell.exists() {
            session::ring(spec)?;
        }
        let sources = [spec.to_owned(), bell].into_iter().chain(handler).chain(schemas);
        // A path that is not there is the name of a bundled handler.
        self.sources = sources.filter_map(|path| path.canonicalize().ok()).collect();
        for source in self.sources.clone() {
            match source.is_dir() {
                true => self.watch_folder(&source)?,
                // The folder, not the file: editors replace files.
                false => self.watch(source.parent().unwrap_or(&source), RecursiveMode::NonRecursive)?,
            }
        }
        Ok(())
    }

    /// Returns after a change, when it has been quiet for a moment.
    pub async fn next(&mut self) {
        loop {
            match self.events.recv().await {
                Some(path) if self.matters(&path) => break,
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
        let mut until = Instant::now() + QUIET;
        // What does not matter does not put it off: a handler may write beside the spec all the time.
        while let Ok(Some(path)) = timeout_at(until, self.events.recv()).await {
            if self.matters(&path) {
                until = Instant::now() + QUIET;
            }
        }
    }

    fn matters(&self, path: &Path) -> bool {
        self.sources.iter().any(|source| {
            path.strip_prefix(source).is_ok_and(|rest| {
                let first = rest.iter().next().unwrap_or_default();
                !NO_SOURCE.iter().any(|folder| first == *folder)
            })
        })
    }

    fn watch_folder(&mut self, folder: &Path) -> Result<()> {
        self.watch(folder, RecursiveMode::NonRecursive)?;
        let inside = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let is_source = |path: &PathBuf| path.is_dir() && !NO_SOURCE.iter().any(|name| path.ends_with(name));
        inside.filter(is_source).try_for_each(|path| self.watch(&path, RecursiveMode::Recursive))
    }

    fn watch(&mut self, path: &Path, mode: RecursiveMode) -> Result<()> {
        match self.watched.insert(path.to_owned()) {
            true => self.watcher.watch(path, mode).map_err(failed),
            false => Ok(()),
        }
    }
}

fn failed(error: notify::Error) -> Error {
    Error::fatal(format!("cannot watch the spec's files: {error}")).hint("raise fs.inotify.max_user_watches")
}

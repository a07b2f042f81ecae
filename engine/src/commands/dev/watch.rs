//! Tells when the spec, what it names, or its handler's source changes: a crate's own, and that of all its packages that are folders.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::block_in_place;
use tokio::time::{Instant, timeout_at};

use crate::bundle::{Sources, is_crate, sources};
use crate::error::{Error, Result};
use crate::session;
use crate::spec::Loaded;

/// How long it has to be quiet: editors and `git checkout` write several times.
const QUIET: Duration = Duration::from_millis(100);
/// Folders beside a handler's source that hold no source.
const NO_SOURCE: [&str; 3] = ["target", ".git", "node_modules"];
/// A build writes it beside the manifest, where there is none or it does not fit.
const LOCK: &str = "Cargo.lock";

/// Changes of the files that a pipeline is made of.
pub struct Changes {
    watcher: RecommendedWatcher,
    events: UnboundedReceiver<PathBuf>,
    watched: BTreeSet<PathBuf>,
    /// Files and folders that matter.
    sources: Vec<PathBuf>,
    /// Where cargo builds.
    target: Option<PathBuf>,
    /// Lock files as the last build left them: its own writes into them are not edits.
    locks: BTreeMap<PathBuf, Vec<u8>>,
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
        let (watched, sources, locks) = (BTreeSet::new(), Vec::new(), BTreeMap::new());
        let mut changes = Self { watcher, events, watched, sources, target: None, locks };
        changes.look_at(spec, loaded)?;
        Ok(changes)
    }

    /// Watches what the spec names now, too.
    ///
    /// # Errors
    /// As [`Changes::of`].
    pub fn look_at(&mut self, spec: &Path, loaded: &Loaded) -> Result<()> {
        let handler = loaded.spec.function().and_then(|function| function.path());
        let Sources { paths: handler, target } = match handler.map(|name| (name, loaded.root.join(name))) {
            Some((name, folder)) if is_crate(name, &loaded.root) => block_in_place(|| sources(&folder)),
            other => Sources { paths: other.map(|(_, path)| path).into_iter().collect(), target: None },
        };
        self.target = target;
        let schemas = loaded.spec.schemas().chain(loaded.spec.templates()).map(|file| loaded.root.join(file));
        let bell = session::bell(spec)?;
        if !bell.exists() {
            session::ring(spec)?;
        }
        let sources = [spec.to_owned(), bell].into_iter().chain(handler).chain(schemas);
        // The name of a bundled handler is a path that nobody writes to.
        self.sources = sources.filter_map(|path| real(&path)).collect();
        for source in self.sources.clone() {
            match source.is_dir() {
                true => self.watch_folder(&source)?,
                // The folder, not the file: editors replace files.
                false => self.watch(source.parent().unwrap_or(&source), RecursiveMode::NonRecursive)?,
            }
        }
        Ok(())
    }

    /// Returns after a change, when it has been quiet for a moment. The running code has been built when this is called.
    pub async fn next(&mut self) {
        let locks =
            self.sources.iter().flat_map(|source| [source.clone(), source.join(LOCK)]).filter(|path| is_lock(path));
        self.locks = locks.filter_map(|path| Some((path.clone(), std::fs::read(path).ok()?))).collect();
        loop {
            match self.events.recv().await {
                Some(path) if self.matters(&path) => break,
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
        let mut until = Instant::now() + QUIET;
        // Irrelevant changes do not put it off: a handler may write beside the spec all the time.
        while let Ok(Some(path)) = timeout_at(until, self.events.recv()).await {
            if self.matters(&path) {
                until = Instant::now() + QUIET;
            }
        }
    }

    fn matters(&self, path: &Path) -> bool {
        let built = self.target.as_ref().is_some_and(|target| path.starts_with(target));
        let as_built = is_lock(path) && std::fs::read(path).ok().as_ref() == self.locks.get(path);
        !built && !as_built && self.is_source(path)
    }

    fn is_source(&self, path: &Path) -> bool {
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

/// The path as the system reports it, even if only its folder exists.
fn real(path: &Path) -> Option<PathBuf> {
    let beside = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(beside)
}

fn is_lock(path: &Path) -> bool {
    path.ends_with(LOCK)
}

fn failed(error: notify::Error) -> Error {
    Error::fatal(format!("cannot watch the spec's files: {error}")).hint("raise fs.inotify.max_user_watches")
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::UnboundedSender;
    use tokio::time::timeout;

    use super::*;

    fn changes(sources: &[&Path], target: Option<PathBuf>) -> (UnboundedSender<PathBuf>, Changes) {
        let (sender, events) = mpsc::unbounded_channel();
        let watcher = notify::recommended_watcher(|_| {}).unwrap();
        let sources = sources.iter().map(|path| path.to_path_buf()).collect();
        let (watched, locks) = (BTreeSet::new(), BTreeMap::new());
        (sender, Changes { watcher, events, watched, sources, target, locks })
    }

    async fn rings(changes: &mut Changes) -> bool {
        timeout(Duration::from_secs(5), changes.next()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_build_writes_is_no_news_and_what_others_write_is() {
        let folder = tempfile::tempdir().unwrap();
        let (lock, source) = (folder.path().join(LOCK), folder.path().join("src/main.rs"));
        let (sender, mut changes) = changes(&[folder.path()], Some(folder.path().join("out")));
        std::fs::write(&lock, "as built").unwrap();
        for path in [&lock, &folder.path().join("out/release/own"), &folder.path().join("target/x")] {
            sender.send(path.clone()).unwrap();
            assert!(!rings(&mut changes).await, "{}", path.display());
        }
        sender.send(source).unwrap();
        assert!(rings(&mut changes).await);
        let wait = tokio::spawn(async move { rings(&mut changes).await });
        tokio::task::yield_now().await;
        std::fs::write(&lock, "after `cargo update`").unwrap();
        sender.send(lock).unwrap();
        assert!(wait.await.unwrap());
    }

    #[test]
    fn a_file_that_is_to_come_has_the_path_that_it_will_have() {
        let folder = tempfile::tempdir().unwrap();
        let real_folder = folder.path().canonicalize().unwrap();
        assert_eq!(real(&folder.path().join("./Cargo.lock")), Some(real_folder.join("Cargo.lock")));
        assert_eq!(real(&folder.path().join("no/Cargo.lock")), None);
    }
}

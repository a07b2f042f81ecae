//! How far each mapping is with each shard, kept over restarts.
//!
//! The file is written whole and put in place at once, at most every half second: a kill loses that much, and records are then
//! read again, never skipped (at least once, as on AWS).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::record::Sequence;
use crate::event::{Event, Events};
use crate::private;

/// How long changes wait for more before they are written.
const GATHER: Duration = Duration::from_millis(500);

/// Where a shard is read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// The oldest record that the stream still has.
    Oldest,
    /// The first record that arrived at this time, in milliseconds since 1970, or later.
    Since(i64),
    /// The record after this one.
    After(Sequence),
    /// The shard is closed and done with.
    Done,
}

/// By mapping UUID and shard.
type Positions = BTreeMap<String, BTreeMap<String, Position>>;

/// The positions of all mappings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    known: Arc<Mutex<Known>>,
    /// Held while the file is written, so that an older state never replaces a newer one.
    path: Arc<Mutex<PathBuf>>,
    events: Events,
}

#[derive(Debug, Default)]
struct Known {
    positions: Positions,
    /// A write is to come, and takes in what changes until then.
    scheduled: bool,
    failing: bool,
}

impl Checkpoints {
    /// Reads the file. One that is not there is empty; one that cannot be read is too, with a warning.
    pub fn load(path: PathBuf, events: Events) -> Self {
        let positions = match read(&path) {
            Ok(positions) => positions,
            Err(error) => {
                let message = format!(
                    "the checkpoints in `{}` cannot be read ({error}): mappings begin where they would on their first start",
                    path.display()
                );
                let _gone = events.send(Event::Warning { message });
                Positions::default()
            }
        };
        let known = Known { positions, ..Known::default() };
        Self { known: Arc::new(Mutex::new(known)), path: Arc::new(Mutex::new(path)), events }
    }

    /// The positions of a mapping's shards; empty before its first start.
    pub fn positions(&self, uuid: &str) -> BTreeMap<String, Position> {
        self.lock().positions.get(uuid).cloned().unwrap_or_default()
    }

    pub fn set(&self, uuid: &str, shard: &str, position: Position) {
        let mut known = self.lock();
        known.positions.entry(uuid.to_owned()).or_default().insert(shard.to_owned(), position);
        self.schedule(&mut known);
    }

    /// Forgets the shards of a mapping that the stream has no more.
    pub fn keep_shards(&self, uuid: &str, keep: impl Fn(&str) -> bool) {
        let mut known = self.lock();
        let Some(shards) = known.positions.get_mut(uuid) else { return };
        let before = shards.len();
        shards.retain(|shard, _| keep(shard));
        if shards.len() != before {
            self.schedule(&mut known);
        }
    }

    /// Forgets all mappings but these.
    pub fn keep_mappings(&self, uuids: &BTreeSet<String>) {
        let mut known = self.lock();
        let before = known.positions.len();
        known.positions.retain(|uuid, _| uuids.contains(uuid));
        if known.positions.len() != before {
            self.schedule(&mut known);
        }
    }

    /// Writes what is not yet written. A failure is a warning, once until it works again.
    pub async fn write(&self) {
        let this = self.clone();
        let written = tokio::task::spawn_blocking(move || this.write_now()).await;
        let result = written.unwrap_or_else(|error| Err(io::Error::other(error)));
        let news = std::mem::replace(&mut self.lock().failing, result.is_err());
        if let (Err(error), false) = (result, news) {
            let message = format!("the checkpoints cannot be written ({error}): a restart would read records again");
            let _gone = self.events.send(Event::Warning { message });
        }
    }

    fn schedule(&self, known: &mut Known) {
        if !std::mem::replace(&mut known.scheduled, true) {
            let this = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(GATHER).await;
                this.write().await;
            });
        }
    }

    fn write_now(&self) -> io::Result<()> {
        let path = self.path.lock().unwrap_or_else(PoisonError::into_inner);
        let text = {
            let mut known = self.lock();
            known.scheduled = false;
            serde_json::to_vec(&known.positions)?
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let new = path.with_extension("new");
        private::file(&new, OpenOptions::new().write(true).create(true).truncate(true))?.write_all(&text)?;
        fs::rename(&new, &*path)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far the mappings of a session are.
#[derive(Debug, Default)]
pub struct Past(Positions);

impl Past {
    /// Reads the session's file, which may be half a second late. Of one that cannot be read nothing is past.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        read(path).map(Self).unwrap_or_default()
    }

    /// Whether they are past this record: their function took it, or it was given up.
    #[must_use]
    pub fn has(&self, shard: &str, sequence: &str) -> bool {
        let sequence = Sequence::new(sequence);
        let past = |position: &Position| match position {
            Position::After(last) => *last >= sequence,
            Position::Done => true,
            Position::Oldest | Position::Since(_) => false,
        };
        self.0.values().filter_map(|shards| shards.get(shard)).any(past)
    }
}

fn read(path: &Path) -> io::Result<Positions> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Positions::default()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_passed_when_a_mapping_reads_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.checkpoints");
        assert!(!Past::read(&path).has("s", "1"), "there is no such file");
        fs::write(&path, r#"{"uuid":{"s":{"after":"0100"},"t":"done","u":"oldest"}}"#).unwrap();
        let past = Past::read(&path);
        let told = ["99", "100", "101"].map(|sequence| past.has("s", sequence));
        assert_eq!(told, [true, true, false]);
        assert_eq!(["t", "u", "v"].map(|shard| past.has(shard, "1")), [true, false, false]);
    }
}

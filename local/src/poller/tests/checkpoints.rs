//! The file of checkpoints.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Duration, Instant, sleep};

use super::sequence;
use crate::event::Event;
use crate::poller::checkpoints::{Checkpoints, Position};
use crate::poller::record::Sequence;

fn load(path: &Path) -> (Checkpoints, tokio::sync::mpsc::UnboundedReceiver<Event>) {
    let (events, told) = unbounded_channel();
    (Checkpoints::load(path.to_owned(), events), told)
}

#[tokio::test]
async fn places_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("checkpoints.json");
    let (checkpoints, mut told) = load(&path);
    let places = [
        ("a", Position::Oldest),
        ("b", Position::Since(7)),
        ("c", Position::After(Sequence::new(sequence(1)))),
        ("d", Position::Done),
    ];
    for (shard, place) in places.clone() {
        checkpoints.set("u", shard, place);
    }
    checkpoints.write().await;
    let again = load(&path).0.positions("u");
    assert_eq!(again, places.map(|(shard, place)| (shard.to_owned(), place)).into());
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(r#"{"u":{"a":"oldest","b":{"since":7},"c":{"after":"4959"#), "{text}");
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn the_file_follows_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoints.json");
    let (checkpoints, _told) = load(&path);
    checkpoints.set("u", "a", Position::Oldest);
    checkpoints.set("u", "a", Position::Done);
    assert!(!path.exists(), "it is not written each time");
    // Half a second later it comes by a rename, and so is whole.
    let began = Instant::now();
    while !path.exists() {
        assert!(began.elapsed() < Duration::from_secs(30));
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), r#"{"u":{"a":"done"}}"#);
}

#[tokio::test]
async fn what_is_gone_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let (checkpoints, _told) = load(&folder.path().join("c.json"));
    for (uuid, shard) in [("u", "a"), ("u", "b"), ("v", "a")] {
        checkpoints.set(uuid, shard, Position::Oldest);
    }
    checkpoints.keep_shards("u", |shard| shard == "b");
    checkpoints.keep_mappings(&BTreeSet::from(["u".to_owned()]));
    assert_eq!(checkpoints.positions("u").into_keys().collect::<Vec<_>>(), ["b"]);
    assert!(checkpoints.positions("v").is_empty());
}

#[tokio::test]
async fn a_broken_file_and_a_broken_disk_are_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.json");
    fs::write(&path, "{").unwrap();
    let (checkpoints, mut told) = load(&path);
    assert!(matches!(told.try_recv(), Ok(Event::Warning { message }) if message.contains("cannot be read")));
    fs::remove_file(&path).unwrap();
    fs::create_dir_all(path.join("in the way")).unwrap();
    checkpoints.write().await;
    checkpoints.write().await;
    assert!(matches!(told.try_recv(), Ok(Event::Warning { message }) if message.contains("cannot be written")));
    assert!(told.try_recv().is_err());
}

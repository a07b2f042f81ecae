//! Edits of a handler and of what calls it, while events are sent: none is lost, and none is handled twice.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use super::client::Client;
use super::dev::{Dev, STREAM};
use super::sender::Sender;
use super::versions::{seen, spec, write_crate, write_script};

/// What the fastest reload may take on a slow machine that does much besides; alone it takes little more than a second.
const RELOADED_WITHIN: Duration = Duration::from_secs(20);
/// Of records: as many as the main pipeline's mapping hands over at once.
const BATCH: usize = 10;

/// Edits the spec, and waits until that is applied.
fn edit(dev: &mut Dev, from: &str, to: &str) {
    let before = dev.count("Applied in");
    dev.edit(from, to);
    dev.until("the edit to be applied", |dev| (dev.count("Applied in") > before).then_some(()));
}

/// Waits until all events were seen, and looks whether any was seen twice.
fn once_each(dev: &mut Dev, events: &[String]) {
    dev.until(&format!("{} events", events.len()), |dev| {
        let seen: BTreeSet<String> = seen(dev.path()).into_iter().map(|(_, key)| key).collect();
        events.iter().all(|event| seen.contains(event)).then_some(())
    });
    let all: Vec<String> = seen(dev.path()).into_iter().map(|(_, key)| key).collect();
    let mut once = BTreeSet::new();
    let twice: Vec<&String> = all.iter().filter(|key| !once.insert(*key)).collect();
    assert!(twice.is_empty(), "handled twice: {twice:?}");
}

/// From now until the first record that a version has seen.
fn first_of(dev: &mut Dev, version: &str) -> Duration {
    let start = Instant::now();
    while !seen(dev.path()).iter().any(|(seen, _)| seen == version) {
        assert!(start.elapsed() < Duration::from_secs(120), "version {version} saw nothing:\n{}", dev.said());
        std::thread::sleep(Duration::from_millis(5));
    }
    start.elapsed()
}

fn tell(text: &str) {
    writeln!(std::io::stderr(), "{text}").ok();
}

#[test]
fn a_script_is_reloaded_and_broken_specs_are_survived() {
    let mut dev = Dev::start(&spec(), None, |folder| write_script(folder, "v1"));
    let sender = Sender::start(Client::of(&dev), STREAM, "event");
    first_of(&mut dev, "v1");

    let mut times = Vec::new();
    for version in ["v2", "v3", "v4"] {
        let applied = dev.count("Applied in");
        write_script(dev.path(), version);
        times.push(first_of(&mut dev, version));
        // A record may be seen by the new code a moment before the run that brought it says that it is done.
        dev.until("the reload to be told", |dev| (dev.count("Applied in") > applied).then_some(()));
    }
    tell(&format!("a script is reloaded in {times:?}"));
    assert!(times.iter().min().unwrap() < &RELOADED_WITHIN, "{times:?}");
    no_old_version_comes_back(&dev);

    broken_spec(&mut dev);
    resting_mapping(&mut dev, &sender);
    let events = sender.stop();
    once_each(&mut dev, &events);
}

/// Nothing that an older version saw comes after what a newer one saw.
fn no_old_version_comes_back(dev: &Dev) {
    let versions: Vec<String> = seen(dev.path()).into_iter().map(|(version, _)| version).collect();
    assert!(versions.is_sorted(), "{versions:?}");
}

/// A spec that cannot be read, and one that says what cannot be: both are reported with their place, and what runs goes on.
fn broken_spec(dev: &mut Dev) {
    let good = "    memory_mb: 128";
    let spec = std::fs::read_to_string(dev.path().join("pipeline.yaml")).unwrap();
    let line = spec.lines().position(|line| line == good).unwrap() + 1;
    for (bad, place) in
        [("    memory_mb: [128", "pipeline.yaml:".to_owned()), ("    memory_mb: 64", format!(":{line}:16"))]
    {
        let told = dev.count(&place);
        dev.edit(good, bad);
        dev.until(&format!("the place of `{bad}`"), |dev| (dev.count(&place) > told).then_some(()));
        let (applied, before) = (dev.count("Applied in"), seen(dev.path()).len());
        dev.until("more events", |dev| (seen(dev.path()).len() > before + 10).then_some(()));
        assert_eq!(dev.count("Applied in"), applied, "a broken spec was applied");
        edit(dev, bad, good);
    }
}

/// `enabled: false` stops reading, and `true` goes on where it stopped.
fn resting_mapping(dev: &mut Dev, sender: &Sender) {
    edit(dev, "    memory_mb: 128\n", "    memory_mb: 128\n    enabled: false\n");
    let (seen_before, sent_before) = (seen(dev.path()).len(), sender.count());
    // Only what was in flight is still written down.
    dev.until("50 events to wait", |_| (sender.count() > sent_before + 50).then_some(()));
    let seen_since = seen(dev.path()).len() - seen_before;
    assert!(seen_since <= BATCH, "a mapping that is not enabled reads: {seen_since} more than before");
    edit(dev, "    enabled: false\n", "    enabled: true\n");
    dev.until("what waited", |dev| (seen(dev.path()).len() >= seen_before + 50).then_some(()));
}

/// Puts what the crate beside it says into the program.
const SALT: &str = "#[used] static SALT: &str = beside::SALT;\n";

/// Makes `own` depend on a crate beside it.
fn write_sibling(folder: &Path, salt: &str) {
    let package = |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    let own = package("own") + "[profile.release]\nopt-level = 0\n[dependencies]\nbeside = { path = \"../beside\" }\n";
    let source = format!("pub const SALT: &str = {salt:?};\n");
    for (path, text) in
        [("own/Cargo.toml", own), ("beside/Cargo.toml", package("beside")), ("beside/src/lib.rs", source)]
    {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        if std::fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            std::fs::write(path, text).unwrap();
        }
    }
}

#[test]
fn a_crate_is_built_anew_and_a_broken_one_changes_nothing() {
    let mut dev = Dev::start(&spec(), None, |folder| {
        write_sibling(folder, "one");
        write_crate(folder, "v1", SALT);
    });
    let sender = Sender::start(Client::of(&dev), STREAM, "event");
    first_of(&mut dev, "v1");
    assert_eq!(dev.count("Applied in"), 0, "the lock file that its own build wrote is not an edit");

    write_crate(dev.path(), "v2", "");
    let time = first_of(&mut dev, "v2");
    tell(&format!("a crate is built and reloaded in {time:?}"));

    write_crate(dev.path(), "v3", "fn broken() { nothing_of_this_name }\n");
    let parts = ["cannot find value `nothing_of_this_name`", "src/main.rs:3:15"];
    dev.until("cargo's error with its place", |dev| parts.iter().all(|part| dev.said().contains(part)).then_some(()));
    let before = seen(dev.path()).len();
    dev.until("the old code to go on", |dev| (seen(dev.path()).len() > before + 10).then_some(()));
    assert_eq!(seen(dev.path()).last().unwrap().0, "v2");

    write_crate(dev.path(), "v4", SALT);
    first_of(&mut dev, "v4");
    dev.until("the edit of v4 to be told", |dev| (dev.count("Applied in") > 1).then_some(()));
    let applied = dev.count("Applied in");
    write_sibling(dev.path(), "two, and another program");
    dev.until("the edit of a crate beside it", |dev| (dev.count("Applied in") > applied).then_some(()));
    let events = sender.stop();
    once_each(&mut dev, &events);
    no_old_version_comes_back(&dev);
    assert!(seen(dev.path()).iter().all(|(version, _)| version != "v3"));
}

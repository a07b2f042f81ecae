//! The AWS SDK for Python, for handlers that use it where this machine's Python has none: AWS's runtimes bring it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;
use tokio::task::spawn_blocking;

use super::Settings;
use crate::endpoint::environment;
use crate::event::Event;

/// The SDK and all that it needs, each with its hashes.
const REQUIREMENTS: &str = include_str!("boto3.txt");
/// Folders of the code that are looked into, one within another.
const DEEPEST: usize = 6;
/// Says by its exit code whether there is one.
const QUESTION: &str = "import importlib.util, sys; sys.exit(importlib.util.find_spec('boto3') is None)";

/// The folder of modules with the SDK, which is installed once, where the code names it and `python` would not find it.
///
/// Nothing where it is not needed, and where it cannot be installed; that is told, and the handler says what it misses.
pub(super) async fn modules(settings: &Settings, folder: &Path, python: &OsString) -> Option<PathBuf> {
    let code = folder.to_owned();
    let named = spawn_blocking(move || names_it(&code, 0)).await.unwrap_or(false);
    if !named || has_it(folder, python).await {
        return None;
    }
    let place = settings.cache.with_file_name("boto3");
    let events = settings.events.clone();
    let mut tell = move |message: &str| drop(events.send(Event::Warning { message: message.to_owned() }));
    match environment(&place, REQUIREMENTS, &settings.supervisor, &mut tell).await {
        Ok(made) => packages(&made),
        Err(error) => {
            let told = format!(
                "failed to {error}: the function needs boto3, which AWS's runtime brings; `pip install boto3` for {}",
                python.display()
            );
            let _ = settings.events.send(Event::Warning { message: told });
            None
        }
    }
}

/// Whether a module of the code names the SDK, and the code does not bring it.
fn names_it(folder: &Path, depth: usize) -> bool {
    if depth == 0 && folder.join("boto3").is_dir() || depth > DEEPEST {
        return false;
    }
    let entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let names = |path: &PathBuf| {
        let text = path.extension().is_some_and(|end| end == "py").then(|| std::fs::read(path).unwrap_or_default());
        let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
        text.contains("import boto") || text.contains("from boto")
    };
    // The handler itself is mostly above what it depends on.
    entries.iter().any(names) || entries.iter().any(|path| path.is_dir() && names_it(path, depth + 1))
}

async fn has_it(folder: &Path, python: &OsString) -> bool {
    let mut command = Command::new(python);
    command.args(["-B", "-s", "-c", QUESTION]).env_clear().env("PYTHONPATH", folder).current_dir("/");
    let asked = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).status();
    // One that cannot be asked cannot run the handler either, and that is told then.
    asked.await.is_ok_and(|status| status.success())
}

/// Where a virtual environment has its modules. All of these are plain Python, so that any version takes them.
fn packages(environment: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(environment.join("lib")).ok()?.flatten();
    versions.map(|version| version.path().join("site-packages")).find(|path| path.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_names_the_sdk_and_does_not_bring_it_needs_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        std::fs::write(folder.path().join("src/app.py"), "import json\n").unwrap();
        assert!(!names_it(folder.path(), 0));
        std::fs::write(folder.path().join("src/app.py"), "from boto3.dynamodb.conditions import Key\n").unwrap();
        assert!(names_it(folder.path(), 0));
        std::fs::create_dir(folder.path().join("boto3")).unwrap();
        assert!(!names_it(folder.path(), 0));
    }
}

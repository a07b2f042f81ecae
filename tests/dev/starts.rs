//! What `pipe dev` says when it cannot start, with what to do, and that nothing half-made is left.

use std::net::TcpListener;
use std::path::Path;

use pipe_test_support::{Run, until};

use super::dev::{MAIN, pipe};
use super::process::{Started, about};

#[test]
fn a_port_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = folder();
    let mut dev = Started::on_port(&port, folder.path(), |_| {});
    let err = failed(&mut dev);
    assert!(err.contains(&format!("error: cannot listen on port {port} of 127.0.0.1: ")), "{err}");
    assert!(err.contains("hint: ") && err.contains("choose another port with --port"), "{err}");
}

#[test]
fn no_python_and_no_emulator_yet() {
    let folder = folder();
    let cache = folder.path().join("cache");
    let mut dev = Started::of(folder.path(), |command| {
        command.env("PATH", folder.path()).env("PIPE_CACHE", &cache);
    });
    let err = failed(&mut dev);
    assert!(err.contains("error: ") && err.contains("find `python3`, which MiniStack needs\n"), "{err}");
    assert!(err.contains("hint: install Python 3.10 or newer, or use --endpoint-url\n"), "{err}");
    assert_eq!(emulators(&cache), Vec::<String>::new());
}

#[test]
fn no_package_index_and_no_emulator_yet() {
    let folder = folder();
    let cache = folder.path().join("cache");
    let nowhere = [("PIP_INDEX_URL", "http://127.0.0.1:1/"), ("PIP_RETRIES", "0"), ("PIP_NO_INPUT", "1")];
    let mut dev = Started::of(folder.path(), |command| {
        command.env("PIPE_CACHE", &cache).envs(nowhere);
    });
    let err = failed(&mut dev);
    assert!(err.contains("installing MiniStack 1.5.33 into ") && err.contains(" install MiniStack 1.5.33: "), "{err}");
    assert!(
        err.contains(
            "hint: the first use needs the package index (PyPI), and Python 3.10 to 3.15; or use --endpoint-url\n"
        ),
        "{err}"
    );
    assert_eq!(emulators(&cache), Vec::<String>::new(), "half of an emulator is left");
    nothing_runs(folder.path());
    let mut dev = Started::of(folder.path(), |_| {});
    dev.until("it to be up with another cache", |dev| dev.out().contains("Up in ").then_some(()));
}

/// All other tests run what a release embeds; a debug build without it is its own handlers.
#[test]
fn a_debug_build_runs_the_bundled_handlers_by_itself() {
    let folder = folder();
    let mut dev = Started::of(folder.path(), |command| {
        command.env_remove(pipe_test_support::ZIPPED_HANDLERS);
    });
    dev.until("it to be up", |dev| dev.out().contains("Up in ").then_some(()));
    // Through the authorizer and the consumer, to its row.
    let sent = pipe(folder.path(), None).args(["send", "--follow", "--timeout", "180", "--local"]).output().unwrap();
    let sent = Run::of(sent);
    assert_eq!(sent.code, Some(0), "{}{}\n{}", sent.out, sent.err, dev.out());
}

#[test]
fn a_handler_that_does_not_build() {
    let folder = folder();
    let spec = MAIN.replace("handler: stream-to-table", "handler: ./broken");
    std::fs::write(folder.path().join("pipeline.yaml"), spec).unwrap();
    let source = folder.path().join("broken/src");
    std::fs::create_dir_all(&source).unwrap();
    let manifest = "[package]\nname = \"broken\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(folder.path().join("broken/Cargo.toml"), manifest).unwrap();
    std::fs::write(source.join("main.rs"), "fn main() {\n    nothing_of_this_name();\n}\n").unwrap();
    let mut dev = Started::of(folder.path(), |_| {});
    let err = failed(&mut dev);
    assert!(err.contains("cannot find function `nothing_of_this_name` in this scope"), "{err}");
    assert!(err.contains("error: ") && err.contains("broken"), "{err}");
    nothing_runs(folder.path());
}

#[test]
fn a_spec_with_problems() {
    let folder = folder();
    let spec = MAIN.replace("shards: 1", "shards: none").replace("memory_mb: 128", "memory_mb: 1");
    std::fs::write(folder.path().join("pipeline.yaml"), spec).unwrap();
    let mut dev = Started::of(folder.path(), |_| {});
    let err = failed(&mut dev);
    assert!(err.contains("shards") && err.contains("memory_mb") && err.contains("pipeline.yaml:"), "{err}");
}

/// Waits for its end with exit code 1, and gives what it said.
fn failed(dev: &mut Started) -> String {
    let (code, _) = dev.end();
    let err = dev.err();
    assert_eq!(code, Some(1), "{}{err}", dev.out());
    assert!(!dev.out().contains("Up in"), "{}", dev.out());
    err
}

/// Waits until no process has to do with the folder: a supervisor may end a moment after its owner.
fn nothing_runs(folder: &Path) {
    until("its processes to end", || about(folder.to_str().unwrap()).is_empty().then_some(()));
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pipeline.yaml"), MAIN).unwrap();
    folder
}

/// Environments of the emulator in a cache, whole or half.
fn emulators(cache: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(cache).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("ministack") && !name.ends_with(".lock")).collect()
}

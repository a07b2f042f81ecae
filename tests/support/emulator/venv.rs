//! The virtual environment that the emulators run from: made once, by whichever test process comes first.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// MiniStack as `pipe dev` installs it, so that every machine that tests also tries the list with its hashes.
const MINISTACK: &str = include_str!("../../../local/src/endpoint/requirements.txt");
/// Pinned, for its quirks are part of what the tests know. Without hashes: it is for the tests alone, and its tree is eight times as
/// long.
const MOTO: &str = "moto[server]==5.2.5";
/// A second opinion on mapping templates, and one on OpenAPI documents. Pinned and without hashes, as moto is.
const OPINIONS: [&str; 2] = ["airspeed==0.7.1", "openapi-spec-validator==0.9.0"];

/// Returns the environment's folder, after making it if it is not there or holds other versions.
///
/// The folder is `$PIPE_TEST_VENV`, else `pipe-test-venv` in cargo's target folder. Test processes that race for it
/// wait for the first one, by a lock on a file beside it.
pub fn ready() -> PathBuf {
    let folder = std::env::var_os("PIPE_TEST_VENV").map_or_else(|| target().join("pipe-test-venv"), PathBuf::from);
    let lock = File::create(folder.with_extension("lock")).expect("failed to make the lock of the test environment");
    lock.lock().expect("failed to lock the test environment");
    let (list, made) = (folder.join("requirements.txt"), folder.join("made.txt"));
    let wanted = format!("{MINISTACK}{MOTO}\n{}\n", OPINIONS.join("\n"));
    if fs::read_to_string(&made).is_ok_and(|found| found == wanted) {
        return folder;
    }
    fs::remove_dir_all(&folder).ok();
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    fs::write(&list, MINISTACK).expect("failed to write the list of packages");
    let install = || {
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--only-binary", ":all:"]);
        pip
    };
    run(install().args(["--require-hashes", "--requirement"]).arg(&list));
    // MiniStack is named again, or pip would take newer ones of the packages that the two share.
    run(install().args([MOTO, "ministack"]).args(OPINIONS));
    fs::write(&made, wanted).expect("failed to mark the test environment as made");
    folder
}

/// The running test lies in `<target folder>/<profile>/deps`, an example in `<target folder>/<profile>/examples`.
fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let built_in = test.ancestors().find(|folder| folder.ends_with("deps") || folder.ends_with("examples"));
    built_in.and_then(|folder| folder.ancestors().nth(2)).map_or_else(std::env::temp_dir, Path::to_path_buf)
}

fn run(command: &mut Command) {
    let output = command.output().expect("failed to run python3, which the tests need");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "failed to make the test environment: {command:?}: {errors}");
}

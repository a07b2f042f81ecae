//! The endpoint's parts in this process, against an upstream and a Python made up on the spot.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

mod changes;
mod cloud;
mod emulator;
mod environment;
mod forwarder;
mod front;
mod gate;
mod imports;
mod logs;
mod quirks;
mod resharding;
mod signature;
mod strangers;
mod stream;
mod watch;

/// Makes a program that can be run at once: copied into place by another process, because a file that this one wrote may still be
/// open in a child that another test is about to start.
fn program(path: &Path, text: &str) {
    let draft = path.with_extension("draft");
    fs::write(&draft, text).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
    let copied = std::process::Command::new("cp").arg("-p").args([&draft, path]).status().unwrap();
    assert!(copied.success());
    fs::remove_file(draft).unwrap();
}

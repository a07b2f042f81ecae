//! The supervisor as a program of its own, for this crate's tests; `pipe` carries it as a hidden command.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let command: Vec<OsString> = std::env::args_os().skip(1).collect();
    pipe_local::supervise::run(&command)
}

//! The supervisor as a process.

use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use crate::host::{eventually, runs};

/// Runs a shell script under a supervisor whose stdin is the other end of the socket.
fn supervise(script: &str) -> (Child, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_pipe-supervise"))
        .args(["/bin/sh", "-c", script])
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    (child, ours)
}

#[test]
fn it_tells_how_the_command_ended() {
    for (script, code, told) in [("exit 0", 0, "code 0"), ("exit 7", 7, "code 7"), ("kill -9 $$", 137, "signal 9")] {
        let (mut child, ours) = supervise(script);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{script}");
        let lines: Vec<String> = BufReader::new(ours).lines().map(Result::unwrap).collect();
        assert!(lines[0].starts_with("pid "), "{lines:?}");
        assert_eq!(lines[1..], [told]);
    }
}

#[test]
fn it_tells_why_a_command_cannot_be_started() {
    let run = |program: &str| Command::new(env!("CARGO_BIN_EXE_pipe-supervise")).arg(program).status().unwrap().code();
    assert_eq!(run("/nonexistent/program"), Some(127));
    assert_eq!(run("/dev/null"), Some(126));
}

#[tokio::test]
async fn the_whole_group_ends_when_the_owner_is_gone() {
    let (mut child, ours) = supervise("sleep 300 & echo $!; echo $$; trap '' TERM; wait");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut pid = || lines.next().unwrap().unwrap().parse::<u64>().unwrap();
    let (grandchild, leader) = (pid(), pid());
    assert!(runs(grandchild) && runs(leader));
    drop(ours);
    eventually("all have ended", || !runs(grandchild) && !runs(leader)).await;
    assert_eq!(child.wait().unwrap().code(), Some(137));
}

#[tokio::test]
async fn what_the_command_leaves_behind_ends_with_it() {
    let (mut child, ours) = supervise("sleep 300 & echo $!");
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    let grandchild: u64 = text.trim().parse().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    eventually("it has ended", || !runs(grandchild)).await;
    drop(ours);
}

//! MiniStack's process, in place of which a small HTTP server runs; and its end, however it comes.

use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use rustix::process::{Pid, test_kill_process};
use tempfile::TempDir;
use tokio::time::{Instant, timeout};

use crate::endpoint::Emulator;
use crate::error::Result;

/// Runs what follows it, and kills its whole group when its stdin closes.
const SUPERVISOR: &str = r#"
import os, signal, subprocess, sys, threading
def end_with_owner():
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=end_with_owner, daemon=True).start()
sys.exit(subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL))
"#;

/// The command of [`SUPERVISOR`]. With the interpreter itself: what `python3` names may be a script of a version manager, which
/// does more after `pip install`, and fails where two do it at once.
pub fn supervisor() -> [OsString; 3] {
    static PYTHON: LazyLock<OsString> = LazyLock::new(|| {
        let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable, end='')"]).output().unwrap();
        String::from_utf8(asked.stdout).unwrap().into()
    });
    [PYTHON.clone(), "-c".into(), SUPERVISOR.into()]
}

const FRONT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 4321));

/// Writes down its process id, environment and arguments, and answers 200 from the second question on.
const SERVES: &str = r#"
import http.server, json, os, socketserver, sys
print("starting", flush=True)
folder = os.environ["TMPDIR"]
given = {"environment": dict(os.environ), "arguments": sys.argv[1:], "mode": os.stat(folder).st_mode & 0o7777}
json.dump(given, open("FOLDER/given", "w"))
open("FOLDER/pid.new", "w").write(str(os.getpid()))
os.rename("FOLDER/pid.new", "FOLDER/pid")
asked = 0
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        asked += 1
        self.send_response(200 if asked > 1 and self.path == "/_ministack/health" else 500)
        self.end_headers()
    def log_message(self, *_):
        pass
socketserver.UnixStreamServer(sys.argv[3], Handler).serve_forever()
"#;

/// A folder that looks like a virtual environment, whose Python runs `text` whatever it is asked.
fn venv(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let text = text.replace("FOLDER", &folder.path().to_string_lossy());
    fs::write(folder.path().join("fake.py"), text).unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    let run = format!("#!/bin/sh\nexec python3 '{}' \"$@\"\n", folder.path().join("fake.py").display());
    super::program(&folder.path().join("bin/python"), &run);
    folder
}

fn log(venv: &TempDir) -> PathBuf {
    venv.path().join("ministack.log")
}

async fn start(venv: &TempDir) -> Result<Emulator> {
    Emulator::start(venv.path(), &supervisor(), &log(venv), FRONT, Some("http://127.0.0.1:1/secret")).await
}

fn pid(venv: &TempDir) -> Pid {
    Pid::from_raw(fs::read_to_string(venv.path().join("pid")).unwrap().parse().unwrap()).unwrap()
}

async fn gone(pid: Pid) {
    let gone = async {
        while test_kill_process(pid).is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(60), gone).await.expect("it outlives its owner");
}

#[tokio::test]
async fn it_starts_as_asked_and_stops() {
    let venv = venv(SERVES);
    let emulator = start(&venv).await.unwrap();
    let given = fs::read_to_string(venv.path().join("given")).unwrap();
    let given: serde_json::Value = serde_json::from_str(&given).unwrap();
    let socket = emulator.socket();
    let folder = socket.parent().unwrap().to_owned();
    assert_eq!(given["arguments"], serde_json::json!(["-I", folder.join("ministack.py"), socket]));
    assert_eq!(given["mode"], 0o700, "nobody else reaches the socket");
    assert_eq!(fs::metadata(log(&venv)).unwrap().mode() & 0o777, 0o600);
    let environment = given["environment"].as_object().unwrap();
    for (name, value) in [
        ("AUTH", "true"),
        ("LAMBDA_STRICT", "1"),
        ("DOCKER_HOST", "unix:///nowhere"),
        ("IOT_MTLS_ENABLED", "0"),
        ("SFTP_ENABLED", "0"),
        ("PIPE_DELIVERIES", "http://127.0.0.1:1/secret"),
        ("GATEWAY_PORT", "4321"),
        ("HOME", folder.to_str().unwrap()),
        ("TMPDIR", folder.to_str().unwrap()),
    ] {
        assert_eq!(environment[name], value, "{name}");
    }
    let services: Vec<&str> = environment["SERVICES"].as_str().unwrap().split(',').collect();
    assert!(services.contains(&"kinesis") && !services.contains(&"cloudformation"), "{services:?}");
    assert!(!environment.keys().any(|name| name.starts_with("AWS_")), "{environment:?}");
    // Cargo's own variables stand for all that the caller has.
    assert!(environment.contains_key("PATH") && !environment.contains_key("CARGO_MANIFEST_DIR"));

    let pid = pid(&venv);
    let begin = Instant::now();
    emulator.stop().await;
    gone(pid).await;
    assert!(!folder.exists(), "nothing stays behind");
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    assert!(fs::read_to_string(log(&venv)).unwrap().starts_with("starting\n"));
}

#[tokio::test]
async fn it_ends_when_its_owner_goes_away() {
    let venv = venv(SERVES);
    let emulator = start(&venv).await.unwrap();
    let pid = pid(&venv);
    drop(emulator);
    gone(pid).await;
}

#[tokio::test]
async fn its_own_end_is_told() {
    let venv = venv(SERVES);
    let mut emulator = start(&venv).await.unwrap();
    let pid = pid(&venv);
    assert!(timeout(Duration::from_millis(50), emulator.ended()).await.is_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(test_kill_process(pid).is_ok(), "to ask whether it ended does not end it");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let error = timeout(Duration::from_secs(60), emulator.ended()).await.unwrap();
    assert!(error.message().starts_with("keep MiniStack running: it ended ("), "{error}");
    assert!(error.message().contains("starting"), "{error}");
    assert!(error.hint_text().unwrap().contains("ministack.log"));
}

#[tokio::test]
async fn a_start_that_fails_shows_the_end_of_the_log() {
    let venv =
        venv("import sys\nfor i in range(30): print('line', i)\nprint('No module named ministack')\nsys.exit(3)\n");
    let error = start(&venv).await.unwrap_err();
    assert!(error.message().contains("(exit status: 3):\nline 11\n"), "{error}");
    assert!(error.message().ends_with("No module named ministack"), "{error}");
    assert!(error.hint_text().unwrap().contains("--endpoint-url"));
}

#[tokio::test]
async fn a_supervisor_that_is_not_there() {
    let venv = venv(SERVES);
    let supervisor = ["/no/such/supervisor".into()];
    let error = Emulator::start(venv.path(), &supervisor, &log(&venv), FRONT, None).await.unwrap_err();
    assert!(error.message().starts_with("start MiniStack: "), "{error}");
}

#[test]
fn a_path_that_is_too_long_for_a_socket() {
    let folder = TempDir::new().unwrap();
    let long = folder.path().join("long".repeat(25));
    fs::create_dir(&long).unwrap();
    let error = crate::endpoint::emulator::Private::new(&long).unwrap_err();
    assert!(error.message().contains("a socket at most 103"), "{error}");
    assert!(error.hint_text().unwrap().contains("TMPDIR"), "{error}");
    assert_eq!(fs::read_dir(&long).unwrap().count(), 0, "nothing stays behind");
}

//! Starts MiniStack or moto from a private virtual environment that is made on first use, and ends it with its owner.

mod venv;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Runs the emulator's module, and kills it with all its children when the pipe to its owner closes: also when the
/// owner was killed, so that nothing outlives a test.
const RUN_UNTIL_STDIN_CLOSES: &str = r#"
import os, runpy, signal, sys, threading
def end_with_owner():
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=end_with_owner, daemon=True).start()
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"#;

/// How long an emulator may take from its start to its first answer.
const READY_WITHIN: Duration = Duration::from_secs(300);

/// The emulators that the tests know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    MiniStack,
    /// MiniStack with `AUTH=true`: IAM users and roles may do what their policies say; a 12-digit key is its account's root.
    MiniStackWithAuth,
    Moto,
}

/// A running emulator on a free port of 127.0.0.1. It ends when this is dropped or its process ends, however it ends.
pub struct Emulator {
    kind: Kind,
    port: u16,
    log: PathBuf,
    child: Child,
}

impl Emulator {
    /// Starts an emulator whose functions call back to the emulator itself.
    ///
    /// Makes the virtual environment first if it is not there, which takes a minute and needs the package index.
    /// Panics, with the end of the emulator's log, if it gives no answer within five minutes.
    pub fn start(kind: Kind) -> Self {
        let port = Self::free_port();
        Self::start_on(kind, port, &format!("http://127.0.0.1:{port}"))
    }

    /// Starts an emulator on `port` whose functions call back to `callback`, such as a test endpoint's URL.
    pub fn start_on(kind: Kind, port: u16, callback: &str) -> Self {
        let venv = venv::ready();
        let log = venv.join(format!("{}-{port}.log", module(kind)));
        let child = command(kind, port, callback, &venv, &log).spawn().expect("failed to start the emulator");
        let mut emulator = Self { kind, port, log, child };
        emulator.wait_until_ready();
        emulator
    }

    /// A port that was free a moment ago. Below those that the system gives to programs that ask for any, so that it still is
    /// when the emulator comes to listen on it.
    pub fn free_port() -> u16 {
        let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
        let mut ports = std::iter::repeat_with(|| fastrand::u16(10_240..32_000)).take(1_000);
        ports.find(is_free).expect("no free port on 127.0.0.1")
    }

    /// The one emulator of its kind in this test process. Tests share it, each in an account of its own.
    pub fn shared(kind: Kind) -> &'static Self {
        static SHARED: [OnceLock<Emulator>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
        SHARED[kind as usize].get_or_init(|| Self::start(kind))
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where the emulator's own output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    fn wait_until_ready(&mut self) {
        let path = if self.kind == Kind::Moto { "/moto-api/data.json" } else { "/_ministack/health" };
        let end = Instant::now() + READY_WITHIN;
        while !answers(self.port, path) {
            let ended = self.child.try_wait().expect("failed to look after the emulator");
            assert!(ended.is_none() && Instant::now() < end, "the emulator does not answer: {}", tail(&self.log));
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().ok();
    }
}

/// The Python of the virtual environment that the emulators run from, made first where it is not there, as [`Emulator::start`] does.
pub fn python() -> PathBuf {
    venv::ready().join("bin/python")
}

fn module(kind: Kind) -> &'static str {
    match kind {
        Kind::MiniStack | Kind::MiniStackWithAuth => "ministack",
        Kind::Moto => "moto.server",
    }
}

fn command(kind: Kind, port: u16, callback: &str, venv: &Path, log: &Path) -> Command {
    let output = File::create(log).expect("failed to make the emulator's log");
    let errors = output.try_clone().expect("failed to share the emulator's log");
    let mut command = Command::new(venv.join("bin/python"));
    command.args(["-c", RUN_UNTIL_STDIN_CLOSES, module(kind)]);
    command.stdin(Stdio::piped()).stdout(output).stderr(errors).process_group(0);
    // The caller's own AWS settings would become the emulator's root credentials and defaults.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env("AWS_ENDPOINT_URL", callback).env_remove("PERSIST_STATE");
    match kind {
        Kind::Moto => command.args(["-H", "127.0.0.1", "-p", &port.to_string()]),
        Kind::MiniStack | Kind::MiniStackWithAuth => command
            .envs([("BIND_HOST", "127.0.0.1"), ("IOT_MTLS_ENABLED", "0"), ("SFTP_ENABLED", "0")])
            .env("GATEWAY_PORT", port.to_string())
            .env("AUTH", (kind == Kind::MiniStackWithAuth).to_string()),
    };
    command
}

fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(20).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

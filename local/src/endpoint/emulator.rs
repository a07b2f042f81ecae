//! MiniStack as a child process.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::private;

/// How long MiniStack may take from its start to its first answer.
const READY_WITHIN: Duration = Duration::from_secs(60);
const ASKED_EVERY: Duration = Duration::from_millis(20);
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// How long the supervisor may take to end everything.
const STOPPED_WITHIN: Duration = Duration::from_secs(3);
const TAIL_LINES: usize = 20;
const TAIL_BYTES: u64 = 8_192;
/// The longest path that a socket may have on every system: 107 bytes on Linux, 103 on macOS.
const LONGEST_SOCKET: usize = 103;
/// What serves MiniStack on a socket.
const START: &str = include_str!("emulator/start.py");
/// What MiniStack gets of the caller's environment. It reads dozens of variables (all of `AWS_`, `MINISTACK_HOST`, `PERSIST_STATE`,
/// `EDGE_PORT`, ...), any of which would make it another endpoint.
const KEPT: &[&str] = &["PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];
/// What MiniStack is to do: judge who may do what, listen nowhere else, and run nobody's code, be it itself (`LAMBDA_STRICT`) or in a
/// container (`DOCKER_HOST`, which names a socket that is not there). Functions run under `pipe` itself.
const SETTINGS: &[(&str, &str)] = &[
    ("AUTH", "true"),
    ("LAMBDA_STRICT", "1"),
    ("DOCKER_HOST", "unix:///nowhere"),
    ("IOT_MTLS_ENABLED", "0"),
    ("SFTP_ENABLED", "0"),
    // The services that a pipeline consists of and depends on: none of its roles may call any other.
    (
        "SERVICES",
        "apigateway,cognito-idp,dynamodb,dynamodbstreams,events,iam,iot,iot-data,kinesis,lambda,logs,monitoring,s3,scheduler,secretsmanager,sns,sqs,ssm,\
         states,sts,tagging",
    ),
];

/// A running MiniStack on a socket in a folder of its own, with authorization on and nothing kept after its end.
///
/// It ends when this is dropped or the process ends, however it ends: its supervisor waits for that.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    /// Open as long as MiniStack shall run. Not the child's: waiting for it would close it.
    stdin: Option<ChildStdin>,
    folder: Private,
    log: PathBuf,
}

/// A folder that only its owner may look into, until this is dropped.
#[derive(Debug)]
pub(super) struct Private(PathBuf);

impl Emulator {
    /// Starts MiniStack from a virtual environment and waits until it answers, which takes half a second when files are cached.
    ///
    /// `supervisor` is the command that runs what follows it until its own stdin closes; `log` takes MiniStack's output, anew;
    /// `front` is the forwarder's address, which is in the URLs that MiniStack makes; `deliveries` is where it gives what it has for
    /// functions ([`crate::push::Inbox`]).
    ///
    /// # Errors
    /// It cannot be started, ends, or does not answer within 60 s: with the end of its log.
    pub async fn start(
        venv: &Path,
        supervisor: &[OsString],
        log: &Path,
        front: SocketAddr,
        deliveries: Option<&str>,
    ) -> Result<Self> {
        let folder = Private::new(&std::env::temp_dir())?;
        let output = private::file(log, OpenOptions::new().write(true).create(true).truncate(true));
        let output = output.map_err(|e| Error::new(format!("write `{}`: {e}", log.display())))?;
        let errors = output.try_clone().map_err(|e| Error::new(format!("write `{}`: {e}", log.display())))?;
        let mut command = command(venv, supervisor, &folder, front);
        command.envs(deliveries.map(|url| ("PIPE_DELIVERIES", url)));
        let child = command.stdout(output).stderr(errors).spawn();
        let mut child = child.map_err(|error| Error::new(format!("start MiniStack: {error}")))?;
        let stdin = child.stdin.take();
        let mut emulator = Self { child, stdin, folder, log: log.to_owned() };
        emulator.wait_until_ready().await?;
        Ok(emulator)
    }

    /// Where MiniStack itself answers. Callers go to the forwarder in front of it.
    pub fn socket(&self) -> PathBuf {
        self.folder.socket()
    }

    /// Ends MiniStack and everything that it started.
    pub async fn stop(mut self) {
        drop(self.stdin.take());
        if timeout(STOPPED_WITHIN, self.child.wait()).await.is_err() {
            if let Some(group) = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
                rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
            }
            self.child.wait().await.ok();
        }
    }

    /// Waits until MiniStack has ended by itself, which it never should; says how, with the end of its log.
    ///
    /// May be dropped and asked again.
    pub async fn ended(&mut self) -> Error {
        let status = self.child.wait().await;
        self.failure(&status)
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let end = Instant::now() + READY_WITHIN;
        while !answers(&self.folder.socket()).await {
            if let Some(status) = self.child.try_wait().transpose() {
                return Err(self.failure(&status));
            }
            if Instant::now() >= end {
                let waited = READY_WITHIN.as_secs();
                return Err(self.with_log(format!("start MiniStack: it gives no answer within {waited} s")));
            }
            sleep(ASKED_EVERY).await;
        }
        Ok(())
    }

    fn failure(&self, status: &std::io::Result<ExitStatus>) -> Error {
        let how = status.as_ref().map_or_else(ToString::to_string, ToString::to_string);
        self.with_log(format!("keep MiniStack running: it ended ({how})"))
    }

    fn with_log(&self, message: String) -> Error {
        let tail = tail(&self.log);
        let message = if tail.is_empty() { message } else { format!("{message}:\n{tail}") };
        Error::new(message).hint(format!("its whole output is in `{}`; or use --endpoint-url", self.log.display()))
    }
}

impl Private {
    /// # Errors
    /// It cannot be made, or the path of a socket in it is too long.
    pub(super) fn new(parent: &Path) -> Result<Self> {
        let name = Uuid::new_v4().simple().to_string();
        let path = parent.join(format!("pipe-{}", &name[..12]));
        // It must be new: who made it before may have left something in it.
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Error::new(format!("make the folder `{}`: {error}", path.display())))?;
        let folder = Self(path);
        let (socket, length) = (folder.socket(), folder.socket().as_os_str().len());
        if length > LONGEST_SOCKET {
            let message = format!(
                "listen on `{}`: it has {length} bytes, and a socket at most {LONGEST_SOCKET}",
                socket.display()
            );
            return Err(Error::new(message).hint("set TMPDIR to a folder with a shorter path, such as /tmp"));
        }
        fs::write(folder.start(), START)
            .map_err(|e| Error::new(format!("write `{}`: {e}", folder.start().display())))?;
        Ok(folder)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }

    fn start(&self) -> PathBuf {
        self.0.join("ministack.py")
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn command(venv: &Path, supervisor: &[OsString], folder: &Private, front: SocketAddr) -> Command {
    let python = venv.join("bin/python").into_os_string();
    // Isolated (-I): modules that lie in the folder where the user works are not imported.
    let arguments = [python, "-I".into(), folder.start().into(), folder.socket().into()];
    let mut words = supervisor.iter().cloned().chain(arguments);
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).env_clear();
    command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.envs(SETTINGS.iter().copied());
    command.env("HOME", &folder.0).env("TMPDIR", &folder.0).env("GATEWAY_PORT", front.port().to_string());
    // A group of its own: Ctrl-C at the terminal is for the owner, who stops it in order.
    command.stdin(Stdio::piped()).process_group(0);
    command
}

/// Whether MiniStack's health page answers 200.
async fn answers(socket: &Path) -> bool {
    let ask = async {
        let mut stream = UnixStream::connect(socket).await?;
        let request = b"GET /_ministack/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await?;
        let mut status = [0; 12];
        stream.read_exact(&mut status).await?;
        std::io::Result::Ok(status.ends_with(b" 200"))
    };
    matches!(timeout(ANSWERED_WITHIN, ask).await, Ok(Ok(true)))
}

/// The last lines of a log that may be long.
fn tail(log: &Path) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut end = Vec::new();
        file.read_to_end(&mut end)?;
        Ok(end)
    };
    let end = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&end);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

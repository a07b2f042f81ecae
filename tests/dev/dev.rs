//! A running `pipe dev`, its output, and the account behind it.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::AttributeValue;
use pipe_test_support::{Account, Run, until};
use serde_json::Value;

use super::process::end_of;

/// The main pipeline.
pub const MAIN: &str = include_str!("../../pipeline.yaml");
pub const STREAM: &str = "GatewayEventsStream";
pub const TABLE: &str = "EventTable";
pub const QUEUE: &str = "LambdaDeadLetterQueue";

/// How long a cold start may take here, with other tests beside it and perhaps the emulator to be installed.
const UP_WITHIN: Duration = Duration::from_secs(900);
/// How long the slowest machine may take for anything else; what is to be fast is measured.
const WITHIN: Duration = Duration::from_secs(180);

/// `pipe dev` in a folder of its own. It is killed with the test.
pub struct Dev {
    folder: tempfile::TempDir,
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    /// Of an endpoint that the test brought along.
    account: Option<Account>,
}

impl Dev {
    /// Starts it on an emulator of its own, and waits until it is up.
    pub fn new(spec: &str) -> Self {
        Self::start(spec, None, |_| {})
    }

    /// Starts it on a test endpoint, whose account can be made to fail.
    pub fn on(account: Account, spec: &str) -> Self {
        Self::start(spec, Some(account), |_| {})
    }

    /// The same after something was put into the folder.
    pub fn start(spec: &str, account: Option<Account>, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pipeline.yaml"), spec).unwrap();
        prepare(folder.path());
        let mut child = launch(folder.path(), account.as_ref());
        let lines = Arc::default();
        let readers = gather(&mut child, &lines);
        let mut dev = Self { folder, child, lines, readers, account };
        dev.until_up(1);
        dev
    }

    fn until_up(&mut self, times: usize) {
        self.until_within("it to be up", UP_WITHIN, |dev| {
            assert!(dev.child.try_wait().unwrap().is_none(), "it ended:\n{}", dev.said());
            (dev.count("Up in ") >= times).then_some(())
        });
    }

    /// Ends it with this signal, and starts it again in the same folder and on the same endpoint.
    pub fn restart(&mut self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
        self.end();
        let ups = self.count("Up in ");
        self.child = launch(self.folder.path(), self.account.as_ref());
        self.readers = gather(&mut self.child, &self.lines);
        self.until_up(ups + 1);
    }

    /// Everything that it has printed.
    pub fn said(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// How many lines hold a text.
    pub fn count(&self, text: &str) -> usize {
        self.lines.lock().unwrap().iter().filter(|line| line.contains(text)).count()
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// The account on the test endpoint that the test brought along.
    pub fn account(&self) -> &Account {
        self.account.as_ref().expect("an account of a test endpoint")
    }

    /// Waits for its end and for all of its output, and gives how it ended and after how long.
    pub fn end(&mut self) -> (ExitStatus, Duration) {
        let ended = end_of(&mut self.child);
        until("the output's end", || self.readers.iter().all(JoinHandle::is_finished).then_some(()));
        ended
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Waits for something for at most three minutes.
    pub fn until<T>(&mut self, what: &str, look: impl FnMut(&mut Self) -> Option<T>) -> T {
        self.until_within(what, WITHIN, look)
    }

    pub fn until_within<T>(&mut self, what: &str, time: Duration, mut look: impl FnMut(&mut Self) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(start.elapsed() < time, "in vain waited {time:?} for {what}:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs `pipe ARGUMENTS --local` beside it.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let mut command = pipe(self.path(), self.account.as_ref());
        Run::of(command.args(arguments).arg("--local").stdin(Stdio::null()).output().unwrap())
    }

    /// The same where it must succeed.
    pub fn pipe(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "pipe {arguments:?}\n{}\n{}", run.out, run.err);
        run.out
    }

    /// Replaces a part of the spec that must be there.
    pub fn edit(&self, from: &str, to: &str) {
        let spec = std::fs::read_to_string(self.path().join("pipeline.yaml")).unwrap();
        assert!(spec.contains(from), "`{from}` is not in the spec");
        replace(self.path(), "pipeline.yaml", &spec.replacen(from, to, 1), 0o644);
    }

    /// The session as other commands find it.
    pub fn session(&self) -> Value {
        let sessions = cache().join("dev");
        let spec = self.path().join("pipeline.yaml").canonicalize().unwrap();
        let texts = std::fs::read_dir(sessions).unwrap().filter_map(|entry| std::fs::read(entry.unwrap().path()).ok());
        let all = texts.filter_map(|text| serde_json::from_slice::<Value>(&text).ok());
        all.into_iter().find(|session| session["spec"] == spec.to_str().unwrap()).unwrap()
    }

    /// Where the API is served, with its stage.
    pub fn url(&self) -> String {
        self.session()["api_url"].as_str().unwrap().to_owned()
    }

    /// The SDK as the account's root.
    pub fn sdk(&self) -> SdkConfig {
        let session = self.session();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let keys = match &self.account {
            Some(account) => [account.id().to_owned(), "test".to_owned()],
            None => [text(&session["keys"][0]).unwrap(), text(&session["keys"][1]).unwrap()],
        };
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(text(&session["endpoint_url"]).unwrap())
            .region(Region::new(text(&session["region"]).unwrap()))
            .credentials_provider(Credentials::new(&keys[0], &keys[1], None, None, "tests"));
        wait(loader.load())
    }

    /// Whether the table has an item with this `eventId`.
    pub fn row(&self, sdk: &SdkConfig, event: &str) -> bool {
        let table = aws_sdk_dynamodb::Client::new(sdk);
        let get = table.get_item().table_name(TABLE).consistent_read(true);
        let answer = wait(get.key("eventId", AttributeValue::S(event.to_owned())).send()).unwrap();
        answer.item().is_some()
    }

    /// Puts a record past the gateway.
    pub fn put(&self, sdk: &SdkConfig, key: &str, data: &[u8]) -> String {
        let kinesis = aws_sdk_kinesis::Client::new(sdk);
        let data = aws_sdk_kinesis::primitives::Blob::new(data);
        let put = kinesis.put_record().stream_name(STREAM).partition_key(key).data(data).send();
        wait(put).unwrap().sequence_number().to_owned()
    }

    /// The bodies of all messages in the DLQ; they stay there.
    pub fn letters(&self, sdk: &SdkConfig) -> Vec<Value> {
        let sqs = aws_sdk_sqs::Client::new(sdk);
        let url = wait(sqs.get_queue_url().queue_name(QUEUE).send()).unwrap().queue_url().unwrap().to_owned();
        let mut letters = Vec::new();
        loop {
            // Hidden for as long as it may take, so that none is seen twice.
            let receive = sqs.receive_message().queue_url(&url).max_number_of_messages(10).visibility_timeout(3600);
            match wait(receive.send()).unwrap().messages.unwrap_or_default() {
                messages if messages.is_empty() => break,
                messages => letters.extend(messages),
            }
        }
        for letter in &letters {
            let show = sqs.change_message_visibility().queue_url(&url).visibility_timeout(0);
            wait(show.set_receipt_handle(letter.receipt_handle.clone()).send()).unwrap();
        }
        letters.iter().map(|letter| serde_json::from_str(letter.body().unwrap()).unwrap()).collect()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            let said = self.said();
            let end: Vec<&str> = said.lines().rev().take(60).collect();
            std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("pipe dev said last:\n{}\n", end.into_iter().rev().collect::<Vec<_>>().join("\n")).as_bytes(),
            )
            .ok();
        }
    }
}

/// Starts `pipe dev`, so that what it says can be read.
fn launch(folder: &Path, account: Option<&Account>) -> Child {
    let mut command = pipe(folder, account);
    command.args(["dev", "--port", "0", "--yes"]).stdin(Stdio::null());
    if let Some(account) = account {
        // Without it an emulator is started, whatever the environment says.
        let [.., (_, url), _] = account.environment();
        command.args(["--endpoint-url", &url]);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn gather(child: &mut Child, lines: &Arc<Mutex<Vec<String>>>) -> Vec<JoinHandle<()>> {
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    vec![read(out, Arc::clone(lines)), read(err, Arc::clone(lines))]
}

fn read(from: impl std::io::Read + Send + 'static, lines: Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            lines.lock().unwrap().push(line);
        }
    })
}

/// Puts a file in its place at once, as editors do: a watcher sees one change, and never half a file.
pub fn replace(folder: &Path, file: &str, text: &str, mode: u32) {
    let new = folder.join(".new");
    std::fs::write(&new, text).unwrap();
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(mode)).unwrap();
    std::fs::rename(new, folder.join(file)).unwrap();
}

/// `pipe` with one cache for all tests, so that the emulator is installed once.
pub fn pipe(folder: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipe"));
    command.current_dir(folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", folder).env("PIPE_CACHE", cache()).env("NO_COLOR", "1").env("AWS_REGION", "eu-central-1");
    command.env(pipe_test_support::ZIPPED_HANDLERS, pipe_test_support::HANDLERS);
    // Cargo is found by these: a handler may be a crate.
    let rust = ["RUSTUP_HOME", "CARGO_HOME", "RUSTUP_TOOLCHAIN"];
    command.envs(rust.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    if let Some(account) = account {
        command.envs(account.environment());
    }
    command
}

pub fn cache() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_pipe")).ancestors().nth(2).unwrap();
    target.join("pipe-test-cache")
}

/// Waits for an answer.
pub fn wait<F: IntoFuture>(answer: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async { answer.await })
}

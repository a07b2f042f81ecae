//! A `pipe dev` that is measured.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

const MAIN: &str = include_str!("../../pipeline.yaml");
const QUEUE: &str = "name: gateway-events\nstream: { queue: { name: events } }\n\
                     consumer: { function: { handler: ./own } }\ndlq: { queue: { name: failed } }\n";
const PIPE: &str = env!("CARGO_BIN_EXE_pipe");

/// A handler that answers every call with nothing.
const HANDLER: &str = r#"
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    call = api.getresponse()
    call.read()
    id = call.headers["Lambda-Runtime-Aws-Request-Id"]
    api.request("POST", f"/2018-06-01/runtime/invocation/{id}/response", b"null")
    api.getresponse().read()
"#;

pub struct Running {
    folder: tempfile::TempDir,
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Running {
    /// The main file, up, with nothing that holds requests back.
    pub fn start() -> Self {
        Self::with(&MAIN.replace("    routes:", "    throttle: off\n    routes:"), |_| {})
    }

    /// The same without a console.
    pub fn without_console() -> Self {
        let spec = MAIN.replace("    routes:", "    throttle: off\n    routes:");
        Self::with_options(&spec, &["--no-console"], |_| {})
    }

    /// Opens a page of the console, which hears all that it says until the end.
    pub fn open_page(&self) {
        let url = self.ask(&["console"]);
        let (address, token) = url.trim().trim_start_matches("http://").split_once("/?token=").expect("it has a token");
        let mut stream = TcpStream::connect(address).expect("the console listens");
        write!(stream, "GET /api/stream?token={token} HTTP/1.1\r\nHost: {address}\r\n\r\n")
            .expect("it takes a request");
        let page = BufReader::new(stream);
        std::thread::spawn(move || page.lines().map_while(Result::ok).for_each(drop));
    }

    /// The main file with the user's own handler.
    pub fn with_own_handler() -> Self {
        let spec = MAIN.replace("handler: stream-to-table", "handler: ./own");
        Self::with(&spec, |folder| {
            std::fs::create_dir(folder.join("own")).expect("a folder for the handler");
            write(folder, 1000);
        })
    }

    /// A queue, and the user's own handler.
    pub fn with_queue() -> Self {
        Self::own(QUEUE)
    }

    /// A spec whose handler `./own` answers every call with nothing.
    pub fn own(spec: &str) -> Self {
        Self::with(spec, |folder| {
            std::fs::create_dir(folder.join("own")).expect("a folder for the handler");
            write(folder, 1000);
        })
    }

    /// What `pipe dev` itself has in memory, in KB (`/proc/PID/status`).
    pub fn resident_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
    }

    /// A spec, up, in a folder that was prepared for it.
    pub fn with(spec: &str, prepare: impl FnOnce(&Path)) -> Self {
        Self::with_options(spec, &[], prepare)
    }

    fn with_options(spec: &str, options: &[&str], prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("pipeline.yaml"), spec).expect("the folder takes the spec");
        prepare(folder.path());
        let mut command = command(folder.path());
        let mut child =
            command.args(["dev", "--port", "0"]).args(options).stdout(Stdio::piped()).spawn().expect("pipe starts");
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (out, into) = (child.stdout.take().expect("it has an output"), Arc::clone(&lines));
        std::thread::spawn(move || {
            let lines = BufReader::new(out).lines().map_while(Result::ok);
            lines.for_each(|line| into.lock().expect("nobody panics with it").push(line));
        });
        let running = Self { folder, child, lines };
        running.until("Up in", 1);
        running
    }

    /// Waits until so many lines hold a text.
    pub fn until(&self, text: &str, times: usize) {
        let start = Instant::now();
        let count =
            || self.lines.lock().expect("nobody panics with it").iter().filter(|line| line.contains(text)).count();
        while count() < times {
            assert!(start.elapsed() < Duration::from_secs(120), "in vain waited for `{text}`");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn write_handler(&self, number: usize) {
        write(self.folder.path(), number);
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What `pipe ARGUMENTS --local` prints.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = command(self.folder.path()).args(arguments).arg("--local").output().expect("pipe starts");
        assert!(output.status.success(), "pipe {arguments:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub fn endpoint_url(&self) -> String {
        self.session()["endpoint_url"].as_str().expect("it is text").to_owned()
    }

    /// The keys of the session's root.
    pub fn keys(&self) -> Credentials {
        let session = self.session();
        let [id, secret] = [0, 1].map(|index| session["keys"][index].as_str().expect("it is text"));
        Credentials::new(id, secret, None, None, "bench")
    }

    fn session(&self) -> serde_json::Value {
        let spec = self.folder.path().join("pipeline.yaml").canonicalize().expect("the spec is there");
        let files = std::fs::read_dir(cache().join("dev")).expect("there are sessions").flatten();
        let sessions = files.filter_map(|file| serde_json::from_slice(&std::fs::read(file.path()).ok()?).ok());
        let mut ours =
            sessions.filter(|session: &serde_json::Value| session["spec"] == spec.to_string_lossy().as_ref());
        ours.next().expect("the session is there")
    }

    /// The SDK as the account's root, at the endpoint or what stands before it.
    pub fn sdk(&self, endpoint: Option<&str>) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url(endpoint.map_or_else(|| self.endpoint_url(), str::to_owned))
            .credentials_provider(SharedCredentialsProvider::new(self.keys()))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build()
    }

    pub async fn api(&self) -> String {
        let apis =
            aws_sdk_apigateway::Client::new(&self.sdk(None)).get_rest_apis().send().await.expect("there are APIs");
        apis.items()[0].id().expect("it has an id").to_owned()
    }

    /// How many items the table has of those that were posted as rows.
    pub async fn rows(&self) -> usize {
        let table = aws_sdk_dynamodb::Client::new(&self.sdk(None));
        let pages = table.scan().table_name("EventTable").select(aws_sdk_dynamodb::types::Select::Count);
        let pages = pages.filter_expression("begins_with(eventId, :row)");
        let value = aws_sdk_dynamodb::types::AttributeValue::S("row".to_owned());
        let mut pages = pages.expression_attribute_values(":row", value).into_paginator().send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            count += usize::try_from(page.expect("the table is read").count()).unwrap_or_default();
        }
        count
    }

    /// The emulator's process.
    pub fn ministack(&self) -> u32 {
        let of = |process: u32| children(process).into_iter().flat_map(|child| [vec![child], children(child)].concat());
        let is_python = |process: &u32| {
            std::fs::read_to_string(format!("/proc/{process}/cmdline")).is_ok_and(|line| line.contains("ministack"))
        };
        // The supervisor's command line names it as well; it is the parent.
        of(self.child.id()).rfind(is_python).expect("it runs")
    }

    /// CPU time of `pipe dev` and of its functions.
    pub fn cpu(&self) -> Duration {
        let ministack = self.ministack();
        let mut all = vec![self.child.id()];
        for child in children(self.child.id()) {
            all.push(child);
            all.extend(children(child));
        }
        all.into_iter().filter(|process| *process != ministack).map(cpu).sum()
    }

    pub fn stop(mut self) {
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// CPU time of a process so far (`/proc/PID/stat`, in hundredths of a second).
pub fn cpu(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>();
    Duration::from_millis(ticks * 10)
}

fn children(process: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<u32>>())
        .collect()
}

fn write(folder: &Path, number: usize) {
    let handler = folder.join("own/bootstrap");
    write_program(&handler, &format!("#!/usr/bin/env python3\n# {number}\n{HANDLER}"));
}

pub fn write_program(file: &Path, text: &str) {
    std::fs::write(file, text).expect("the handler is written");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).expect("it is made executable");
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(PIPE);
    command.current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", folder).env("PIPE_CACHE", cache()).env("AWS_REGION", "eu-central-1");
    command
}

fn cache() -> std::path::PathBuf {
    Path::new(PIPE).ancestors().nth(2).expect("it lies in a target folder").join("pipe-test-cache")
}

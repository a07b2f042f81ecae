//! `pipe send` to a stand-in for the gateway, which no emulator has: it asks for the credentials and puts each body on the stream.
//! All behind it is deployed.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::Command;

use aws_config::SdkConfig;
use aws_sdk_kinesis::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipe::aws::Keys;
use pipe::session::Session;
use pipe_test_support::{Kind, Run, Sandbox};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::cloud::{STREAM, root, rows, sandbox};

/// A running `pipe dev`, as far as other commands see it: a gateway, and a session file that is locked.
struct Dev {
    sandbox: Sandbox,
    _session: File,
    gateway: JoinHandle<()>,
}

impl Dev {
    async fn new() -> Self {
        let sandbox = sandbox(Kind::MiniStack);
        sandbox.pipe(&["apply", "--yes"]);
        let credentials = sandbox.pipe(&["outputs", "--reveal", "--field", "credentials"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api_url = format!("http://{}/prod", listener.local_addr().unwrap());
        let gateway = tokio::spawn(gateway(listener, root(&sandbox.account).await, basic(credentials.trim())));
        let spec = sandbox.path().join("pipeline.yaml").canonicalize().unwrap();
        let [(_, key), (_, secret), (_, region), (_, endpoint_url), _] = sandbox.account.environment();
        let hash = Sha256::digest(spec.as_os_str().as_encoded_bytes());
        let session = Session { spec, endpoint_url, api_url, region, keys: Some(Keys(key, secret)) };
        let folder = sandbox.path().join("cache/dev");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{}.json", hex::encode(&hash[..8])));
        std::fs::write(&file, serde_json::to_vec(&session).unwrap()).unwrap();
        let held = File::open(&file).unwrap();
        held.lock().unwrap();
        Self { sandbox, _session: held, gateway }
    }

    /// `pipe` with `--local` and nothing of AWS in its environment.
    fn run(&self, arguments: &[&str]) -> Run {
        let mut command: Command = self.sandbox.command(arguments);
        for (name, _) in self.sandbox.account.environment() {
            command.env_remove(name);
        }
        command.arg("--local").env("PIPE_CACHE", self.sandbox.path().join("cache"));
        Run::of(command.output().unwrap())
    }

    fn pipe(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "pipe {arguments:?}\n{}\n{}", run.out, run.err);
        run.out
    }
}

fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

async fn gateway(listener: TcpListener, aws: SdkConfig, authorization: String) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(serve(stream, aws_sdk_kinesis::Client::new(&aws), authorization.clone()));
    }
}

/// Answers the requests of one connection.
async fn serve(stream: TcpStream, kinesis: aws_sdk_kinesis::Client, authorization: String) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        let mut line = String::new();
        while stream.read_line(&mut line).await.is_ok_and(|length| length > 2) {
            head.push(std::mem::take(&mut line).trim().to_owned());
        }
        let Some((request, headers)) = head.split_first() else { return };
        let headers: BTreeMap<&str, &str> = headers.iter().filter_map(|line| line.split_once(": ")).collect();
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        let (status, answer) = match headers.get("authorization") {
            _ if headers["content-type"] != "application/json" => ("415 Unsupported Media Type", json!({})),
            Some(given) if *given == authorization => taken(&kinesis, request, body).await,
            _ => ("401 Unauthorized", json!({})),
        };
        let answer = answer.to_string();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

async fn taken(kinesis: &aws_sdk_kinesis::Client, request: &str, body: Vec<u8>) -> (&'static str, Value) {
    let path = request.strip_prefix("POST /prod/submit/").and_then(|rest| rest.strip_suffix(" HTTP/1.1"));
    let Some((STREAM, key)) = path.and_then(|path| path.split_once('/')) else {
        return ("403 Forbidden", json!({}));
    };
    let put = kinesis.put_record().stream_name(STREAM).partition_key(key).data(Blob::new(body)).send().await.unwrap();
    ("200 OK", json!({ "SequenceNumber": put.sequence_number, "ShardId": put.shard_id }))
}

fn events(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_sent_is_followed_to_its_row_or_to_the_dlq() {
    let dev = Dev::new().await;
    let out = dev.pipe(&["send", "--count", "1000", "--follow", "--timeout", "600"]);
    assert!(out.contains("1000 answered by http://127.0.0.1") && out.contains("\n  200: 1000\n"), "{out}");
    assert!(out.ends_with("\n1000 rows, 0 dead letters, 0 on the way\n"), "{out}");
    assert_eq!(rows(&root(&dev.sandbox.account).await).await.len(), 1000);

    let run = dev.run(&["send", "--data", r#"{"eventId": "#, "--follow", "--timeout", "300"]);
    assert_eq!(run.code, Some(1), "a dead letter has not arrived: {}", run.err);
    let out = run.out;
    assert!(out.contains(" is a dead letter: bad-json"), "{out}");
    assert!(out.ends_with("\n0 rows, 1 dead letter, 0 on the way\n"), "{out}");
    let listed = dev.pipe(&["dlq", "ls"]);
    assert!(listed.contains("bad-json") && listed.contains(r#"{"eventId": "#), "{listed}");

    let out = dev.pipe(&["send", "--data", r#"{"eventId": "mine"}"#, "--follow", "--timeout", "300"]);
    assert!(
        out.contains(" has a row under its key") && out.ends_with("\n1 row, 0 dead letters, 0 on the way\n"),
        "{out}"
    );

    std::fs::write(dev.sandbox.path().join("event.json"), r#"{"eventId": "x", "n": 1}"#).unwrap();
    let three = ["send", "--data", "@event.json", "--count", "3", "--follow", "--timeout", "300", "--json"];
    let all = events(&dev.pipe(&three));
    let of = |name: &str| all.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    assert!(of("sent").iter().all(|event| event["status"] == 200 && event["record"].is_string()));
    assert_eq!((of("sent").len(), of("followed").len(), of("sent_all").len()), (3, 3, 1));
    assert_eq!(of("followed_all")[0]["rows"], 3, "{all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_refused_or_not_answered_is_an_error_with_a_hint() {
    let dev = Dev::new().await;
    dev.sandbox.edit("/submit/{streamName}/{eventId}", "/other/{eventId}");
    let run = dev.run(&["send", "--count", "1000"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("events were refused with 403") && run.err.contains("hint: API Gateway"), "{}", run.err);
    let answered: u32 = run.out.split(' ').next().unwrap().parse().unwrap();
    assert!(answered <= 20, "it goes on where nothing can be taken: {answered}");

    let run = dev.run(&["send", "--route", "/submit"]);
    assert!(run.err.contains("no route has `/submit` in its path"), "{}", run.err);
    dev.gateway.abort();
    let secret = dev.pipe(&["outputs", "--reveal", "--field", "credentials"]);
    let run = dev.run(&["send", "--data", r#"{"eventId": "for-no-error"}"#, "-vv"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("did not answer") && run.err.contains("is `pipe dev` still running?"), "{}", run.err);
    for hidden in ["for-no-error", &basic(secret.trim())] {
        assert!(!run.err.contains(hidden), "{hidden} is in {}", run.err);
    }
}

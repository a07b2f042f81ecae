//! The bundled consumer beside a plain one in Python, and the two authorizers: start, a batch of ten, memory, against one stub of
//! Lambda and the table. Prints figures; nothing is asserted, because they are the machine's. `cargo bench -p pipe --bench consumers`.
//!
//! `PIPE_HANDLERS=dir` measures the ready-made programs of that folder; otherwise they are built, which takes minutes.

#[path = "consumers/stub.rs"]
mod stub;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use stub::{Did, Stub};

const STARTS: usize = 11;
const BATCHES: usize = 500;
const PINNED: [&str; 2] = ["boto3==1.44.8", "aws-lambda-powertools==3.37.0"];

const ENVIRONMENT: [(&str, &str); 13] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_DEFAULT_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("PIPE_TABLE", "EventTable"),
    ("PIPE_PARTITION_KEY", "id"),
    ("PIPE_SECRET", "s"),
    ("PIPE_ISSUER", "https://idp.example.com/"),
    ("PIPE_AUDIENCE", r#"["app"]"#),
    ("POWERTOOLS_DEV", "false"),
];

/// A program that is measured.
struct Program {
    name: &'static str,
    command: Vec<PathBuf>,
    event: String,
    /// Whether its answers are no errors.
    good: bool,
}

fn main() {
    say("program", &["start", "first answer", "p50 after", "p99 after", "memory"].map(str::to_owned));
    let programs = handlers();
    let of = |name: &'static str, event, good| Program { name, command: vec![programs.join(name)], event, good };
    measure(&of("stream-to-table", batch(), true));
    match python() {
        Ok(python) => {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/consumers/plain.py");
            measure(&Program { name: "plain Python", command: vec![python, script], event: batch(), good: true });
        }
        Err(why) => say("plain Python", &[format!("skipped: {why}")]),
    }
    measure(&of("authorizer", request(&format!("Basic {}", base64(b"ann:pw"))), true));
    // It is refused, by its signature: the keys are read and the mathematics are done all the same.
    measure(&of("jwt-authorizer", request(&format!("Bearer {}", token())), false));
}

fn say(what: &str, figures: &[String]) {
    let figures: String = figures.iter().map(|figure| format!("{figure:>14}")).collect();
    std::io::Write::write_all(&mut std::io::stdout(), format!("{what:<16}{figures}\n").as_bytes())
        .expect("standard output takes a line");
}

/// Starts a program again and again, and gives the last one more than one event.
fn measure(program: &Program) {
    let (mut starts, mut firsts) = (Vec::new(), Vec::new());
    for run in 1..=STARTS {
        let stub = Stub::start(keys());
        let begun = Instant::now();
        let mut child = start(program, &stub.address);
        starts.push(ready(&stub).duration_since(begun));
        firsts.push(answered(&stub, program));
        if run == STARTS {
            let mut times: Vec<Duration> = (0..BATCHES).map(|_| (ready(&stub), answered(&stub, program)).1).collect();
            let figures =
                [median(&mut starts), median(&mut firsts), quantile(&mut times, 0.5), quantile(&mut times, 0.99)];
            let mut figures: Vec<String> = figures.map(millis).into();
            figures.push(peak(child.id()));
            say(program.name, &figures);
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn start(program: &Program, address: &str) -> Child {
    let mut command = Command::new(&program.command[0]);
    command.args(&program.command[1..]).env_clear().envs(ENVIRONMENT);
    command.env("AWS_LAMBDA_RUNTIME_API", address).env("AWS_ENDPOINT_URL", format!("http://{address}"));
    command.env("PIPE_JWKS_URL", format!("http://{address}/keys")).stdout(Stdio::null());
    command.spawn().expect("the program starts")
}

/// Waits until the function asks for an event.
fn ready(stub: &Stub) -> Instant {
    match stub.did.recv_timeout(Duration::from_secs(60)) {
        Ok(Did::Ready(at)) => at,
        _ => panic!("the function asks for no event"),
    }
}

/// Gives an event, and returns the time to its answer.
fn answered(stub: &Stub, program: &Program) -> Duration {
    let given = Instant::now();
    stub.give(&program.event);
    match stub.did.recv_timeout(Duration::from_secs(60)) {
        Ok(Did::Answered(at, good)) if good == program.good => at.duration_since(given),
        _ => panic!("`{}` does not answer as it should", program.name),
    }
}

fn median(times: &mut [Duration]) -> Duration {
    quantile(times, 0.5)
}

fn quantile(times: &mut [Duration], part: f64) -> Duration {
    times.sort();
    let last = times.len().saturating_sub(1);
    times.get((last as f64 * part) as usize).copied().unwrap_or_default()
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// The most memory that a process has had at one time.
fn peak(process: u32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kilobytes: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap_or_default();
    format!("{:.1} MB", kilobytes / 1024.0)
}

/// Returns the folder of the handlers' programs, built as a release embeds them.
fn handlers() -> PathBuf {
    if let Some(folder) = std::env::var_os("PIPE_HANDLERS") {
        return folder.into();
    }
    let target = target();
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "build",
        "--locked",
        "--quiet",
        "--profile",
        "release-handlers",
        "--package",
        "pipe-handlers",
        "--bins",
    ]);
    command.arg("--target-dir").arg(&target).current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(command.status().expect("cargo runs").success(), "the handlers do not build");
    target.join("release-handlers")
}

/// The bench's own folder below `target`: the outer cargo may hold the lock of the other.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("consumers")
}

/// Returns a Python with the pinned packages, in an environment that is made once.
fn python() -> Result<PathBuf, String> {
    let folder = target().join("python");
    let python = folder.join("bin/python");
    let done = folder.join(format!("{}.done", PINNED.join("-")));
    if !done.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--retries", "1"]).args(PINNED))?;
        std::fs::write(&done, "").map_err(|error| error.to_string())?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("cannot run {:?}: {error}", command.get_program()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(said.lines().last().unwrap_or("it fails").to_owned()) }
}

/// Ten records of ten keys, as a stream delivers them.
fn batch() -> String {
    let record = |number: usize| {
        let data =
            format!(r#"{{"id":"event-{number}","kind":"temperature","value":{number}.5,"at":"2026-01-31T12:00:00Z"}}"#);
        format!(
            r#"{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":"p","sequenceNumber":"{number}","data":"{}",
            "approximateArrivalTimestamp":1545084650.987}},"eventSource":"aws:kinesis","eventVersion":"1.0",
            "eventID":"shardId-000000000000:{number}","eventName":"aws:kinesis:record","awsRegion":"eu-west-1",
            "invokeIdentityArn":"arn:aws:iam::1:role/r","eventSourceARN":"arn:aws:kinesis:eu-west-1:1:stream/s"}}"#,
            base64(data.as_bytes())
        )
    };
    format!(r#"{{"Records":[{}]}}"#, (10..20).map(record).collect::<Vec<_>>().join(","))
}

/// What API Gateway asks an authorizer.
fn request(authorization: &str) -> String {
    format!(
        r#"{{"type":"REQUEST","methodArn":"arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/people",
        "headers":{{"authorization":"{authorization}"}}}}"#
    )
}

fn token() -> String {
    let claims = r#"{"iss":"https://idp.example.com/","aud":"app","sub":"ann","exp":4102444800}"#;
    let parts = [br#"{"alg":"RS256","kid":"k"}"#.as_slice(), claims.as_bytes(), &[7; 256]];
    parts.map(|part| url_safe(&base64(part))).join(".")
}

/// A key of 2,048 bits that signed nothing.
fn keys() -> String {
    format!(r#"{{"keys":[{{"kid":"k","kty":"RSA","n":"{}","e":"AQAB"}}]}}"#, url_safe(&base64(&[0xc5; 256])))
}

fn url_safe(base64: &str) -> String {
    base64.trim_end_matches('=').replace('+', "-").replace('/', "_")
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or_default()));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at > three.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

//! A Lambda Runtime API and an AWS endpoint in one: a few lines of HTTP on a loopback port.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// What the function sent: where to (a path, or AWS's operation), and the body.
pub type Request = (String, Value);

/// Answers an AWS call of this operation and body with an HTTP status and a body.
pub type Aws = fn(&str, &Value) -> (u16, Value);

/// A running function.
pub struct Function {
    child: Child,
    calls: Receiver<Request>,
}

impl Function {
    /// Starts a bootstrap as Lambda does, gives it one event, and answers its AWS calls.
    pub fn start(bootstrap: &str, environment: &[(&str, &str)], event: Value, aws: Aws) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("address").to_string();
        let (sender, calls) = channel();
        let events = Arc::new(Mutex::new(VecDeque::from([event])));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (sender, events) = (sender.clone(), events.clone());
                std::thread::spawn(move || serve(stream, &sender, &events, aws));
            }
        });
        let child = Command::new(bootstrap)
            .env_clear()
            .envs(lambda_environment(&address))
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the bootstrap starts");
        Function { child, calls }
    }

    /// Waits for the answer to the event: its path ends in `response` or `error`. The AWS calls before it come first.
    pub fn answer(&self) -> (Vec<Request>, Request) {
        let mut before = Vec::new();
        loop {
            let call = self.calls.recv_timeout(Duration::from_secs(120)).expect("an answer");
            if call.0.ends_with("/response") || call.0.ends_with("/error") {
                return (before, call);
            }
            before.push(call);
        }
    }

    /// Returns the most memory that the function has had at one time, in kilobytes.
    #[cfg(target_os = "linux")]
    pub fn peak_kilobytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux has it");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        peak.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Ends the function and returns its log lines and what it printed to standard error.
    pub fn end(mut self) -> (Vec<Value>, String) {
        let _ = self.child.kill();
        let (mut out, mut err) = (String::new(), String::new());
        self.child.stdout.take().expect("stdout").read_to_string(&mut out).expect("text");
        self.child.stderr.take().expect("stderr").read_to_string(&mut err).expect("text");
        self.child.wait().expect("it ends");
        (out.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect(), err)
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The variables that Lambda sets, with an endpoint instead of AWS.
pub fn lambda_environment(address: &str) -> Vec<(&'static str, String)> {
    [
        ("AWS_LAMBDA_RUNTIME_API", address),
        ("AWS_LAMBDA_FUNCTION_NAME", "tested"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", &format!("http://{address}")),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

/// Serves one request; the connection is closed after it.
fn serve(stream: TcpStream, sender: &Sender<Request>, events: &Mutex<VecDeque<Value>>, aws: Aws) {
    let mut reader = BufReader::new(stream);
    let Some((path, target, body)) = read_request(&mut reader) else {
        return;
    };
    let mut headers = String::new();
    let (status, answer) = if path.ends_with("/invocation/next") {
        let Some(event) = events.lock().expect("lock").pop_front() else {
            // Lambda freezes a function that asks for more than there is.
            std::thread::sleep(Duration::from_secs(60));
            return;
        };
        headers = invocation_headers();
        (200, event)
    } else if let Some(operation) = target {
        let answer = aws(&operation, &body);
        let _ = sender.send((operation, body));
        answer
    } else {
        let _ = sender.send((path, body));
        (202, json!({ "status": "OK" }))
    };
    let answer = answer.to_string();
    let head = format!("HTTP/1.1 {status} x\r\n{headers}content-type: application/json\r\nconnection: close\r\n");
    let _ = write!(reader.get_mut(), "{head}content-length: {}\r\n\r\n{answer}", answer.len());
}

fn invocation_headers() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    let deadline = (now + Duration::from_secs(300)).as_millis();
    format!(
        "lambda-runtime-aws-request-id: r1\r\nlambda-runtime-deadline-ms: {deadline}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:123456789012:function:tested\r\n"
    )
}

/// Reads a request: path, AWS operation (the last part of `x-amz-target`), JSON body.
fn read_request(reader: &mut BufReader<TcpStream>) -> Option<(String, Option<String>, Value)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut target, mut length, mut chunked) = (None, 0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "x-amz-target" => target = value.rsplit('.').next().map(str::to_owned),
            "content-length" => length = value.parse().ok()?,
            "transfer-encoding" => chunked = value == "chunked",
            _ => {}
        }
    }
    let body = if chunked { read_chunks(reader)? } else { read_bytes(reader, length)? };
    Some((path, target, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

fn read_bytes(reader: &mut impl Read, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn read_chunks(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        reader.read_line(&mut size).ok()?;
        let length = usize::from_str_radix(size.trim(), 16).ok()?;
        body.extend(read_bytes(reader, length)?);
        read_bytes(reader, 2)?;
        if length == 0 {
            return Some(body);
        }
    }
}

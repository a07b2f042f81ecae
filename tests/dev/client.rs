//! A client of the API that `pipe dev` serves: plain HTTP over loopback, the request as the test wrote it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::dev::Dev;

/// API Gateway answers within 29 s.
const ANSWERED_WITHIN: Duration = Duration::from_secs(35);
pub const JSON: (&str, &str) = ("Content-Type", "application/json");

/// The API and its credentials.
pub struct Client {
    address: String,
    stage: String,
    /// `username:password`.
    pub credentials: String,
    /// All answers so far.
    pub answers: Mutex<Vec<Answer>>,
}

/// What the API said.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    /// The status with the message for the client.
    pub fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["message"].as_str().unwrap_or_default().to_owned())
    }
}

impl Client {
    /// The API of a running `pipe dev`, with the credentials that `pipe outputs` reveals.
    pub fn of(dev: &Dev) -> Self {
        let credentials = dev.pipe(&["outputs", "--reveal", "--field", "credentials"]).trim().to_owned();
        Self { credentials, ..Self::open_to(dev) }
    }

    /// The same without basic credentials.
    pub fn open_to(dev: &Dev) -> Self {
        let url = dev.url();
        let (address, stage) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        Self {
            address: address.to_owned(),
            stage: stage.to_owned(),
            credentials: String::new(),
            answers: Mutex::default(),
        }
    }

    /// The value of the `Authorization` header.
    pub fn authorization(&self) -> String {
        format!("Basic {}", STANDARD.encode(&self.credentials))
    }

    /// Posts JSON with the credentials.
    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[JSON, ("Authorization", &self.authorization())], body.as_bytes())
    }

    /// Posts JSON without credentials.
    pub fn open(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send("POST", path, &[&[JSON], headers].concat(), body.as_bytes())
    }

    /// Sends a request; the path from the stage on, percent-encoded already.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let length = body.len().to_string();
        let mut stream = self.ask(method, path, &[headers, &[("Content-Length", &length)]].concat());
        match stream.write_all(body) {
            // A server that refuses a body need not read it.
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {}
            written => written.unwrap(),
        }
        self.read(stream)
    }

    /// Announces a body, and sends none of it.
    pub fn announce(&self, path: &str, length: u64) -> Answer {
        let length = length.to_string();
        let headers = [JSON, ("Authorization", &self.authorization()), ("Content-Length", &length)];
        self.read(self.ask("POST", path, &headers))
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(ANSWERED_WITHIN)).unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let Self { address, stage, .. } = self;
        let head = format!("{method} /{stage}{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    /// Reads an answer that says how long it is, and keeps it.
    fn read(&self, mut stream: TcpStream) -> Answer {
        let mut all = Vec::new();
        let (mut part, mut answer) = ([0; 4096], None);
        while answer.is_none() {
            let count = match stream.read(&mut part) {
                // A process that was stopped and goes on, where a read has a time limit.
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.unwrap(),
            };
            assert!(count > 0, "it ended within its answer: {}", String::from_utf8_lossy(&all));
            all.extend_from_slice(&part[..count]);
            answer = parse(&all);
        }
        let answer = answer.unwrap();
        self.answers.lock().unwrap().push(answer.clone());
        answer
    }
}

/// The answer, when it is whole.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let (line, headers) = head.split_once("\r\n")?;
    let headers = headers.lines().map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let answer = Answer { status, headers, body: body.to_owned() };
    // RFC 9110: a 204 has no body, and no length.
    let length: usize = if status == 204 { 0 } else { answer.header("content-length").unwrap().parse().unwrap() };
    (body.len() == length).then_some(answer)
}

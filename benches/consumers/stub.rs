//! A Lambda Runtime API, a table, a secret and an issuer's keys in one, that answer at once on connections that stay open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const SECRET: &str = r#"{"Name":"s","SecretString":"{\"username\":\"ann\",\"password\":\"pw\"}"}"#;

/// What a function does, and when.
pub enum Did {
    /// It asked for an event.
    Ready(Instant),
    /// It answered one: whether with a response that names no failure.
    Answered(Instant, bool),
}

/// A stub for one function.
pub struct Stub {
    pub address: String,
    pub did: Receiver<Did>,
    events: Sender<String>,
}

impl Stub {
    /// Starts it; `keys` is what it gives as an issuer's keys.
    pub fn start(keys: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has an address").to_string();
        let ((events, waiting), (tell, did)) = (channel(), channel());
        let (waiting, keys) = (Arc::new(Mutex::new(waiting)), Arc::new(keys));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (waiting, tell, keys) = (Arc::clone(&waiting), tell.clone(), Arc::clone(&keys));
                std::thread::spawn(move || serve(stream, &waiting, &tell, &keys));
            }
        });
        Stub { address, did, events }
    }

    /// Gives the function an event; it goes out when the function asks for it.
    pub fn give(&self, event: &str) {
        self.events.send(event.to_owned()).expect("the stub lives");
    }
}

fn serve(stream: TcpStream, waiting: &Mutex<Receiver<String>>, tell: &Sender<Did>, keys: &str) {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    while let Some((path, target, said)) = request(&mut reader) {
        let (mut headers, mut body) = (String::new(), "{}".to_owned());
        if path.ends_with("/invocation/next") {
            let _ = tell.send(Did::Ready(Instant::now()));
            let Ok(event) = waiting.lock().expect("nobody panics").recv() else { return };
            (headers, body) = (invocation(), event);
        } else if path.contains("/invocation/") {
            let good = path.ends_with("/response") && !said.windows(14).any(|part| part == b"itemIdentifier");
            let _ = tell.send(Did::Answered(Instant::now(), good));
        } else if target.ends_with("GetSecretValue") {
            SECRET.clone_into(&mut body);
        } else if path.ends_with("/keys") {
            keys.clone_into(&mut body);
        }
        let head =
            format!("HTTP/1.1 200 OK\r\n{headers}content-type: application/json\r\ncontent-length: {}", body.len());
        if reader.get_mut().write_all(format!("{head}\r\n\r\n{body}").as_bytes()).is_err() {
            return;
        }
    }
}

fn invocation() -> String {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + Duration::from_secs(30);
    format!(
        "lambda-runtime-aws-request-id: r\r\nlambda-runtime-deadline-ms: {}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:123456789012:function:measured\r\n",
        deadline.as_millis()
    )
}

/// Reads a request to its end: its path, the operation of AWS that it calls, and its body where it is not in chunks.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, String, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut target, mut length, mut chunked) = (String::new(), 0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "x-amz-target" => value.clone_into(&mut target),
            "content-length" => length = value.parse().ok()?,
            "transfer-encoding" => chunked = value == "chunked",
            _ => {}
        }
    }
    while chunked {
        let mut size = String::new();
        reader.read_line(&mut size).ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        reader.read_exact(&mut vec![0; size + 2]).ok()?;
        chunked = size > 0;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, target, body))
}

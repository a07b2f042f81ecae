//! The console over HTTP, without a pipeline.

use std::net::Ipv4Addr;

use pipe_local::seen::Lens;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::console::{Console, Door};

async fn console() -> (Console, Lens) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (lens, sight) = Lens::new();
    (Console::start(Door::new(listener).unwrap(), sight), lens)
}

/// Status, head and body of an answer.
async fn ask(console: &Console, line: &str, headers: &[(&str, &str)], body: &str) -> (u16, String, String) {
    let own = console.shared.own;
    let mut stream = TcpStream::connect(own).await.unwrap();
    let mut text = format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "Host") {
        text += &format!("Host: {own}\r\n");
    }
    headers.iter().for_each(|(name, value)| text += &format!("{name}: {value}\r\n"));
    stream.write_all(format!("{text}\r\n{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_ascii_lowercase(), body.to_owned())
}

#[tokio::test]
async fn the_page_has_no_token_and_answers_have_their_headers() {
    let (console, _lens) = console().await;
    let (status, head, page) = ask(&console, "GET /", &[], "").await;
    assert_eq!(status, 200);
    assert!(!page.contains(&console.shared.token), "every user of this machine may read it: {page}");
    assert!(console.way_in().ends_with(&format!("/?token={}", console.shared.token)));
    assert!(!console.url().contains(&console.shared.token));
    let policy = "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:";
    for header in [policy, "x-content-type-options: nosniff", "x-frame-options: deny", "cache-control: no-store"] {
        assert!(head.contains(header), "{header}: {head}");
    }
    assert!(!head.contains("access-control"), "{head}");
    assert_eq!(ask(&console, "GET /console/none.js", &[], "").await.0, 404);
    assert_eq!(ask(&console, "GET /console/../../etc/passwd", &[], "").await.0, 404);
}

#[tokio::test]
async fn others_are_turned_away() {
    let (console, _lens) = console().await;
    let token = console.shared.token.clone();
    let with = [(TOKEN, token.as_str())];
    assert_eq!(ask(&console, "GET /api/state", &with, "").await.0, 200);
    let own = format!("http://{}", console.shared.own);
    assert_eq!(ask(&console, "GET /api/state", &[with[0], ("Origin", &own)], "").await.0, 200);
    for (line, headers) in [
        ("GET /", vec![("Host", "evil.example")]),
        ("GET /api/state", vec![with[0], ("Host", "evil.example")]),
        ("GET /api/state", vec![with[0], ("Origin", "http://evil.example")]),
        ("GET /api/state", vec![]),
        ("GET /api/state?token=x", vec![(TOKEN, "x")]),
        ("POST /api/send", vec![("Content-Type", "application/json")]),
        ("GET /api/stream", vec![]),
    ] {
        let (status, head, body) = ask(&console, line, &headers, "").await;
        assert_eq!(status, 403, "{line} {headers:?}");
        assert!(!body.contains(&token) && head.contains("content-security-policy"), "{head}{body}");
    }
    let in_query = format!("GET /api/state?token={token}");
    assert_eq!(ask(&console, &in_query, &[], "").await.0, 403, "only a stream has its token in the URL");
}

#[tokio::test]
async fn the_token_is_proven_and_not_told() {
    let (console, _lens) = console().await;
    let (token, nonce) = (console.shared.token.clone(), "0f".repeat(32));
    let (status, _, body) = ask(&console, &format!("GET /api/proof?nonce={nonce}"), &[], "").await;
    let proof = hex::encode(Sha256::digest(format!("{nonce}:{token}")));
    assert_eq!((status, body), (200, json!({ "proof": proof }).to_string()));
    for bad in ["", "0f", "xy", &"zz".repeat(32)] {
        assert_eq!(ask(&console, &format!("GET /api/proof?nonce={bad}"), &[], "").await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_write_is_json_by_post() {
    let (console, _lens) = console().await;
    let token = console.shared.token.clone();
    let (with, json) = ((TOKEN, token.as_str()), ("Content-Type", "application/json"));
    let form = ("Content-Type", "text/plain");
    assert_eq!(ask(&console, "POST /api/send", &[with, form], "{}").await.0, 415);
    assert_eq!(ask(&console, "POST /api/send", &[with, json], "{").await.0, 400);
    assert_eq!(ask(&console, "POST /api/none", &[with, json], "{}").await.0, 404);
    assert_eq!(ask(&console, "DELETE /api/state", &[with], "").await.0, 405);
    assert_eq!(ask(&console, "POST /", &[], "").await.0, 405);
    let body = r#"{"sender":"POST /a"}"#;
    let (status, _, body) = ask(&console, "POST /api/send", &[with, json], body).await;
    assert_eq!((status, body.as_str()), (503, r#"{"error":"the pipeline is not up yet","hint":null}"#));
    let long = "x".repeat(LARGEST + 1);
    let mut stream = TcpStream::connect(console.shared.own).await.unwrap();
    let head = format!(
        "POST /api/send HTTP/1.1\r\nHost: {}\r\n{TOKEN}: {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        console.shared.own,
        long.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may close before it has read all.
    let _closed = stream.write_all(long.as_bytes()).await;
    let mut answer = [0; 12];
    if stream.read_exact(&mut answer).await.is_ok() {
        assert_eq!(&answer, b"HTTP/1.1 413");
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_said() {
    let (console, _lens) = console().await;
    let token = console.shared.token.clone();
    let with = [(TOKEN, token.as_str())];
    for (path, status) in [
        ("events", 200),
        ("events?limit=x", 400),
        ("events?state=none", 400),
        ("events/1", 404),
        ("events/x", 404),
        ("rows", 503),
        ("letters", 503),
        ("none", 404),
        ("state/x", 404),
    ] {
        let (found, _, body) = ask(&console, &format!("GET /api/{path}"), &with, "").await;
        assert_eq!(found, status, "{path}");
        assert!(serde_json::from_str::<Value>(&body).is_ok(), "{body}");
    }
}

#[tokio::test]
async fn pages_hear_what_is_new_until_the_end() {
    let (console, _lens) = console().await;
    let own = console.shared.own;
    let mut stream = TcpStream::connect(own).await.unwrap();
    let line = format!("GET /api/stream?token={} HTTP/1.1\r\nHost: {own}\r\n\r\n", console.shared.token);
    stream.write_all(line.as_bytes()).await.unwrap();
    let (mut heard, mut part) = (String::new(), [0; 4096]);
    let mut until = async |text: &str| {
        while !heard.contains(text) {
            let count = stream.read(&mut part).await.unwrap();
            assert!(count > 0, "it ended before `{text}`: {heard}");
            heard += std::str::from_utf8(&part[..count]).unwrap();
        }
    };
    until("content-type: text/event-stream").await;
    until("event: state").await;
    console.wrong(vec!["error: no".to_owned()]);
    until("\"revision\":1").await;
    until("event: figures").await;
    console.stop().await;
    until("event: gone").await;
}

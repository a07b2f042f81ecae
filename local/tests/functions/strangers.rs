//! Processes that are not the function's, at the port that it is called by.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::host::{BOOTSTRAP, Host, host, host_of};

/// Sends a request as another process, and gives the answer.
async fn send(host: &Host, request: &str) -> String {
    let environment = host.ask(json!({})).await["environment"].clone();
    let api = environment["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap();
    let mut stream = TcpStream::connect(api).await.unwrap();
    let head = format!("{request} HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn another_process_is_given_no_event_and_ends_nothing() {
    let host = host(json!({})).await;
    let pid = host.pid().await;
    for request in ["GET /2018-06-01/runtime/invocation/next", "POST /2018-06-01/runtime/init/error", "GET /"] {
        let answer = send(&host, request).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{request}: {answer}");
    }
    assert_eq!(host.pid().await, pid);
}

#[tokio::test]
async fn what_the_bootstrap_starts_is_of_the_function() {
    let host = host_of(&[("bootstrap", "#!/bin/sh\n./real\n", 0o755), ("real", BOOTSTRAP, 0o755)], json!({})).await;
    assert_eq!(host.ask(json!({ "n": 1 })).await["event"], json!({ "n": 1 }));
}

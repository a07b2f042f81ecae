//! The forwarder changes no message, and failures look as they do without it.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Full};
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, timeout};

use super::cloud::{Cloud, forwarder, get, json, json_of, serve, signed};
use crate::endpoint::{Behind, Forwarder};
use crate::seen::Lens;

#[tokio::test]
async fn everything_passes_as_it_is() {
    let cloud = Cloud::new(|seen| {
        let answer = Response::builder().status(418).header("x-one", "a").header("x-one", "b");
        answer.header("date", "Thu, 01 Jan 2026 00:00:00 GMT").body(Body::from(seen.body.clone())).unwrap()
    })
    .await;
    let body: Vec<u8> = (0..=255).collect();
    let request = signed("ASIA1", "s3").method("PUT").header("x-two", "c");
    let request = request.header("x-two", "d").header("connection", "keep-alive").header("x-forwarded-proto", "http");
    let answer = cloud.send(request, "/a%2Fb//c?x=%20y&x=+", &body).await;

    assert_eq!(answer.status(), 418);
    assert_eq!(answer.headers().get_all("x-one").iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(answer.headers()["date"], "Thu, 01 Jan 2026 00:00:00 GMT");
    assert_eq!(answer.body().as_ref(), body);
    let seen = cloud.seen.lock().unwrap()[0].clone();
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("PUT", "/a%2Fb//c?x=%20y&x=+"));
    assert_eq!(seen.body.as_ref(), body);
    assert_eq!(format!("http://{}", seen.header("host")), cloud.forwarder.url(), "the URLs of queues are made from it");
    assert_eq!(seen.headers.get_all("x-two").iter().collect::<Vec<_>>(), ["c", "d"]);
    assert_eq!(seen.headers.get_all("x-forwarded-proto").iter().collect::<Vec<_>>(), ["https"]);
    assert!(seen.header("authorization").contains("ASIA1/20260101/eu-central-1/s3/aws4_request"));
    assert_eq!(seen.header("connection"), "");
}

#[tokio::test]
async fn errors_pass_as_they_are() {
    let cloud = Cloud::new(|seen| json(400, &seen.json())).await;
    let input = serde_json::json!({"__type": "ResourceNotFoundException", "message": "no"});
    for target in ["Kinesis_20131202.DescribeStreamSummary", "DynamoDB_20120810.PutItem", "AmazonSSM.GetParameter"] {
        let answer = cloud.call_as("ASIA1", "any", target, &input).await;
        assert_eq!(answer.status(), 400, "{target}");
        assert_eq!(json_of(&answer), input);
        assert_eq!(answer.headers()["content-type"], "application/x-amz-json-1.1");
    }
}

/// The first part of an answer comes before the upstream has the second.
#[tokio::test]
async fn answers_are_streamed() {
    let (parts, taken) = unbounded_channel::<&str>();
    let taken = std::sync::Mutex::new(Some(taken));
    let answer = move || {
        let taken = taken.lock().unwrap().take().unwrap();
        let parts = stream::unfold(taken, |mut taken| async { Some((taken.recv().await?, taken)) });
        async { Body::from_stream(parts.map(Ok::<_, std::io::Error>)) }
    };
    let answer = std::sync::Arc::new(answer);
    let upstream = serve(axum::Router::new().fallback(move || answer())).await;
    let (forwarder, _events) = forwarder(&upstream).await;
    parts.send("one").unwrap();
    let mut body = get(forwarder.url()).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "one");
    parts.send("two").unwrap();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "two");
    drop(parts);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn connections_to_the_upstream_are_kept() {
    let (upstream, opened) = counting_upstream().await;
    let (forwarder, _events) = forwarder(&upstream).await;
    for _ in 0..5 {
        let answer = get(forwarder.url()).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "well");
    }
    assert_eq!(*opened.borrow(), 1, "five connections of callers share one");
}

async fn counting_upstream() -> (String, tokio::sync::watch::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (count, counted) = tokio::sync::watch::channel(0);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            count.send_modify(|count| *count += 1);
            let service = hyper::service::service_fn(async |_| {
                Ok::<_, std::convert::Infallible>(hyper::Response::new(Full::new(Bytes::from("well"))))
            });
            let io = hyper_util::rt::TokioIo::new(stream);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
        }
    });
    (url, counted)
}

#[tokio::test]
async fn an_upstream_that_is_gone_is_said_to_be() {
    let (forwarder, _events) = forwarder("http://127.0.0.1:1").await;
    let answer = get(forwarder.url()).await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["x-amzn-errortype"], "ServiceUnavailable");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("the endpoint behind pipe's forwarder does not answer"));
}

/// As without the forwarder: nobody knows whether the call had its effect.
#[tokio::test]
async fn a_connection_that_breaks_breaks_the_callers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (forwarder, _events) = forwarder(&format!("http://{}", listener.local_addr().unwrap())).await;
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.readable().await.unwrap();
        }
    });
    let answer = timeout(Duration::from_secs(60), get(forwarder.url())).await.unwrap();
    assert!(answer.is_err(), "{answer:?}");
}

#[tokio::test]
async fn it_stops_though_calls_hang() {
    let (forwarder, _events) = forwarder(&serve(axum::Router::new().fallback(std::future::pending::<()>)).await).await;
    let url = forwarder.url();
    let hanging = tokio::spawn(get(url.clone()));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begin = Instant::now();
    forwarder.stop().await;
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert!(hanging.await.unwrap().is_err());
    assert!(get(url).await.unwrap_err().is_connect(), "nothing listens any more");
}

#[tokio::test]
async fn it_ends_when_it_is_dropped() {
    let (forwarder, _events) = forwarder("http://127.0.0.1:9").await;
    let url = forwarder.url();
    assert_eq!(get(url.clone()).await.unwrap().status(), 503);
    drop(forwarder);
    let gone = async { while get(url.clone()).await.is_ok() {} };
    timeout(Duration::from_secs(60), gone).await.unwrap();
}

#[tokio::test]
async fn only_plain_http_is_forwarded_to() {
    for url in ["https://example.com", "127.0.0.1:4566", "not a url", ""] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let error =
            Forwarder::start(listener, Behind::Users(url), unbounded_channel().0, Lens::default()).await.unwrap_err();
        assert!(error.message().contains("it is not an address of plain HTTP"), "{url}: {error}");
        assert!(error.hint_text().is_some());
    }
}

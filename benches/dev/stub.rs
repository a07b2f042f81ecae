//! A Kinesis that answers at once; all else is the endpoint's.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

const TAKEN: &str = r#"{"SequenceNumber":"4960","ShardId":"shardId-000000000000"}"#;

/// Starts it and gives its URL.
pub async fn start(endpoint: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let (endpoint, client) = (endpoint.to_owned(), Client::builder(TokioExecutor::new()).build(HttpConnector::new()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let (endpoint, client) = (endpoint.clone(), client.clone());
            let service = service_fn(move |request| answer(request, endpoint.clone(), client.clone()));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    url
}

async fn answer(
    request: Request<Incoming>,
    endpoint: String,
    client: Client<HttpConnector, Full<Bytes>>,
) -> Result<Response<Full<Bytes>>, hyper_util::client::legacy::Error> {
    let is_put = request.headers().get("x-amz-target").is_some_and(|target| target == "Kinesis_20131202.PutRecord");
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    if is_put {
        return Ok(Response::new(Full::new(Bytes::from_static(TAKEN.as_bytes()))));
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = format!("{endpoint}{path}").parse().expect("it is a URL");
    let answer = client.request(Request::from_parts(parts, Full::new(body))).await?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Ok(Response::from_parts(parts, Full::new(body)))
}

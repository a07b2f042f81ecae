//! A Kinesis that answers at once; all else goes to the endpoint, signed for it again.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

const TAKEN: &str = r#"{"SequenceNumber":"4960","ShardId":"shardId-000000000000"}"#;

/// Starts it and gives its URL; `keys` are of the endpoint's root.
pub async fn start(endpoint: &str, keys: Credentials) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let (endpoint, client) = (endpoint.to_owned(), Client::builder(TokioExecutor::new()).build(HttpConnector::new()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let (endpoint, client, keys) = (endpoint.clone(), client.clone(), keys.clone());
            let service = service_fn(move |request| answer(request, endpoint.clone(), client.clone(), keys.clone()));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    url
}

async fn answer(
    request: Request<Incoming>,
    endpoint: String,
    client: Client<HttpConnector, Full<Bytes>>,
    keys: Credentials,
) -> Result<Response<Full<Bytes>>, hyper_util::client::legacy::Error> {
    let is_put = request.headers().get("x-amz-target").is_some_and(|target| target == "Kinesis_20131202.PutRecord");
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    if is_put {
        return Ok(Response::new(Full::new(Bytes::from_static(TAKEN.as_bytes()))));
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("{endpoint}{path}");
    parts.uri = url.parse().expect("it is a URL");
    let mut request = Request::from_parts(parts, Full::new(body.clone()));
    sign_anew(&mut request, &url, &body, keys);
    let answer = client.request(request).await?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Ok(Response::from_parts(parts, Full::new(body)))
}

/// Signs a request as the endpoint's root, for the service that it was signed for.
fn sign_anew(request: &mut Request<Full<Bytes>>, url: &str, body: &[u8], keys: Credentials) {
    let headers = request.headers_mut();
    let old = headers.remove("authorization").expect("it is signed");
    let scope: Vec<String> = old.to_str().expect("it is text").split('/').map(str::to_owned).collect();
    for name in ["host", "x-amz-date", "x-amz-security-token"] {
        headers.remove(name);
    }
    let identity = keys.into();
    let params = v4::SigningParams::builder().identity(&identity).region(&scope[2]).name(&scope[3]);
    let params = params.time(SystemTime::now()).settings(SigningSettings::default()).build().expect("all is given");
    let signed = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().expect("it is text")));
    let signable = SignableRequest::new(request.method().as_str(), url, signed, SignableBody::Bytes(body));
    let signed = sign(signable.expect("it can be signed"), &params.into()).expect("it can be signed");
    signed.into_parts().0.apply_to_request_http1x(request);
}

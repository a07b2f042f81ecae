//! A load of requests over connections that are kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::running::Running;

/// Connections at once.
const AT_ONCE: usize = 32;

#[derive(Clone)]
pub struct Load {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    /// Of the route, before an event's id.
    path: String,
    /// The header that lets it in, and its value.
    header: &'static str,
    secret: String,
}

impl Load {
    pub async fn new(running: &Running) -> Self {
        let credentials = running.ask(&["outputs", "--reveal", "--field", "credentials"]);
        let encoded = base64::engine::general_purpose::STANDARD.encode(credentials);
        let url = running.ask(&["outputs", "--field", "endpoint"]);
        Self::with(url, "submit/GatewayEventsStream", "authorization", format!("Basic {encoded}"))
    }

    pub fn with(url: String, path: &str, header: &'static str, secret: String) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { client, url, path: path.to_owned(), header, secret }
    }

    /// The same for another gateway.
    pub fn to(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// Posts an event and gives the status.
    pub async fn post(&self, run: &str, number: usize) -> u16 {
        let id = format!("{run}-{number}");
        let request = Request::post(format!("{}/{}/{id}", self.url, self.path))
            .header(self.header, &self.secret)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(format!(r#"{{"eventId":"{id}","hello":"world"}}"#))))
            .expect("the request is one");
        let answer = self.client.request(request).await.expect("the gateway answers");
        let status = answer.status().as_u16();
        answer.into_body().collect().await.expect("the answer is whole");
        status
    }

    /// Posts so many events; each must be taken.
    pub async fn post_all(&self, run: &'static str, count: usize) {
        let next = Arc::new(AtomicUsize::new(0));
        let posts = (0..AT_ONCE).map(|_| {
            let (load, next) = (self.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    assert_eq!(load.post(run, number).await, 200);
                }
            })
        });
        for post in posts.collect::<Vec<_>>() {
            post.await.expect("every event is taken");
        }
    }
}

/// The value below which this part of the sorted times lies.
pub fn quantile(times: &[Duration], part: f64) -> Duration {
    let at = (times.len() as f64 * part) as usize;
    times[at.min(times.len() - 1)]
}

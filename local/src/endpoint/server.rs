//! The server of the forwarder, and of whatever stands in its place: each connection has a task, each request an answer.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::upstream::{Body, Passed};

/// How long calls under way may take to their end when the server stops.
const FINISHED_WITHIN: Duration = Duration::from_secs(1);
/// How long accepting waits when the process has no file descriptor left.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// Answers every request until `stop` changes or its sender is gone. An answer that is an error ends its connection.
pub async fn serve<A, F>(listener: TcpListener, answer: A, mut stop: watch::Receiver<bool>)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Passed<Response<Body>>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // An error is that of a sender that is gone: its owner was dropped.
            _ = stop.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, answer.clone(), stop.clone()))),
                Err(error) => {
                    tracing::debug!(%error, "no connection could be accepted");
                    tokio::time::sleep(EXHAUSTED).await;
                }
            },
        }
    }
    drop(listener);
    timeout(FINISHED_WITHIN, async { while connections.join_next().await.is_some() {} }).await.ok();
}

async fn connection<A, F>(stream: TcpStream, answer: A, mut stop: watch::Receiver<bool>)
where
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Passed<Response<Body>>>,
{
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request| {
        let answered = answer(request);
        async move { answered.await.map_err(std::io::Error::other) }
    });
    let mut server = http1::Builder::new();
    let mut serving = pin!(server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // A lost answer ends its connection with an error here, which is what the caller is to see.
        _ = serving.as_mut() => return,
        _ = stop.changed() => serving.as_mut().graceful_shutdown(),
    }
    serving.await.ok();
}

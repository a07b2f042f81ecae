//! Who may call a Runtime API, and how often.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustix::process::getpgrp;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use super::super::caller::{Callers, socket};
use super::super::process::Told;
use super::super::runtime_api::{Init, Job, RuntimeApi};

const NEXT: &str = "/2018-06-01/runtime/invocation/next";
const INIT_ERROR: &str = "/2018-06-01/runtime/init/error";

/// A Runtime API, and what is known of its process.
struct World {
    api: Arc<RuntimeApi>,
    own: SocketAddr,
    told: watch::Sender<Told>,
}

impl World {
    async fn new(told: Told) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap();
        let told = watch::Sender::new(told);
        let api = RuntimeApi::new();
        tokio::spawn(api.clone().serve(listener, Callers { own, told: told.subscribe() }));
        Self { api, own, told }
    }

    /// Sends a request on a connection of its own.
    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> (StatusCode, String) {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.own));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let answer = client.request(request.body(Full::default()).unwrap()).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn next(&self) -> (StatusCode, String) {
        self.send(Method::GET, NEXT, &[]).await
    }

    /// Waits until somebody has asked for an event.
    async fn asked(&self) {
        self.api.init().wait_for(|init| *init == Init::Done).await.unwrap();
    }

    /// Gives the runtime a call.
    fn offer(&self, payload: &'static str) -> oneshot::Receiver<Result<Bytes, super::super::failure::Failure>> {
        let (answer, answered) = oneshot::channel();
        let text = || "text".to_owned();
        let payload = Bytes::from(payload);
        self.api.offer(Job { id: "1".to_owned(), payload, deadline: 1, arn: text(), trace: text(), answer });
        answered
    }
}

/// The tests themselves, as the function's process.
fn us() -> Told {
    Told { pid: u32::try_from(getpgrp().as_raw_nonzero().get()).ok(), exit: None }
}

/// A process that calls nobody.
struct Other(Child);

impl Other {
    fn new() -> Self {
        Self(Command::new("sleep").arg("600").process_group(0).spawn().unwrap())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test]
async fn pages_are_refused() {
    let world = World::new(us()).await;
    let host = world.own.to_string();
    let evil = format!("evil.example:{}", world.own.port());
    let refused: [(Method, &[(&str, &str)]); 6] = [
        (Method::POST, &[("host", &evil)]),
        (Method::POST, &[("origin", "https://evil.example"), ("content-type", "text/plain")]),
        (Method::POST, &[("origin", &format!("http://{host}"))]),
        (Method::POST, &[("sec-fetch-site", "cross-site")]),
        (Method::POST, &[("sec-fetch-site", "same-origin")]),
        (Method::OPTIONS, &[]),
    ];
    for (method, headers) in refused {
        let (status, body) = world.send(method, INIT_ERROR, headers).await;
        assert_eq!(status, 403, "{headers:?}");
        assert!(body.contains(r#""errorType":"Forbidden""#), "{headers:?}: {body}");
    }
    assert_eq!(*world.api.init().borrow(), Init::Running);
    assert_eq!(world.send(Method::POST, INIT_ERROR, &[("sec-fetch-site", "none")]).await.0, 202);
}

#[tokio::test]
async fn other_processes_are_refused() {
    let other = Other::new();
    let ended = Told { exit: Some(super::super::failure::Exit::Code(0)), ..us() };
    for told in [Told { pid: Some(other.0.id()), exit: None }, ended] {
        let world = World::new(told).await;
        let _answer = world.offer("secret");
        let (status, body) = world.next().await;
        assert_eq!(status, 403);
        assert!(body.contains("Only for the function's own process"), "{body}");
        assert!(world.api.withdraw(), "nobody was given the call");
    }
}

#[tokio::test]
async fn a_process_may_call_before_its_number_is_known() {
    let world = World::new(Told::default()).await;
    let _answer = world.offer("event");
    let told = async {
        // The call is there first: nothing else runs meanwhile.
        tokio::time::sleep(Duration::from_millis(50)).await;
        world.told.send_replace(us());
    };
    let (got, ()) = tokio::join!(world.next(), told);
    assert_eq!(got, (StatusCode::OK, "event".to_owned()));
}

#[tokio::test]
async fn one_call_for_the_next_event_waits_at_a_time() {
    let world = World::new(us()).await;
    let first = world.next();
    tokio::pin!(first);
    tokio::select! {
        answer = &mut first => panic!("there is nothing to answer: {answer:?}"),
        () = world.asked() => {}
    }
    let (status, body) = world.next().await;
    assert_eq!(status, 403);
    assert!(body.contains("Transition from Ready to Ready failed"), "{body}");
    let answer = world.offer("event");
    assert_eq!(first.await, (StatusCode::OK, "event".to_owned()));
    assert_eq!(world.next().await.0, 403, "not while a call is under way");
    let answer_to = |id: &str| format!("/2018-06-01/runtime/invocation/{id}/response");
    assert_eq!(world.send(Method::POST, &answer_to("2"), &[]).await.0, 400, "an id that is not under way");
    assert_eq!(world.send(Method::POST, &answer_to("1"), &[]).await.0, 202);
    assert_eq!(answer.await.unwrap(), Ok(Bytes::new()));
}

#[tokio::test]
async fn a_runtime_whose_connection_broke_may_ask_again() {
    let world = World::new(us()).await;
    tokio::select! {
        answer = world.next() => panic!("there is nothing to answer: {answer:?}"),
        () = world.asked() => {}
    }
    let broke = std::time::Instant::now();
    while world.api.waits() {
        assert!(broke.elapsed() < Duration::from_secs(60), "the end of the connection is not seen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let _answer = world.offer("event");
    assert_eq!(world.next().await, (StatusCode::OK, "event".to_owned()));
}

#[test]
#[cfg(target_endian = "little")]
fn a_socket_is_found_by_both_its_ends() {
    let v4 = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
        \x20  0: 0100007F:DD55 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 57384 2 0 100 0 0 10 0\n\
        \x20  7: 0100007F:DD55 0100007F:933A 01 00000000:00000000 00:00000000 00000000  1000        0 32768 1 0 20 0 0 10 -1\n\
        \x20  8: 0100007F:933A 0100007F:DD55 01 00000000:00000000 00:00000000 00000000  1000        0 32767 1 0 20 0 0 10 -1\n";
    let v6 = "  sl  local_address                         remote_address                        st\n\
        \x20  0: 0000000000000000FFFF00000100007F:933A 0000000000000000FFFF00000100007F:DD55 01 00000000:00000000 00:00000000 00000000     0        0 57385 2 0 20 0 0 10 -1\n";
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    assert_eq!(socket(v4, at(0x933A), at(0xDD55)).as_deref(), Some("32767"));
    assert_eq!(socket(v4, at(0xDD55), at(0x933A)).as_deref(), Some("32768"));
    assert_eq!(socket(v6, at(0x933A), at(0xDD55)).as_deref(), Some("57385"), "a socket of IPv6 that speaks IPv4");
    for (peer, own) in [(0x933A, 0xDD56), (0x933B, 0xDD55)] {
        assert_eq!(socket(v4, at(peer), at(own)), None);
        assert_eq!(socket(v6, at(peer), at(own)), None);
    }
}

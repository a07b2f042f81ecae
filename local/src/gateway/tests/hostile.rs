//! Whatever a client sends: no panic, one answer, and one line of the access log that is JSON.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::Request;
use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::super::access_log::{Log, line};
use super::super::definition::{AccessLog, Stage};
use super::super::door::Door;
use super::super::exchange::Exchange;
use super::super::live::Live;
use super::super::reach::Reach;
use super::super::shared::Shared;
use super::super::snapshot::Snapshot;
use super::super::variables::Format;
use super::fixtures::*;
use crate::invoke::{Invoke, Refusal};
use crate::roles::Roles;
use crate::seen::Lens;

const FORMAT: &str = r#"{"path":"$context.path","agent":"$context.identity.userAgent","host":"$context.domainName","error":$context.error.messageString}"#;

/// Served without a socket; the integrations are mocks, so that nothing leaves the process.
static SERVED: LazyLock<(Runtime, Arc<Shared>)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let shared = runtime.block_on(async { shared() });
    (runtime, shared)
});

fn shared() -> Arc<Shared> {
    let mut api = api();
    let post = api.resources[0].methods.get_mut("POST").unwrap();
    post.integration = Some(mock(200));
    api.resources.push(resource("/p/{proxy+}", vec![("ANY", open(mock(200)))]));
    let log = AccessLog { group: "g".into(), format: FORMAT.into(), role: ROLE.into() };
    let live = {
        let stage = Stage { access_log: Some(log), ..Stage::default() };
        Live::new(address(), Arc::new(Snapshot::new(&api)), (stage, Vec::new()), None)
    };
    let (events, _) = mpsc::unbounded_channel();
    let roles = Roles::new(aws_config::SdkConfig::builder().build());
    let invoke: Invoke = Arc::new(|_| async { Err(Refusal::NotFound) }.boxed());
    let (log, _) = Log::start(roles.clone(), events.clone());
    Arc::new(Shared::new(
        Reach::new(roles, Arc::new(|_| None), invoke, events, Lens::default()),
        log,
        Door::new(own()),
        live,
    ))
}

/// Where it would listen.
fn own() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

fn peer() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}

/// Bytes that HTTP lets through in a header.
fn header_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'"'), Just(b'\\'), Just(b'$'), Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8];
    proptest::collection::vec(byte, 0..60)
}

/// Mostly the gateway's own: under another one nobody gets far.
fn host() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![9 => Just(own().to_string().into_bytes()), 1 => header_bytes()]
}

fn path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "prod",
        "submit",
        "p",
        "%00",
        "%0a",
        "%22",
        "%E2%80%A8",
        "%ff",
        "%",
        "\\.\\.",
        "[!-~]{0,6}",
        Just(String::new())
    ];
    proptest::collection::vec(part, 0..7).prop_map(|parts| format!("/{}", parts.join("/")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn nothing_breaks_it(
        path in path(), query in "[!-~]{0,20}", method in "[A-Z]{1,8}", agent in header_bytes(), host in host(),
        kind in header_bytes(), body in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let (runtime, shared) = &*SERVED;
        let request = Request::builder().method(method.as_str()).uri(format!("{path}?{query}"))
            .header("user-agent", agent).header("host", host).header("content-type", kind).body(Body::from(body));
        let Ok(request) = request else { return Ok(()) };
        let (parts, _) = {
            let mut copy = Request::new(());
            *copy.method_mut() = request.method().clone();
            *copy.uri_mut() = request.uri().clone();
            *copy.headers_mut() = request.headers().clone();
            copy.into_parts()
        };
        let answer = super::super::serve::answer(State(Arc::clone(shared)), ConnectInfo(peer()), request);
        let status = runtime.block_on(answer).status().as_u16();
        prop_assert!([200, 400, 403, 415, 431].contains(&status), "{status}");

        let exchange = Exchange::new(&address(), "d1", Arc::default(), &parts, peer());
        let live = shared.live();
        let line = line(live.access_log.as_ref().unwrap(), &exchange).replace(":-}", ":null}");
        let read: Value = serde_json::from_str(&line).unwrap();
        prop_assert_eq!(read.as_object().unwrap().len(), 4, "no client adds a member");
        prop_assert!(!line.chars().any(|c| c.is_control() || c == '\u{2028}' || c == '\u{2029}'), "one line");
    }

    #[test]
    fn formats_never_panic(text in "[$a-z.\" é]{0,40}") {
        Format::parse(&text).fill(|name| name.to_owned());
    }
}

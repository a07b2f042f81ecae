//! Who may call a session's own endpoint, over its socket; and who may call an endpoint of the user's.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::http::request::Builder;
use serde_json::{Value, json};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc::unbounded_channel;

use super::cloud::{Seen, client, json_of, router, serve};
use crate::endpoint::{Behind, Forwarder, RootKey};
use crate::seen::Lens;

const TOKEN: &str = "to/ken==";
const ASSUMED: &str = "<AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>\
                       <SecretAccessKey>role/secret</SecretAccessKey><SessionToken>to/ken==</SessionToken></Credentials></AssumeRoleResult>";

struct Session {
    forwarder: Forwarder,
    seen: Arc<Mutex<Vec<Seen>>>,
    root: RootKey,
    _folder: tempfile::TempDir,
}

/// What MiniStack says.
fn says(seen: &Seen) -> Response {
    let answer = Response::builder().header("access-control-allow-origin", "*").header("x-kept", "1");
    let body = match seen.target.as_str() {
        "/2015-03-31/functions/f" => {
            json!({"Code": {"Location": "http://localhost:4321/_ministack/lambda-code/0/r/f?X-Amz-Signature=s"}})
                .to_string()
        }
        "/_ministack/lambda-code/0/r/f" => "zip".to_owned(),
        _ if seen.body.ends_with(b"</SecretAccessKey>") => String::from_utf8_lossy(&seen.body).into_owned(),
        _ if seen.body.starts_with(b"Action=AssumeRole") => ASSUMED.to_owned(),
        _ => "{}".to_owned(),
    };
    answer.body(body.into()).unwrap()
}

impl Session {
    /// One on a socket of its own, or at an endpoint of the user's.
    async fn start(own: bool) -> Self {
        let (router, seen) = router(says);
        let (folder, root) = (tempfile::tempdir().unwrap(), RootKey::random());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let events = unbounded_channel().0;
        let forwarder = if own {
            let socket = folder.path().join("socket");
            let upstream = UnixListener::bind(&socket).unwrap();
            tokio::spawn(async { axum::serve(upstream, router).await.unwrap() });
            Forwarder::start(listener, Behind::Own(&socket, root.clone()), events, Lens::default()).await
        } else {
            Forwarder::start(listener, Behind::Users(&serve(router).await), events, Lens::default()).await
        };
        Self { forwarder: forwarder.unwrap(), seen, root, _folder: folder }
    }

    fn root(&self) -> Credentials {
        Credentials::new(&self.root.id, &self.root.secret, None, None, "tests")
    }

    /// Signs a request as the SDK does, and lets `change` spoil it.
    async fn send(
        &self,
        credentials: Credentials,
        (method, service, path): (&str, &str, &str),
        body: &str,
        change: impl FnOnce(&mut Request<Full<Bytes>>),
    ) -> Response<Bytes> {
        let url = format!("{}{path}", self.forwarder.url());
        let mut request = Request::builder().method(method).uri(&url).body(Full::from(body.to_owned())).unwrap();
        let identity = credentials.into();
        let params = v4::SigningParams::builder().identity(&identity).region("eu-central-1").name(service);
        let params = params.time(SystemTime::now()).settings(SigningSettings::default()).build().unwrap().into();
        let signable =
            SignableRequest::new(method, &url, std::iter::empty(), SignableBody::Bytes(body.as_bytes())).unwrap();
        sign(signable, &params).unwrap().into_parts().0.apply_to_request_http1x(&mut request);
        change(&mut request);
        self.request(request).await
    }

    async fn request(&self, request: Request<Full<Bytes>>) -> Response<Bytes> {
        let (head, body) = client().request(request).await.unwrap().into_parts();
        Response::from_parts(head, body.collect().await.unwrap().to_bytes())
    }

    async fn as_sent(&self, request: Builder, path: &str, body: &str) -> Response<Bytes> {
        let url = format!("{}{path}", self.forwarder.url());
        self.request(request.uri(url).body(Full::from(body.to_owned())).unwrap()).await
    }

    async fn put(&self, credentials: Credentials) -> Response<Bytes> {
        self.send(credentials, ("POST", "dynamodb", "/"), "{}", |_| {}).await
    }

    async fn assume(&self) {
        let assumed = self.send(self.root(), ("POST", "sts", "/"), "Action=AssumeRole", |_| {}).await;
        assert_eq!((assumed.status().as_u16(), assumed.body().as_ref()), (200, ASSUMED.as_bytes()));
    }

    fn passed(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

fn role(secret: &str, token: &str) -> Credentials {
    Credentials::new("ASIAROLE", secret, Some(token.to_owned()), None, "tests")
}

/// Status and code of a refusal, in the body and in a header alike.
fn refusal(answer: &Response<Bytes>) -> (u16, String) {
    let body: Value = json_of(answer);
    assert_eq!(answer.headers()["x-amzn-errortype"], body["__type"].as_str().unwrap());
    assert!(!body["message"].as_str().unwrap().is_empty());
    (answer.status().as_u16(), body["__type"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_sessions_root_calls_as_ministacks() {
    let session = Session::start(true).await;
    let answer = session.send(session.root(), ("POST", "dynamodb", "/a%2Fb?x=%20y"), "{}", |_| {}).await;
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (200, b"{}".as_slice()));
    assert_eq!(answer.headers()["x-kept"], "1");
    assert!(!answer.headers().contains_key("access-control-allow-origin"), "no page may read it");
    let seen = session.seen.lock().unwrap();
    assert_eq!((seen[0].target.as_str(), seen[0].body.as_ref()), ("/a%2Fb?x=%20y", b"{}".as_slice()));
    assert!(seen[0].header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=000000000000/"), "{seen:?}");
    assert!(!format!("{seen:?}").contains(&session.root.id));
    assert_eq!(format!("http://{}", seen[0].header("host")), session.forwarder.url());
}

#[tokio::test]
async fn a_role_calls_with_the_key_that_it_was_given() {
    let session = Session::start(true).await;
    assert_eq!(refusal(&session.put(role("role/secret", TOKEN)).await).1, "UnrecognizedClientException", "not yet");
    session.assume().await;
    assert_eq!(session.put(role("role/secret", TOKEN)).await.status(), 200);
    assert!(session.seen.lock().unwrap()[1].header("authorization").contains("Credential=ASIAROLE/"));
    assert_eq!(refusal(&session.put(role("guessed", TOKEN)).await), (403, "InvalidSignatureException".to_owned()));
    let other = session.put(role("role/secret", "another")).await;
    assert_eq!(refusal(&other), (403, "UnrecognizedClientException".to_owned()));
    assert_eq!(session.passed(), 2);
}

#[tokio::test]
async fn nobody_elses_key_is_taken() {
    let session = Session::start(true).await;
    let key = |id: &str, secret: &str| Credentials::new(id, secret, None, None, "tests");
    for id in ["000000000000", "111122223333", "AKIAIOSFODNN7EXAMPLE", "test"] {
        let answer = session.put(key(id, "local")).await;
        assert_eq!(refusal(&answer), (403, "UnrecognizedClientException".to_owned()), "{id}");
    }
    let guessed = session.put(key(&session.root.id, "local")).await;
    assert_eq!(refusal(&guessed), (403, "InvalidSignatureException".to_owned()));
    assert_eq!(session.passed(), 0, "none reaches MiniStack");
}

/// The answer, even an error, may repeat the request of a role, and so a key that it made up.
#[tokio::test]
async fn a_role_gives_nobody_a_key_and_asks_for_no_page_of_the_emulator() {
    let session = Session::start(true).await;
    session.assume().await;
    let made_up = "<AccessKeyId>000000000000</AccessKeyId><SecretAccessKey>known</SecretAccessKey>";
    for (service, body) in [("sts", "Action=AssumeRole"), ("sts", made_up), ("iam", "Action=CreateAccessKey")] {
        session.send(role("role/secret", TOKEN), ("POST", service, "/"), &format!("{body}&x={made_up}"), |_| {}).await;
    }
    let root = Credentials::new("000000000000", "known", None, None, "tests");
    assert_eq!(refusal(&session.put(root).await), (403, "UnrecognizedClientException".to_owned()));
    let passed = session.passed();
    for path in ["/_ministack/reset", "/_localstack/health", "/restapis/a/prod/_user_request_/b"] {
        let answer = session.send(session.root(), ("POST", "sts", path), "", |_| {}).await;
        assert_eq!(refusal(&answer), (403, "AccessDeniedException".to_owned()), "{path}");
    }
    assert_eq!(session.passed(), passed);
}

#[tokio::test]
async fn a_good_signature_does_not_excuse_a_page() {
    for own in [true, false] {
        let session = Session::start(own).await;
        for (name, value) in
            [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site"), ("host", "evil.example:80")]
        {
            let call = ("POST", "dynamodb", "/");
            let spoil = |request: &mut Request<_>| drop(request.headers_mut().insert(name, value.parse().unwrap()));
            let answer = session.send(session.root(), call, "{}", spoil).await;
            assert_eq!(refusal(&answer), (403, "AccessDeniedException".to_owned()), "{name}");
        }
        let options = session.send(session.root(), ("OPTIONS", "dynamodb", "/"), "", |_| {}).await;
        assert_eq!(refusal(&options).0, 403);
        assert_eq!(session.passed(), 0);
    }
}

/// What a browser sends without asking first: text, with a credential in the query, or none at all.
#[tokio::test]
async fn what_a_browser_sends_unasked_is_refused() {
    for own in [true, false] {
        let session = Session::start(own).await;
        let credential =
            "?X-Amz-Credential=000000000000%2F20260101%2Feu-central-1%2Fiam%2Faws4_request&X-Amz-Signature=0";
        for path in ["/", credential, "/_ministack/health", "/_pipe/code/0"] {
            for method in ["GET", "POST"] {
                let request = Request::builder().method(method).header("content-type", "text/plain");
                let answer = session.as_sent(request, path, "Action=CreateRole").await;
                assert_eq!(refusal(&answer).0, 403, "{method} {path}");
            }
        }
        assert_eq!(session.passed(), 0);
    }
}

#[tokio::test]
async fn an_endpoint_of_the_users_judges_keys_that_are_not_known_here() {
    let session = Session::start(false).await;
    assert_eq!(session.put(Credentials::new("AKIAUSERS", "any", None, None, "tests")).await.status(), 200);
    session.assume().await;
    assert_eq!(session.put(role("role/secret", TOKEN)).await.status(), 200);
    assert_eq!(session.put(role("guessed", TOKEN)).await.status(), 403);
    assert!(session.seen.lock().unwrap()[0].header("authorization").contains("Credential=AKIAUSERS/"));
}

#[tokio::test]
async fn code_is_at_an_address_that_cannot_be_guessed() {
    let session = Session::start(true).await;
    let ask = || async {
        let answer = session.send(session.root(), ("GET", "lambda", "/2015-03-31/functions/f"), "", |_| {}).await;
        json_of(&answer)["Code"]["Location"].as_str().unwrap().to_owned()
    };
    let location = ask().await;
    assert_eq!(ask().await, location);
    let path = location.strip_prefix(&session.forwarder.url()).unwrap();
    assert_eq!(path.strip_prefix("/_pipe/code/").unwrap().len(), 32);
    let fetched = session.as_sent(Request::builder(), path, "").await;
    assert_eq!((fetched.status().as_u16(), fetched.body().as_ref()), (200, b"zip".as_slice()));
    let from_a_page = session.as_sent(Request::builder().header("sec-fetch-site", "cross-site"), path, "").await;
    assert_eq!(from_a_page.status(), 403);
    let written = session.as_sent(Request::builder().method("POST"), path, "").await;
    assert_eq!(refusal(&written).1, "MissingAuthenticationTokenException");
}

#[tokio::test]
async fn a_body_larger_than_any_is_refused() {
    let session = Session::start(true).await;
    let huge = "x".repeat(80 * 1024 * 1024 + 1);
    let spoil = |request: &mut Request<_>| *request.body_mut() = Full::from(huge);
    let answer = session.send(session.root(), ("POST", "lambda", "/"), "", spoil).await;
    assert_eq!(refusal(&answer), (413, "RequestEntityTooLargeException".to_owned()));
    assert_eq!(session.passed(), 0);
}

#[test]
fn root_keys_are_random_and_not_shown() {
    let (one, two) = (RootKey::random(), RootKey::random());
    assert!(one.id != two.id && one.secret != two.secret && one.secret.len() == 64);
    assert!(!format!("{one:?}").contains(&one.secret));
}

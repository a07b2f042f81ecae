//! Issuers and tokens that nobody wants: over the network of this machine, and by chance.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex as Lock};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::http::Http;
use crate::jwt::tests::{CLIENT, OURS, Signer, THEIRS, id_token, now};
use crate::jwt::{TokenUse, keys};

const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/POST/people";

/// Answers a request of this path with all bytes of an answer.
type Answer = dyn Fn(&str) -> Vec<u8> + Send;

/// A server of this machine: its URL, and the heads of the requests so far.
fn server(answer: Box<Answer>) -> (String, Arc<Lock<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads: Arc<Lock<Vec<String>>> = Arc::default();
    let seen = heads.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let head = head(&mut stream);
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            seen.lock().unwrap().push(head);
            let _ = stream.write_all(&answer(&path));
        }
    });
    (url, heads)
}

fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|length| length > 0) {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn says(status: u16, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn set(signers: &[&Signer]) -> String {
    json!({ "keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>() }).to_string()
}

async fn read(issuer: &str, jwks: Option<String>) -> Result<Vec<String>, String> {
    let read = Issuer::new(Http::default(), issuer.to_owned(), jwks, None).read().await;
    read.map(|keys| keys.into_keys().collect()).map_err(|why| why.to_string())
}

#[tokio::test]
async fn the_keys_of_an_issuer_are_found_by_its_configuration() {
    let own: Arc<Lock<String>> = Arc::default();
    let known = own.clone();
    let (url, heads) = server(Box::new(move |path| {
        let own = known.lock().unwrap().clone();
        match path {
            "/a/.well-known/openid-configuration" => {
                says(200, &json!({ "issuer": format!("{own}/a/"), "jwks_uri": format!("{own}/keys") }).to_string())
            }
            "/keys" => says(200, &set(&[&OURS, &THEIRS])),
            _ => says(404, ""),
        }
    }));
    own.lock().unwrap().clone_from(&url);
    assert_eq!(read(&format!("{url}/a/"), None).await, Ok(vec![OURS.kid.to_owned(), THEIRS.kid.to_owned()]));
    // The slash belongs to the name of an issuer: one without it is another.
    assert_eq!(read(&format!("{url}/a"), None).await, Err("its configuration is another issuer's".into()));
    assert_eq!(read(&url, None).await, Err("status 404".into()));
    let paths: Vec<String> =
        heads.lock().unwrap().iter().map(|head| head[..head.find(" HTTP").unwrap()].into()).collect();
    assert_eq!(paths[..2], ["GET /a/.well-known/openid-configuration", "GET /keys"]);
    // The keys may be elsewhere than the issuer, who is not asked then.
    assert!(read("https://idp.example.com", Some(format!("{url}/keys"))).await.is_ok());
}

#[tokio::test]
async fn odd_answers_are_no_keys() {
    let endless = || {
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        let head = "HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
        format!("{head}{}0\r\n\r\n", chunk.repeat(17)).into_bytes()
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("/html", says(200, "<html>"), "the keys are no JSON"),
        ("/other", says(200, "[]"), "the keys are no JWK set"),
        ("/none", says(200, r#"{"keys":[]}"#), "there is no key for RS256"),
        ("/moved", says(302, ""), "status 302"),
        ("/broken", says(503, ""), "status 503"),
        ("/endless", endless(), "the answer is too long"),
        ("/cut", b"HTTP/1.1 200 x\r\ncontent-length: 100\r\n\r\n{".to_vec(), "the answer broke off"),
        ("/gone", Vec::new(), "connection failed"),
    ];
    let answers: BTreeMap<String, Vec<u8>> =
        cases.iter().map(|(path, answer, _)| ((*path).into(), answer.clone())).collect();
    let (url, _) = server(Box::new(move |path| answers[path].clone()));
    for (path, _, why) in cases {
        assert_eq!(read("https://idp.example.com", Some(format!("{url}{path}"))).await, Err(why.to_owned()), "{path}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(read("x", Some(format!("http://{nobody}/"))).await, Err("connection failed".into()));
}

#[tokio::test]
async fn a_busy_api_gateway_is_asked_again_for_the_value_of_a_key() {
    let asked = Lock::new(0);
    let (url, heads) = server(Box::new(move |_| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let key = json!({ "id": "k1", "enabled": true, "value": "secret" }).to_string();
        if *asked < 3 { says(429, r#"{"message":"Too Many Requests"}"#) } else { says(200, &key) }
    }));
    let credentials =
        SharedCredentialsProvider::new(Credentials::new("AKID", "SECRET", Some("SESSION".into()), None, "test"));
    let api = ApiKeys::new(Http::default(), "eu-west-1".into(), "amazonaws.com", Some(&url), credentials);
    assert_eq!(api.value("k1").await, Ok("secret".to_owned()));
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 3);
    assert!(heads[2].starts_with("GET /apikeys/k1?includeValue=true HTTP/1.1\r\n"));
    for line in ["accept: application/json", "x-amz-security-token: SESSION"] {
        assert!(heads[2].lines().any(|header| header == line), "{}", heads[2]);
    }
    assert!(heads[2].contains("/eu-west-1/apigateway/aws4_request"));
}

/// An issuer that is not there, and counts how often it is asked.
#[derive(Default)]
struct Gone(std::cell::Cell<u32>);

impl Jwks for &Gone {
    async fn read(&self) -> Result<Keys, Failed> {
        self.0.set(self.0.get() + 1);
        Err(Failed("connection failed".into()))
    }
}

/// An issuer with one key.
struct One;

impl Jwks for One {
    async fn read(&self) -> Result<Keys, Failed> {
        Ok(keys(set(&[&OURS]).as_bytes()).unwrap())
    }
}

struct NoPlans;

impl Values for NoPlans {
    async fn value(&self, _: &str) -> Result<String, Failed> {
        panic!("there are no plans")
    }
}

fn settings(groups: &[&str]) -> Settings {
    let rules = Rules { token: Some(TokenUse::Id), ..crate::jwt::tests::rules(TokenUse::Id) };
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Settings { rules, groups_claim: "groups".into(), groups, ..Settings::default() }
}

fn request(header: &str) -> Request {
    serde_json::from_value(json!({ "methodArn": ARN, "headers": { "Authorization": header } })).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_not_there_is_asked_once_a_second_at_most() {
    let gone = Gone::default();
    let authorizer = JwtAuthorizer::new(settings(&[]), &gone, NoPlans);
    let token = request(&OURS.token(&id_token(json!({}))));
    for asked in 1..=3 {
        for _ in 0..100 {
            let answer = authorizer.authorize(&token, Instant::now() + Duration::from_secs(5)).await;
            assert!(matches!(answer, Err(Refusal::NoKeys(_))));
        }
        assert_eq!(gone.0.get(), asked);
        tokio::time::advance(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_whose_name_has_spaces_is_one_group() {
    let authorizer = JwtAuthorizer::new(settings(&["Admins", "Domain Users"]), One, NoPlans);
    for (groups, allowed) in [
        (json!("Not Admins"), false),
        (json!(["Not Admins"]), false),
        (json!("Domain Users"), true),
        (json!(["Domain Users"]), true),
        (json!(["Users", "Domain"]), false),
        (json!({ "Admins": true }), false),
    ] {
        let token = request(&OURS.token(&id_token(json!({ "groups": groups }))));
        let answer = authorizer.authorize(&token, Instant::now() + Duration::from_secs(5)).await.unwrap();
        assert_eq!(answer.allows(), allowed, "{groups}");
    }
}

/// A token's parts, right or nearly so.
fn part() -> impl Strategy<Value = String> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let claims = id_token(json!({ "exp": now() + 3600, "aud": CLIENT }));
    let headers =
        [json!({ "alg": "RS256", "kid": OURS.kid }), json!({ "alg": "none", "kid": OURS.kid }), json!([]), claims];
    let encoded: Vec<String> = headers.iter().map(|header| URL_SAFE_NO_PAD.encode(header.to_string())).collect();
    prop_oneof![
        4 => prop::sample::select(encoded),
        1 => prop::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| URL_SAFE_NO_PAD.encode(bytes)),
        1 => "\\PC{0,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nobody has the key here, so whatever looks like a token is answered 401: never let in, and never a 500.
    #[test]
    fn no_made_up_token_is_let_in(parts in prop::collection::vec(part(), 0..5), scheme in "|Bearer |bearer  |Basic ") {
        static RUNTIME: LazyLock<tokio::runtime::Runtime> =
            LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap());
        let authorizer = JwtAuthorizer::new(settings(&[]), One, NoPlans);
        let request = request(&format!("{scheme}{}", parts.join(".")));
        let answer = RUNTIME.block_on(authorizer.authorize(&request, Instant::now() + Duration::from_secs(60)));
        prop_assert_eq!(answer.map(|_| ()).map_err(|refusal| refusal.to_string()), Err("Unauthorized".to_owned()));
    }
}

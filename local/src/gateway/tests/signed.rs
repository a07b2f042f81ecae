//! `AWS_IAM`: signatures of AWS's own signer are taken; with any one thing wrong they are refused as AWS does.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use serde_json::json;

use super::super::definition::{Definition, Stage};
use super::cloud::given;
use super::fixtures::*;
use super::signer::{Call, PATH};
use super::{Got, World, says};

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                        Access Key and signing method. Consult the service documentation for details.";
const UNRECOGNIZED: &str = r#"{"message":"The security token included in the request is invalid."}"#;

/// Signed callers have a function called, which sees who they are.
fn signed_api() -> Definition {
    let mut api = api();
    let mut method = open(function("AWS_PROXY"));
    method.authorization = "AWS_IAM".into();
    api.resources = ["/submit/{streamName}/{eventId}", "/{proxy+}"]
        .map(|path| resource(path, vec![("ANY", method.clone())]))
        .into();
    api
}

async fn world() -> World {
    World::with(&signed_api(), Stage::default(), |_| says(&json!({ "statusCode": 200, "body": "in" }))).await
}

fn is_mismatch(got: &Got) -> bool {
    let text = got.json()["message"].as_str().unwrap_or_default().to_owned();
    let refused = (got.status, got.header("x-amzn-errortype")) == (403, Some("InvalidSignatureException"));
    refused && text.starts_with(MISMATCH)
}

#[tokio::test]
async fn the_deployer_is_let_in_and_known() {
    let world = world().await;
    assert_eq!(Call::post().signed(&world).send(&world).await.status, 200);
    let identity = world.calls().remove(0)["requestContext"]["identity"].clone();
    let of = |name: &str| identity[name].as_str().unwrap().to_owned();
    assert_eq!((of("accessKey"), of("accountId")), ("111122223333".to_owned(), "111122223333".to_owned()));
    assert_eq!((of("userArn"), of("user"), of("caller")), {
        let (arn, id) = ("arn:aws:iam::111122223333:root".to_owned(), "111122223333".to_owned());
        (arn, id.clone(), id)
    });
    let asked = world.cloud.get(|told| told.calls.len());
    assert_eq!(Call::post().signed(&world).send(&world).await.status, 200);
    assert_eq!(world.cloud.get(|told| told.calls.len()), asked, "the caller is known by now");
}

#[tokio::test]
async fn every_path_and_query_is_signed_as_it_is_sent() {
    let world = world().await;
    let paths = [
        "/prod/a%20b/%E2%82%AC/%2F",
        "/prod/a%2520b",
        "/prod/a/./c/../d/",
        "/prod/it's/(x)*!",
        "/prod/a?b=%20x&a=%C3%A4&a=1&c&d=e%2Bf&g=h/i",
        "/prod/a?b=x+y",
    ];
    for path in paths {
        let got = Call::new("GET", path).signed(&world).send(&world).await;
        assert_eq!(got.status, 200, "{path}: {got:?}");
        let got = Call::new("GET", path).presigned(&world, 60).send(&world).await;
        assert_eq!(got.status, 200, "presigned {path}: {got:?}");
    }
    let mut zipped = Call::post();
    zipped.headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, br#"{"a":1}"#).unwrap();
    zipped.body = encoder.finish().unwrap();
    assert_eq!(zipped.signed(&world).send(&world).await.status, 200, "what is sent is signed, not what it unpacks to");
}

#[tokio::test]
async fn without_a_signature_there_is_no_token() {
    let world = world().await;
    for headers in [&[][..], &[("authorization", "")][..]] {
        let got = world.send("POST", PATH, headers, "{}").await;
        let missing = r#"{"message":"Missing Authentication Token"}"#;
        assert_eq!(got.refusal(), (403, Some("MissingAuthenticationTokenException"), missing));
    }
    assert_eq!(world.calls().len(), 0);
}

#[tokio::test]
async fn what_is_no_signature_is_incomplete() {
    let world = world().await;
    let good = Call::post().signed(&world).header("authorization").clone();
    let cases = [
        ("Bearer x.y.z".to_owned(), "Invalid key=value pair (missing equal-sign) in Authorization header (hashed"),
        ("Basic eDp5".to_owned(), "Invalid key=value pair"),
        (good.replace("Signature=", "Sig="), "Authorization header requires 'Signature' parameter. "),
        (good.replace("AWS4-HMAC-SHA256", "AWS4-X"), "Unsupported AWS 'algorithm'"),
        (good.replace("/execute-api", ""), "Credential must have exactly 5 slash-delimited elements"),
    ];
    for (header, text) in cases {
        let mut call = Call::post().signed(&world);
        header.clone_into(call.header("authorization"));
        let got = call.send(&world).await;
        assert_eq!(
            (got.status, got.header("x-amzn-errortype")),
            (403, Some("IncompleteSignatureException")),
            "{header}"
        );
        let said = got.json()["message"].as_str().unwrap().to_owned();
        assert!(said.starts_with(text) && !said.contains("x.y.z") && !said.contains("eDp5"), "{said}");
    }
    let mut undated = Call::post().signed(&world);
    undated.headers.retain(|(name, _)| name != "x-amz-date");
    assert!(undated.send(&world).await.body.contains("existence of either a 'X-Amz-Date' or a 'Date' header"));
    let mut twice = Call::post().signed(&world);
    twice.headers.push(("authorization".to_owned(), good));
    assert_eq!(twice.send(&world).await.status, 403);
    let mut query = Call::new("GET", PATH).presigned(&world, 60);
    query.path = query.path.replace("X-Amz-Date", "X-Date");
    let said = query.send(&world).await;
    assert!(said.body.contains("AWS query-string parameters must include 'X-Amz-Date'. Re-examine"), "{said:?}");
    assert_eq!(world.calls().len(), 0);
}

#[tokio::test]
async fn any_one_thing_changed_is_another_signature() {
    let world = world().await;
    let changes: [fn(&mut Call); 8] = [
        |call| call.body = br#"{"a":2}"#.to_vec(),
        |call| call.method = "PUT",
        |call| call.path.push_str("?a=1"),
        |call| call.path = call.path.replace("/7", "/8"),
        |call| call.path = call.path.replace("/7", "/%37"),
        |call| *call.header("content-type") = "application/json ;a=b".to_owned(),
        |call| {
            let end = call.header("authorization").pop().unwrap();
            call.header("authorization").push(if end == '0' { '1' } else { '0' });
        },
        |call| {
            let date = call.header("x-amz-date").clone();
            let other = if date.ends_with("00Z") { "01Z" } else { "00Z" };
            *call.header("x-amz-date") = format!("{}{other}", &date[..13]);
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut call = Call::post().signed(&world);
        change(&mut call);
        let got = call.send(&world).await;
        assert!(is_mismatch(&got), "{number}: {got:?}");
        assert!(got.body.contains("The Canonical String for this request should have been"), "{got:?}");
    }
    let mut secret = Call::post();
    secret.credentials = Credentials::new("111122223333", "guessed", None, None, "test");
    assert!(is_mismatch(&secret.signed(&world).send(&world).await));
    let mut hash = Call::post().signed(&world);
    hash.headers.push(("x-amz-content-sha256".to_owned(), "UNSIGNED-PAYLOAD".to_owned()));
    assert!(is_mismatch(&hash.send(&world).await));
    let mut more = Call::post().signed(&world);
    more.headers.push(("x-amz-more".to_owned(), "1".to_owned()));
    let got = more.send(&world).await;
    assert!(got.body.contains("'x-amz-more' must be a 'SignedHeader' in the AWS Authorization."), "{got:?}");
    assert_eq!(world.calls().len(), 0);
}

#[tokio::test]
async fn another_service_region_or_time_is_refused() {
    let world = world().await;
    let refused = async |change: &dyn Fn(&mut Call), presigned: Option<u64>| {
        let mut call = Call::new("GET", PATH);
        change(&mut call);
        let call = match presigned {
            Some(seconds) => call.presigned(&world, seconds),
            None => call.signed(&world),
        };
        let got = call.send(&world).await;
        assert_eq!((got.status, got.header("x-amzn-errortype")), (403, Some("InvalidSignatureException")), "{got:?}");
        got.json()["message"].as_str().unwrap().to_owned()
    };
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let other = refused(&|call| call.service = "lambda", None).await;
    assert_eq!(other, "Credential should be scoped to correct service: 'execute-api'. ");
    let other = refused(&|call| call.region = "us-east-1", None).await;
    assert_eq!(other, "Credential should be scoped to a valid region. ");
    let late = refused(&|call| call.at = SystemTime::now() - minutes(6), None).await;
    assert!(late.starts_with("Signature expired: 2") && late.ends_with("Z - 5 min.)"), "{late}");
    let early = refused(&|call| call.at = SystemTime::now() + minutes(6), None).await;
    assert!(early.starts_with("Signature not yet current: 2") && early.ends_with("Z + 5 min.)"), "{early}");
    let late = refused(&|call| call.at = SystemTime::now() - minutes(3), Some(60)).await;
    assert!(late.starts_with("Signature expired: 2"), "{late}");
    for at in [SystemTime::now() - minutes(4), SystemTime::now() + minutes(4)] {
        let call = Call { at, ..Call::new("GET", PATH) };
        assert_eq!(call.signed(&world).send(&world).await.status, 200);
    }
    let call = Call { at: SystemTime::now() - minutes(30), ..Call::new("GET", PATH) };
    assert_eq!(
        call.presigned(&world, 3600).send(&world).await.status,
        200,
        "a presigned request lasts as long as it says"
    );
}

#[tokio::test]
async fn a_presigned_request_is_good_for_what_was_signed() {
    let world = world().await;
    let changes: [fn(&mut Call); 4] = [
        |call| call.path = call.path.replace("Events", "Others"),
        |call| call.path.push_str("&more=1"),
        |call| call.path = call.path.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
        |call| call.body = b"x".to_vec(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut call = Call::new("GET", PATH).presigned(&world, 60);
        change(&mut call);
        let got = call.send(&world).await;
        assert!(is_mismatch(&got), "{number}: {got:?}");
    }
    let twice = Call::new("GET", PATH).presigned(&world, 60);
    let path = format!("{}&X-Amz-Expires=6000", twice.path);
    assert_ne!(Call { path, ..twice }.send(&world).await.status, 200);
}

#[tokio::test]
async fn only_keys_of_this_session_are_known() {
    let world = world().await;
    let token = |token: &str| Some(token.to_owned());
    let strangers = [
        Credentials::new("AKIASTRANGER", "secret", None, None, "test"),
        Credentials::new("ASIAGIVEN", "given/secret", None, None, "test"),
        Credentials::new("ASIAGIVEN", "given/secret", token("another"), None, "test"),
        Credentials::new("111122223333", "secret", token("to/ken=="), None, "test"),
    ];
    for credentials in strangers {
        let shown = format!("{credentials:?}");
        let got = Call { credentials, ..Call::post() }.signed(&world).send(&world).await;
        assert_eq!(got.refusal(), (403, Some("UnrecognizedClientException"), UNRECOGNIZED), "{shown}");
    }
    assert_eq!(world.calls().len(), 0);
}

#[tokio::test]
async fn a_role_needs_the_right_to_invoke_the_method() {
    let world = world().await;
    let call = async || {
        let presigned = Call { credentials: given(), ..Call::new("GET", PATH) }.presigned(&world, 60);
        let got = Call { credentials: given(), ..Call::new("GET", PATH) }.signed(&world).send(&world).await;
        assert_eq!(presigned.send(&world).await.refusal().0, got.status);
        got
    };
    assert_eq!(call().await.status, 200);
    let identity = world.calls().remove(0)["requestContext"]["identity"].clone();
    assert_eq!((&identity["user"], &identity["accessKey"]), (&json!("AROAGIVEN:tests"), &json!("ASIAGIVEN")));
    let who = "arn:aws:sts::111122223333:assumed-role/caller/tests";
    let method = "arn:aws:execute-api:eu-central-1:********3333:abc123/prod/GET/submit/Events/7";
    for (decision, why) in [
        ("implicitDeny", "because no identity-based policy allows the execute-api:Invoke action"),
        ("explicitDeny", "with an explicit deny in an identity-based policy"),
        ("anything", "because no identity-based policy allows the execute-api:Invoke action"),
    ] {
        world.cloud.set(|told| told.decision = decision);
        let said = format!("User: {who} is not authorized to perform: execute-api:Invoke on resource: {method} {why}");
        let body = json!({ "Message": said }).to_string();
        assert_eq!(call().await.refusal(), (403, Some("AccessDeniedException"), body.as_str()));
    }
}

//! Signatures of AWS's own tools are taken; with any one thing wrong they are not.

use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use hyper::Request;
use hyper::header::HeaderMap;
use hyper::http::request::{Builder, Parts};

use crate::endpoint::gate::Refusal;
use crate::signature::Signature;

const SECRET: &str = "secret/+=";

/// When the calls here were signed: 2026-01-02T03:04:05Z.
fn then() -> SystemTime {
    SystemTime::try_from(DateTime::from_secs(1_767_323_045)).unwrap()
}

fn parts(request: Builder) -> Parts {
    request.body(()).unwrap().into_parts().0
}

fn authorization(service: &str, signed: &str, value: &str) -> String {
    let scope = format!("20260102/eu-central-1/{service}/aws4_request");
    format!("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/{scope}, SignedHeaders={signed}, Signature={value}")
}

/// A call as `botocore` 1.43.106 signs it, with headers that are trimmed, and its body.
fn put_item() -> (Builder, &'static [u8]) {
    let value = "c8e6dcfb82545782deb527e893069a60d1e7cfec9e8c763d7beb8c658acef634";
    let signed = "content-type;host;x-amz-date;x-amz-target;x-two";
    let request = Request::builder().method("POST").uri("/").header("host", "127.0.0.1:4566");
    let request = request.header("content-type", "application/x-amz-json-1.0").header("x-two", "  a   b ");
    let request = request.header("x-amz-target", "DynamoDB_20120810.PutItem").header("x-amz-date", "20260102T030405Z");
    (request.header("authorization", authorization("dynamodb", signed, value)), br#"{"a": 1}"#)
}

fn checked(head: &Parts, body: &[u8], secret: &str, now: SystemTime) -> Result<(), &'static str> {
    let signature = Signature::of(&head.headers).ok_or("not signed")?;
    signature.check(head, body, secret, now).map_err(|wrong| Refusal::from(wrong).message)
}

#[test]
fn a_call_of_botocore_is_taken() {
    let (request, body) = put_item();
    assert_eq!(checked(&parts(request), body, SECRET, then()), Ok(()));
}

#[test]
fn a_path_and_a_query_of_botocore_are_taken() {
    let value = "af9dcd43242d4986d5a6a18ea723727933372b543c3e0ba82b33441997990a87";
    let path = "/2015-03-31/tags/arn%3Aaws%3Alambda%3Aeu-central-1%3A1%3Afunction%3Af?b=%20x&a=%C3%A4&a=1";
    let request = Request::builder().uri(path).header("host", "127.0.0.1:4566");
    let request = request.header("x-amz-date", "20260102T030405Z").header("x-amz-security-token", "to/ken==");
    let signed = authorization("lambda", "host;x-amz-date;x-amz-security-token", value);
    assert_eq!(checked(&parts(request.header("authorization", signed)), b"", SECRET, then()), Ok(()));
}

#[test]
fn a_path_of_s3_is_signed_as_it_is() {
    let value = "10ba68976afe22e05cc73a3ac7830c375610125abaaacf33ebd1748a38b1e644";
    let request = Request::builder().method("PUT").uri("/bucket/a%20b//c").header("host", "127.0.0.1:4566");
    let hash = "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5";
    let request = request.header("x-amz-date", "20260102T030405Z").header("x-amz-content-sha256", hash);
    let signed = authorization("s3", "host;x-amz-content-sha256;x-amz-date", value);
    let head = parts(request.header("authorization", signed));
    assert_eq!(checked(&head, b"body", SECRET, then()), Ok(()));
    assert!(checked(&head, b"another", SECRET, then()).unwrap_err().contains("x-amz-content-sha256"));
}

#[test]
fn any_one_thing_wrong_is_refused() {
    let (request, body) = put_item();
    let good = parts(request);
    let wrong = |change: &dyn Fn(&mut Parts)| {
        let mut head = good.clone();
        change(&mut head);
        checked(&head, body, SECRET, then()).unwrap_err()
    };
    let set = |name: &'static str, value: &'static str| {
        wrong(&|head| drop(head.headers.insert(name, value.parse().unwrap())))
    };
    let mismatch = "does not match the signature you provided";
    assert!(wrong(&|head| head.method = "PUT".parse().unwrap()).contains(mismatch));
    assert!(wrong(&|head| head.uri = "/x".parse().unwrap()).contains(mismatch));
    assert!(wrong(&|head| head.uri = "/?x=1".parse().unwrap()).contains(mismatch));
    assert!(set("host", "127.0.0.1:4567").contains(mismatch));
    assert!(set("x-two", "c").contains(mismatch));
    let more = wrong(&|head| {
        head.headers.append("x-two", "c".parse().unwrap());
    });
    assert!(more.contains(mismatch));
    assert!(set("x-amz-date", "20260102T030406Z").contains(mismatch));
    assert!(set("x-amz-more", "1").contains("must be signed"));
    assert!(wrong(&|head| drop(head.headers.remove("x-two"))).contains("must be signed"));
    assert!(set("x-amz-content-sha256", "UNSIGNED-PAYLOAD").contains("x-amz-content-sha256"));
    assert!(set("x-amz-date", "20260103T030405Z").contains("another time"), "not the day of the scope");
    assert!(wrong(&|head| drop(head.headers.remove("x-amz-date"))).contains("another time"));
    assert!(checked(&good, br#"{"a": 2}"#, SECRET, then()).unwrap_err().contains(mismatch));
    assert!(checked(&good, body, "another", then()).unwrap_err().contains(mismatch));
    let other = |from: &'static str, to: &'static str| {
        wrong(&|head| {
            let header = head.headers["authorization"].to_str().unwrap().replace(from, to);
            head.headers.insert("authorization", header.parse().unwrap());
        })
    };
    assert!(other("eu-central-1", "us-east-1").contains(mismatch));
    assert!(other("/dynamodb/", "/kinesis/").contains(mismatch));
    assert!(other("Signature=c8", "Signature=c9").contains(mismatch));
    assert!(other("Signature=c8e6", "Signature=").contains(mismatch));
    assert!(other(";x-two", "").contains(mismatch));
    assert!(other("host;", "").contains("must be signed"));
}

#[test]
fn a_signature_is_good_for_a_quarter_of_an_hour() {
    let (request, body) = put_item();
    let head = parts(request);
    let quarter = Duration::from_secs(900);
    for now in [then() + quarter, then() - quarter] {
        assert_eq!(checked(&head, body, SECRET, now), Ok(()));
    }
    for now in [then() + quarter + Duration::from_secs(1), then() - quarter - Duration::from_secs(1)] {
        assert!(checked(&head, body, SECRET, now).unwrap_err().contains("another time"));
    }
}

#[test]
fn what_is_no_signature_of_version_4_is_none() {
    let well = authorization("sqs", "host", "0");
    let of = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", value.parse().unwrap());
        }
        Signature::of(&headers)
    };
    assert_eq!(of(&[&well]).unwrap().header_as("ASIAEXAMPLE"), well);
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[&well, &well]), None);
    for other in [
        "Basic dXNlcjpwYXNz".to_owned(),
        well.replace("HMAC-SHA256", "ECDSA-P256-SHA256"),
        well.replace(", SignedHeaders=host", ""),
        well.replace("/sqs", ""),
        well.replace("aws4_request", "aws5_request"),
        well.replace("Credential=", "Credential=other/"),
        format!("{well}, Credential=other/20260102/eu-central-1/sqs/aws4_request"),
    ] {
        assert_eq!(of(&[&other]), None, "{other}");
    }
}

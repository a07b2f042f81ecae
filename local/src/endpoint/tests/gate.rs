//! The gate refuses requests that a web page may send, by each sign alone.

use hyper::Request;
use hyper::http::request::Builder;

use crate::endpoint::gate::no_stranger;

const OWN: &str = "127.0.0.1:4566";

/// The message of the refusal; empty where the request may come.
fn refused(request: Builder) -> &'static str {
    let (head, ()) = request.body(()).unwrap().into_parts();
    no_stranger(&head, OWN).err().map_or("", |refusal| refusal.message)
}

fn call() -> Builder {
    Request::builder().method("POST").uri("/?a=b&x-amz-thing=1").header("host", OWN)
}

#[test]
fn a_call_of_an_sdk_may_come() {
    assert_eq!(refused(call()), "");
    assert_eq!(refused(call().header("sec-fetch-site", "none")), "", "who types an address is no page");
}

#[test]
fn what_comes_from_a_page_is_refused() {
    for origin in ["https://evil.example", "null", "http://127.0.0.1:4566", ""] {
        assert!(refused(call().header("origin", origin)).contains("web pages"), "{origin}");
    }
    for site in ["cross-site", "same-site", "same-origin", "NONE", ""] {
        assert!(refused(call().header("sec-fetch-site", site)).contains("web pages"), "{site}");
    }
    let twice = call().header("sec-fetch-site", "none").header("sec-fetch-site", "cross-site");
    assert!(refused(twice).contains("web pages"));
    assert!(refused(call().method("OPTIONS")).contains("web pages"));
}

#[test]
fn another_host_is_refused() {
    let hosts = [
        "evil.example:4566",
        "evil.example",
        "localhost:4566",
        "127.0.0.1",
        "127.0.0.1:4567",
        "127.0.0.1:4566.evil.example",
        "",
    ];
    for host in hosts {
        let request = Request::builder().method("POST").uri("/").header("host", host);
        assert!(refused(request).contains("`Host`"), "{host}");
    }
    assert!(refused(Request::builder().uri("/")).contains("`Host`"), "none at all");
    assert!(refused(call().header("host", "evil.example")).contains("`Host`"), "a second one");
}

#[test]
fn credentials_in_the_query_are_refused() {
    let names = [
        "X-Amz-Credential",
        "x-amz-signature",
        "X-Amz-Algorithm",
        "X-Amz-Security-Token",
        "AWSAccessKeyId",
        "Signature",
    ];
    for name in names {
        for query in
            [format!("{name}=1"), format!("a=b&{name}"), format!("%{:02x}{}=1", name.as_bytes()[0], &name[1..])]
        {
            assert!(refused(call().uri(format!("/?{query}"))).contains("query"), "{query}");
        }
    }
}

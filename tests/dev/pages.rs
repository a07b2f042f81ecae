//! What a web page of this machine's browser, or another program, gets from the ports that `pipe dev` opens for events: 403.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::client::{Answer, Client, JSON};
use super::dev::{Dev, MAIN};
use super::process::tree;

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next";

/// The status of a request on a connection of its own.
fn status(address: &str, request: &str, headers: &[(&str, &str)]) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("{request} HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n{headers}\r\n{{}}");
    stream.write_all(head.as_bytes()).unwrap();
    let mut line = [0; 12];
    stream.read_exact(&mut line).unwrap();
    String::from_utf8_lossy(&line).rsplit(' ').next().unwrap().parse().unwrap()
}

/// The Runtime APIs that its functions were given.
fn runtime_apis(dev: &Dev) -> BTreeSet<String> {
    let environments = tree(dev.process()).into_iter().filter_map(|process| {
        let bytes = std::fs::read(format!("/proc/{}/environ", process.pid)).ok()?;
        String::from_utf8(bytes).ok()
    });
    let value = |text: String| {
        text.split('\0').find_map(|variable| Some(variable.strip_prefix("AWS_LAMBDA_RUNTIME_API=")?.to_owned()))
    };
    environments.filter_map(value).collect()
}

/// The requests that a page can have sent without being asked: the `Host`, and the header that gives it away.
fn pages(address: &str) -> Vec<Vec<(&'static str, String)>> {
    let (own, port) = (address.to_owned(), address.rsplit_once(':').unwrap().1);
    let simple = |name, value: &str| {
        vec![("Host", own.clone()), ("Content-Type", "text/plain".to_owned()), (name, value.to_owned())]
    };
    vec![
        simple("Origin", "https://evil.example"),
        simple("Origin", "null"),
        simple("Sec-Fetch-Site", "cross-site"),
        simple("Sec-Fetch-Site", "same-site"),
        vec![("Host", format!("evil.example:{port}")), ("Sec-Fetch-Site", "same-origin".to_owned())],
    ]
}

fn assert_closed_to_pages(address: &str, requests: &[&str]) {
    for request in requests {
        for page in pages(address) {
            let headers: Vec<(&str, &str)> = page.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(status(address, request, &headers), 403, "{request} {headers:?}");
        }
    }
}

#[test]
fn pages_and_other_programs_get_403() {
    let guarded = "      - post: /submit/{streamName}/{eventId}";
    let spec =
        MAIN.replace(guarded, &format!("      - {{ post: /open, auth: none, partition_key: query.k }}\n{guarded}"));
    let mut dev = Dev::new(&spec);
    let (client, sdk) = (Client::of(&dev), dev.sdk());
    // So that the authorizer runs too.
    assert_eq!(client.post("/submit/GatewayEventsStream/e1", r#"{"eventId": "e1"}"#).status, 200);
    let url = dev.url();
    let (address, stage) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    assert_closed_to_pages(address, &[&format!("POST /{stage}/open?k=1"), &format!("OPTIONS /{stage}/open?k=1")]);
    for why in ["403 to requests for another host", "403 to web pages of other origins"] {
        dev.until(why, |dev| (dev.count(why) > 0).then_some(()));
        assert_eq!(dev.count(why), 1, "{why}");
    }
    let apis = runtime_apis(&dev);
    assert!(apis.len() >= 2, "the authorizer and the consumer run: {apis:?}");
    for api in &apis {
        assert_closed_to_pages(api, &[NEXT, "POST /2018-06-01/runtime/init/error"]);
        assert_eq!(status(api, NEXT, &[("Host", api)]), 403, "another program that asks for events");
    }
    // Everything still serves those that it is there for.
    assert_eq!(client.open("/open?k=1", &[], r#"{"eventId": "open"}"#).status, 200);
    assert_eq!(client.post("/submit/GatewayEventsStream/e2", r#"{"eventId": "e2"}"#).status, 200);
    for event in ["e1", "open", "e2"] {
        dev.until(event, |dev| dev.row(&sdk, event).then_some(()));
    }
    assert!(runtime_apis(&dev).is_superset(&apis), "no function had to start again");
}

#[test]
fn a_page_that_cors_names_sends_events_and_reads_the_answers() {
    let (page, other) = ("http://localhost:3000", "https://evil.example");
    let cors = format!("    cors: {{ origins: [\"https://app.example.com\", \"{page}\"] }}\n    routes:");
    let mut dev = Dev::new(&MAIN.replace("    routes:", &cors));
    let (client, sdk) = (Client::of(&dev), dev.sdk());
    let path = "/submit/GatewayEventsStream/page";
    let named = |answer: &Answer| answer.header("access-control-allow-origin").map(str::to_owned);

    let asks = [("Origin", page), ("Access-Control-Request-Method", "POST")];
    let asked = client.send("OPTIONS", path, &asks, b"");
    assert_eq!((asked.status, named(&asked).as_deref()), (204, Some(page)));
    assert_eq!(asked.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(asked.header("access-control-allow-headers"), Some("Authorization,Content-Type"));
    let authorization = client.authorization();
    let headers = [JSON, ("Authorization", &authorization), ("Origin", page), ("Sec-Fetch-Site", "cross-site")];
    let taken = client.send("POST", path, &headers, br#"{"eventId": "page"}"#);
    assert_eq!((taken.status, named(&taken).as_deref(), taken.header("vary")), (200, Some(page), Some("Origin")));
    // A page learns why it was refused, whoever refuses.
    for (headers, body, status) in [(&headers[..], "[]", 400), (&[JSON, ("Origin", page)], "{}", 401)] {
        let refused = client.send("POST", path, headers, body.as_bytes());
        assert_eq!((refused.status, named(&refused).as_deref()), (status, Some("*")));
    }
    let forbidden = client.send("POST", path, &[JSON, ("Authorization", &authorization), ("Origin", other)], b"{}");
    assert_eq!((forbidden.status, named(&forbidden)), (403, None));
    dev.until("the page's row", |dev| dev.row(&sdk, "page").then_some(()));
}

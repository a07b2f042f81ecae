//! What a web page of this machine's browser, or another program, gets from the ports that `pipe dev` opens for events: 403.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::client::Client;
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

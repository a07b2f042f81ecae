//! Who gets to the console: pages of its own, on this machine, that know its token.
//!
//! Any web page that is open on this machine can send to this port. Under its own name it shows in `Host`, and as a page of another origin
//! in `Origin`. Every user of this machine reaches the port, too: the token is in the address that `pipe` prints, and nowhere in the page.

use std::net::SocketAddr;

use axum::http::header::{HOST, HeaderName, HeaderValue, ORIGIN};
use axum::http::{HeaderMap, Response};
use subtle::ConstantTimeEq;

/// The header that carries the token.
pub const TOKEN: &str = "x-pipe-token";

/// Headers of every answer.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// Whether the request is for this address under a name that no page can bind, and of no page of another origin.
pub fn is_own(headers: &HeaderMap, own: SocketAddr) -> bool {
    let port = own.port();
    let names = [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")];
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let is_host = names.iter().any(|name| host.as_bytes().eq_ignore_ascii_case(name.as_bytes()));
    let is_origin = |origin: &HeaderValue| {
        let origin = origin.as_bytes().strip_prefix(b"http://");
        origin.is_some_and(|origin| names.iter().any(|name| origin.eq_ignore_ascii_case(name.as_bytes())))
    };
    is_host && headers.get_all(ORIGIN).iter().all(is_origin)
}

/// Whether this is the token, compared in a time that tells nothing of it.
pub fn is_token(given: Option<&[u8]>, token: &str) -> bool {
    given.is_some_and(|given| bool::from(given.ct_eq(token.as_bytes())))
}

/// Adds what no answer is without.
pub fn dress<B>(mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.entry("cache-control").or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(all: &[(&str, &str)]) -> bool {
        let header = |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        let mut headers = HeaderMap::new();
        all.iter().map(header).for_each(|(name, value): (_, HeaderValue)| {
            headers.append(name, value);
        });
        is_own(&headers, ([127, 0, 0, 1], 8080).into())
    }

    #[test]
    fn only_its_own_pages_get_to_it() {
        for host in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080"] {
            assert!(own(&[("host", host)]), "{host}");
            assert!(own(&[("host", host), ("origin", &format!("http://{host}"))]), "{host}");
        }
        for host in ["evil.example:8080", "127.0.0.1", "127.0.0.1:80", "127.0.0.1.evil.example:8080", "[::2]:8080", ""]
        {
            assert!(!own(&[("host", host)]), "{host}");
        }
        assert!(!own(&[]) && !own(&[("host", "127.0.0.1:8080"), ("host", "evil.example:8080")]));
        let with = |origin: &str| own(&[("host", "127.0.0.1:8080"), ("origin", origin)]);
        for origin in ["http://evil.example", "null", "https://127.0.0.1:8080", "http://127.0.0.1:3000", ""] {
            assert!(!with(origin), "{origin}");
        }
    }

    #[test]
    fn a_token_is_whole_and_its_own() {
        assert!(is_token(Some(b"abc"), "abc"));
        for given in [None, Some("".as_bytes()), Some(b"ab"), Some(b"abcd"), Some(b"abd")] {
            assert!(!is_token(given, "abc"));
        }
    }
}

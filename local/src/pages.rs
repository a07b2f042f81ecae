//! What tells a web page's request from a program's.
//!
//! A browser sends what any page asks for to any port of this machine. It says whose page that is, in `Origin` and
//! `Sec-Fetch-Site` (https://fetch.spec.whatwg.org, https://www.w3.org/TR/fetch-metadata), and under which name the page knows
//! the port, in `Host`: a page may have bound its own name to this machine, and is then of the port's origin to the browser.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

const SITE: &str = "sec-fetch-site";

/// Under which containers know the machine that they run on (https://docs.docker.com/desktop/features/networking/, and Podman's).
const OF_CONTAINERS: [&str; 2] = ["host.docker.internal", "host.containers.internal"];

/// Whether the request names this address as its host, or its port at `localhost`. Where it listens on all addresses any of
/// them will do, since no page can bind an address to its name; and beyond loopback the names that containers have for it.
pub fn names(headers: &HeaderMap, own: SocketAddr) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let host = host.to_str().unwrap_or_default();
    // Clients leave the port of HTTP out.
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
    let is = |other: &&str| name.eq_ignore_ascii_case(other);
    let is_own = match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(ip) => ip == own.ip() || own.ip().is_unspecified(),
        Err(_) => is(&"localhost") || (!own.ip().is_loopback() && OF_CONTAINERS.iter().any(is)),
    };
    is_own && port.parse() == Ok(own.port())
}

/// Whether a page sends the request, of whatever origin.
pub fn sent(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.get_all(SITE).iter().any(|site| site != "none")
}

/// Whether a page sends the request that is of another origin than the request's host.
pub fn foreign(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).map(|host| [b"http://".as_slice(), host.as_bytes()].concat());
    let is_other = |origin: &[u8]| host.as_deref() != Some(origin);
    headers.get_all(ORIGIN).iter().any(|origin| is_other(origin.as_bytes()))
        || headers.get_all(SITE).iter().any(|site| site != "none" && site != "same-origin")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_host_is_an_address_and_its_port() {
        let is_own = |host: &'static str, port: u16| names(&headers(&[("host", host)]), ([127, 0, 0, 1], port).into());
        for host in ["127.0.0.1:8080", "localhost:8080", "LocalHost:8080"] {
            assert!(is_own(host, 8080), "{host}");
        }
        assert!(is_own("127.0.0.1", 80) && is_own("localhost", 80));
        let others = [
            "evil.example:8080",
            "127.0.0.1:8081",
            "127.0.0.1",
            "127.0.0.2:8080",
            "localhost.evil.example:8080",
            "127.0.0.1.evil.example:8080",
            "localhost:",
            "[::1]:8080",
            "",
            ":8080",
        ];
        for host in others {
            assert!(!is_own(host, 8080), "{host}");
        }
        let twice = [("host", "127.0.0.1:8080"), ("host", "evil.example:8080")];
        assert!(!names(&headers(&twice), ([127, 0, 0, 1], 8080).into()));
        assert!(!names(&HeaderMap::new(), ([127, 0, 0, 1], 80).into()));
    }

    #[test]
    fn a_host_that_others_reach_has_more_names() {
        let is_own = |host: &'static str, own: [u8; 4]| names(&headers(&[("host", host)]), (own, 8080).into());
        for host in
            ["172.17.0.1:8080", "127.0.0.1:8080", "[fd00::1]:8080", "host.docker.internal:8080", "localhost:8080"]
        {
            assert!(is_own(host, [0, 0, 0, 0]), "{host}");
        }
        assert!(is_own("172.17.0.1:8080", [172, 17, 0, 1]) && is_own("host.containers.internal:8080", [172, 17, 0, 1]));
        assert!(!is_own("172.17.0.2:8080", [172, 17, 0, 1]) && !is_own("host.docker.internal:8080", [127, 0, 0, 1]));
        for host in ["evil.example:8080", "172.17.0.1:80", "host.docker.internal.evil.example:8080"] {
            assert!(!is_own(host, [0, 0, 0, 0]), "{host}");
        }
    }

    #[test]
    fn a_page_is_told_by_its_origin_and_its_site() {
        let host = ("host", "localhost:8080");
        // The headers, whether a page sent them, and whether one of another origin.
        let cases: [(&[_], bool, bool); 9] = [
            (&[], false, false),
            (&[("sec-fetch-site", "none")], false, false),
            (&[("sec-fetch-site", "same-origin")], true, false),
            (&[("origin", "http://localhost:8080")], true, false),
            (&[("origin", "http://localhost:3000")], true, true),
            (&[("origin", "http://127.0.0.1:8080")], true, true),
            (&[("origin", "null")], true, true),
            (&[("sec-fetch-site", "same-site")], true, true),
            (&[("origin", "http://localhost:8080"), ("sec-fetch-site", "cross-site")], true, true),
        ];
        for (case, is_sent, is_foreign) in cases {
            let headers = headers(&[&[host], case].concat());
            assert_eq!((sent(&headers), foreign(&headers)), (is_sent, is_foreign), "{headers:?}");
        }
    }
}

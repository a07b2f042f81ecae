//! The page and its files, as they are in this program.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, Response, StatusCode};
use bytes::Bytes;
use sha2::{Digest, Sha256};

const INDEX: &str = include_str!("page/index.html");

/// A file by its name below `/console/`, its type and its content.
type File = (&'static str, &'static str, &'static [u8]);

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

const FILES: &[File] = &[
    ("api.js", SCRIPT, include_bytes!("page/api.js")),
    ("body.js", SCRIPT, include_bytes!("page/body.js")),
    ("bus.js", SCRIPT, include_bytes!("page/bus.js")),
    ("console.css", STYLE, include_bytes!("page/console.css")),
    ("dom.js", SCRIPT, include_bytes!("page/dom.js")),
    ("events.js", SCRIPT, include_bytes!("page/events.js")),
    ("graph.css", STYLE, include_bytes!("page/graph.css")),
    ("graph.js", SCRIPT, include_bytes!("page/graph.js")),
    ("icon.svg", PICTURE, include_bytes!("page/icon.svg")),
    ("inspector.js", SCRIPT, include_bytes!("page/inspector.js")),
    ("item.js", SCRIPT, include_bytes!("page/item.js")),
    ("keys.js", SCRIPT, include_bytes!("page/keys.js")),
    ("letters.js", SCRIPT, include_bytes!("page/letters.js")),
    ("lines.js", SCRIPT, include_bytes!("page/lines.js")),
    ("main.js", SCRIPT, include_bytes!("page/main.js")),
    ("rows.js", SCRIPT, include_bytes!("page/rows.js")),
    ("schema.js", SCRIPT, include_bytes!("page/schema.js")),
    ("send.js", SCRIPT, include_bytes!("page/send.js")),
    ("status.css", STYLE, include_bytes!("page/status.css")),
    ("status.js", SCRIPT, include_bytes!("page/status.js")),
    ("text.js", SCRIPT, include_bytes!("page/text.js")),
    ("theme.js", SCRIPT, include_bytes!("page/theme.js")),
    ("windowed.js", SCRIPT, include_bytes!("page/windowed.js")),
];

/// The page.
pub fn index() -> Response<Body> {
    answer(StatusCode::OK, "text/html; charset=utf-8", Bytes::from_static(INDEX.as_bytes()))
}

/// A file of the page; nothing where there is none of this name.
pub fn file(name: &str, headers: &HeaderMap) -> Option<Response<Body>> {
    let (_, kind, content) = FILES.iter().find(|(known, ..)| *known == name)?;
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(content)[..12]));
    let known = headers.get_all(IF_NONE_MATCH).iter().any(|given| given.as_bytes() == tag.as_bytes());
    let mut response = match known {
        true => answer(StatusCode::NOT_MODIFIED, kind, Bytes::new()),
        false => answer(StatusCode::OK, kind, Bytes::from_static(content)),
    };
    // Another program has other files under the same names, maybe on the same port.
    response.headers_mut().insert(CACHE_CONTROL, axum::http::HeaderValue::from_static("no-cache"));
    response.headers_mut().extend(tag.parse().map(|tag| (ETAG, tag)));
    Some(response)
}

fn answer(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, axum::http::HeaderValue::from_static(kind));
    response
}

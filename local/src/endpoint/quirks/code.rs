//! Where the code of functions is.
//!
//! On AWS it is an address that is valid without a signature, because only those who got it know it. MiniStack's own can be
//! guessed, and leads to a port that it does not have here: callers get one of the forwarder with a random word in it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use hyper::http::request::Parts;
use hyper::{Method, Uri};
use uuid::Uuid;

use super::{Answering, Exchange, mended};
use crate::endpoint::call::text;

/// Where the forwarder has it; no path of an AWS API begins so.
const PREFIX: &str = "/_pipe/code/";

/// MiniStack's paths, by the forwarder's.
pub type Codes = Mutex<HashMap<String, String>>;

/// Gives the code of a function under the forwarder's address. On an endpoint of the user's it has one of its own.
pub fn location<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        if !exchange.upstream.is_own() {
            return Ok(answer);
        }
        Ok(mended(answer, |body| {
            let Some(location) = body.pointer_mut("/Code/Location") else { return };
            let Some(theirs) = location.as_str().and_then(|url| url.parse::<Uri>().ok()) else { return };
            let ours = ours(&exchange.memory.codes, theirs.path());
            *location = format!("http://{}{ours}", text(&exchange.head.headers, "host")).into();
        }))
    })
}

/// The forwarder's path for MiniStack's, always the same.
fn ours(codes: &Codes, theirs: &str) -> String {
    let mut codes = codes.lock().unwrap_or_else(PoisonError::into_inner);
    let known = codes.iter().find(|(_, path)| *path == theirs).map(|(ours, _)| ours.clone());
    known.unwrap_or_else(|| {
        let ours = format!("{PREFIX}{}", Uuid::new_v4().simple());
        codes.insert(ours.clone(), theirs.to_owned());
        ours
    })
}

/// The path at MiniStack of code that is asked for here.
pub fn asked(codes: &Codes, head: &Parts) -> Option<Uri> {
    let codes = codes.lock().unwrap_or_else(PoisonError::into_inner);
    codes.get(head.uri.path()).filter(|_| head.method == Method::GET)?.parse().ok()
}

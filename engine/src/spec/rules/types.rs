//! Rules of the content types that routes take, and of what goes on the stream beside the body.

use std::collections::BTreeSet;

use super::{At, Cx};
use crate::spec::wording::short;
use crate::spec::{Api, Body, PartitionKey, Place, Problem, Route, To, is_json, is_text};

/// What a route calls can take its content types, each once.
pub(super) fn taken(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let rules = |(index, route): (usize, &Route)| {
        let route = At { path: api.at(&format!("routes/{index}")), it: route };
        let types = route.it.content_types.iter().flatten();
        let mut problems = Vec::new();
        let mut seen = BTreeSet::new();
        for (at, media) in types.enumerate() {
            let path = route.at(&format!("content_types/{at}"));
            if let Some((message, hint)) = untaken(cx, route.it, media.as_str()) {
                problems.push(Problem::error(path, message).hint(hint));
            } else if !seen.insert(media) {
                let message = format!("`{}` is there already", media.as_str());
                problems.push(Problem::error(path, message).hint("take one of the two out"));
            }
        }
        problems.extend(unread(&route));
        problems.extend(envelope(cx, &route));
        problems
    };
    api.it.routes.iter().enumerate().flat_map(rules).collect()
}

/// Why what the route calls cannot take this type, and what to do.
fn untaken(cx: &Cx<'_>, route: &Route, media: &str) -> Option<(String, &'static str)> {
    let media_shown = short(media);
    match cx.spec.to(route)? {
        To::Function if *route.body() != Body::Any && !is_json(media) => {
            let message = format!("`body` checks every request as JSON, and `{media_shown}` is not JSON");
            Some((message, "take `body` out, or this type"))
        }
        To::Function => None,
        To::Table(call) if call.action().templates().0.is_none() && !is_json(media) => {
            let message = format!("a table's attributes are made of JSON, and `{media_shown}` is not JSON");
            Some((message, "take it out, or bring a template of your own (`request`)"))
        }
        _ if !is_text(media) => {
            let message = format!("bodies of `{media_shown}` are bytes, and templates hold only text");
            Some((message, "take it out, or let a function take them (`to: function`)"))
        }
        _ => None,
    }
}

/// A partition key in the body is one of JSON.
fn unread(route: &At<'_, Route>) -> Option<Problem> {
    let PartitionKey::Body(name) = &route.partition_key else { return None };
    let other = route.types().find(|media| !is_json(media))?;
    let message =
        format!("the partition key is the body's `{}`, and a body of `{}` has no members", short(name), short(other));
    Some(Problem::error(route.at("partition_key"), message).hint("take the key from `path`, `query` or `header`"))
}

/// Only a record has an envelope, and each value stands in it once.
fn envelope(cx: &Cx<'_>, route: &At<'_, Route>) -> Vec<Problem> {
    if route.envelope.is_empty() {
        return Vec::new();
    }
    if !cx.spec.calls_stream(route) && cx.spec.to(route).is_some() {
        let message = "`envelope` is for the records of a stream, and this route has none";
        return vec![Problem::error(route.at("envelope"), message).hint("take it out").on_key()];
    }
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for (index, piece) in route.envelope.iter().enumerate() {
        let at = route.at(&format!("envelope/{index}"));
        let text = String::from(piece.clone());
        let lacks = piece.place == Place::Path && !route.path().contains(&format!("{{{}}}", piece.name));
        if !seen.insert(piece) {
            problems.push(Problem::error(at, format!("`{text}` is there already")).hint("take one of the two out"));
        } else if lacks {
            let message = format!("`{}` has no parameter `{}`", short(route.path()), short(&piece.name));
            problems.push(Problem::error(at, message).hint("name a parameter of the path"));
        }
    }
    problems
}

//! Rules of what routes call.

use super::{At, CONSUMER, Cx, SINK, STREAM, function, indexes};
use crate::spec::shape::{self, KEPT, Member, Scalar, Shape};
use crate::spec::wording::{list, short};
use crate::spec::{Api, AwsCall, Body, Extra, Index, Key, KeyType, PartitionKey, Problem, Route, TableAction, To};

/// Every route calls something that is there, with what that takes.
pub(super) fn targets(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let rules = |(index, route): (usize, &Route)| {
        let route = At { path: api.at(&format!("routes/{index}")), it: route };
        match cx.spec.to(route.it) {
            Some(To::Stream) => stream(cx, &route),
            Some(To::Function) => answered(cx, &route),
            Some(To::Aws(call)) => aws(cx, &route, call),
            Some(To::Table(call)) => table(cx, &route, &call.action()),
            // `wiring::sections` says it once, for the whole API.
            None => Vec::new(),
        }
    };
    let mut problems: Vec<Problem> = api.it.routes.iter().enumerate().flat_map(rules).collect();
    problems.extend(stale(cx, api));
    problems
}

/// An update would leave the text of the body that `extra: keep` stored as it was.
fn stale(cx: &Cx<'_>, api: &At<'_, Api>) -> Option<Problem> {
    let action = |route: &Route| match cx.spec.to(route) {
        Some(To::Table(call)) => Some(call.action()),
        _ => None,
    };
    let keeps = |route: &Route| matches!(action(route), Some(TableAction::Put(put)) if put.extra == Extra::Keep);
    let updates = |route: &Route| matches!(action(route), Some(TableAction::Update(_)));
    let index = api.it.routes.iter().position(updates).filter(|_| api.it.routes.iter().any(keeps))?;
    let message =
        format!("`update` would leave `{KEPT}` as it was, in which another route keeps the body (`extra: keep`)");
    let problem = Problem::error(api.at(&format!("routes/{index}/to")), message);
    Some(problem.hint("use `extra: refuse`, or write the whole item with `put`"))
}

fn stream(cx: &Cx<'_>, route: &At<'_, Route>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let method = route.method();
    if !cx.has(STREAM) && route.to.is_some() {
        let problem = Problem::error(route.at("to"), "`to: stream` needs a `stream` that it puts the body on");
        problems.push(problem.hint("add `stream: { kinesis: {} }`"));
    }
    if !method.has_body() && route.methods().count() == 1 {
        let message = format!("a {} request has no body that could go on the stream", method.name());
        let hint = "use `post`, `put` or `patch`, or say what the route calls with `to`";
        problems.push(Problem::error(route.at(method.key()), message).hint(hint).on_key());
    }
    problems
}

fn table(cx: &Cx<'_>, route: &At<'_, Route>, action: &TableAction) -> Vec<Problem> {
    if !cx.sound(&route.at("to/table")) {
        return Vec::new();
    }
    if !cx.has(SINK) && cx.spec.table_changes().is_none() {
        let problem =
            Problem::error(route.at("to"), "`to: { table: ... }` needs a `sink.table`, or a stream of `table_changes`");
        return vec![problem.hint("add `sink: { table: { partition_key: NAME } }`")];
    }
    let Some((partition, sort)) = cx.spec.keys_of(route) else {
        let problem =
            Problem::error(route.at("to"), "the keys of an existing table are not known, and the templates need them");
        return vec![problem.hint("add `dev: { partition_key: NAME }` beside `existing`")];
    };
    if let Some(key) = [Some(partition), sort].into_iter().flatten().find(|key| !shape::is_plain(&key.name)) {
        let message = format!("the key `{}` cannot stand in a template", short(&key.name));
        let problem = Problem::error(route.at("to"), message);
        return vec![problem.hint("a route can name keys of letters, digits and `_-.:@`")];
    }
    let index = match indexes::of(cx, route, action) {
        Ok(index) => index,
        Err(problem) => return vec![problem],
    };
    let mut problems: Vec<Problem> = unordered(route, "a table").into_iter().collect();
    // A template of one's own makes what it likes of the request.
    if action.templates().0.is_some() {
        return problems;
    }
    problems.extend(body(route, action));
    if action.takes_body() {
        problems.extend(mapped(cx, route, action));
    }
    problems.extend(parameters(cx, route, action, index));
    problems
}

/// The statements of a call name what is there.
fn aws(cx: &Cx<'_>, route: &At<'_, Route>, call: &AwsCall) -> Vec<Problem> {
    let mut problems: Vec<Problem> = unordered(route, "a service").into_iter().collect();
    problems.extend(function::owned(
        cx,
        &route.at("to/aws/statements"),
        &call.statements,
        ("the API", "its templates"),
    ));
    problems
}

/// Only a stream has an order.
fn unordered(route: &At<'_, Route>, what: &str) -> Option<Problem> {
    let message = format!("`partition_key` orders a stream, and this route calls {what}");
    let problem = Problem::error(route.at("partition_key"), message).hint("take it out").on_key();
    (route.partition_key != PartitionKey::Random).then_some(problem)
}

/// The consumer's function is there, and one that answers requests.
fn answered(cx: &Cx<'_>, route: &At<'_, Route>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = unordered(route, "a function").into_iter().collect();
    let at = route.at("to");
    match cx.function() {
        None if cx.has(CONSUMER) => {}
        None => {
            let problem = Problem::error(at, "`to: function` needs a `consumer` that answers the requests");
            problems.push(problem.hint("add `consumer: { function: { handler: PATH } }`"));
        }
        Some(function) if function.is_bundled() && cx.sound(&function.at("handler")) => {
            let message = format!("the bundled handler `{}` answers no requests", function.path().unwrap_or_default());
            let hint = "bring a handler of your own, or call the sink with `to: { table: ... }`";
            problems.push(Problem::error(at, message).hint(hint));
        }
        Some(_) => {}
    }
    let has_body = route.method().has_body() || route.methods().count() != 1;
    if route.body.as_ref().is_some_and(|body| *body != Body::Any) && !has_body {
        let message = format!("a {} request has no body that could be checked", route.method().name());
        problems.push(Problem::error(route.at("body"), message).hint("take `body` out").on_key());
    }
    problems
}

/// An action takes a body that a schema describes, or none.
fn body(route: &At<'_, Route>, action: &TableAction) -> Option<Problem> {
    let method = route.method();
    match (action.takes_body(), route.body()) {
        (true, _) if !method.has_body() => {
            let message = format!("a {} request has no body that could be written", method.name());
            Some(Problem::error(route.at(method.key()), message).hint("use `post`, `put` or `patch`").on_key())
        }
        (true, Body::Schema(_)) | (false, Body::Object) => None,
        (true, _) => {
            let what = match route.to {
                None | Some(To::Stream) => "a body that is put into a table".to_owned(),
                Some(_) => format!("`{}`", action.name()),
            };
            let message = format!("{what} needs a schema: from it follow the types of the attributes");
            Some(Problem::error(route.at("to"), message).hint("add `body: { schema: FILE }`"))
        }
        (false, _) => {
            let message = format!("`{}` takes no body", action.name());
            Some(Problem::error(route.at("body"), message).hint("take `body` out").on_key())
        }
    }
}

/// The schema says the type of each attribute, and a new item's key.
fn mapped(cx: &Cx<'_>, route: &At<'_, Route>, action: &TableAction) -> Vec<Problem> {
    let Body::Schema(file) = route.body() else { return Vec::new() };
    let Some(Ok(schema)) = cx.files.schemas.get(file) else { return Vec::new() };
    let path = route.at("body/schema");
    let members = match shape::members(schema) {
        Ok(members) => members,
        Err(shape::Unmapped { at, why }) => {
            let place = if at.is_empty() { "the schema".to_owned() } else { format!("`{}` of the schema", short(&at)) };
            let problem = Problem::error(path, format!("{place} cannot be mapped to attributes: {why}"));
            return vec![problem.hint("give every property one type, or `to: stream` with a handler of your own")];
        }
    };
    let Some((partition, sort)) = cx.spec.keys_of(route) else { return Vec::new() };
    let keys = [Some(partition), sort].into_iter().flatten();
    if members.iter().any(|member| member.name == KEPT) {
        let message = format!("the schema names `{KEPT}`, the attribute in which `extra: keep` keeps a body");
        return vec![Problem::error(path, message).hint("give the property another name")];
    }
    let of_key: Vec<Problem> = match action {
        TableAction::Put(_) => keys.filter_map(|key| keyed(key, &members, &path)).collect(),
        _ => keys.filter_map(|key| unchanged(key, &members, &path)).collect(),
    };
    if of_key.is_empty() { indexes::written(cx, route, &members, &path) } else { of_key }
}

/// A new item has its key in the body.
fn keyed(key: &Key, members: &[Member], path: &str) -> Option<Problem> {
    let wanted = match key.kind {
        KeyType::String => ("string", Scalar::Text),
        KeyType::Number => ("number", Scalar::Number),
        KeyType::Binary => {
            return Some(Problem::error(path, format!("the key `{}` is binary, which JSON has not", key.name)));
        }
    };
    let fits =
        |member: &Member| member.name == key.name && member.required && member.shape == Shape::Scalar(vec![wanted.1]);
    let message = format!("the schema must require `{}`, the table's key, as a {}", key.name, wanted.0);
    let hint = format!("`\"required\": [\"{}\"]`, and in `properties` its `\"type\": \"{}\"`", key.name, wanted.0);
    (!members.iter().any(fits)).then(|| Problem::error(path, message).hint(hint))
}

/// An update cannot change the key.
fn unchanged(key: &Key, members: &[Member], path: &str) -> Option<Problem> {
    let message = format!("the schema names `{}`, the table's key, which an update cannot change", key.name);
    let problem = || Problem::error(path, message).hint("take it out: the path says which item");
    members.iter().any(|member| member.name == key.name).then(problem)
}

/// The path names the key of the item, or the partition key of the items.
fn parameters(cx: &Cx<'_>, route: &At<'_, Route>, action: &TableAction, index: Option<&Index>) -> Option<Problem> {
    let (partition, sort) = cx.spec.keys_of(route)?;
    let wanted = match action {
        TableAction::Scan(_) => return None,
        // Who may call a path is decided by the path: the body must not name another item.
        TableAction::Put(_) => {
            let of_key = |key: &&Key| route.path().contains(&format!("{{{}}}", key.name));
            let key = [Some(partition), sort].into_iter().flatten().find(of_key)?;
            let message = format!("`put` takes the key from the body, and the path has `{{{}}}` as well", key.name);
            let problem = Problem::error(route.at(route.method().key()), message);
            return Some(problem.hint("take it out of the path, or use `update`"));
        }
        TableAction::Query(_) => vec![index.map_or(partition, |index| &index.partition_key)],
        TableAction::Get(_) | TableAction::Update(_) | TableAction::Delete(_) => {
            [Some(partition), sort].into_iter().flatten().collect()
        }
    };
    let path = route.path();
    let lacking: Vec<&str> =
        wanted.iter().map(|key| key.name.as_str()).filter(|name| !path.contains(&format!("{{{name}}}"))).collect();
    if lacking.is_empty() || !cx.sound(&route.at(route.method().key())) {
        return None;
    }
    let of = if index.is_some() { "index" } else { "table" };
    let message = format!("the path `{}` does not name the key {} of the {of}", short(path), list(&lacking, "and"));
    let parts: String = wanted.iter().map(|key| format!("/{{{}}}", key.name)).collect();
    Some(Problem::error(route.at(route.method().key()), message).hint(format!("let it end in `{parts}`")))
}

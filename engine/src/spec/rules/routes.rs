//! Rules of routes: authorizers, partition keys, and the tree of API resources.

use super::{At, Cx};
use crate::spec::wording::{list, short};
use crate::spec::{Api, Method, PartitionKey, Problem, Route};
use std::collections::{BTreeMap, BTreeSet};

/// Resources of one REST API: the quota of API Gateway, which support raises by the case.
const RESOURCES: usize = 300;

/// Every route names an authorizer, or says that it has none.
pub(super) fn auth(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    const ADD: &str = "add a section `auth: { basic: {} }`, or say `auth: none` here";
    let known: Vec<&str> = cx.spec.authorizers().map(|(name, _)| name).collect();
    let choice = || list(&known.iter().copied().chain(["none"]).collect::<Vec<_>>(), "or");
    let problem = |(index, route): (usize, &Route)| {
        let path = api.at(&format!("routes/{index}"));
        match route.auth.as_deref() {
            Some("none") => None,
            None if known.len() > 1 => {
                let message = "this route must say who may call it, because `auth` has several authorizers";
                Some(Problem::error(path, message).hint(format!("add `auth:` with {}", choice())))
            }
            None if cx.has(super::AUTH) => None,
            None => Some(Problem::error(path, "this route has no authorizer, and does not say `auth: none`").hint(ADD)),
            Some(name) if known.contains(&name) || !cx.sound(super::AUTH) => None,
            Some(name) => {
                let problem = Problem::error(path + "/auth", format!("`auth` has no authorizer `{}`", short(name)));
                Some(problem.hint(if known.is_empty() { ADD.to_owned() } else { format!("this may be {}", choice()) }))
            }
        }
    };
    api.it.routes.iter().enumerate().filter_map(problem).collect()
}

/// Every route has one method.
pub(super) fn methods(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let problem = |(index, route): (usize, &Route)| {
        let path = api.at(&format!("routes/{index}"));
        let within = format!("{path}/");
        let damaged = cx.damaged.iter().any(|bad| bad.starts_with(&within));
        let methods: Vec<&str> = route.methods().map(|(method, _)| method.key()).collect();
        match methods.as_slice() {
            [_] => None,
            [] if damaged || !cx.sound(&path) => None,
            [] => {
                let hint = format!("say one of {}, as in `post: /path`", list(&Method::ALL.map(Method::key), "and"));
                Some(Problem::error(path, "this route has no method").hint(hint))
            }
            [_, second, ..] => {
                let message = format!("a route has one method, and this one has {}", list(&methods, "and"));
                let hint = "make a route of each, or say `any: /path`";
                Some(Problem::error(format!("{path}/{second}"), message).hint(hint).on_key())
            }
        }
    };
    api.it.routes.iter().enumerate().filter_map(problem).collect()
}

/// A partition key from the path names one of its parameters.
pub(super) fn keys(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, route) in api.routes.iter().enumerate() {
        let path = api.at(&format!("routes/{index}"));
        let PartitionKey::Path(name) = &route.partition_key else {
            continue;
        };
        let known: Vec<&str> = segments(route.path()).filter_map(parameter).collect();
        if cx.sound(&format!("{path}/{}", route.method().key())) && !known.contains(&name.as_str()) {
            let message = format!("`{}` has no parameter `{name}`", short(route.path()));
            let hint = match known.as_slice() {
                [] => format!("add `{{{name}}}` to the path, or take the key from `header`, `query` or `body`"),
                known => format!("its parameters are {}", list(known, "and")),
            };
            problems.push(Problem::error(path + "/partition_key", message).hint(hint));
        }
    }
    problems
}

/// The paths fit into one tree of resources, as API Gateway keeps them.
pub(super) fn paths(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen: BTreeMap<(Method, &str), usize> = BTreeMap::new();
    let mut tree = Tree { nodes: BTreeSet::from([String::new()]), parameters: BTreeMap::new() };
    for (index, route) in api.it.routes.iter().enumerate() {
        let Some((method, path)) = route.methods().next() else { continue };
        let at = api.at(&format!("routes/{index}/{}", method.key()));
        if !cx.sound(&at) {
            continue;
        }
        if let Some(first) = seen.insert((method, path), index) {
            let problem = Problem::error(at, format!("`{}` is a route already: routes[{first}]", short(path)));
            problems.push(problem.hint("take one of the two out"));
            continue;
        }
        if let Some(problem) = repeated(path, &at).or_else(|| tree.grow(path, &at)) {
            problems.push(problem);
        }
    }
    if tree.nodes.len() > RESOURCES {
        let message =
            format!("the routes make {} API resources, but one REST API has at most {RESOURCES}", tree.nodes.len());
        let hint = "`/` and every distinct segment count: share the beginnings of paths, or split the pipeline";
        problems.push(Problem::error(api.at("routes"), message).hint(hint));
    }
    problems
}

/// The resources of the API: every distinct beginning of a path.
struct Tree<'a> {
    nodes: BTreeSet<String>,
    parameters: BTreeMap<String, &'a str>,
}

impl<'a> Tree<'a> {
    /// Adds a path. API Gateway refuses two parameters of different names below one resource.
    fn grow(&mut self, path: &'a str, at: &str) -> Option<Problem> {
        let mut node = String::new();
        for part in segments(path) {
            if let Some(name) = parameter(part) {
                let sibling = *self.parameters.entry(node.clone()).or_insert(name);
                if sibling != name {
                    let message = format!("below `{node}/` stand both `{{{sibling}}}` and `{{{name}}}`");
                    let hint =
                        format!("API Gateway has one parameter at one position: call it `{{{sibling}}}` here too");
                    return Some(Problem::error(at, message).hint(hint));
                }
            }
            node = node + "/" + part;
            self.nodes.insert(node.clone());
        }
        None
    }
}

fn repeated(path: &str, at: &str) -> Option<Problem> {
    let mut seen = BTreeSet::new();
    let twice = segments(path).filter_map(parameter).find(|name| !seen.insert(*name))?;
    let problem = Problem::error(at, format!("`{}` has the parameter `{{{twice}}}` twice", short(path)));
    Some(problem.hint("give each parameter a name of its own"))
}

/// The names of a path's parameters.
pub(super) fn parameters(path: &str) -> impl Iterator<Item = &str> {
    segments(path).filter_map(parameter)
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn parameter(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

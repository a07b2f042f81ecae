//! Rules of routes: authorizers, partition keys, and the tree of API resources.

use super::{At, Cx};
use crate::spec::wording::{list, short};
use crate::spec::{Api, Auth, PartitionKey, Problem};
use std::collections::{BTreeMap, BTreeSet};

/// Resources of one REST API: the quota of API Gateway, which support raises by the case.
const RESOURCES: usize = 300;

/// Every route names an authorizer, or says that it has none.
pub(super) fn auth(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let authorizer = cx.spec.auth.as_ref().map(Auth::name);
    for (index, route) in api.routes.iter().enumerate() {
        let path = api.at(&format!("routes/{index}"));
        match route.auth.as_deref() {
            Some("none") => {}
            None if cx.has(super::AUTH) => {}
            None => {
                let message = "this route has no authorizer, and does not say `auth: none`";
                let hint = "add a section `auth: { basic: {} }`, or say `auth: none` here";
                problems.push(Problem::error(path, message).hint(hint));
            }
            Some(name) if authorizer == Some(name) => {}
            Some(name) => {
                let message = format!("`auth` has no authorizer `{}`", short(name));
                let hint = match authorizer {
                    Some(known) => format!("this may be `{known}` or `none`"),
                    None => "add a section `auth: { basic: {} }`, or say `auth: none` here".to_owned(),
                };
                problems.push(Problem::error(path + "/auth", message).hint(hint));
            }
        }
    }
    problems
}

/// A partition key from the path names one of its parameters.
pub(super) fn keys(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, route) in api.routes.iter().enumerate() {
        let path = api.at(&format!("routes/{index}"));
        let PartitionKey::Path(name) = &route.partition_key else {
            continue;
        };
        let known: Vec<&str> = segments(&route.post).filter_map(parameter).collect();
        if cx.sound(&format!("{path}/post")) && !known.contains(&name.as_str()) {
            let message = format!("`{}` has no parameter `{name}`", short(&route.post));
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
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut tree = Tree { nodes: BTreeSet::from([String::new()]), parameters: BTreeMap::new() };
    for (index, route) in api.it.routes.iter().enumerate() {
        let at = api.at(&format!("routes/{index}/post"));
        if !cx.sound(&at) {
            continue;
        }
        if let Some(first) = seen.insert(&route.post, index) {
            let problem = Problem::error(at, format!("`{}` is a route already: routes[{first}]", short(&route.post)));
            problems.push(problem.hint("take one of the two out"));
            continue;
        }
        if let Some(problem) = repeated(&route.post, &at).or_else(|| tree.grow(&route.post, &at)) {
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

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn parameter(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

//! Which resource serves a path.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

/// Path parameters by name, as they were sent: API Gateway decodes none.
pub type PathParams = Vec<(String, String)>;

/// The resources of an API as a tree by path segment. A fixed segment goes before `{param}`, and that before `{proxy+}`.
#[derive(Debug, Default)]
pub struct Router {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    fixed: HashMap<String, Node>,
    param: Option<(String, Box<Node>)>,
    greedy: Option<(String, usize)>,
    resource: Option<usize>,
}

impl Router {
    /// Adds the resource with this number under its path.
    pub fn add(&mut self, path: &str, resource: usize) {
        let mut node = &mut self.root;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            match name.map(|name| (name, name.strip_suffix('+'))) {
                Some((_, Some(greedy))) => {
                    node.greedy = Some((greedy.to_owned(), resource));
                    return;
                }
                Some((name, None)) => node = &mut node.param.get_or_insert_with(|| (name.to_owned(), Box::default())).1,
                None => node = node.fixed.entry(part.to_owned()).or_default(),
            }
        }
        node.resource = Some(resource);
    }

    /// Finds the resource of a path (as sent, without the stage) and its parameters. Each `/` at its front and one at its end change
    /// nothing.
    pub fn find(&self, path: &str) -> Option<(usize, PathParams)> {
        let path = path.trim_start_matches('/');
        let path = path.strip_suffix('/').unwrap_or(path);
        let parts: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
        let mut params = PathParams::new();
        let resource = self.root.find(&parts, &mut params)?;
        params.reverse();
        Some((resource, params))
    }
}

impl Node {
    /// As deep as the tree at most, however long the path. Parameters come out from the last to the first.
    fn find(&self, parts: &[&str], params: &mut PathParams) -> Option<usize> {
        let Some((first, rest)) = parts.split_first() else { return self.resource };
        if let Some(found) = self.fixed.get(&decoded(first)).and_then(|node| node.find(rest, params)) {
            return Some(found);
        }
        if let Some((name, node)) = self.param.as_ref().filter(|_| !first.is_empty())
            && let Some(found) = node.find(rest, params)
        {
            params.push((name.clone(), (*first).to_owned()));
            return Some(found);
        }
        let (name, resource) = self.greedy.as_ref().filter(|_| !first.is_empty())?;
        params.push((name.clone(), parts.join("/")));
        Some(*resource)
    }
}

/// Bytes that are not UTF-8 become replacement characters.
fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

//! `pipe openapi`: the API as an OpenAPI 3.0 document, for clients and documentation. Offline: what only AWS knows is a variable.
//!
//! It is made of the API as it is deployed: the statuses are those that its templates set, the bodies those of its models. The same
//! spec gives the same text (<https://spec.openapis.org/oas/v3.0.3>).

mod answers;
mod components;
mod doors;
mod operation;
mod schema;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::bundle::Codes;
use crate::cli::{Global, OpenapiArgs, OpenapiFormat, exit};
use crate::commands::graph::somewhere;
use crate::commands::{Outcome, walk};
use crate::diff::hash;
use crate::error::{Error, Result};
use crate::event::{self, Event};
use crate::kinds::rest_api::RestApi;
use crate::lower::{id, lower};
use crate::spec::{Api, Loaded};
use crate::tame::tame_json;
use crate::term::Shell;
use components::Components;
use operation::{Described, methods};

/// Runs the command.
pub fn run(shell: Shell, global: &Global, args: &OpenapiArgs) -> Outcome {
    let loaded = walk::spec(global, &args.spec.file)?;
    let document = document(&loaded, global)?;
    match (shell.json, args.format) {
        (true, _) => shell.line(&Event::Openapi(event::Openapi { document })),
        (false, OpenapiFormat::Yaml) => shell.data(&yaml::text(&document)),
        (false, OpenapiFormat::Json) => {
            shell.data(&format!("{document:#}\n").lines().map(json_line).collect::<String>())
        }
    }
    Ok(exit::OK)
}

fn json_line(line: &str) -> String {
    tame_json(line) + "\n"
}

/// The document, its members in alphabetical order.
///
/// # Errors
/// There is no API.
fn document(loaded: &Loaded, global: &Global) -> Result<Value> {
    let spec = &loaded.spec;
    let none = || Error::fatal("the spec has no API to describe").hint("add `source: { api: { routes: [...] } }`");
    let api = spec.api().ok_or_else(none)?;
    let graph = lower(loaded, &somewhere(spec, global), &Codes::unbuilt())?;
    let node = graph.node(id::API).ok_or_else(|| Error::defect("an API that is not lowered"))?;
    let made: RestApi =
        serde_json::from_value(node.desired.clone()).map_err(|error| Error::defect(error.to_string()))?;
    let mut components = Components::new(spec);
    let (paths, tags) = paths(&Described { spec, api: &made }, api, &mut components);
    let components = components.done(doors::schemes(spec));
    let mut document = json!({
        "openapi": "3.0.3",
        "info": { "title": spec.api_name(), "description": format!("The API of the pipeline `{}`.", spec.name) },
        "servers": [server(loaded, api, global)],
        "tags": tags.iter().map(|tag| json!({ "name": tag })).collect::<Vec<_>>(),
        "paths": paths,
        "components": components,
    });
    // A spec has no version. This one changes when, and only when, the description of the API does.
    document["info"]["version"] = json!(hash(&json!([document["paths"], document["components"]])));
    // The order of members depends on a feature of `serde_json`, which another crate may turn on.
    document.sort_all_objects();
    Ok(document)
}

/// The operations by path, and the tags that they have.
fn paths(
    described: &Described<'_>,
    api: &Api,
    components: &mut Components,
) -> (BTreeMap<String, Map<String, Value>>, BTreeSet<String>) {
    let (mut paths, mut tags) = (BTreeMap::<String, Map<String, Value>>::new(), BTreeSet::new());
    let mut ids = BTreeSet::new();
    for route in &api.routes {
        tags.insert(described.tag(route));
        for method in methods(route, api, described.api) {
            let mut operation = described.operation(route, method, components);
            operation["operationId"] = unique(&operation["operationId"], &mut ids).into();
            paths.entry(route.path().to_owned()).or_default().insert(method.to_owned(), operation);
        }
    }
    (paths, tags)
}

/// The name, with a number where an operation has it already: `/a-b` and `/a_b` have the same words.
fn unique(name: &Value, taken: &mut BTreeSet<String>) -> String {
    let name = name.as_str().unwrap_or_default();
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| taken.insert(name.clone())).unwrap_or_default()
}

/// Where the API answers: of a `pipe dev` its address; on AWS, with the API's id, which AWS assigns, as a variable.
fn server(loaded: &Loaded, api: &Api, global: &Global) -> Value {
    if let Some(session) = &global.session {
        return json!({ "url": session.api_url, "description": "`pipe dev` on this machine" });
    }
    let place = somewhere(&loaded.spec, global);
    let known = place.region != "region";
    let region = if known { place.region.as_str() } else { "us-east-1" };
    json!({
        "url": format!("https://{{api}}.execute-api.{{region}}.{}/{}", place.domain(), api.stage),
        "variables": {
            "api": { "default": "API_ID", "description": "Id of the API, as `pipe outputs --field api.id` prints it" },
            "region": { "default": region, "description": "Region of the API" },
        },
    })
}

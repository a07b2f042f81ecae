//! `pipe outputs`: endpoint, names and ARNs; secrets only when asked for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::{Global, OutputsArgs, exit};
use crate::commands::{Outcome, walk};
use crate::error::Error;
use crate::event::Event;
use crate::graph::Graph;
use crate::lower::{example_request, id};
use crate::names::quoted;
use crate::plan::Plan;
use crate::resource::{Id, Outputs};
use crate::spec::Loaded;
use crate::term::Shell;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &OutputsArgs) -> Outcome {
    let loaded = walk::spec(shell, &args.spec.file)?;
    let desired = walk::Desired::unbuilt(global, &loaded).await?;
    let found = desired.live(Vec::new()).await?;
    let mut given: BTreeMap<String, String> = BTreeMap::new();
    for node in desired.graph.nodes() {
        let Some(live) = found.live(node.kind, &node.name).first().copied() else { continue };
        let mut outputs = live.outputs.clone();
        outputs.insert("name".into(), node.name.to_string());
        if args.reveal {
            outputs.extend((node.kind.reveal)(&desired.cx, &node.name).await?);
        }
        given.extend(outputs.into_iter().map(|(attr, value)| (format!("{}.{attr}", node.id), value)));
    }
    if let (Some(session), Some(endpoint)) = (&global.session, given.get_mut("api.endpoint")) {
        endpoint.clone_from(&session.api_url);
    }
    if given.is_empty() {
        shell.warn(&format!("nothing of `{}` is there yet: `pipe apply` makes it", desired.graph.pipeline));
    }
    match &args.field {
        Some(field) if !args.reveal && is_secret(&desired.graph, field) => {
            let error = Error::fatal(format!("`{field}` is a secret, and is not printed unasked"));
            return Err(error.hint("add --reveal").into());
        }
        Some(field) => {
            let (name, value) = select(&given, field)?;
            match shell.json {
                true => {
                    let outputs = BTreeMap::from([(name.to_owned(), value.to_owned())]);
                    shell.line(&Event::Outputs { outputs });
                }
                false => shell.data(&format!("{value}\n")),
            }
        }
        None if shell.json => shell.line(&Event::Outputs { outputs: given }),
        None => given.iter().for_each(|(name, value)| shell.data(&format!("{name} = {value}\n"))),
    }
    Ok(exit::OK)
}

/// Whether this is an output that only `--reveal` gives.
fn is_secret(graph: &Graph, field: &str) -> bool {
    let named = field.split_once('.').map_or((id::SECRET, field), |(id, attr)| (id, attr));
    named == (id::SECRET, "credentials") && graph.node(id::SECRET).is_some()
}

/// A value by its whole name, or by its last part where only one has it.
fn select<'a>(given: &'a BTreeMap<String, String>, field: &str) -> Result<(&'a str, &'a str), Error> {
    let fits = |name: &str| name == field || name.rsplit_once('.').is_some_and(|(_, attr)| attr == field);
    let all: Vec<(&String, &String)> = given.iter().filter(|(name, _)| fits(name)).collect();
    match all.as_slice() {
        [(name, value)] => Ok((name.as_str(), value.as_str())),
        [] if given.is_empty() => Err(Error::fatal(format!("there is no output `{field}`"))),
        [] => Err(Error::fatal(format!("there is no output `{field}`")).hint(format!(
            "there are {}; secrets need --reveal, and what is not applied yet has none",
            given.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
        ))),
        many => Err(Error::fatal(format!("`{field}` is not the name of one output")).hint(format!(
            "it may be {}",
            many.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" or ")
        ))),
    }
}

/// The outputs of a plan that changes nothing.
pub fn planned(plan: &Plan) -> BTreeMap<Id, Outputs> {
    let changes =
        plan.changes.iter().filter_map(|change| Some((change.id.clone(), change.live.as_ref()?.outputs.clone())));
    changes.collect()
}

/// The endpoint and a request to paste, without the password in it.
pub fn summary(global: &Global, loaded: &Loaded, file: &Path, given: &BTreeMap<Id, Outputs>) -> String {
    let endpoint = given.values().find_map(|outputs| outputs.get("endpoint"));
    let endpoint = global.session.as_ref().map(|session| &session.api_url).filter(|_| endpoint.is_some()).or(endpoint);
    let (Some(endpoint), Some(request)) = (endpoint, example_request(&loaded.spec)) else { return String::new() };
    let local = if global.session.is_some() { "--local " } else { "" };
    let credentials = match request.authorized {
        true => {
            let (program, file) = (quoted(&program()), quoted(&file.display().to_string()));
            format!(" -u \"$({program} outputs {file} {local}--reveal --field credentials)\"")
        }
        false => String::new(),
    };
    let header = request.header.map_or_else(String::new, |(name, value)| format!(" -H '{name}: {value}'"));
    // A shell reads the `?` of a query.
    let quote = if request.path.contains('?') { "'" } else { "" };
    format!(
        "\nendpoint: {endpoint}\n  curl{credentials} -H 'Content-Type: application/json'{header} -d '{}' \
         {quote}{endpoint}{}{quote}\n\n",
        request.body, request.path
    )
}

/// This program as the user called it, so that a printed command works where it is not on the PATH.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "pipe".to_owned())
}

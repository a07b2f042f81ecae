//! `pipe outputs`: endpoint, names and ARNs; secrets only when asked for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::aws::Keys;
use crate::cli::{Global, OutputsArgs, exit};
use crate::commands::send::{Example, example_data, example_requests};
use crate::commands::{Outcome, demo, walk};
use crate::error::Error;
use crate::event::Event;
use crate::graph::{Graph, Node};
use crate::lower::id;
use crate::names::quoted;
use crate::plan::Plan;
use crate::resource::{Id, Outputs};
use crate::spec::{Authorizer, Loaded, Token, Users};
use crate::term::Shell;

/// The outputs that are secrets, by what their ids begin with. A user's tokens are `pipe dev`'s demo user's.
const SECRETS: [(&str, &str); 4] =
    [(id::SECRET, "credentials"), ("key", "value"), ("users", demo::ID_TOKEN), ("users", demo::ACCESS_TOKEN)];

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &OutputsArgs) -> Outcome {
    let loaded = walk::spec(global, &args.spec.file)?;
    let desired = walk::Desired::unbuilt(global, &loaded).await?;
    let found = desired.live(shell, Vec::new()).await?;
    let mut live: BTreeMap<Id, Outputs> = BTreeMap::new();
    for node in desired.graph.nodes() {
        let Some(found) = found.live(node.kind, &node.name).first().copied() else { continue };
        let mut outputs = found.outputs.clone();
        if args.reveal {
            outputs.extend((node.kind.reveal)(&desired.cx, &node.name).await?);
        }
        if let Some(users) = users(&loaded, node).filter(|_| args.reveal && global.session.is_some()) {
            outputs.extend(demo::tokens(&desired.cx, users, &found.outputs).await?);
        }
        live.insert(node.id.clone(), outputs);
    }
    if live.is_empty() {
        shell.remark(&format!("nothing of `{}` exists yet: `pipe apply` creates it", desired.graph.pipeline));
    }
    let mut given = all(global, &desired.graph, &live);
    if let Some(Keys(id, secret)) =
        global.session.as_ref().and_then(|session| session.keys.as_ref()).filter(|_| args.reveal)
    {
        given.insert("emulator.access_key_id".to_owned(), id.clone());
        given.insert("emulator.secret_access_key".to_owned(), secret.clone());
    }
    show(shell, global, args, &desired.graph, given)
}

/// What the spec says of this node's users.
fn users<'a>(loaded: &'a Loaded, node: &Node) -> Option<&'a Users> {
    loaded.spec.users.iter().find(|(name, _)| id::users(name) == node.id).map(|(_, users)| users)
}

/// Prints one output, or all of them.
fn show(shell: Shell, global: &Global, args: &OutputsArgs, graph: &Graph, given: BTreeMap<String, String>) -> Outcome {
    match &args.field {
        Some(field) if !args.reveal && is_secret(graph, field) => {
            let error = Error::fatal(format!("`{field}` is a secret, and is printed only on request"));
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
        None => {
            given.iter().for_each(|(name, value)| shell.data(&format!("{name} = {value}\n")));
            shell.err(&look(global, &args.spec.file));
        }
    }
    Ok(exit::OK)
}

/// What the resources of a graph are known by, as in `stream.arn`. A pipeline that `pipe dev` runs is reached at its own
/// addresses.
pub fn all(global: &Global, graph: &Graph, live: &BTreeMap<Id, Outputs>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    // A resource of the account is in no plan once it exists.
    for node in graph.nodes().iter().filter(|node| !node.kind.of_account) {
        let Some(outputs) = live.get(&node.id) else { continue };
        all.extend(outputs.iter().map(|(attribute, value)| (format!("{}.{attribute}", node.id), value.clone())));
        all.insert(format!("{}.name", node.id), node.name.to_string());
    }
    if let Some(session) = &global.session {
        if let Some(endpoint) = all.get_mut("api.endpoint") {
            endpoint.clone_from(&session.api_url);
        }
        all.insert("emulator.endpoint_url".to_owned(), session.endpoint_url.clone());
        all.insert("emulator.region".to_owned(), session.region.clone());
    }
    all
}

/// How to look into the cloud of a `pipe dev` with AWS's own tools. It takes its own keys alone, which are not in this text.
fn look(global: &Global, file: &Path) -> String {
    let Some(session) = &global.session else { return String::new() };
    let key =
        |field: &str| format!("\"$({} outputs {}{} --reveal --field {field})\"", program(), spec(file), global.way());
    let keys = session.keys.as_ref().map(|_| {
        format!(
            " \\\n    AWS_ACCESS_KEY_ID={} \\\n    AWS_SECRET_ACCESS_KEY={}",
            key("access_key_id"),
            key("secret_access_key")
        )
    });
    format!(
        "\nlook into it:\n  export AWS_ENDPOINT_URL={} AWS_REGION={} AWS_DEFAULT_REGION={}{}\n  aws dynamodb list-tables\n",
        session.endpoint_url,
        session.region,
        session.region,
        keys.unwrap_or_default()
    )
}

/// Whether this is an output that only `--reveal` gives: its last part is a secret's, and what stands before it has such.
fn is_secret(graph: &Graph, field: &str) -> bool {
    let (of, attribute) = field.rsplit_once('.').map_or((None, field), |(of, attribute)| (Some(of), attribute));
    let has = |node: &Node| {
        let family = node.id.family().unwrap_or(node.id.as_str());
        SECRETS.contains(&(family, attribute)) && of.is_none_or(|of| of == node.id.as_str())
    };
    graph.nodes().iter().any(has)
}

/// A value by its whole name, or by its last part where only one has it.
fn select<'a>(given: &'a BTreeMap<String, String>, field: &str) -> Result<(&'a str, &'a str), Error> {
    let fits = |name: &str| name == field || name.rsplit_once('.').is_some_and(|(_, attr)| attr == field);
    let all: Vec<(&String, &String)> = given.iter().filter(|(name, _)| fits(name)).collect();
    match all.as_slice() {
        [(name, value)] => Ok((name.as_str(), value.as_str())),
        [] if given.is_empty() => Err(Error::fatal(format!("there is no output `{field}`"))),
        [] => Err(Error::fatal(format!("there is no output `{field}`")).hint(format!(
            "the outputs are {}; secrets need --reveal, and a resource has none before it is applied",
            given.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
        ))),
        many => Err(Error::fatal(format!("`{field}` fits several outputs")).hint(format!(
            "choose one: {}",
            many.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" or ")
        ))),
    }
}

/// The outputs of a plan that changes nothing.
pub fn planned(plan: &Plan) -> BTreeMap<Id, Outputs> {
    let changes = plan.changes.iter().filter_map(|change| Some((&change.id, change.live.as_ref()?)));
    let used = plan.uses.iter().map(|used| (&used.id, &used.live));
    changes.chain(used).map(|(id, live)| (id.clone(), live.outputs.clone())).collect()
}

/// The endpoint, and a request to paste for each way in, without the secrets in them; without an API a command.
pub fn summary(global: &Global, loaded: &Loaded, file: &Path, given: &BTreeMap<Id, Outputs>) -> String {
    let api = given.values().find(|outputs| outputs.contains_key("endpoint"));
    let endpoint = api.and_then(|api| api.get("endpoint"));
    let endpoint = global.session.as_ref().map(|session| &session.api_url).filter(|_| endpoint.is_some()).or(endpoint);
    let Some(endpoint) = endpoint else { return paste(global, loaded, file, given) };
    let region = api.and_then(|api| api.get("arn")?.split(':').nth(3)).unwrap_or("$AWS_REGION");
    let own = given.get(&id::domain()).and_then(|outputs| outputs.get("url").zip(Some(outputs)));
    let base = own.map_or(endpoint, |(url, _)| url);
    let curl = |request: Example| {
        let pass = match request.authorizer {
            Some(Authorizer::Iam(_)) => signed(global, file, region),
            Some(authorizer) => pass(global, loaded, file, &authorizer),
            None => String::new(),
        };
        let header = request.header.map_or_else(String::new, |(name, value)| format!(" -H '{name}: {value}'"));
        // A shell reads the `?` of a query.
        let quote = if request.path.contains('?') { "'" } else { "" };
        let method = if request.method == "POST" { String::new() } else { format!(" -X {}", request.method) };
        let data = |body| format!(" -H 'Content-Type: application/json'{header} -d '{body}'");
        let data = request.body.map_or_else(|| header.clone(), data);
        format!("  curl{method}{pass}{data} {quote}{base}{}{quote}\n", request.path)
    };
    let requests: String = example_requests(loaded).into_iter().map(curl).collect();
    let own = own.map(|(url, outputs)| domain(url, outputs)).unwrap_or_default();
    if requests.is_empty() && own.is_empty() { requests } else { format!("\nendpoint: {endpoint}\n{own}{requests}\n") }
}

/// A command to paste that sends an event to a pipeline without an API; nothing where it has no way in.
fn paste(global: &Global, loaded: &Loaded, file: &Path, given: &BTreeMap<Id, Outputs>) -> String {
    let stream = given.get(&Id::new(id::STREAM));
    let keys = ["partition_key", "sort_key"].into_iter().filter_map(|key| stream?.get(key));
    let made: Vec<&str> = keys.map(String::as_str).collect();
    if loaded.spec.pushing().is_some() {
        return format!("\n  {} send {}{}\n\n", program(), spec(file), global.way());
    }
    let Some(data) = example_data(loaded, &made) else { return String::new() };
    format!("\n  {} send {}{} --data {}\n\n", program(), spec(file), global.way(), quoted(&data))
}

/// The API's own domain, and the record in DNS without which nobody finds it.
fn domain(url: &str, outputs: &Outputs) -> String {
    let text = |attribute: &str| outputs.get(attribute).map(String::as_str).unwrap_or_default();
    let (name, target, zone) = (text("name"), text("target"), text("hosted_zone_id"));
    format!("domain: {url}\n  in DNS, point a CNAME or an alias of {name} to {target} (hosted zone {zone})\n")
}

/// What of curl signs a request: with the session's keys, or with those of the environment.
fn signed(global: &Global, file: &Path, region: &str) -> String {
    let user = match global.session.as_ref().and_then(|session| session.keys.as_ref()) {
        Some(_) => {
            format!("{}:{}\"", revealed(global, file, "access_key_id"), revealed(global, file, "secret_access_key"))
        }
        // curl leaves a header without a value out.
        None => {
            "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" -H \"x-amz-security-token: $AWS_SESSION_TOKEN\"".to_owned()
        }
    };
    format!(" --aws-sigv4 \"aws:amz:{region}:execute-api\" --user \"{user}")
}

/// The command that gives a secret, within another one.
fn revealed(global: &Global, file: &Path, field: &str) -> String {
    format!("$({} outputs {}{} --reveal --field {field})", program(), spec(file), global.way())
}

/// What of curl shows who is asking, without the secret in it.
fn pass(global: &Global, loaded: &Loaded, file: &Path, authorizer: &Authorizer) -> String {
    let output = |field: &str| revealed(global, file, field);
    // Of `pipe dev`'s demo user; on AWS the user brings one.
    let token = |users: Option<&String>, access: bool| {
        let attribute = if access { demo::ACCESS_TOKEN } else { demo::ID_TOKEN };
        let local = users.filter(|users| global.session.is_some() && loaded.spec.users.contains_key(*users));
        let token = local.map(|users| output(&format!("{}.{attribute}", id::users(users))));
        format!(" -H \"Authorization: {}\"", token.unwrap_or_else(|| "$TOKEN".to_owned()))
    };
    match authorizer {
        Authorizer::Basic(_) => format!(" -u \"{}\"", output("credentials")),
        Authorizer::ApiKey(_) => {
            let plan = loaded.spec.open_plans().next().unwrap_or_default();
            format!(" -H \"x-api-key: {}\"", output(&format!("{}.value", id::opening_key(&loaded.spec, plan))))
        }
        Authorizer::Cognito(cognito) => token(Some(&cognito.users), !cognito.scopes.is_empty()),
        Authorizer::Jwt(jwt) => token(jwt.users.as_ref(), jwt.token == Token::Access),
        Authorizer::Iam(_) => String::new(),
    }
}

/// This program as the user called it, so that a printed command works where it is not on the PATH.
fn program() -> String {
    quoted(&std::env::args().next().unwrap_or_else(|| "pipe".to_owned()))
}

fn spec(file: &Path) -> String {
    quoted(&file.display().to_string())
}

#[cfg(test)]
mod tests;

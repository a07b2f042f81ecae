//! The pipeline that runs, for commands that use it: found by the names of the spec, and read only where AWS alone knows.

use std::sync::Arc;

use aws_credential_types::Credentials;
use serde::Deserialize;
use serde_json::Value;

use crate::aws::{Cx, connect};
use crate::bundle::Codes;
use crate::cli::Global;
use crate::commands::demo;
use crate::commands::logs::Writer;
use crate::error::{Class, Error, Result};
use crate::graph::{Graph, Node};
use crate::kinds::function::Function;
use crate::kinds::log_group::LogGroup;
use crate::kinds::table::{Key, STREAM_ARN, Table};
use crate::lower::{id, lower};
use crate::owner::Owner;
use crate::resource::{Live, Resource, State};
use crate::spec::{Loaded, Spec};

/// What to do where the pipeline is not there.
pub const APPLY: &str = "has the pipeline been applied, in this account and region? `pipe diff` shows what is missing";

/// A pipeline and the way to it.
pub struct Running {
    pub cx: Cx,
    pub spec: Spec,
    graph: Graph,
    /// Where `pipe dev` serves the API, with `--local`.
    local_api: Option<String>,
}

/// Who writes a log, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The id of the function or of the API.
    pub id: String,
    /// Name of the log group.
    pub group: String,
    pub writer: Writer,
}

impl Running {
    /// Connects. Nothing is built, and nothing of the pipeline is read yet.
    ///
    /// # Errors
    /// As those of connecting and lowering.
    pub async fn of(global: &Global, loaded: &Loaded) -> Result<Self> {
        let cx = Cx::new(Arc::new(connect(&global.connect_options()).await?), &loaded.spec.name);
        Self::at(cx, loaded, global.session.as_ref().map(|session| session.api_url.clone()))
    }

    /// The same where the way is known already.
    ///
    /// # Errors
    /// As those of lowering.
    pub fn at(cx: Cx, loaded: &Loaded, local_api: Option<String>) -> Result<Self> {
        let graph = lower(loaded, &cx.aws.place, &Codes::unbuilt())?;
        Ok(Self { cx, spec: loaded.spec.clone(), graph, local_api })
    }

    /// What the spec asks for. The code of functions is not built.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Whether `pipe dev` runs it.
    pub fn is_local(&self) -> bool {
        self.local_api.is_some()
    }

    /// The API's URL with its stage, without a `/` at its end.
    ///
    /// # Errors
    /// There is no API, in the spec or in AWS.
    pub async fn endpoint(&self) -> Result<String> {
        let node = self.node(id::API)?;
        let url = match &self.local_api {
            Some(url) => Some(url.clone()).filter(|url| !url.is_empty()),
            None => self.live(node).await?.and_then(|live| live.outputs.get("endpoint").cloned()),
        };
        url.map(|url| url.trim_end_matches('/').to_owned()).ok_or_else(|| absent(node))
    }

    /// Username and password of the API, as `username:password`.
    ///
    /// # Errors
    /// There is no secret, or its value is another; the value is in no error.
    pub async fn credentials(&self) -> Result<String> {
        let node = self.node(id::SECRET)?;
        let revealed = (node.kind.reveal)(&self.cx, &node.name).await;
        let mut outputs = revealed.map_err(|error| missing(error, node))?;
        outputs.remove("credentials").ok_or_else(|| absent(node))
    }

    /// The API key of the first plan whose keys open routes.
    ///
    /// # Errors
    /// There is none; the value is in no error.
    pub async fn api_key(&self) -> Result<String> {
        let plan = self.spec.open_plans().next().unwrap_or_default();
        let node = self.node(id::opening_key(&self.spec, plan).as_str())?;
        let revealed = (node.kind.reveal)(&self.cx, &node.name).await;
        let mut outputs = revealed.map_err(|error| missing(error, node))?;
        outputs.remove("value").ok_or_else(|| absent(node))
    }

    /// The credentials of whoever runs this, which sign requests to the API.
    ///
    /// # Errors
    /// There are none any more.
    pub async fn caller(&self) -> Result<Credentials> {
        self.cx.aws.operations.credentials().await
    }

    /// A token of the demo user of this pool, an access token or an id token; nothing where the pipeline does not run locally.
    ///
    /// # Errors
    /// The pool is not there.
    pub async fn token(&self, users: &str, access: bool) -> Result<Option<String>> {
        let (Some(spec), true) = (self.spec.users.get(users), self.local_api.is_some()) else { return Ok(None) };
        let node = self.node(id::users(users).as_str())?;
        let pool = self.live(node).await?.ok_or_else(|| absent(node))?;
        let mut tokens = demo::tokens(&self.cx, spec, &pool.outputs).await?;
        Ok(tokens.remove(if access { demo::ACCESS_TOKEN } else { demo::ID_TOKEN }))
    }

    /// Name and key attributes of the sink's table; nothing where the pipeline has none.
    ///
    /// # Errors
    /// An existing table is not there.
    pub async fn table(&self) -> Result<Option<(String, Vec<Key>)>> {
        let Some(node) = self.graph.node(id::TABLE) else { return Ok(None) };
        Ok(Some((node.name.to_string(), self.keys_of(node).await?)))
    }

    /// Kind and name of what carries the events.
    ///
    /// # Errors
    /// The spec has no such thing.
    pub fn stream(&self) -> Result<(&'static str, String)> {
        self.node(id::STREAM).map(|node| (node.kind.name, node.name.to_string()))
    }

    /// URL of the queue that carries the events.
    ///
    /// # Errors
    /// The queue is not there.
    pub async fn stream_url(&self) -> Result<String> {
        self.url_of(self.node(id::STREAM)?).await
    }

    /// Key attributes of the table whose changes are the events.
    ///
    /// # Errors
    /// An existing table is not there.
    pub async fn stream_keys(&self) -> Result<Vec<Key>> {
        self.keys_of(self.node(id::STREAM)?).await
    }

    /// ARN of the stream of the table whose changes are the events; nothing where it has none.
    ///
    /// # Errors
    /// The table is not there.
    pub async fn changes_arn(&self) -> Result<Option<String>> {
        let node = self.node(id::STREAM)?;
        let live = self.live(node).await?.ok_or_else(|| absent(node))?;
        Ok(live.outputs.get(STREAM_ARN).cloned())
    }

    async fn keys_of(&self, node: &Node) -> Result<Vec<Key>> {
        let props = match node.existing {
            true => self.live(node).await?.ok_or_else(|| absent(node))?.props,
            false => node.desired.clone(),
        };
        let table = Table::deserialize(props).map_err(|error| Error::defect(error.to_string()))?;
        Ok([Some(table.partition_key), table.sort_key].into_iter().flatten().collect())
    }

    /// The parts that have logs: functions and the API.
    ///
    /// # Errors
    /// An existing function is not there.
    pub async fn logs(&self) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        for node in self.graph.nodes() {
            if node.kind.name == LogGroup::KIND && !node.existing {
                let id = node.id.as_str().replacen("-log", "", 1);
                let writer = if id == id::API { Writer::Api } else { Writer::Function };
                parts.push(Part { id, group: node.name.to_string(), writer });
            } else if node.kind.name == Function::KIND && node.existing {
                let live = self.live(node).await?.ok_or_else(|| absent(node))?;
                let group = live.props["log_group"].as_str().unwrap_or_default().to_owned();
                parts.push(Part { id: node.id.to_string(), group, writer: Writer::Function });
            }
        }
        Ok(parts)
    }

    /// URL of the dead-letter queue; nothing where the pipeline has none.
    ///
    /// # Errors
    /// The queue is not there.
    pub async fn queue(&self) -> Result<Option<String>> {
        let Some(node) = self.graph.node(id::DLQ) else { return Ok(None) };
        self.url_of(node).await.map(Some)
    }

    async fn url_of(&self, node: &Node) -> Result<String> {
        let ask = self.cx.aws.sqs.get_queue_url().queue_name(node.name.as_str());
        let sent = ask.queue_owner_aws_account_id(&self.cx.aws.place.account).send().await;
        let answer = sent.map_err(|error| missing(error.into(), node))?;
        Ok(answer.queue_url.unwrap_or_default())
    }

    fn node(&self, id: &str) -> Result<&Node> {
        self.graph.node(id).ok_or_else(|| Error::fatal(format!("the spec has no `{id}`")))
    }

    /// What AWS has under a node's name: of several, the pipeline's own.
    async fn live(&self, node: &Node) -> Result<Option<Live<Value>>> {
        let mut lives = (node.kind.read)(&self.cx, &node.name).await?;
        lives.retain(|live| live.state == State::Live);
        lives.sort_by_key(|live| !matches!(Owner::of(&live.tags, &self.spec.name), Owner::Ours(_)));
        Ok(lives.into_iter().next())
    }
}

fn absent(node: &Node) -> Error {
    Error::new(Class::NotFound, format!("there is no {} `{}`", node.kind.name, node.name)).hint(APPLY)
}

/// Says what to do where the error is that a resource is not there.
fn missing(error: Error, node: &Node) -> Error {
    if error.class() == Class::NotFound { absent(node) } else { error }
}

//! What the console shows of the pipeline itself: what runs, what is wrong with the spec, and the last plan.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::topology::{Edge, Part, edges, parts};
use crate::cli::Global;
use crate::commands::running::Running;
use crate::commands::send::form::{Sender, senders};
use crate::error::Result;
use crate::kinds::table::Key;
use crate::lower::key;
use crate::spec::{Loaded, OwnOrExisting, Spec};

/// The pipeline that runs.
pub struct Scene {
    global: Global,
    pub loaded: Loaded,
    /// Where the API is served, with its stage.
    endpoint: Option<String>,
    pub parts: Vec<Part>,
    pub edges: Vec<Edge>,
    pub senders: Vec<Sender>,
    is_remote: bool,
    running: OnceCell<Arc<Running>>,
}

/// A plan that was run, or was to be.
#[derive(Clone)]
pub struct Planned {
    /// Milliseconds since 1970.
    pub at: i64,
    pub text: String,
    pub outcome: String,
}

/// All of it, as it is now.
#[derive(Default)]
pub struct Now {
    pub scene: Option<Arc<Scene>>,
    /// Goes up with every change.
    pub revision: u64,
    /// Each drawn with its place.
    pub problems: Vec<String>,
    pub plan: Option<Planned>,
}

impl Scene {
    /// The pipeline of this spec, which the options lead to.
    pub fn new(global: &Global, loaded: &Loaded, endpoint: Option<String>) -> Self {
        let (parts, edges) = (parts(&loaded.spec), edges(&loaded.spec));
        let senders = senders(loaded, &row_keys(&loaded.spec));
        Self {
            global: global.clone(),
            loaded: loaded.clone(),
            endpoint,
            parts,
            edges,
            senders,
            is_remote: false,
            running: OnceCell::new(),
        }
    }

    /// A pipeline on AWS, and the way to it.
    pub fn remote(global: &Global, loaded: &Loaded, running: Arc<Running>) -> Self {
        let scene = Self::new(global, loaded, None);
        Self { running: OnceCell::new_with(Some(running)), senders: Vec::new(), is_remote: true, ..scene }
    }

    /// The way to it, made once.
    ///
    /// # Errors
    /// As [`Running::of`].
    pub async fn running(&self) -> Result<Arc<Running>> {
        let connect = || async { Running::of(&self.global, &self.loaded).await.map(Arc::new) };
        self.running.get_or_try_init(connect).await.cloned()
    }

    /// The names of the key attributes of the table that events become rows of, as far as the spec says.
    pub fn row_keys(&self) -> Vec<String> {
        row_keys(&self.loaded.spec).into_iter().map(|key| key.name).collect()
    }

    /// Name and key attributes, as far as the spec says them, of the table with this id.
    /// Nothing on AWS, where each look at rows costs what it reads.
    pub fn table(&self, id: &str) -> Option<(String, Vec<String>)> {
        let spec = Some(&self.loaded.spec).filter(|_| !self.is_remote)?;
        match id {
            "table" => spec.table().map(|_| (spec.table_name(), self.row_keys())),
            "stream" => spec.table_changes().map(|_| (spec.stream_name(), Vec::new())),
            _ => None,
        }
    }

    fn region(&self) -> Option<&str> {
        let session = || self.global.session.as_ref().map(|session| session.region.as_str());
        self.running.get().map(|running| running.cx.aws.place.region.as_str()).or_else(session)
    }

    fn tables(&self) -> Value {
        let of = |id: &&str| self.table(id).map(|(name, keys)| json!({ "id": id, "name": name, "keys": keys }));
        ["stream", "table"].iter().filter_map(of).collect()
    }
}

impl Now {
    /// The state as the page gets it.
    pub fn state(&self, session: &str) -> Value {
        let scene = self.scene.as_deref();
        let list = |of: fn(&Scene) -> Value| scene.map_or_else(|| json!([]), of);
        let is_remote = scene.is_some_and(|scene| scene.is_remote);
        json!({
            "pipeline": scene.map(|scene| scene.loaded.spec.name.as_str()),
            "where": if is_remote { "AWS" } else { "local" },
            "region": scene.and_then(Scene::region),
            "session": session,
            "revision": self.revision,
            "endpoint": scene.and_then(|scene| scene.endpoint.as_deref()),
            "read_only": is_remote,
            "parts": list(|scene| json!(scene.parts)),
            "edges": list(|scene| json!(scene.edges)),
            "senders": list(|scene| scene.senders.iter().map(sender).collect()),
            "tables": list(Scene::tables),
            "problems": self.problems.iter().map(|text| json!({ "text": text })).collect::<Value>(),
            "plan": self.plan.as_ref().map(|plan| json!({ "at": plan.at, "text": plan.text, "outcome": plan.outcome })),
        })
    }
}

fn sender(sender: &Sender) -> Value {
    json!({
        "id": sender.id,
        "title": sender.title,
        "method": sender.method,
        "path": sender.path,
        "auth": sender.auth,
        "params": sender.params,
        "values": sender.values,
        "schema": sender.schema,
        "example": sender.example,
        "content_type": sender.content_type,
    })
}

fn row_keys(spec: &Spec) -> Vec<Key> {
    let own = spec.table().and_then(OwnOrExisting::own);
    own.iter().flat_map(|table| [Some(&table.partition_key), table.sort_key.as_ref()]).flatten().map(key).collect()
}

//! What stands before the stream: the REST API with its role and log, the authorizer with its role and log, the secret.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::policy::{self, allow};
use crate::error::{Error, Result};
use crate::graph::Node;
use crate::kinds::account_logging::AccountLogging;
use crate::kinds::log_group::{self, LogGroup};
use crate::kinds::rest_api::Throttle;
use crate::kinds::secret::{self, Secret};
use crate::kinds::stream;
use crate::kinds::table::{Key, KeyKind};
use crate::lower::api::{self, ApiInput, AuthorizerInput};
use crate::lower::consumer::Lambda;
use crate::lower::stores::{is_here, key};
use crate::lower::{Lowering, id, names};
use crate::resource::{Name, output_of};
use crate::spec::{self, Api, Basic, OnDestroy, Spec};

/// Memory of the authorizer in MB: its work is one comparison.
const AUTHORIZER_MB: u32 = 128;
/// Seconds that the authorizer may take; API Gateway itself waits for 29.
const AUTHORIZER_SECONDS: u32 = 10;
/// Days that the authorizer's log is kept.
const AUTHORIZER_LOG_DAYS: u32 = 30;

impl Lowering<'_> {
    pub(super) fn front(&self) -> Result<Vec<Node>> {
        let Some(api) = self.spec.api() else { return Ok(Vec::new()) };
        let mut nodes = Vec::new();
        if let Some(basic) = self.spec.basic() {
            nodes.push(self.secret(basic)?);
            nodes.extend(self.authorizer()?);
        }
        let role = self.role(policy::trust("apigateway.amazonaws.com"), self.api_statements());
        let mentions = [id::STREAM, id::AUTHORIZER];
        nodes.push(Node::new(id::API_ROLE, self.role_name(id::API_ROLE), &role)?.mentions(mentions));
        let group = names::api_log(&self.spec.api_name());
        if let Some(days) = api.access_log_days.days() {
            nodes.push(Node::new(id::API_LOG, &group, &LogGroup { retention_days: days })?.adopted());
            let permissions_boundary = self.boundary();
            nodes.push(Node::new(id::API_LOGGING, "account", &AccountLogging { permissions_boundary })?);
        }
        let document = api::document(&self.api_input(api, &group)?)?;
        let node =
            Node::new(id::API, self.spec.api_name(), &document)?.needs([id::API_ROLE, id::API_LOG, id::API_LOGGING]);
        nodes.push(node.mentions([id::STREAM, id::AUTHORIZER]));
        Ok(nodes)
    }

    fn secret(&self, basic: &Basic) -> Result<Node> {
        match self.spec.existing_secret() {
            Some(existing) => {
                is_here(existing, "secretsmanager", self.place)?;
                Ok(Node::existing::<Secret>(id::SECRET, existing.reference()))
            }
            None => {
                let props = Secret { description: format!("Basic credentials of the pipeline {}", self.spec.name) };
                let node = Node::new(id::SECRET, self.spec.secret_name(), &props)?;
                Ok(node.retained(basic.on_destroy == OnDestroy::Retain))
            }
        }
    }

    fn authorizer(&self) -> Result<Vec<Node>> {
        let (secret, arn) = match self.spec.existing_secret() {
            // As Secrets Manager gives it: IAM compares the six characters that an ARN ends in, which the spec may leave out.
            Some(existing) => (existing.reference().to_owned(), output_of(id::SECRET, "arn")),
            None => {
                let name = self.spec.secret_name();
                let pattern = secret::arn_pattern(self.place, &Name::new(&name));
                (name, pattern)
            }
        };
        self.function(Lambda {
            id: id::AUTHORIZER,
            role_id: id::AUTHORIZER_ROLE,
            log_id: id::AUTHORIZER_LOG,
            name: self.spec.authorizer_name(),
            memory_mb: AUTHORIZER_MB,
            timeout_seconds: AUTHORIZER_SECONDS,
            environment: BTreeMap::from([("PIPE_SECRET".to_owned(), secret)]),
            xray: self.spec.api().is_some_and(|api| api.xray),
            log_days: AUTHORIZER_LOG_DAYS,
            log_level: "info",
            reserved_concurrency: self.spec.basic().and_then(|basic| basic.reserved_concurrency),
            code: self.codes.authorizer(),
            statements: vec![allow("ReadSecret", &["secretsmanager:GetSecretValue"], &[arn])],
            mentions: vec![id::SECRET],
        })
    }

    /// What the API may do: put records on this one stream, and call the authorizer.
    fn api_statements(&self) -> Vec<Value> {
        let stream = stream::arn(self.place, &Name::new(self.spec.stream_name()));
        let mut statements = vec![allow("PutRecords", &["kinesis:PutRecord"], &[stream])];
        if self.spec.auth.is_some() {
            let authorizer = self.function_arn(&self.spec.authorizer_name());
            statements.push(allow("Authorize", &["lambda:InvokeFunction"], &[authorizer]));
        }
        statements
    }

    fn api_input(&self, api: &Api, group: &str) -> Result<ApiInput> {
        let routes: Result<Vec<api::Route>> = api.routes.iter().map(|route| self.route(route)).collect();
        let authorizer = |basic: &Basic| AuthorizerInput {
            name: self.spec.authorizer_name(),
            function_arn: self.function_arn(&self.spec.authorizer_name()),
            cache_seconds: basic.cache_seconds,
        };
        Ok(ApiInput {
            place: self.place.clone(),
            pipeline: self.spec.name.clone(),
            stage: api.stage.clone(),
            minimum_tls: api.minimum_tls,
            throttle: self.spec.throttle().map(|t| Throttle { rate_per_second: t.rate_per_second, burst: t.burst }),
            xray: api.xray,
            access_log_group_arn: api.access_log_days.days().map(|_| log_group::arn(self.place, &Name::new(group))),
            routes: routes?,
            stream: self.spec.stream_name(),
            role_arn: self.role_arn(id::API_ROLE),
            authorizer: self.spec.basic().map(authorizer),
        })
    }

    fn route(&self, route: &spec::Route) -> Result<api::Route> {
        Ok(api::Route {
            path: route.post.clone(),
            auth: self.spec.is_guarded(route),
            partition_key: route.partition_key.clone(),
            body: match &route.body {
                spec::Body::Object => api::Body::Object,
                spec::Body::Any => api::Body::Any,
                spec::Body::Schema(file) => api::Body::Schema(self.schema(file)?),
            },
        })
    }

    /// The schema file was checked with the spec; it may have changed since, and may be a link that leads elsewhere now.
    fn schema(&self, file: &std::path::Path) -> Result<Value> {
        let bad = |error: String| Error::fatal(format!("failed to read the schema `{}`: {error}", file.display()));
        let path = spec::contained(self.root, &file.to_string_lossy()).map_err(bad)?;
        let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| bad(error.to_string()))
    }
}

/// A request that a route answers with 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Path with every parameter filled in, and a query where the partition key comes from one.
    pub path: String,
    /// The header that the partition key comes from.
    pub header: Option<(String, String)>,
    /// A JSON object that the bundled consumer can write.
    pub body: Value,
    /// Whether it needs credentials.
    pub authorized: bool,
}

/// What makes one example unlike another: the end of its texts, and its number where a key is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub text: String,
    pub number: u64,
}

/// An example request for the first route, if there is an API.
pub fn example_request(spec: &Spec) -> Option<Example> {
    let route = spec.api()?.routes.first()?;
    let own = spec.table().and_then(spec::OwnOrExisting::own);
    let keys: Vec<Key> =
        own.iter().flat_map(|table| [Some(&table.partition_key), table.sort_key.as_ref()]).flatten().map(key).collect();
    Some(example_of(spec, route, &keys, &Mark { text: "1".into(), number: 1 }))
}

/// An example request for this route, whose record is an item of a table with these keys. A body that has to fit a schema
/// is not known here: it may be refused.
pub fn example_of(spec: &Spec, route: &spec::Route, keys: &[Key], mark: &Mark) -> Example {
    let text = |name: &str| format!("{name}-{}", mark.text);
    let segment = |segment: &str| match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        Some("streamName") => spec.stream_name(),
        Some(name) => text(name),
        None => segment.to_owned(),
    };
    let mut path = route.post.split('/').map(segment).collect::<Vec<_>>().join("/");
    let mut header = None;
    let mut body = serde_json::Map::from_iter([("hello".to_owned(), "world".into())]);
    for key in keys {
        body.insert(
            key.name.clone(),
            if key.kind == KeyKind::Number { mark.number.into() } else { text(&key.name).into() },
        );
    }
    match &route.partition_key {
        spec::PartitionKey::Query(name) => path += &format!("?{name}={}", text(name)),
        spec::PartitionKey::Header(name) => header = Some((name.clone(), text(name))),
        spec::PartitionKey::Body(name) => fill(&mut body, name, text(name)),
        spec::PartitionKey::Path(_) | spec::PartitionKey::Random => {}
    }
    Example { path, header, body: Value::Object(body), authorized: spec.is_guarded(route) }
}

/// Puts a text at a path of nested fields where there is nothing yet.
fn fill(body: &mut serde_json::Map<String, Value>, path: &str, text: String) {
    match path.split_once('.') {
        None => _ = body.entry(path).or_insert_with(|| text.into()),
        Some((first, rest)) => {
            let inner = body.entry(first).or_insert_with(|| Value::Object(serde_json::Map::new()));
            if let Value::Object(inner) = inner {
                fill(inner, rest, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Spec {
        spec::parse("pipeline.yaml", text.as_bytes(), std::path::Path::new(".")).unwrap().spec
    }

    /// Between the check of a spec and its lowering a build may have run, and put a link in the file's place.
    #[test]
    fn a_schema_that_leads_out_by_now_is_not_read() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (file, other) = (folder.path().join("a.json"), outside.path().join("a.json"));
        let text = b"name: demo\nsource: { api: { routes: [{ post: /a, auth: none, body: { schema: a.json } }] } }\nstream: { kinesis: {} }\n";
        std::fs::write(&file, "{}").unwrap();
        std::fs::write(&other, "{}").unwrap();
        let loaded = spec::parse("pipeline.yaml", text, folder.path()).unwrap();
        let lowered = || crate::lower::lower(&loaded, &crate::aws::mocked::place(), &crate::bundle::Codes::unbuilt());
        assert!(lowered().is_ok());
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(&other, &file).unwrap();
        assert!(lowered().unwrap_err().message().contains("is outside of the spec's folder"));
    }

    #[test]
    fn an_example_has_what_its_route_takes_the_partition_key_from() {
        let text = "
name: demo
source:
  api:
    routes:
      - { post: '/a/{streamName}/{id}', partition_key: path.id, auth: none }
      - { post: /q, partition_key: query.who, auth: none }
      - { post: /h, partition_key: header.X-Who, auth: none }
      - { post: /b, partition_key: body.user.id, auth: none }
stream: { kinesis: {} }
consumer: { function: { handler: stream-to-table } }
sink: { table: { partition_key: id, sort_key: { name: at, type: number } } }
";
        let spec = spec(text);
        let first = example_request(&spec).unwrap();
        assert_eq!((first.path.as_str(), first.header, first.authorized), ("/a/demo-stream/id-1", None, false));
        assert_eq!(first.body, serde_json::json!({ "hello": "world", "id": "id-1", "at": 1 }));
        let mark = Mark { text: "r-7".into(), number: 7 };
        let of = |at: usize| example_of(&spec, &spec.api().unwrap().routes[at], &[], &mark);
        assert_eq!(of(1).path, "/q?who=who-r-7");
        assert_eq!(of(2).header, Some(("X-Who".into(), "X-Who-r-7".into())));
        assert_eq!(of(3).body, serde_json::json!({ "hello": "world", "user": { "id": "user.id-r-7" } }));
    }
}

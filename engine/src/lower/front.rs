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
use crate::lower::api::{self, ApiInput, AuthorizerInput};
use crate::lower::consumer::Lambda;
use crate::lower::{Lowering, id, names};
use crate::resource::Name;
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
        if let Some(auth) = &self.spec.auth {
            nodes.push(self.secret(&auth.basic)?);
            nodes.extend(self.authorizer()?);
        }
        let role = self.role(policy::trust("apigateway.amazonaws.com"), self.api_statements());
        let mentions = [id::STREAM, id::AUTHORIZER];
        nodes.push(Node::new(id::API_ROLE, self.role_name(id::API_ROLE), &role)?.mentions(mentions));
        let group = names::api_log(&self.spec.api_name());
        if let Some(days) = api.access_log_days.days() {
            nodes.push(Node::new(id::API_LOG, &group, &LogGroup { retention_days: days })?.adopted());
            nodes.push(Node::new(id::API_LOGGING, "account", &AccountLogging {})?);
        }
        let document = api::document(&self.api_input(api, &group)?)?;
        let node =
            Node::new(id::API, self.spec.api_name(), &document)?.needs([id::API_ROLE, id::API_LOG, id::API_LOGGING]);
        nodes.push(node.mentions([id::STREAM, id::AUTHORIZER]));
        Ok(nodes)
    }

    fn secret(&self, basic: &Basic) -> Result<Node> {
        match self.spec.existing_secret() {
            Some(existing) => Ok(Node::existing::<Secret>(id::SECRET, existing.reference())),
            None => {
                let props = Secret { description: format!("Basic credentials of the pipeline {}", self.spec.name) };
                let node = Node::new(id::SECRET, self.spec.secret_name(), &props)?;
                Ok(node.retained(basic.on_destroy == OnDestroy::Retain))
            }
        }
    }

    fn authorizer(&self) -> Result<Vec<Node>> {
        let (secret, arn) = match self.spec.existing_secret() {
            Some(existing) => {
                let pattern = || secret::arn_pattern(self.place, &Name::new(existing.reference()));
                (existing.reference().to_owned(), existing.arn().map_or_else(pattern, str::to_owned))
            }
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
            reserved_concurrency: None,
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
            partition: self.place.partition.clone(),
            region: self.place.region.clone(),
            pipeline: self.spec.name.clone(),
            stage: api.stage.clone(),
            throttle: api.throttle.as_ref().map(|t| Throttle { rate_per_second: t.rate_per_second, burst: t.burst }),
            xray: api.xray,
            access_log_group_arn: api.access_log_days.days().map(|_| log_group::arn(self.place, &Name::new(group))),
            routes: routes?,
            stream: self.spec.stream_name(),
            role_arn: self.role_arn(id::API_ROLE),
            authorizer: self.spec.auth.as_ref().map(|auth| authorizer(&auth.basic)),
        })
    }

    fn route(&self, route: &spec::Route) -> Result<api::Route> {
        Ok(api::Route {
            path: route.post.clone(),
            auth: self.spec.authorizer_of(route).is_some(),
            partition_key: match &route.partition_key {
                spec::PartitionKey::Path(name) => api::PartitionKey::Path(name.clone()),
                spec::PartitionKey::Query(name) => api::PartitionKey::Query(name.clone()),
                spec::PartitionKey::Header(name) => api::PartitionKey::Header(name.clone()),
                spec::PartitionKey::Body(path) => api::PartitionKey::Body(path.clone()),
                spec::PartitionKey::Random => api::PartitionKey::Random,
            },
            body: match &route.body {
                spec::Body::Object => api::Body::Object,
                spec::Body::Any => api::Body::Any,
                spec::Body::Schema(file) => api::Body::Schema(self.schema(file)?),
            },
        })
    }

    /// The schema file was checked with the spec; it may have changed since.
    fn schema(&self, file: &std::path::Path) -> Result<Value> {
        let bad = |error: String| Error::fatal(format!("failed to read the schema `{}`: {error}", file.display()));
        let text = std::fs::read_to_string(self.root.join(file)).map_err(|error| bad(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| bad(error.to_string()))
    }
}

/// A request that the first route of a spec answers with 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Path with every parameter filled in.
    pub path: String,
    /// A JSON object that the bundled consumer can write.
    pub body: Value,
    /// Whether it needs credentials.
    pub authorized: bool,
}

/// An example request for the first route, if there is an API.
pub fn example_request(spec: &Spec) -> Option<Example> {
    let route = spec.api()?.routes.first()?;
    let segment = |segment: &str| match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        Some("streamName") => spec.stream_name(),
        Some(name) => format!("{name}-1"),
        None => segment.to_owned(),
    };
    let mut body = serde_json::Map::from_iter([("hello".to_owned(), "world".into())]);
    if let Some(spec::OwnOrExisting::Own(table)) = spec.table() {
        for key in [Some(&table.partition_key), table.sort_key.as_ref()].into_iter().flatten() {
            let number = matches!(key.kind, spec::KeyType::Number);
            body.insert(key.name.clone(), if number { 1.into() } else { format!("{}-1", key.name).into() });
        }
    }
    Some(Example {
        path: route.post.split('/').map(segment).collect::<Vec<_>>().join("/"),
        body: Value::Object(body),
        authorized: spec.authorizer_of(route).is_some(),
    })
}

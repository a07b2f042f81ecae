//! From what AWS has to the document, with the ids that the writes need.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use aws_sdk_apigateway::types::{
    ApiKeySourceType, Authorizer as AwsAuthorizer, Deployment as AwsDeployment, GatewayResponse as AwsGatewayResponse,
    Integration as AwsIntegration, IntegrationResponse as AwsIntegrationResponse, Method, Model, RequestValidator,
    Resource as AwsResource, RestApi as AwsRestApi, Stage as AwsStage,
};
use aws_smithy_types::DateTime;
use serde_json::Value;

use super::document::{
    Authorizer, GatewayResponse, Integration, IntegrationResponse, LEGACY_TLS, RestApi, Route, Texts, Validator,
};
use super::parts::{self, Parts};
use super::policy;
use crate::aws::policy::Policy;
use crate::aws::{Cx, Place, nothing_if_absent};
use crate::error::{Class, Error, Result};
use crate::resource::Tags;

mod stage;

/// What begins the description of a deployment of ours; its hash follows.
pub const MARK: &str = "pipe:";

/// Models that AWS puts into every API.
const DEFAULT_MODELS: &[&str] = &["Empty", "Error"];

/// What the list of APIs says of one.
#[derive(Clone, Debug)]
pub struct Head {
    pub id: String,
    pub name: String,
    pub endpoint_type: String,
    pub vpc_endpoints: BTreeSet<String>,
    pub security_policy: String,
    /// Empty for the header.
    pub api_key_source: String,
    pub binary_types: BTreeSet<String>,
    pub policy: Option<Policy>,
    pub tags: Tags,
}

/// One API as AWS has it: the document, and the ids of its parts.
#[derive(Clone, Debug)]
pub struct Found {
    pub head: Head,
    pub document: RestApi,
    /// Resources by path, `/` among them.
    pub resources: Texts,
    pub authorizers: Texts,
    pub validators: Texts,
    /// Newest first.
    pub deployments: Vec<Deployment>,
    /// Deployments by stage.
    pub stages: Texts,
}

/// A snapshot of the API.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    pub id: String,
    /// The hash in its description, if `pipe` made it.
    pub hash: Option<String>,
    pub created: Option<DateTime>,
}

impl Head {
    /// Reads an entry of the list.
    pub fn of(place: &Place, api: AwsRestApi) -> Self {
        let id = api.id.unwrap_or_default();
        let endpoint = api.endpoint_configuration.as_ref();
        Self {
            policy: policy::read(place, &id, &api.policy.unwrap_or_default()),
            id,
            name: api.name.unwrap_or_default(),
            endpoint_type: endpoint
                .and_then(|one| one.types().first())
                .map(|kind| kind.as_str().into())
                .unwrap_or_default(),
            vpc_endpoints: endpoint.iter().flat_map(|one| one.vpc_endpoint_ids().iter().cloned()).collect(),
            security_policy: api.security_policy.map_or(LEGACY_TLS.to_owned(), |policy| policy.as_str().to_owned()),
            api_key_source: match api.api_key_source {
                None | Some(ApiKeySourceType::Header) => String::new(),
                Some(source) => source.as_str().to_owned(),
            },
            binary_types: api.binary_media_types.into_iter().flatten().collect(),
            tags: api.tags.unwrap_or_default().into_iter().collect(),
        }
    }
}

/// Every REST API of the account and region: AWS has no look-up by name or tag.
///
/// # Errors
/// As AWS gives them.
pub async fn heads(cx: &Cx) -> Result<Vec<Head>> {
    let ask = || async {
        let apis = cx.aws.apigateway.get_rest_apis().limit(500).into_paginator().items().send();
        Ok(apis.collect::<Result<Vec<_>, _>>().await?.into_iter().map(|api| Head::of(&cx.aws.place, api)).collect())
    };
    cx.asked_once("GetRestApis", "", ask).await
}

impl Found {
    /// Reads all parts of an API, concurrently. Nothing if it is gone.
    ///
    /// # Errors
    /// The first call's that fails.
    pub async fn fetch(cx: &Cx, head: Head) -> Result<Option<Self>> {
        Ok(nothing_if_absent(parts::fetch(cx, &head.id).await)?.map(|parts| Self::of(head, parts)))
    }

    /// Puts the document together.
    pub fn of(head: Head, parts: Parts) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let authorizers = keyed(parts.authorizers, |one| (text(&one.name), text(&one.id)));
        let validators = keyed(parts.validators, |one| (text(&one.name), text(&one.id)));
        let names = Names {
            authorizers: authorizers.iter().map(|(key, one)| (text(&one.id), key.clone())).collect(),
            validators: validators.iter().map(|(key, one)| (text(&one.id), key.clone())).collect(),
        };
        let mut deployments: Vec<Deployment> = parts.deployments.into_iter().map(Deployment::of).collect();
        deployments.sort_by_key(|deployment| std::cmp::Reverse(deployment.created));
        let stages: BTreeMap<String, AwsStage> =
            parts.stages.into_iter().map(|one| (text(&one.stage_name), one)).collect();
        let pointed: Texts = stages.iter().map(|(name, one)| (name.clone(), text(&one.deployment_id))).collect();
        let own = parts.gateway_responses.into_iter().filter(|response| !response.default_response);
        let document = RestApi {
            api_key_source: head.api_key_source.clone(),
            binary_types: head.binary_types.clone(),
            policy: head.policy.clone(),
            endpoint_type: head.endpoint_type.clone(),
            vpc_endpoints: head.vpc_endpoints.clone(),
            security_policy: head.security_policy.clone(),
            stages: stages.into_iter().map(|(name, one)| (name, stage::of(one, &head.tags))).collect(),
            routes: parts.resources.iter().flat_map(|resource| routes(resource, &names)).collect(),
            paths: parts.resources.iter().filter_map(|one| one.path.clone()).filter(|path| path != "/").collect(),
            deployed: deployed(&pointed, &deployments),
            models: parts.models.into_iter().filter_map(model).collect(),
            gateway_responses: own.map(gateway_response).collect(),
            authorizers: authorizers.iter().map(|(key, one)| (key.clone(), authorizer(one))).collect(),
            validators: validators.iter().map(|(key, one)| (key.clone(), validator(one))).collect(),
        };
        Self {
            resources: parts.resources.iter().map(|one| (text(&one.path), text(&one.id))).collect(),
            authorizers: authorizers.iter().map(|(key, one)| (key.clone(), text(&one.id))).collect(),
            validators: validators.iter().map(|(key, one)| (key.clone(), text(&one.id))).collect(),
            stages: pointed,
            head,
            document,
            deployments,
        }
    }

    /// The id of a part that must be there.
    ///
    /// # Errors
    /// It is not: somebody took it away just now, so another look is due.
    pub fn id<'a>(ids: &'a Texts, key: &str) -> Result<&'a str> {
        let gone = || Error::new(Class::Unclear, format!("`{key}` of the REST API is gone"));
        ids.get(key).map(String::as_str).ok_or_else(gone)
    }
}

/// Names by id: routes refer to their authorizer and validator by id, the document by name.
struct Names {
    authorizers: Texts,
    validators: Texts,
}

impl Deployment {
    fn of(deployment: AwsDeployment) -> Self {
        let hash = deployment.description.as_deref().and_then(|text| text.strip_prefix(MARK)).map(str::to_owned);
        Self { id: deployment.id.unwrap_or_default(), hash, created: deployment.created_date }
    }
}

/// Parts by name. A second one of a name exists only after a crash, or if someone else made it: it gets a key that nobody
/// desires, so that it shows and is removed.
fn keyed<T>(all: Vec<T>, name_and_id: impl Fn(&T) -> (String, String)) -> BTreeMap<String, T> {
    let mut by_name = BTreeMap::new();
    for one in all {
        let (name, id) = name_and_id(&one);
        let key = if by_name.contains_key(&name) { format!("{name} ({id})") } else { name };
        by_name.insert(key, one);
    }
    by_name
}

/// What the stages serve: one hash if they agree.
fn deployed(stages: &Texts, deployments: &[Deployment]) -> String {
    let hash = |id: &String| deployments.iter().find(|one| one.id == *id).and_then(|one| one.hash.clone());
    let served: BTreeSet<String> =
        stages.values().map(|id| hash(id).unwrap_or_else(|| format!("deployment {id}"))).collect();
    served.into_iter().collect::<Vec<_>>().join(", ")
}

fn routes(resource: &AwsResource, names: &Names) -> Vec<(String, Route)> {
    let path = resource.path.clone().unwrap_or_default();
    let methods = resource.resource_methods.iter().flatten();
    methods.map(|(method, settings)| (format!("{method} {path}"), route(settings, names).canonical(&path))).collect()
}

fn route(method: &Method, names: &Names) -> Route {
    // An id without a name belongs to a part that is gone: as it stands it differs from every name.
    let named = |names: &Texts, id: &Option<String>| {
        let id = id.clone().unwrap_or_default();
        names.get(&id).cloned().unwrap_or(id)
    };
    let responses = method.method_responses.iter().flatten();
    Route {
        authorization: method.authorization_type.clone().unwrap_or_default(),
        authorizer: named(&names.authorizers, &method.authorizer_id),
        scopes: method.authorization_scopes.iter().flatten().cloned().collect(),
        api_key: method.api_key_required.unwrap_or_default(),
        validator: named(&names.validators, &method.request_validator_id),
        models: ordered(&method.request_models),
        parameters: ordered(&method.request_parameters),
        responses: responses.map(|(status, one)| (status.clone(), ordered(&one.response_parameters))).collect(),
        integration: method.method_integration.as_ref().map(integration).unwrap_or_default(),
    }
}

fn integration(live: &AwsIntegration) -> Integration {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let responses = live.integration_responses.iter().flatten();
    let kind = live.r#type.as_ref().map(|kind| kind.as_str().to_owned()).unwrap_or_default();
    Integration {
        // A mock calls nothing: AWS gives it no method, MiniStack its default.
        http_method: if kind == "MOCK" { String::new() } else { text(&live.http_method) },
        kind,
        uri: text(&live.uri),
        credentials: text(&live.credentials),
        passthrough: text(&live.passthrough_behavior),
        timeout_ms: u32::try_from(live.timeout_in_millis).unwrap_or_default(),
        content_handling: live.content_handling.as_ref().map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        parameters: ordered(&live.request_parameters),
        templates: ordered(&live.request_templates),
        responses: responses.map(|(status, one)| (status.clone(), integration_response(one))).collect(),
    }
}

fn integration_response(live: &AwsIntegrationResponse) -> IntegrationResponse {
    IntegrationResponse {
        pattern: live.selection_pattern.clone().unwrap_or_default(),
        content_handling: live.content_handling.as_ref().map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        parameters: ordered(&live.response_parameters),
        templates: ordered(&live.response_templates),
    }
}

fn authorizer(live: &AwsAuthorizer) -> Authorizer {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Authorizer {
        kind: live.r#type.as_ref().map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        pools: live.provider_arns.iter().flatten().cloned().collect(),
        uri: text(&live.authorizer_uri),
        credentials: text(&live.authorizer_credentials),
        // AWS normalises the spaces of the list.
        identity_source: text(&live.identity_source).replace(' ', ""),
        cache_seconds: live
            .authorizer_result_ttl_in_seconds
            .and_then(|ttl| u32::try_from(ttl).ok())
            .unwrap_or_default(),
    }
}

fn validator(live: &RequestValidator) -> Validator {
    Validator { body: live.validate_request_body, parameters: live.validate_request_parameters }
}

fn model(live: Model) -> Option<(String, Value)> {
    let name = live.name.filter(|name| !DEFAULT_MODELS.contains(&name.as_str()))?;
    let schema = live.schema.unwrap_or_default();
    // A text that is no JSON equals no schema.
    Some((name, serde_json::from_str(&schema).unwrap_or(Value::String(schema))))
}

fn gateway_response(live: AwsGatewayResponse) -> (String, GatewayResponse) {
    let kind = live.response_type.map(|kind| kind.as_str().to_owned()).unwrap_or_default();
    let (parameters, templates) = (ordered(&live.response_parameters), ordered(&live.response_templates));
    (kind, GatewayResponse { status: live.status_code.unwrap_or_default(), parameters, templates })
}

/// Absent and empty are the same to API Gateway.
fn ordered<K: Ord + Clone + Hash + Eq, V: Clone>(map: &Option<HashMap<K, V>>) -> BTreeMap<K, V> {
    map.iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests;

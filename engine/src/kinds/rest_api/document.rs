//! The document: what `pipe` manages of a REST API, as plain data without any id that AWS assigns.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::web_acl::WebAcl;
use crate::aws::policy::Policy;
use crate::diff::hash;
use crate::error::Result;
use crate::resource::{is_open, unknown};

/// Names or types to settings, in order.
pub type Texts = BTreeMap<String, String>;

/// The endpoint type of an API that VPCs alone reach.
pub const PRIVATE: &str = "PRIVATE";

/// AWS's own default of a regional API: TLS 1.0 and newer.
pub const LEGACY_TLS: &str = "TLS_1_0";

/// A REST API with all its parts. Made with [`RestApi::sealed`], so that `paths` and `deployed` follow from the rest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RestApi {
    /// `REGIONAL` or `PRIVATE`; a live one may also be `EDGE`.
    pub endpoint_type: String,
    /// Ids of the VPC endpoints that a private one is associated with.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub vpc_endpoints: BTreeSet<String>,
    /// Which versions of TLS clients may speak, by AWS's name
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html>).
    pub security_policy: String,
    /// Stages by name, 1 to 128 letters, digits, `_` and `-`. The pipeline has one; another live one is removed.
    pub stages: BTreeMap<String, Stage>,
    /// Routes by method and path, e.g. `POST /submit/{id}`.
    pub routes: BTreeMap<String, Route>,
    /// Every resource but `/`: the routes' paths and all their beginnings, at most 300.
    pub paths: BTreeSet<String>,
    /// Authorizers by name, at most 10.
    pub authorizers: BTreeMap<String, Authorizer>,
    /// JSON schemas (draft 4) by model name. The name holds the schema's hash: see [`model_name`].
    pub models: BTreeMap<String, Value>,
    /// Request validators by name.
    pub validators: BTreeMap<String, Validator>,
    /// Own gateway responses by type, e.g. `UNAUTHORIZED`; all other types are AWS's defaults.
    pub gateway_responses: BTreeMap<String, GatewayResponse>,
    /// `AUTHORIZER` where API keys come from a Lambda authorizer's answer; empty for the header `x-api-key`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub api_key_source: String,
    /// Content types whose bodies are bytes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub binary_types: BTreeSet<String>,
    /// Whose requests are refused before any route is looked at. Others may have set it: it is compared whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Hash of the form that the stages serve: the deployment's. A live one may be `deployment ID`, if someone else made it.
    pub deployed: String,
}

/// What a stage has beside its deployment. Changing it needs no new deployment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Limit over all callers; none but the account's where absent.
    pub throttle: Option<Throttle>,
    /// Whether X-Ray traces requests.
    pub xray: bool,
    /// Where each request is logged, if anywhere.
    pub access_log: Option<AccessLog>,
    /// What filters the requests before anything else of the API, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_acl: Option<WebAcl>,
}

/// A token bucket: requests beyond it are answered with 429.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Throttle {
    /// Requests per second in the long run; fractions are allowed.
    pub rate_per_second: f64,
    /// Requests at once.
    pub burst: u32,
}

/// The access log of a stage. AWS takes it only where the account has a logging role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessLog {
    /// ARN of the log group, without `:*`.
    pub group_arn: String,
    /// One line of `$context` variables, at most 3 KB, with `$context.extendedRequestId`.
    pub format: String,
}

/// One method of one path, from the request to the response.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// `NONE`, `AWS_IAM`, or `CUSTOM` or `COGNITO_USER_POOLS` with an authorizer.
    pub authorization: String,
    /// Name of the authorizer, or empty.
    pub authorizer: String,
    /// Scopes of which an access token needs one; where there are none, Cognito's authorizer wants an id token.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scopes: BTreeSet<String>,
    /// Whether callers must send an API key.
    pub api_key: bool,
    /// Name of the request validator, or empty.
    pub validator: String,
    /// Model names by content type.
    pub models: Texts,
    /// Request parameters, e.g. `method.request.querystring.id`, and whether they must be there; without those of the path.
    pub parameters: BTreeMap<String, bool>,
    /// By status code, the headers that a response may set (`method.response.header.X`), each `true`.
    pub responses: BTreeMap<String, BTreeMap<String, bool>>,
    /// What the request is made into.
    pub integration: Integration,
}

/// The call that a route makes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Integration {
    /// `AWS` for a service's action, `AWS_PROXY` for a function that answers requests, `MOCK` for an answer of API Gateway's own; empty where a live method has no integration at all.
    pub kind: String,
    /// `POST` for a service's action; empty for a mock.
    pub http_method: String,
    /// Of a service's action, e.g. `arn:aws:apigateway:eu-central-1:kinesis:action/PutRecord`; empty for a mock.
    pub uri: String,
    /// ARN of the role that the call is made with, or empty.
    pub credentials: String,
    /// `NEVER`: a content type without a template is answered with 415.
    pub passthrough: String,
    /// Milliseconds, 50 to 29000.
    pub timeout_ms: u32,
    /// `CONVERT_TO_TEXT`, `CONVERT_TO_BINARY`, or empty for neither.
    pub content_handling: String,
    /// E.g. `integration.request.header.Content-Type` to `'application/json'`, quoted where static.
    pub parameters: Texts,
    /// Mapping templates by content type, each at most 300 KB and not empty.
    pub templates: Texts,
    /// By status code of the answer.
    pub responses: BTreeMap<String, IntegrationResponse>,
}

/// What an answer of the called service is made into.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IntegrationResponse {
    /// Regular expression on the service's HTTP status; the one that is empty takes all that no other takes.
    pub pattern: String,
    /// `CONVERT_TO_TEXT`, `CONVERT_TO_BINARY`, or empty for neither.
    pub content_handling: String,
    /// Response headers.
    pub parameters: Texts,
    /// Mapping templates by content type, none of them empty.
    pub templates: Texts,
}

/// An authorizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Authorizer {
    /// `REQUEST` of a function, or `COGNITO_USER_POOLS`.
    #[serde(default = "of_requests", skip_serializing_if = "is_of_requests")]
    pub kind: String,
    /// ARNs of the user pools whose tokens it takes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub pools: BTreeSet<String>,
    /// The invocation URI of the function.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uri: String,
    /// ARN of the role that calls the function.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub credentials: String,
    /// Comma list without spaces, e.g. `method.request.header.Authorization`.
    pub identity_source: String,
    /// Seconds that an answer is kept, 0 to 3600.
    pub cache_seconds: u32,
}

impl Default for Authorizer {
    fn default() -> Self {
        Self {
            kind: of_requests(),
            pools: BTreeSet::new(),
            uri: String::new(),
            credentials: String::new(),
            identity_source: String::new(),
            cache_seconds: 0,
        }
    }
}

fn of_requests() -> String {
    "REQUEST".to_owned()
}

fn is_of_requests(kind: &str) -> bool {
    kind == "REQUEST"
}

/// What of a request is checked before anything else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Validator {
    pub body: bool,
    pub parameters: bool,
}

/// What API Gateway itself answers in one case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GatewayResponse {
    /// HTTP status code; always given, because AWS fills in the case's own. Empty for `DEFAULT_4XX` and `DEFAULT_5XX`, which have none.
    pub status: String,
    /// E.g. `gatewayresponse.header.WWW-Authenticate` to a static value in single quotes.
    pub parameters: Texts,
    /// Bodies by content type with `$context` variables, no VTL; always given, because AWS fills in its own.
    pub templates: Texts,
}

impl Route {
    /// The one form of what makes no difference to API Gateway: the parameters of the path are there in any case, and a header that
    /// an answer may set need not be set. An import declares the former by itself and the latter as optional
    /// (`docs/aws.md#api-gateway-import`).
    #[must_use]
    pub fn canonical(mut self, path: &str) -> Self {
        for name in parameters_of(path) {
            self.parameters.remove(&name);
        }
        self.responses.values_mut().flat_map(BTreeMap::values_mut).for_each(|must| *must = true);
        self
    }
}

impl RestApi {
    /// Whether requests reach it from VPCs alone.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.endpoint_type == PRIVATE
    }

    /// Fills in what follows from the rest: `paths` and `deployed`.
    ///
    /// # Errors
    /// Only where the document cannot be JSON, which is a defect.
    pub fn sealed(mut self) -> Result<Self> {
        self.routes =
            self.routes.into_iter().map(|(key, route)| (key.clone(), route.canonical(split(&key).1))).collect();
        self.paths = self.routes.keys().flat_map(|route| paths_of(split(route).1)).collect();
        self.deployed = self.hash()?;
        Ok(self)
    }

    /// The hash of all that a deployment is a snapshot of: not the stages' settings, not the API's endpoint unless it is private.
    /// It is taken of the desired form only, never of what AWS reads back, and unknown as long as something in that is.
    ///
    /// AWS wants a new deployment after a change of the security policy
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-update.html>). The one that
    /// AWS gives by itself is left out: with it nothing is to be deployed again. So it is with the resource policy
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html>).
    fn hash(&self) -> Result<String> {
        let Self { routes, paths, authorizers, models, validators, gateway_responses, .. } = self;
        let mut snapshot = crate::resource::json(&json!({
            "routes": routes, "paths": paths, "authorizers": authorizers, "models": models, "validators": validators,
            "gateway_responses": gateway_responses,
        }))?;
        if !self.api_key_source.is_empty() {
            snapshot["api_key_source"] = json!(self.api_key_source);
        }
        if !self.binary_types.is_empty() {
            snapshot["binary_types"] = json!(self.binary_types);
        }
        if let Some(policy) = &self.policy {
            snapshot["policy"] = json!(policy);
        }
        if self.security_policy != LEGACY_TLS {
            snapshot["security_policy"] = json!(self.security_policy);
        }
        if self.is_private() {
            snapshot["vpc_endpoints"] = json!(self.vpc_endpoints);
        }
        Ok(if is_open(&snapshot) { unknown() } else { hash(&snapshot) })
    }
}

/// The name of the model with this schema: letters and digits only, another schema has another name.
pub fn model_name(stem: &str, schema: &Value) -> String {
    format!("{stem}{}", hash(schema))
}

/// Method and path of a route's key.
pub fn split(route: &str) -> (&str, &str) {
    route.split_once(' ').unwrap_or((route, "/"))
}

/// The request parameters that a path has: `/a/{b}/{c+}` gives `method.request.path.b` and `method.request.path.c`.
pub fn parameters_of(path: &str) -> impl Iterator<Item = String> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| format!("method.request.path.{}", name.trim_end_matches('+')))
}

/// `/a/{b}` gives `/a` and `/a/{b}`.
fn paths_of(path: &str) -> Vec<String> {
    let ends = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]);
    ends.map(|end| path[..end].to_owned()).filter(|path| path.len() > 1).collect()
}

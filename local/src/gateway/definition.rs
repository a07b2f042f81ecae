//! A REST API as deployed and the settings of its stage: plain data, before anything of it is compiled.

use std::collections::BTreeMap;

/// Names to settings, in order.
pub type Texts = BTreeMap<String, String>;

/// Which API it is: the parts of its ARNs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiAddress {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    pub region: String,
    pub account: String,
    pub api: String,
    pub stage: String,
}

/// What a deployment is a snapshot of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Definition {
    pub deployment: String,
    pub resources: Vec<Resource>,
    pub authorizers: Vec<Authorizer>,
    /// JSON schemas (draft 4) as text, by the model's name.
    pub models: Texts,
    /// By id.
    pub validators: BTreeMap<String, Validator>,
    /// Own gateway responses by type, e.g. `UNAUTHORIZED`; all others are AWS's defaults.
    pub gateway_responses: BTreeMap<String, GatewayResponse>,
    pub binary_types: BinaryTypes,
    /// Whether a Lambda authorizer says which API key it is.
    pub key_of_authorizer: bool,
    /// The resource policy as API Gateway gives it; empty where there is none.
    pub policy: String,
}

/// Content types whose bodies are bytes and no text, e.g. `image/*`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BinaryTypes(pub Vec<String>);

impl BinaryTypes {
    /// Whether bodies of this media type are bytes.
    pub fn have(&self, media: &str) -> bool {
        let group = media.split('/').next().unwrap_or_default();
        self.0.iter().any(|known| known == media || known == "*/*" || *known == format!("{group}/*"))
    }
}

/// A path with its methods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    pub id: String,
    /// E.g. `/submit/{streamName}`.
    pub path: String,
    /// By HTTP method or `ANY`.
    pub methods: BTreeMap<String, Method>,
}

/// One method of one path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Method {
    /// `NONE`, `CUSTOM`, `AWS_IAM`, `COGNITO_USER_POOLS`.
    pub authorization: String,
    /// Id of the authorizer, or empty.
    pub authorizer: String,
    /// Scopes of which an access token needs one.
    pub scopes: Vec<String>,
    pub api_key: bool,
    /// Id of the request validator, or empty.
    pub validator: String,
    /// Model names by content type.
    pub models: Texts,
    /// Request parameters, e.g. `method.request.querystring.id`, and whether they must be there.
    pub parameters: BTreeMap<String, bool>,
    pub integration: Option<Integration>,
}

/// The call that a method makes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Integration {
    /// `AWS`, `AWS_PROXY`, `MOCK`, ...
    pub kind: String,
    pub http_method: String,
    /// E.g. `arn:aws:apigateway:eu-central-1:kinesis:action/PutRecord`.
    pub uri: String,
    /// ARN of the role that the call is made with, or empty.
    pub credentials: String,
    /// `NEVER`, `WHEN_NO_MATCH`, `WHEN_NO_TEMPLATES`.
    pub passthrough: String,
    /// Milliseconds, 50 to 29000.
    pub timeout_ms: u64,
    /// E.g. `integration.request.header.Content-Type` to `'application/json'`.
    pub parameters: Texts,
    /// Mapping templates by content type.
    pub templates: Texts,
    /// By status code of the answer.
    pub responses: BTreeMap<String, IntegrationResponse>,
}

/// What an answer of the called service is made into.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IntegrationResponse {
    /// Regular expression; the one that is empty takes all that no other takes.
    pub pattern: String,
    /// E.g. `method.response.header.X-Shard` to `integration.response.header.X`.
    pub parameters: Texts,
    /// Mapping templates by content type.
    pub templates: Texts,
}

/// An authorizer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Authorizer {
    pub id: String,
    pub name: String,
    /// `REQUEST` of a function, or `COGNITO_USER_POOLS`; no other kind is served.
    pub kind: String,
    pub uri: String,
    /// ARNs of user pools.
    pub pools: Vec<String>,
    /// ARN of the role that calls the function, or empty.
    pub credentials: String,
    /// Comma list, e.g. `method.request.header.Authorization`.
    pub identity_source: String,
    /// Seconds that an answer is kept, 0 to 3600.
    pub cache_seconds: u64,
}

/// What of a request is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validator {
    pub body: bool,
    pub parameters: bool,
}

/// What API Gateway itself answers in one case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GatewayResponse {
    pub status: Option<u16>,
    /// E.g. `gatewayresponse.header.WWW-Authenticate` to `'Basic'`.
    pub parameters: Texts,
    /// Bodies by content type with `$context` variables, no VTL.
    pub templates: Texts,
}

/// A usage plan that opens the stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub id: String,
    /// Of each key.
    pub throttle: Option<Throttle>,
    /// Of each key.
    pub quota: Option<Quota>,
    pub keys: Vec<Key>,
}

/// Requests of a key in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    pub requests: u32,
    pub period: Period,
}

/// A calendar period of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Day,
    Week,
    Month,
}

/// An API key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Key {
    pub id: String,
    pub value: String,
    pub enabled: bool,
}

/// Without the value, which is a secret.
impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Key").field("id", &self.id).field("enabled", &self.enabled).finish_non_exhaustive()
    }
}

/// What a stage has beside its deployment; it applies without a new one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    pub deployment: String,
    pub variables: Texts,
    /// By `PATH/METHOD` with `~1` for `/`, or `*/*` for all that have none of their own.
    pub throttles: BTreeMap<String, Throttle>,
    pub access_log: Option<AccessLog>,
}

/// A token bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Throttle {
    /// Requests per second in the long run.
    pub rate_per_second: f64,
    /// Requests at once.
    pub burst: u32,
}

/// The access log of a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessLog {
    /// Name of the log group.
    pub group: String,
    /// One line of `$context` variables.
    pub format: String,
    /// ARN of the account's logging role, as API Gateway writes under no other.
    pub role: String,
}

/// The function's ARN in `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations`.
pub fn function_of(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once(":lambda:path/2015-03-31/functions/")?;
    rest.strip_suffix("/invocations").map(str::to_owned)
}

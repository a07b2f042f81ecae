//! From routes to the document of the API: methods, models, answers and the access log. The same input gives the same document and
//! the same hash.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::error::Result;
use crate::kinds::rest_api::{
    AccessLog, GatewayResponse, LEGACY_TLS, RestApi, Route as Method, Stage, Texts, Throttle, Validator, WebAcl,
    model_name,
};
use crate::lower::auth::Guard;
use crate::lower::to::{JSON, To, one};
use crate::spec::{self, MinimumTls};

/// What a REST API is lowered from.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub stage: String,
    pub minimum_tls: MinimumTls,
    pub throttle: Option<Throttle>,
    pub xray: bool,
    /// ARN of the web ACL that filters the stage's requests.
    pub web_acl: Option<String>,
    /// ARN of the access log's group, without `:*`; no access log where absent.
    pub access_log_group_arn: Option<String>,
    pub routes: Vec<Route>,
    /// By the names that routes use.
    pub guards: BTreeMap<String, Guard>,
    /// Whether API keys come from a Lambda authorizer's answer.
    pub key_of_authorizer: bool,
}

/// One method of one path.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub method: spec::Method,
    /// E.g. `/submit/{streamName}/{eventId}`.
    pub path: String,
    /// The name of what guards it.
    pub guard: Option<String>,
    pub body: Body,
    /// Content types that it takes.
    pub types: Vec<String>,
    pub to: To,
}

impl Route {
    /// The content types whose bodies it takes as bytes: the rules let no template have one.
    fn bytes(&self) -> impl Iterator<Item = String> {
        self.types.iter().filter(|media| !spec::is_text(media)).cloned()
    }
}

/// What a request's body must be, checked before the stream.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// A JSON object.
    Object,
    /// Anything.
    Any,
    /// What this JSON schema (draft 4) says.
    Schema(Value),
}

const VALIDATOR: &str = "body";

/// The type under which a model is for bodies of every type
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-method.html>).
const ANY_TYPE: &str = "$default";

/// Makes the document of the API.
///
/// # Errors
/// Only where the document cannot be JSON, which is a defect.
pub(super) fn document(input: &Input) -> Result<RestApi> {
    let models: BTreeMap<String, Value> = input.routes.iter().filter_map(|route| model(&route.body)).collect();
    let validators = (!models.is_empty()).then(|| (VALIDATOR.to_owned(), Validator { body: true, parameters: false }));
    let api = RestApi {
        endpoint_type: "REGIONAL".to_owned(),
        vpc_endpoints: Default::default(),
        security_policy: security_policy(input.minimum_tls).to_owned(),
        stages: BTreeMap::from([(input.stage.clone(), stage(input))]),
        routes: input
            .routes
            .iter()
            .map(|route| (format!("{} {}", route.method.name(), route.path), method(input, route)))
            .collect(),
        paths: Default::default(),
        authorizers: input.guards.values().filter_map(|guard| guard.authorizer.clone()).collect(),
        validators: validators.into_iter().collect(),
        gateway_responses: gateway_responses(input, &models),
        models,
        api_key_source: if input.key_of_authorizer { "AUTHORIZER".to_owned() } else { String::new() },
        binary_types: input.routes.iter().flat_map(Route::bytes).collect(),
        policy: None,
        deployed: String::new(),
    };
    api.sealed()
}

/// Says of the answers of templates that they are text: with binary types, a client who asks for one of them would get the text decoded
/// as base64, which it is not
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html>).
///
/// # Errors
/// Only where the document cannot be JSON, which is a defect.
pub(super) fn as_text(mut api: RestApi) -> Result<RestApi> {
    let made = api.routes.values_mut().filter(|route| !route.integration.kind.ends_with("_PROXY"));
    for response in made.flat_map(|route| route.integration.responses.values_mut()) {
        response.content_handling = "CONVERT_TO_TEXT".to_owned();
    }
    api.sealed()
}

/// AWS changes no API from `TLS_1_0` to `TLS_1_2`; this policy takes the same versions and ciphers as the latter
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html>).
fn security_policy(minimum: MinimumTls) -> &'static str {
    match minimum {
        MinimumTls::Tls10 => LEGACY_TLS,
        MinimumTls::Tls12 => "SecurityPolicy_TLS13_1_2_2021_06",
    }
}

fn stage(input: &Input) -> Stage {
    let log = |arn: &String| AccessLog { group_arn: arn.clone(), format: access_log() };
    Stage {
        throttle: input.throttle.clone(),
        xray: input.xray,
        access_log: input.access_log_group_arn.as_ref().map(log),
        web_acl: input.web_acl.as_ref().map(WebAcl::own),
    }
}

fn model(body: &Body) -> Option<(String, Value)> {
    let (stem, schema) = match body {
        Body::Any => return None,
        Body::Object => {
            let draft = "http://json-schema.org/draft-04/schema#";
            ("Object", json!({ "$schema": draft, "title": "A JSON object", "type": "object" }))
        }
        Body::Schema(schema) => ("Schema", schema.clone()),
    };
    Some((model_name(stem, &schema), schema))
}

fn method(input: &Input, route: &Route) -> Method {
    let guard = route.guard.as_ref().and_then(|name| input.guards.get(name));
    // A guarded route without a guard must not come out open: AWS refuses CUSTOM without an authorizer.
    let authorization = match (&route.guard, guard) {
        (None, _) => "NONE",
        (Some(_), guard) => guard.map_or("CUSTOM", |guard| guard.authorization),
    };
    let authorizer = guard.and_then(|guard| guard.authorizer.as_ref()).map(|(name, _)| name.clone());
    let model = model(&route.body).map(|(name, _)| name);
    // A body of another type than the models' is not checked, and only templates would refuse it.
    let checked: Vec<&str> = match route.to.integration.templates.is_empty() {
        true => vec![ANY_TYPE],
        false => route.types.iter().map(String::as_str).filter(|media| spec::is_json(media)).collect(),
    };
    Method {
        authorization: authorization.to_owned(),
        authorizer: authorizer.unwrap_or_default(),
        scopes: guard.into_iter().flat_map(|guard| guard.scopes.iter().cloned()).collect(),
        api_key: guard.is_some_and(|guard| guard.api_key),
        validator: model.as_ref().map(|_| VALIDATOR.to_owned()).unwrap_or_default(),
        models: checked.into_iter().filter_map(|media| Some((media.to_owned(), model.clone()?))).collect(),
        parameters: BTreeMap::new(),
        responses: route.to.statuses.iter().map(|status| ((*status).to_owned(), BTreeMap::new())).collect(),
        integration: route.to.integration.clone(),
    }
}

fn gateway_responses(input: &Input, models: &BTreeMap<String, Value>) -> BTreeMap<String, GatewayResponse> {
    let mut responses = BTreeMap::new();
    let challenges: BTreeSet<&str> = input.guards.values().filter_map(|guard| guard.challenge.as_deref()).collect();
    if !challenges.is_empty() {
        // One header may hold several challenges (https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1).
        let challenge = format!("'{}'", challenges.into_iter().collect::<Vec<_>>().join(", "));
        let parameters = one("gatewayresponse.header.WWW-Authenticate", &challenge);
        let templates = one(JSON, r#"{"message":$context.error.messageString}"#);
        responses
            .insert("UNAUTHORIZED".to_owned(), GatewayResponse { status: "401".to_owned(), parameters, templates });
    }
    if !models.is_empty() {
        let all_objects = input.routes.iter().all(|route| !matches!(route.body, Body::Schema(_)));
        let must = if all_objects { "must be a JSON object" } else { "does not fit the schema of this route" };
        let templates = one(JSON, &json!({ "message": format!("The request body {must}") }).to_string());
        let response = GatewayResponse { status: "400".to_owned(), parameters: Texts::new(), templates };
        responses.insert("BAD_REQUEST_BODY".to_owned(), response);
    }
    responses
}

/// One line of JSON for each request. Nothing in it is the client's own text but its address and the reason why its body was
/// refused: no path, no query, no header. Of `$context.requestId`, which a client may choose by a header, API Gateway takes UUIDs alone
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-access-logging.html>). The reason names properties, and
/// quotes the value that an `enum` or a `pattern` refused. API Gateway is reported to escape quotes in these lines
/// (`docs/aws.md#api-gateway-access-log`), so that no value adds a field.
fn access_log() -> String {
    const FIELDS: &[(&str, &str)] = &[
        ("extendedRequestId", "extendedRequestId"),
        ("requestId", "requestId"),
        ("ip", "identity.sourceIp"),
        ("requestTime", "requestTime"),
        ("method", "httpMethod"),
        ("resourcePath", "resourcePath"),
        ("status", "status"),
        ("errorType", "error.responseType"),
        ("responseLatency", "responseLatency"),
        ("responseLength", "responseLength"),
        ("integrationStatus", "integration.status"),
        ("integrationLatency", "integration.latency"),
        ("integrationRequestId", "integration.requestId"),
        ("integrationError", "integration.error"),
        ("authorizerStatus", "authorizer.status"),
        ("authorizerLatency", "authorizer.latency"),
        ("authorizerError", "authorizer.error"),
        ("validationError", "error.validationErrorString"),
    ];
    let fields: Vec<String> =
        FIELDS.iter().map(|(name, variable)| format!("\"{name}\":\"$context.{variable}\"")).collect();
    format!("{{{}}}", fields.join(","))
}

#[cfg(test)]
mod tests;

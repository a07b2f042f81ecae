//! The API as OpenAPI 3.0 with API Gateway's extensions, as an import takes it
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>).
//!
//! What the language has no words for, and what an import is known to change, is left out here: reading the API back shows it, and
//! single calls add it. But nothing that guards a route is left out: where that cannot be said, there is no document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::document::{Authorizer, GatewayResponse, Integration, RestApi, Route, Validator, parameters_of, split};

/// Keywords of a schema that were seen to come back from an import as they were (`docs/aws.md#api-gateway-import`). An import drops
/// others without a word, or warns of them.
const KEYWORDS: &[&str] = &["description", "enum", "items", "minItems", "properties", "required", "title", "type"];

/// What an import sets beside the properties of [`RestApi`].
#[derive(Debug, Default)]
pub struct About {
    pub name: String,
    pub description: Option<String>,
    pub version: Option<String>,
}

/// The document of an API; nothing where an import cannot make it.
pub fn document(api: &RestApi, about: &About) -> Option<Value> {
    // Each property is named, without `..`: an import would take from the API what is forgotten here.
    let RestApi {
        endpoint_type: _,
        vpc_endpoints,
        security_policy: _,
        stages: _,
        deployed: _,
        paths,
        routes,
        authorizers,
        models,
        validators,
        gateway_responses,
        api_key_source,
        binary_types,
        policy,
    } = api;
    if !paths.iter().all(|path| path.chars().all(is_of_path)) || !authorizers.keys().all(|name| is_of_component(name)) {
        return None;
    }
    let doors = Doors::of(authorizers);
    let mut items: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for (key, route) in routes {
        let (method, path) = split(key);
        let verb = if method == "ANY" { "x-amazon-apigateway-any-method".to_owned() } else { method.to_lowercase() };
        items.entry(path).or_default().insert(verb, operation(path, route, &doors)?);
    }
    let responses = gateway_responses.iter().map(|(kind, one)| (kind.clone(), gateway_response(one)));
    let mut document = given([
        ("openapi", json!("3.0.1")),
        ("info", info(about)),
        ("components", json!({ "schemas": schemas(models), "securitySchemes": doors.schemes(routes)? })),
        ("x-amazon-apigateway-api-key-source", key_source(api_key_source)),
        ("x-amazon-apigateway-binary-media-types", json!(binary_types)),
        ("x-amazon-apigateway-policy", json!(policy)),
        ("servers", servers(vpc_endpoints)),
        ("x-amazon-apigateway-request-validators", validators.iter().map(validator).collect::<Map<_, _>>().into()),
        ("x-amazon-apigateway-gateway-responses", Value::Object(responses.collect())),
    ]);
    document.insert("paths".to_owned(), json!(items));
    Some(Value::Object(document))
}

fn key_source(source: &str) -> Value {
    json!(if source.is_empty() { "HEADER" } else { source })
}

/// The endpoints of a private API, which an import would take from it
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-endpoint-configuration.html>).
fn servers(endpoints: &BTreeSet<String>) -> Value {
    match endpoints.is_empty() {
        true => Value::Null,
        false => json!([{ "x-amazon-apigateway-endpoint-configuration": { "vpcEndpointIds": endpoints } }]),
    }
}

fn info(about: &About) -> Value {
    let version = about.version.as_deref().unwrap_or("1.0");
    let info = [("title", json!(about.name)), ("description", json!(about.description)), ("version", json!(version))];
    Value::Object(given(info))
}

fn validator((name, one): (&String, &Validator)) -> (String, Value) {
    (name.clone(), json!({ "validateRequestBody": one.body, "validateRequestParameters": one.parameters }))
}

/// How many models an import cannot bring as they are.
pub fn simplified(models: &BTreeMap<String, Value>) -> usize {
    models.values().filter(|schema| !survives(schema)).count()
}

/// What of a path AWS takes in a document, and the end of a greedy parameter
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>).
fn is_of_path(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "/_.,:-{}+".contains(letter)
}

/// A name of a component (<https://spec.openapis.org/oas/v3.0.3.html#components-object>).
fn is_of_component(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter))
}

fn operation(path: &str, route: &Route, doors: &Doors<'_>) -> Option<Value> {
    let own = parameters_of(path).filter_map(|name| parameter(&name, true));
    let parameters = own.chain(route.parameters.iter().filter_map(|(name, must)| parameter(name, *must)));
    // A model for bodies of every type has no word here.
    let content =
        route.models.iter().filter(|(kind, _)| kind.contains('/')).map(|(kind, model)| {
            (kind.clone(), json!({ "schema": { "$ref": format!("#/components/schemas/{model}") } }))
        });
    let content: Map<String, Value> = content.collect();
    let body = if content.is_empty() { Value::Null } else { json!({ "content": content, "required": true }) };
    let mut operation = given([
        ("parameters", parameters.collect()),
        ("requestBody", body),
        ("security", json!(doors.guards(route)?)),
        ("x-amazon-apigateway-request-validator", json!(route.validator)),
        ("x-amazon-apigateway-integration", integration(&route.integration)),
    ]);
    let responses = route.responses.iter().map(|(status, headers)| (status.clone(), response(headers)));
    operation.insert("responses".to_owned(), Value::Object(responses.collect()));
    Some(Value::Object(operation))
}

/// A request parameter, such as `method.request.querystring.id`.
fn parameter(name: &str, must: bool) -> Option<Value> {
    let (place, name) = name.strip_prefix("method.request.")?.split_once('.')?;
    let place = match place {
        "querystring" => "query",
        "header" | "path" => place,
        _ => return None,
    };
    Some(json!({ "name": name, "in": place, "required": must, "schema": { "type": "string" } }))
}

/// The description is part of the language; a text would become a piece of the API's documentation, of which there may be 2,000.
fn response(headers: &BTreeMap<String, bool>) -> Value {
    let names = headers.keys().filter_map(|name| name.strip_prefix("method.response.header."));
    let headers = names.map(|name| (name.to_owned(), json!({ "schema": { "type": "string" } })));
    let mut response = given([("headers", Value::Object(headers.collect()))]);
    response.insert("description".to_owned(), json!(""));
    Value::Object(response)
}

fn integration(integration: &Integration) -> Value {
    let responses = integration.responses.iter().map(|(status, response)| {
        let pattern = if response.pattern.is_empty() { "default" } else { &response.pattern };
        let response = given([
            ("statusCode", json!(status)),
            ("contentHandling", json!(response.content_handling)),
            ("responseParameters", json!(response.parameters)),
            ("responseTemplates", json!(response.templates)),
        ]);
        (pattern.to_owned(), Value::Object(response))
    });
    Value::Object(given([
        ("type", json!(integration.kind.to_lowercase())),
        ("httpMethod", json!(integration.http_method)),
        ("uri", json!(integration.uri)),
        ("credentials", json!(integration.credentials)),
        ("passthroughBehavior", json!(integration.passthrough.to_lowercase())),
        ("timeoutInMillis", json!(integration.timeout_ms)),
        ("contentHandling", json!(integration.content_handling)),
        ("requestParameters", json!(integration.parameters)),
        ("requestTemplates", json!(integration.templates)),
        ("responses", Value::Object(responses.collect())),
    ]))
}

fn gateway_response(response: &GatewayResponse) -> Value {
    Value::Object(given([
        ("statusCode", json!(response.status)),
        ("responseParameters", json!(response.parameters)),
        ("responseTemplates", json!(response.templates)),
    ]))
}

/// A model that an import would change is an object of any kind until a call of its own sets it.
fn schemas(models: &BTreeMap<String, Value>) -> Map<String, Value> {
    let schema = |schema: &Value| if survives(schema) { schema.clone() } else { json!({ "type": "object" }) };
    models.iter().map(|(name, model)| (name.clone(), schema(model))).collect()
}

fn survives(schema: &Value) -> bool {
    let Some(members) = schema.as_object() else { return false };
    members.contains_key("type")
        && members.iter().all(|(keyword, value)| match keyword.as_str() {
            "properties" => value.as_object().is_some_and(|all| all.values().all(survives)),
            "items" => survives(value),
            "enum" => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
            "type" => value.is_string(),
            keyword => KEYWORDS.contains(&keyword),
        })
}

/// The security schemes: what may guard a route.
struct Doors<'a> {
    authorizers: &'a BTreeMap<String, Authorizer>,
    /// The name of the scheme of API keys, and of signed requests.
    keys: String,
    signed: String,
}

impl<'a> Doors<'a> {
    fn of(authorizers: &'a BTreeMap<String, Authorizer>) -> Self {
        let free = |name: &str| {
            let mut name = name.to_owned();
            while authorizers.contains_key(&name) {
                name.push('_');
            }
            name
        };
        Self { authorizers, keys: free("api_key"), signed: free("sigv4") }
    }

    /// What guards a route; nothing where that cannot be said: a route must not come out open.
    fn guards(&self, route: &Route) -> Option<Vec<Value>> {
        let kind = self.authorizers.get(&route.authorizer).map(|authorizer| authorizer.kind.as_str());
        let mut guards = match (route.authorization.as_str(), kind) {
            ("NONE", None) if route.authorizer.is_empty() => Vec::new(),
            ("AWS_IAM", None) if route.authorizer.is_empty() => vec![json!({ (self.signed.as_str()): [] })],
            ("CUSTOM", Some("REQUEST")) | ("COGNITO_USER_POOLS", Some("COGNITO_USER_POOLS")) => {
                vec![json!({ (route.authorizer.as_str()): route.scopes })]
            }
            _ => return None,
        };
        if route.api_key {
            guards.push(json!({ (self.keys.as_str()): [] }));
        }
        Some(guards)
    }

    fn schemes(&self, routes: &BTreeMap<String, Route>) -> Option<Map<String, Value>> {
        let mut schemes = Map::new();
        for (name, authorizer) in self.authorizers {
            schemes.insert(name.clone(), scheme(authorizer)?);
        }
        if routes.values().any(|route| route.api_key) {
            schemes.insert(self.keys.clone(), json!({ "type": "apiKey", "name": "x-api-key", "in": "header" }));
        }
        if routes.values().any(|route| route.authorization == "AWS_IAM") {
            let signed = json!({
                "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4",
            });
            schemes.insert(self.signed.clone(), signed);
        }
        Some(schemes)
    }
}

/// The scheme of an authorizer. That of a user pool reads the header that the scheme names [recorded: `docs/aws.md#api-gateway-import`].
fn scheme(authorizer: &Authorizer) -> Option<Value> {
    let (header, kind) = match authorizer.kind.as_str() {
        "REQUEST" => ("Unused", "custom"),
        "COGNITO_USER_POOLS" => {
            (authorizer.identity_source.strip_prefix("method.request.header.")?, "cognito_user_pools")
        }
        _ => return None,
    };
    let of_requests = kind == "custom";
    let authorizer = given([
        ("type", json!(authorizer.kind.to_lowercase())),
        ("authorizerUri", json!(authorizer.uri)),
        ("authorizerCredentials", json!(authorizer.credentials)),
        ("identitySource", json!(Some(&authorizer.identity_source).filter(|_| of_requests))),
        ("providerARNs", json!(authorizer.pools)),
        ("authorizerResultTtlInSeconds", json!(authorizer.cache_seconds)),
    ]);
    Some(json!({
        "type": "apiKey", "name": header, "in": "header", "x-amazon-apigateway-authtype": kind,
        "x-amazon-apigateway-authorizer": authorizer,
    }))
}

/// The members that have something to say.
fn given<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        Value::Object(all) => !all.is_empty(),
        _ => true,
    };
    let members = members.into_iter().filter(|(_, value)| says(value));
    members.map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests;

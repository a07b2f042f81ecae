//! What AWS makes of a document, as a real account was seen to (`docs/aws.md#api-gateway-import`): written apart from what makes the
//! document, so that each shows the other's mistakes.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_apigateway::types::builders::MethodBuilder;
use aws_sdk_apigateway::types::{
    Authorizer, AuthorizerType, ContentHandlingStrategy, GatewayResponse, GatewayResponseType, Integration,
    IntegrationResponse, IntegrationType, Method, MethodResponse, Model, RequestValidator, Resource,
};
use serde_json::{Map, Value};

use crate::kinds::rest_api::parts::Parts;

const INTEGRATION: &str = "x-amazon-apigateway-integration";
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
/// All that was seen to come back of a schema.
const KEPT: [&str; 8] = ["type", "properties", "items", "required", "title", "description", "enum", "minItems"];

pub fn imported(document: &Value) -> Parts {
    let schemes = object(&document["components"]["securitySchemes"]);
    Parts {
        resources: resources(document),
        authorizers: schemes.iter().filter_map(|(name, scheme)| authorizer(name, scheme)).collect(),
        models: object(&document["components"]["schemas"]).iter().map(|(name, schema)| model(name, schema)).collect(),
        validators: object(&document["x-amazon-apigateway-request-validators"])
            .iter()
            .map(|(name, one)| {
                let validator = RequestValidator::builder().id(format!("v-{name}")).name(name);
                let validator = validator.validate_request_body(one["validateRequestBody"] == true);
                validator.validate_request_parameters(one["validateRequestParameters"] == true).build()
            })
            .collect(),
        gateway_responses: object(&document["x-amazon-apigateway-gateway-responses"])
            .iter()
            .map(|(kind, one)| {
                let response = GatewayResponse::builder().response_type(GatewayResponseType::from(kind.as_str()));
                let response = response.set_status_code(text(&one["statusCode"]));
                let response = response.set_response_parameters(texts(&one["responseParameters"]));
                response.set_response_templates(texts(&one["responseTemplates"])).build()
            })
            .collect(),
        ..Parts::default()
    }
}

fn resources(document: &Value) -> Vec<Resource> {
    let mut methods: BTreeMap<String, HashMap<String, Method>> = BTreeMap::from([("/".to_owned(), HashMap::new())]);
    for (path, item) in object(&document["paths"]) {
        for end in path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]) {
            methods.entry(path[..end].to_owned()).or_default();
        }
        for (verb, operation) in object(&item) {
            let verb = if verb == "x-amazon-apigateway-any-method" { "ANY".to_owned() } else { verb.to_uppercase() };
            methods.entry(path.clone()).or_default().insert(verb, method(document, &path, &operation));
        }
    }
    let resource = |(path, methods): (String, HashMap<String, Method>)| {
        Resource::builder().id(format!("r-{path}")).path(path).set_resource_methods(Some(methods)).build()
    };
    methods.into_iter().map(resource).collect()
}

fn method(document: &Value, path: &str, operation: &Value) -> Method {
    let mut method = guarded(document, operation);
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let place = parameter["in"].as_str().unwrap().replace("query", "querystring");
        let name = format!("method.request.{place}.{}", parameter["name"].as_str().unwrap());
        method = method.request_parameters(name, parameter["required"] == true);
    }
    // Whether the document declares them or not.
    for name in path.split(['{', '}']).skip(1).step_by(2) {
        method = method.request_parameters(format!("method.request.path.{}", name.trim_end_matches('+')), true);
    }
    for (kind, content) in object(&operation["requestBody"]["content"]) {
        let reference = content["schema"]["$ref"].as_str().unwrap();
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "a missing model is a warning");
        method = method.request_models(kind, name);
    }
    for (status, response) in object(&operation["responses"]) {
        assert!(response["description"].is_string());
        let mut made = MethodResponse::builder().status_code(&status);
        for header in object(&response["headers"]).keys() {
            made = made.response_parameters(format!("method.response.header.{header}"), false);
        }
        method = method.method_responses(status, made.build());
    }
    let validator = text(&operation["x-amazon-apigateway-request-validator"]).map(|name| format!("v-{name}"));
    method.set_request_validator_id(validator).method_integration(integration(&operation[INTEGRATION])).build()
}

fn guarded(document: &Value, operation: &Value) -> MethodBuilder {
    let mut method = Method::builder().authorization_type("NONE").api_key_required(false);
    for (name, scopes) in operation["security"].as_array().into_iter().flatten().flat_map(object) {
        let scheme = &document["components"]["securitySchemes"][&name];
        let kind = scheme[AUTHORIZER]["type"].as_str();
        method = match (kind, scheme["x-amazon-apigateway-authtype"].as_str()) {
            (Some("cognito_user_pools"), _) => method.authorization_type("COGNITO_USER_POOLS"),
            (Some(_), _) => method.authorization_type("CUSTOM"),
            (None, Some("awsSigv4")) => method.authorization_type("AWS_IAM"),
            (None, _) if scheme["name"] == "x-api-key" => method.api_key_required(true),
            (None, _) => panic!("{name} guards nothing"),
        };
        if kind.is_some() {
            method = method.authorizer_id(format!("a-{name}"));
        }
        for scope in scopes.as_array().unwrap() {
            method = method.authorization_scopes(scope.as_str().unwrap());
        }
    }
    method
}

fn integration(from: &Value) -> Integration {
    let upper = |value: &Value| text(value).map(|text| text.to_uppercase());
    let handling = |value: &Value| text(value).map(|text| ContentHandlingStrategy::from(text.as_str()));
    let mut made = Integration::builder()
        .set_type(upper(&from["type"]).map(|kind| IntegrationType::from(kind.as_str())))
        .set_http_method(text(&from["httpMethod"]))
        .set_uri(text(&from["uri"]))
        .set_credentials(text(&from["credentials"]))
        .set_passthrough_behavior(upper(&from["passthroughBehavior"]).or(Some("WHEN_NO_MATCH".to_owned())))
        .timeout_in_millis(i32::try_from(from["timeoutInMillis"].as_u64().unwrap_or(29_000)).unwrap())
        .set_content_handling(handling(&from["contentHandling"]))
        .set_request_parameters(texts(&from["requestParameters"]))
        .set_request_templates(texts(&from["requestTemplates"]))
        .cache_namespace("r1");
    for (pattern, response) in object(&from["responses"]) {
        let status = response["statusCode"].as_str().unwrap();
        let one = IntegrationResponse::builder().status_code(status);
        let one = one.set_selection_pattern((pattern != "default").then(|| pattern.clone()));
        let one = one.set_content_handling(handling(&response["contentHandling"]));
        let one = one.set_response_parameters(texts(&response["responseParameters"]));
        made = made
            .integration_responses(status, one.set_response_templates(texts(&response["responseTemplates"])).build());
    }
    made.build()
}

fn authorizer(name: &str, scheme: &Value) -> Option<Authorizer> {
    let from = scheme.get(AUTHORIZER)?;
    assert!(scheme["type"] == "apiKey" && scheme["in"] == "header", "AWS takes no other");
    let header = format!("method.request.header.{}", scheme["name"].as_str().unwrap());
    let kind = from["type"].as_str().unwrap().to_uppercase();
    let pools = from["providerARNs"].as_array().map(|all| all.iter().filter_map(text).collect());
    let seconds = from["authorizerResultTtlInSeconds"].as_i64().map(|seconds| i32::try_from(seconds).unwrap());
    let made = Authorizer::builder().id(format!("a-{name}")).name(name).r#type(AuthorizerType::from(kind.as_str()));
    let made = made.set_authorizer_uri(text(&from["authorizerUri"])).set_provider_arns(pools);
    let made = made.set_authorizer_credentials(text(&from["authorizerCredentials"]));
    let made = made.set_identity_source(text(&from["identitySource"]).or(Some(header)));
    let made = made.set_auth_type(text(&scheme["x-amazon-apigateway-authtype"]));
    Some(made.set_authorizer_result_ttl_in_seconds(seconds).build())
}

fn model(name: &str, schema: &Value) -> Model {
    Model::builder().name(name).content_type("application/json").schema(kept(schema).to_string()).build()
}

fn kept(schema: &Value) -> Value {
    let known = object(schema).into_iter().filter(|(keyword, _)| KEPT.contains(&keyword.as_str()));
    let inner = known.map(|(keyword, value)| match keyword.as_str() {
        "properties" => (keyword, object(&value).into_iter().map(|(name, one)| (name, kept(&one))).collect()),
        "items" => (keyword, kept(&value)),
        _ => (keyword, value),
    });
    inner.collect()
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Option<HashMap<String, String>> {
    let all = value.as_object()?.iter();
    Some(all.map(|(name, one)| (name.clone(), one.as_str().unwrap().to_owned())).collect())
}

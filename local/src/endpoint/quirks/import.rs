//! PutRestApi with `mode=overwrite`, of which MiniStack knows nothing and moto a part: what the document says is made by single calls.
//!
//! What a real account was seen to do is done as well: the parameters of a path are declared, and headers of answers are optional.

use futures_util::future::BoxFuture;
use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::refusals::refusal;
use super::{Answering, Exchange};
use crate::endpoint::upstream::Passed;

/// The mode that is supplied; the other one goes to the endpoint.
const OVERWRITE: &str = "mode=overwrite";
const INTEGRATION: &str = "x-amazon-apigateway-integration";
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
const ANY: &str = "x-amazon-apigateway-any-method";

/// Puts the API of a document in the place of one that is there.
pub fn put_rest_api<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let query = exchange.head.uri.query().unwrap_or_default();
        if !query.split('&').any(|part| part == OVERWRITE) {
            return exchange.forward().await;
        }
        // The single calls are the root's. Who has fewer rights is judged by the endpoint, and one that knows the call makes it.
        if !exchange.call.access_key.bytes().all(|byte| byte.is_ascii_digit()) {
            let answer = exchange.forward().await?;
            if answer.status().is_success() || answer.status() == StatusCode::FORBIDDEN {
                return Ok(answer);
            }
        }
        let document = exchange.input();
        if !document["openapi"].as_str().is_some_and(|version| version.starts_with("3."))
            || !document["paths"].is_object()
        {
            return Ok(refusal(400, "BadRequestException", "Invalid OpenAPI input."));
        }
        let import = Import { exchange, api: exchange.head.uri.path(), document: &document };
        match import.run().await {
            Ok(api) => Ok(api),
            Err(Stopped::Refused(answer)) => Ok(*answer),
            Err(Stopped::Lost(error)) => Err(error),
        }
    })
}

struct Import<'a> {
    exchange: &'a Exchange<'a>,
    /// Its path.
    api: &'a str,
    document: &'a Value,
}

/// Why an import ended half way, as one of AWS's may.
enum Stopped {
    Refused(Box<hyper::Response<bytes::Bytes>>),
    Lost(crate::endpoint::upstream::Lost),
}

type Done<T> = Result<T, Stopped>;

impl Import<'_> {
    async fn run(&self) -> Answered {
        self.look("").await?;
        let root = self.clear().await?;
        let set = |path: &str, value: &Value| json!({ "op": "replace", "path": path, "value": value });
        let patches = [
            set("/name", &self.document["info"]["title"]),
            set("/apiKeySource", &self.document["x-amazon-apigateway-api-key-source"]),
        ];
        let patches: Vec<&Value> = patches.iter().filter(|patch| patch["value"].is_string()).collect();
        self.make(Method::PATCH, "", &json!({ "patchOperations": patches })).await?;
        let ids = self.parts().await?;
        self.paths(root, &ids).await?;
        self.answer(Method::GET, "", &Value::Null).await
    }

    async fn answer(&self, method: Method, below: &str, input: &Value) -> Answered {
        let Self { exchange, api, .. } = self;
        let caller = exchange.caller(&exchange.call.service);
        let sent: Passed<_> = exchange.upstream.send(&caller, method, &format!("{api}{below}"), input).await;
        let answer = sent.map_err(Stopped::Lost)?;
        if answer.status().is_success() { Ok(answer) } else { Err(Stopped::Refused(Box::new(answer))) }
    }

    async fn make(&self, method: Method, below: &str, input: &Value) -> Done<Value> {
        let answer = self.answer(method, below, input).await?;
        Ok(serde_json::from_slice(answer.body()).unwrap_or_default())
    }

    async fn look(&self, below: &str) -> Done<Value> {
        self.make(Method::GET, below, &Value::Null).await
    }

    async fn list(&self, below: &str) -> Done<Vec<Value>> {
        let mut listed = self.look(&format!("{below}?limit=500&embed=methods")).await?;
        let items = [listed["item"].take(), listed["items"].take()].into_iter().find(Value::is_array);
        Ok(items.and_then(|items| items.as_array().cloned()).unwrap_or_default())
    }

    /// Takes away all parts of the API but the resource `/`, whose id it returns.
    async fn clear(&self) -> Done<String> {
        let mut resources = self.list("/resources").await?;
        resources.sort_by_key(|resource| std::cmp::Reverse(text(&resource["path"]).len()));
        let mut root = String::new();
        for resource in &resources {
            let id = text(&resource["id"]);
            if resource["path"] != "/" {
                self.make(Method::DELETE, &format!("/resources/{id}"), &Value::Null).await?;
                continue;
            }
            for method in object(&resource["resourceMethods"]).keys() {
                self.make(Method::DELETE, &format!("/resources/{id}/methods/{method}"), &Value::Null).await?;
            }
            root = id;
        }
        for (below, key) in [("authorizers", "id"), ("models", "name"), ("requestvalidators", "id")] {
            for part in self.list(&format!("/{below}")).await? {
                self.make(Method::DELETE, &format!("/{below}/{}", text(&part[key])), &Value::Null).await?;
            }
        }
        for response in self.list("/gatewayresponses").await? {
            if response["defaultResponse"] != true {
                let kind = text(&response["responseType"]);
                self.make(Method::DELETE, &format!("/gatewayresponses/{kind}"), &Value::Null).await?;
            }
        }
        Ok(root)
    }

    /// Makes what methods refer to, and returns the ids by scheme and by validator.
    async fn parts(&self) -> Done<[Map<String, Value>; 2]> {
        let (mut authorizers, mut validators) = (Map::new(), Map::new());
        for (name, schema) in object(&self.document["components"]["schemas"]) {
            let model = json!({ "name": name, "contentType": "application/json", "schema": schema.to_string() });
            self.make(Method::POST, "/models", &model).await?;
        }
        for (name, validator) in object(&self.document["x-amazon-apigateway-request-validators"]) {
            let mut validator = validator.clone();
            validator["name"] = name.clone().into();
            let mut made = self.make(Method::POST, "/requestvalidators", &validator).await?;
            validators.insert(name, made["id"].take());
        }
        for (name, scheme) in object(&self.document["components"]["securitySchemes"]) {
            if let Some(authorizer) = authorizer(&name, &scheme) {
                let mut made = self.make(Method::POST, "/authorizers", &authorizer).await?;
                authorizers.insert(name, made["id"].take());
            }
        }
        for (kind, response) in object(&self.document["x-amazon-apigateway-gateway-responses"]) {
            self.make(Method::PUT, &format!("/gatewayresponses/{kind}"), &response).await?;
        }
        Ok([authorizers, validators])
    }

    async fn paths(&self, root: String, ids: &[Map<String, Value>; 2]) -> Done<()> {
        let mut resources = Map::from_iter([(String::new(), Value::String(root))]);
        for (path, item) in object(&self.document["paths"]) {
            let mut parent = String::new();
            for part in path.split('/').filter(|part| !part.is_empty()) {
                let here = format!("{parent}/{part}");
                if !resources.contains_key(&here) {
                    let below = format!("/resources/{}", text(&resources[&parent]));
                    let mut made = self.make(Method::POST, &below, &json!({ "pathPart": part })).await?;
                    resources.insert(here.clone(), made["id"].take());
                }
                parent = here;
            }
            for (verb, operation) in object(&item) {
                let verb = if verb == ANY { "ANY".to_owned() } else { verb.to_uppercase() };
                let at = format!("/resources/{}/methods/{verb}", text(&resources[&parent]));
                self.method(&at, &method(self.document, &path, &operation, ids), &operation).await?;
            }
        }
        Ok(())
    }

    async fn method(&self, at: &str, method: &Value, operation: &Value) -> Done<()> {
        self.make(Method::PUT, at, method).await?;
        for (status, response) in object(&operation["responses"]) {
            let names = object(&response["headers"]).into_iter();
            let headers = names.map(|(name, _)| (format!("method.response.header.{name}"), false.into()));
            let input = json!({ "responseParameters": headers.collect::<Map<_, _>>() });
            self.make(Method::PUT, &format!("{at}/responses/{status}"), &input).await?;
        }
        let mut integration = operation[INTEGRATION].clone();
        let responses = integration["responses"].take();
        for word in ["type", "passthroughBehavior"] {
            integration[word] = text(&integration[word]).to_uppercase().into();
        }
        integration.as_object_mut().map(|members| members.remove("responses"));
        self.make(Method::PUT, &format!("{at}/integration"), &integration).await?;
        for (pattern, mut response) in object(&responses) {
            let status = text(&response["statusCode"]);
            if pattern != "default" {
                response["selectionPattern"] = pattern.into();
            }
            self.make(Method::PUT, &format!("{at}/integration/responses/{status}"), &response).await?;
        }
        Ok(())
    }
}

type Answered = Done<hyper::Response<bytes::Bytes>>;

fn authorizer(name: &str, scheme: &Value) -> Option<Value> {
    let mut made = scheme.get(AUTHORIZER)?.clone();
    made["name"] = name.into();
    made["type"] = text(&made["type"]).to_uppercase().into();
    if made["type"] == "COGNITO_USER_POOLS" {
        made["identitySource"] = format!("method.request.header.{}", text(&scheme["name"])).into();
    } else if made["identitySource"].is_null() {
        made["identitySource"] = "".into();
    }
    Some(made)
}

/// The input of PutMethod.
fn method(
    document: &Value,
    path: &str,
    operation: &Value,
    [authorizers, validators]: &[Map<String, Value>; 2],
) -> Value {
    let mut made = json!({ "authorizationType": "NONE", "apiKeyRequired": false });
    for (name, scopes) in operation["security"].as_array().into_iter().flatten().flat_map(object) {
        let scheme = &document["components"]["securitySchemes"][&name];
        match (scheme[AUTHORIZER]["type"].as_str(), scheme["x-amazon-apigateway-authtype"].as_str()) {
            (None, Some("awsSigv4")) => made["authorizationType"] = "AWS_IAM".into(),
            (None, _) => made["apiKeyRequired"] = true.into(),
            (Some(kind), _) => {
                let pools = kind == "cognito_user_pools";
                made["authorizationType"] = if pools { "COGNITO_USER_POOLS" } else { "CUSTOM" }.into();
                made["authorizerId"] = authorizers.get(&name).cloned().unwrap_or_default();
                made["authorizationScopes"] = scopes;
            }
        }
    }
    let names = path.split(['{', '}']).skip(1).step_by(2).map(|name| name.trim_end_matches('+'));
    let mut parameters: Map<String, Value> =
        names.map(|name| (format!("method.request.path.{name}"), true.into())).collect();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let place = text(&parameter["in"]).replace("query", "querystring");
        let must = parameter["required"] == true;
        parameters.insert(format!("method.request.{place}.{}", text(&parameter["name"])), must.into());
    }
    made["requestParameters"] = parameters.into();
    let models = object(&operation["requestBody"]["content"]).into_iter().map(|(kind, content)| {
        let model = text(&content["schema"]["$ref"]);
        (kind, model.rsplit('/').next().unwrap_or_default().into())
    });
    made["requestModels"] = models.collect::<Map<_, _>>().into();
    if let Some(validator) = validators.get(&text(&operation["x-amazon-apigateway-request-validator"])) {
        made["requestValidatorId"] = validator.clone();
    }
    made
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

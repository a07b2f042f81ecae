//! PutRestApi by single calls.

use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::StatusCode;
use serde_json::{Value, json};

use super::cloud::{Cloud, Seen, json, signed};

const PATH: &str = "/restapis/r1?mode=overwrite&failonwarnings=true";

fn document() -> Value {
    let integration = json!({
        "type": "mock", "passthroughBehavior": "never", "timeoutInMillis": 29000,
        "responses": { "4\\d{2}": { "statusCode": "400" }, "default": { "statusCode": "200" } },
    });
    let operation = json!({
        "security": [{ "door": ["a"] }, { "keys": [] }],
        "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/M1" } } } },
        "responses": { "200": { "description": "", "headers": { "X": {} } }, "400": { "description": "" } },
        "x-amazon-apigateway-request-validator": "body",
        "x-amazon-apigateway-integration": integration,
    });
    let door = json!({
        "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": { "type": "cognito_user_pools", "providerARNs": ["pool"] },
    });
    json!({
        "openapi": "3.0.1",
        "info": { "title": "api", "version": "1.0" },
        "components": {
            "schemas": { "M1": { "type": "object" } },
            "securitySchemes": { "door": door, "keys": { "type": "apiKey", "name": "x-api-key", "in": "header" } },
        },
        "paths": { "/a/{id}": { "x-amazon-apigateway-any-method": operation } },
        "x-amazon-apigateway-api-key-source": "HEADER",
        "x-amazon-apigateway-request-validators": { "body": { "validateRequestBody": true } },
        "x-amazon-apigateway-gateway-responses": { "UNAUTHORIZED": { "statusCode": "401" } },
    })
}

/// An endpoint with an API of one old resource below `/`, which gives new ids by number.
async fn endpoint() -> Cloud {
    let next = std::sync::Arc::new(AtomicUsize::new(1));
    Cloud::new(move |seen: &Seen| match (seen.method.as_str(), seen.target.split('?').next().unwrap()) {
        ("GET", "/restapis/r1/resources") => {
            let root = json!({ "id": "root", "path": "/", "resourceMethods": { "GET": {} } });
            json(200, &json!({ "item": [root, { "id": "old", "path": "/old" }, { "id": "older", "path": "/old/er" }] }))
        }
        ("GET", "/restapis/r1/models") => json(200, &json!({ "item": [{ "name": "Empty" }] })),
        ("GET", "/restapis/r1/gatewayresponses") => {
            let responses = json!([{ "responseType": "THROTTLED" }, { "responseType": "X", "defaultResponse": true }]);
            json(200, &json!({ "item": responses }))
        }
        ("GET", "/restapis/r1") => json(200, &json!({ "id": "r1", "name": "api" })),
        ("GET", _) => json(200, &json!({ "item": [] })),
        ("POST", _) => json(201, &json!({ "id": format!("id{}", next.fetch_add(1, Ordering::Relaxed)) })),
        _ => json(200, &json!({})),
    })
    .await
}

#[tokio::test]
async fn the_parts_of_a_document_take_the_place_of_the_old_ones() {
    let cloud = endpoint().await;
    let answer = cloud.rest("apigateway", "PUT", PATH, &document()).await;
    assert_eq!(answer, json!({ "id": "r1", "name": "api" }));
    let seen = cloud.seen.lock().unwrap().clone();
    let writes = seen.iter().filter(|seen| seen.method != "GET");
    let written: Vec<String> =
        writes.map(|seen| format!("{} {}", seen.method, seen.target.replacen("/restapis/r1", "", 1))).collect();
    let expected = [
        "DELETE /resources/older",
        "DELETE /resources/old",
        "DELETE /resources/root/methods/GET",
        "DELETE /models/Empty",
        "DELETE /gatewayresponses/THROTTLED",
        "PATCH ",
        "POST /models",
        "POST /requestvalidators",
        "POST /authorizers",
        "PUT /gatewayresponses/UNAUTHORIZED",
        "POST /resources/root",
        "POST /resources/id4",
        "PUT /resources/id5/methods/ANY",
        "PUT /resources/id5/methods/ANY/responses/200",
        "PUT /resources/id5/methods/ANY/responses/400",
        "PUT /resources/id5/methods/ANY/integration",
        "PUT /resources/id5/methods/ANY/integration/responses/400",
        "PUT /resources/id5/methods/ANY/integration/responses/200",
    ];
    assert_eq!(written, expected);
    methods_are_as_the_document_says(&seen);
}

fn methods_are_as_the_document_says(seen: &[Seen]) {
    let of = |end: &str| seen.iter().rfind(|seen| seen.target.ends_with(end)).unwrap().json();
    let method = json!({
        "authorizationType": "COGNITO_USER_POOLS", "authorizerId": "id3", "authorizationScopes": ["a"],
        "apiKeyRequired": true, "requestParameters": { "method.request.path.id": true },
        "requestModels": { "application/json": "M1" }, "requestValidatorId": "id2",
    });
    assert_eq!(of("/methods/ANY"), method);
    assert_eq!(of("/ANY/responses/200"), json!({ "responseParameters": { "method.response.header.X": false } }));
    let integration = json!({ "type": "MOCK", "passthroughBehavior": "NEVER", "timeoutInMillis": 29000 });
    assert_eq!(of("/integration"), integration);
    assert_eq!(of("integration/responses/400"), json!({ "statusCode": "400", "selectionPattern": "4\\d{2}" }));
    assert_eq!(of("/authorizers")["identitySource"], "method.request.header.Authorization");
}

#[tokio::test]
async fn what_is_no_document_changes_nothing() {
    let cloud = endpoint().await;
    let refused = cloud.rest("apigateway", "PUT", PATH, &json!({ "openapi": "3.0.1" })).await;
    assert_eq!(refused["message"], "Invalid OpenAPI input.");
    assert!(cloud.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn who_may_not_import_does_not() {
    let cloud = Cloud::new(|_: &Seen| json(403, &json!({ "message": "no" }))).await;
    let request = signed("AKIAOTHER", "apigateway").method("PUT");
    let answer = cloud.send(request, PATH, document().to_string().as_bytes()).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(cloud.seen.lock().unwrap().len(), 1, "the call itself");
}

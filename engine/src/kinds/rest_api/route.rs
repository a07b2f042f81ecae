//! A route: method, method responses, integration, integration responses. Written again whenever it differs in anything, so that
//! create and update are one way and no table of patch paths is needed.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_apigateway::types::{ContentHandlingStrategy, IntegrationType};

use super::document::{Integration, IntegrationResponse, Route, parameters_of, split};
use super::read::Found;
use super::{there_already, write};
use crate::aws::{Cx, nothing_if_absent};
use crate::error::{Error, Result};

/// One method of one resource of one API.
struct Place<'a> {
    api: &'a str,
    resource: &'a str,
    path: &'a str,
    method: &'a str,
}

/// Makes the route as it is to be, if it is not.
pub async fn sync(cx: &Cx, found: &Found, key: &str, desired: &Route) -> Result<()> {
    let live = found.document.routes.get(key);
    if live == Some(desired) {
        return Ok(());
    }
    let (method, path) = split(key);
    let at = Place { api: &found.head.id, resource: Found::id(&found.resources, path)?, path, method };
    if live.is_some() {
        delete(cx, at.api, at.resource, method).await?;
    }
    // A response without its method's, or an integration without its method, is refused: hence the order.
    put_method(cx, &at, found, desired).await?;
    for (status, headers) in &desired.responses {
        let call = cx.aws.apigateway.put_method_response().rest_api_id(at.api).resource_id(at.resource);
        let call = call.http_method(method).status_code(status).set_response_parameters(some(headers));
        write(cx, || async { there_already(call.clone().send().await.map(drop).map_err(Error::from)) }).await?;
    }
    put_integration(cx, &at, &desired.integration).await?;
    for (status, response) in &desired.integration.responses {
        put_integration_response(cx, &at, status, response).await?;
    }
    Ok(())
}

/// Deletes a method with all that hangs on it.
pub async fn delete(cx: &Cx, api: &str, resource: &str, method: &str) -> Result<()> {
    let call = cx.aws.apigateway.delete_method().rest_api_id(api).resource_id(resource).http_method(method);
    write(cx, || async { nothing_if_absent(call.clone().send().await).map(drop) }).await
}

async fn put_method(cx: &Cx, at: &Place<'_>, found: &Found, desired: &Route) -> Result<()> {
    let id = |ids, name: &String| (!name.is_empty()).then(|| Found::id(ids, name).map(str::to_owned)).transpose();
    let call = cx.aws.apigateway.put_method().rest_api_id(at.api).resource_id(at.resource).http_method(at.method);
    let call = call.authorization_type(&desired.authorization).api_key_required(desired.api_key);
    let call = call.set_authorizer_id(id(&found.authorizers, &desired.authorizer)?);
    let call = call.set_request_validator_id(id(&found.validators, &desired.validator)?);
    let scopes = (!desired.scopes.is_empty()).then(|| desired.scopes.iter().cloned().collect());
    let call = call.set_authorization_scopes(scopes);
    let own = parameters_of(at.path).map(|name| (name, true));
    let parameters = desired.parameters.clone().into_iter().chain(own).collect();
    let call = call.set_request_models(some(&desired.models)).set_request_parameters(some(&parameters));
    write(cx, || async { there_already(call.clone().send().await.map(drop).map_err(Error::from)) }).await
}

async fn put_integration(cx: &Cx, at: &Place<'_>, desired: &Integration) -> Result<()> {
    let call = cx.aws.apigateway.put_integration().rest_api_id(at.api).resource_id(at.resource).http_method(at.method);
    let call = call
        .r#type(IntegrationType::from(desired.kind.as_str()))
        .set_integration_http_method(text(&desired.http_method));
    let call = call.set_uri(text(&desired.uri)).set_credentials(text(&desired.credentials));
    let call =
        call.passthrough_behavior(&desired.passthrough).set_content_handling(handling(&desired.content_handling));
    let call = call.timeout_in_millis(i32::try_from(desired.timeout_ms).unwrap_or(i32::MAX));
    let call = call.set_request_parameters(some(&desired.parameters)).set_request_templates(some(&desired.templates));
    write(cx, || async { Ok(call.clone().send().await.map(drop)?) }).await
}

async fn put_integration_response(cx: &Cx, at: &Place<'_>, status: &str, desired: &IntegrationResponse) -> Result<()> {
    let call = cx.aws.apigateway.put_integration_response().rest_api_id(at.api).resource_id(at.resource);
    let call = call.http_method(at.method).status_code(status).set_selection_pattern(text(&desired.pattern));
    let call = call.set_content_handling(handling(&desired.content_handling));
    let call = call.set_response_parameters(some(&desired.parameters)).set_response_templates(some(&desired.templates));
    write(cx, || async { Ok(call.clone().send().await.map(drop)?) }).await
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn handling(text: &str) -> Option<ContentHandlingStrategy> {
    (!text.is_empty()).then(|| ContentHandlingStrategy::from(text))
}

/// Empty is sent as absent.
fn some<V: Clone>(map: &BTreeMap<String, V>) -> Option<HashMap<String, V>> {
    (!map.is_empty()).then(|| map.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
}

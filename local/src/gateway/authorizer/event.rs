//! The event that a `REQUEST` authorizer gets, payload version 1.

use serde_json::{Value, json};

use super::super::definition::ApiAddress;
use super::super::exchange::Exchange;
use super::super::params::{multi, single};

/// The event for a request.
pub fn of(address: &ApiAddress, exchange: &Exchange) -> Value {
    let params = &exchange.params;
    json!({
        "type": "REQUEST",
        "methodArn": exchange.method_arn(address),
        "resource": exchange.context["resourcePath"],
        "path": exchange.resource_path,
        "httpMethod": exchange.method,
        "headers": single(&params.header),
        "multiValueHeaders": multi(&params.header),
        "queryStringParameters": single(&params.querystring),
        "multiValueQueryStringParameters": multi(&params.querystring),
        "pathParameters": single(&params.path),
        "stageVariables": *exchange.stage_variables,
        "requestContext": exchange.request_context(),
    })
}

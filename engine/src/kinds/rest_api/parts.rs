//! The calls that read the parts of an API: seven, at once.

use aws_sdk_apigateway::types::{
    Authorizer, Deployment, GatewayResponse, Model, RequestValidator, Resource as AwsResource, Stage,
};

use crate::aws::Cx;
use crate::error::Result;

/// The most that one page holds; the default is 25.
const PAGE: i32 = 500;

/// All parts of an API as AWS gives them.
#[derive(Default)]
pub struct Parts {
    pub resources: Vec<AwsResource>,
    pub stages: Vec<Stage>,
    pub authorizers: Vec<Authorizer>,
    pub models: Vec<Model>,
    pub validators: Vec<RequestValidator>,
    pub gateway_responses: Vec<GatewayResponse>,
    pub deployments: Vec<Deployment>,
}

/// Reads all parts of the API of this id, concurrently.
///
/// # Errors
/// The first call's that fails; not found where the API is gone.
pub async fn fetch(cx: &Cx, api: &str) -> Result<Parts> {
    let (resources, stages, authorizers, models, validators, gateway_responses, deployments) = tokio::try_join!(
        resources(cx, api),
        stages(cx, api),
        authorizers(cx, api),
        models(cx, api),
        validators(cx, api),
        gateway_responses(cx, api),
        deployments(cx, api),
    )?;
    Ok(Parts { resources, stages, authorizers, models, validators, gateway_responses, deployments })
}

/// The whole tree: GetResources takes 5 calls in 2 s (`docs/aws.md#api-gateway-quotas`), and with its methods one is enough.
async fn resources(cx: &Cx, api: &str) -> Result<Vec<AwsResource>> {
    let request = cx.aws.apigateway.get_resources().rest_api_id(api).embed("methods").limit(PAGE);
    Ok(request.into_paginator().items().send().collect::<Result<_, _>>().await?)
}

async fn models(cx: &Cx, api: &str) -> Result<Vec<Model>> {
    let request = cx.aws.apigateway.get_models().rest_api_id(api).limit(PAGE);
    Ok(request.into_paginator().items().send().collect::<Result<_, _>>().await?)
}

async fn deployments(cx: &Cx, api: &str) -> Result<Vec<Deployment>> {
    let request = cx.aws.apigateway.get_deployments().rest_api_id(api).limit(PAGE);
    Ok(request.into_paginator().items().send().collect::<Result<_, _>>().await?)
}

/// An API has at most 10 stages, in one page.
async fn stages(cx: &Cx, api: &str) -> Result<Vec<Stage>> {
    Ok(cx.aws.apigateway.get_stages().rest_api_id(api).send().await?.item.unwrap_or_default())
}

/// An API has at most 10 authorizers.
async fn authorizers(cx: &Cx, api: &str) -> Result<Vec<Authorizer>> {
    Ok(cx.aws.apigateway.get_authorizers().rest_api_id(api).limit(PAGE).send().await?.items.unwrap_or_default())
}

async fn validators(cx: &Cx, api: &str) -> Result<Vec<RequestValidator>> {
    Ok(cx.aws.apigateway.get_request_validators().rest_api_id(api).limit(PAGE).send().await?.items.unwrap_or_default())
}

/// There are 21 types.
async fn gateway_responses(cx: &Cx, api: &str) -> Result<Vec<GatewayResponse>> {
    Ok(cx.aws.apigateway.get_gateway_responses().rest_api_id(api).limit(PAGE).send().await?.items.unwrap_or_default())
}

//! Reads a REST API and its stage as they are at the endpoint, as the deployer.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::error::DisplayErrorContext;
use aws_sdk_apigateway::types as aws;

use super::access_log::group_of;
use super::definition::{
    AccessLog, ApiAddress, Authorizer, BinaryTypes, Definition, GatewayResponse, Integration, IntegrationResponse,
    Method, Plan, Resource, Stage, Texts, Throttle, Validator,
};
use super::plans;
use crate::error::{Error, Result};
use crate::roles::Roles;

/// The most that a page of API Gateway's lists has.
pub const PAGE: i32 = 500;

/// Reads one API and stage.
pub struct Reader {
    client: Client,
    roles: Roles,
    api: String,
    stage: String,
}

pub fn failed<E: std::error::Error + Send + Sync + 'static>(what: &str, error: &E) -> Error {
    Error::new(format!("read {what} of the REST API: {}", DisplayErrorContext(error)))
}

impl Reader {
    pub fn new(roles: &Roles, api: &str, stage: &str) -> Self {
        let (client, roles) = (Client::new(roles.root()), roles.clone());
        Self { client, roles, api: api.to_owned(), stage: stage.to_owned() }
    }

    /// Which API it is.
    ///
    /// # Errors
    /// The endpoint does not say which account it is, or no region is set.
    pub async fn address(&self) -> Result<ApiAddress> {
        let root = self.roles.root();
        let region = root.region().ok_or_else(|| Error::new("read the REST API: no region is set"))?.to_string();
        let identity = aws_sdk_sts::Client::new(root).get_caller_identity().send().await;
        let identity = identity.map_err(|error| failed("the account", &error))?;
        let partition = match region.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let account = identity.account().unwrap_or_default().to_owned();
        let (partition, api, stage) = (partition.to_owned(), self.api.clone(), self.stage.clone());
        Ok(ApiAddress { partition, region, account, api, stage })
    }

    /// The stage with its settings.
    ///
    /// # Errors
    /// It is not there, or it has no deployment.
    pub async fn stage(&self) -> Result<Stage> {
        let call = self.client.get_stage().rest_api_id(&self.api).stage_name(&self.stage);
        let stage = call.send().await.map_err(|error| failed(&format!("the stage `{}`", self.stage), &error))?;
        let group =
            stage.access_log_settings().and_then(|log| Some((group_of(log.destination_arn()?)?, log.format()?)));
        let access_log = match group {
            Some((group, format)) => self.logging_role().await?.map(|role| AccessLog {
                group: group.to_owned(),
                format: format.to_owned(),
                role,
            }),
            None => None,
        };
        let settings = stage.method_settings.unwrap_or_default();
        let throttles = settings.into_iter().filter_map(|(key, setting)| Some((key, throttle(&setting)?)));
        Ok(Stage {
            deployment: stage.deployment_id.unwrap_or_default(),
            variables: stage.variables.unwrap_or_default().into_iter().collect(),
            throttles: throttles.collect(),
            access_log,
        })
    }

    /// The role under which API Gateway writes logs; none where the account has none, and then nothing is written.
    async fn logging_role(&self) -> Result<Option<String>> {
        let account = self.client.get_account().send().await.map_err(|error| failed("the account", &error))?;
        Ok(account.cloudwatch_role_arn.filter(|role| !role.is_empty()))
    }

    /// The usage plans that open the stage, with their keys.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn plans(&self) -> Result<Vec<Plan>> {
        plans::plans(&self.client, &self.api, &self.stage).await
    }

    /// All that a deployment is a snapshot of.
    ///
    /// # Errors
    /// A part cannot be read.
    pub async fn definition(&self, deployment: &str) -> Result<Definition> {
        let api = self.client.get_rest_api().rest_api_id(&self.api).send().await;
        let api = api.map_err(|error| failed("the settings", &error))?;
        Ok(Definition {
            deployment: deployment.to_owned(),
            resources: self.resources().await?,
            authorizers: self.authorizers().await?,
            models: self.models().await?,
            validators: self.validators().await?.into_iter().collect(),
            gateway_responses: self.gateway_responses().await?.into_iter().collect(),
            key_of_authorizer: api.api_key_source == Some(aws::ApiKeySourceType::Authorizer),
            policy: api.policy.unwrap_or_default(),
            binary_types: BinaryTypes(api.binary_media_types.unwrap_or_default()),
        })
    }

    async fn resources(&self) -> Result<Vec<Resource>> {
        let call = self.client.get_resources().rest_api_id(&self.api).embed("methods");
        let items = call.limit(PAGE).into_paginator().items().send().collect::<std::result::Result<Vec<_>, _>>().await;
        Ok(items.map_err(|error| failed("the resources", &error))?.into_iter().map(resource).collect())
    }

    async fn authorizers(&self) -> Result<Vec<Authorizer>> {
        // AWS keeps at most 10 for an API.
        let answer = self.client.get_authorizers().rest_api_id(&self.api).limit(PAGE).send().await;
        let items = answer.map_err(|error| failed("the authorizers", &error))?.items.unwrap_or_default();
        Ok(items.into_iter().map(authorizer).collect())
    }

    async fn models(&self) -> Result<Texts> {
        let call = self.client.get_models().rest_api_id(&self.api).limit(PAGE);
        let items = call.into_paginator().items().send().collect::<std::result::Result<Vec<_>, _>>().await;
        let items = items.map_err(|error| failed("the models", &error))?;
        Ok(items.into_iter().filter_map(|model| Some((model.name?, model.schema?))).collect())
    }

    async fn validators(&self) -> Result<Vec<(String, Validator)>> {
        let answer = self.client.get_request_validators().rest_api_id(&self.api).limit(PAGE).send().await;
        let items = answer.map_err(|error| failed("the validators", &error))?.items.unwrap_or_default();
        let validator = |one: aws::RequestValidator| {
            let checks = Validator { body: one.validate_request_body, parameters: one.validate_request_parameters };
            Some((one.id?, checks))
        };
        Ok(items.into_iter().filter_map(validator).collect())
    }

    async fn gateway_responses(&self) -> Result<Vec<(String, GatewayResponse)>> {
        // There are 21 types.
        let answer = self.client.get_gateway_responses().rest_api_id(&self.api).limit(PAGE).send().await;
        let items = answer.map_err(|error| failed("the gateway responses", &error))?.items.unwrap_or_default();
        let own = items.into_iter().filter(|response| !response.default_response);
        let own = own.filter_map(|response| {
            let kind = response.response_type?.as_str().to_owned();
            let own = GatewayResponse {
                status: response.status_code.and_then(|status| status.parse().ok()),
                parameters: texts(response.response_parameters),
                templates: texts(response.response_templates),
            };
            Some((kind, own))
        });
        Ok(own.collect())
    }
}

fn texts(map: Option<std::collections::HashMap<String, String>>) -> Texts {
    map.unwrap_or_default().into_iter().collect()
}

/// None where the setting is about something else: AWS then gives what it does not limit as -1.
fn throttle(setting: &aws::MethodSetting) -> Option<Throttle> {
    let burst = u32::try_from(setting.throttling_burst_limit).ok()?;
    let rate_per_second = setting.throttling_rate_limit;
    (rate_per_second >= 0.0).then_some(Throttle { rate_per_second, burst })
}

fn authorizer(one: aws::Authorizer) -> Authorizer {
    Authorizer {
        id: one.id.unwrap_or_default(),
        name: one.name.unwrap_or_default(),
        kind: one.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        pools: one.provider_arns.unwrap_or_default(),
        uri: one.authorizer_uri.unwrap_or_default(),
        credentials: one.authorizer_credentials.unwrap_or_default(),
        identity_source: one.identity_source.unwrap_or_default(),
        // AWS's default where nothing was set.
        cache_seconds: u64::try_from(one.authorizer_result_ttl_in_seconds.unwrap_or(300)).unwrap_or_default(),
    }
}

fn resource(one: aws::Resource) -> Resource {
    let methods = one.resource_methods.unwrap_or_default();
    Resource {
        id: one.id.unwrap_or_default(),
        path: one.path.unwrap_or_default(),
        methods: methods.into_iter().map(|(name, one)| (name, method(one))).collect(),
    }
}

fn method(one: aws::Method) -> Method {
    Method {
        authorization: one.authorization_type.unwrap_or_default(),
        authorizer: one.authorizer_id.unwrap_or_default(),
        scopes: one.authorization_scopes.unwrap_or_default(),
        api_key: one.api_key_required.unwrap_or_default(),
        validator: one.request_validator_id.unwrap_or_default(),
        models: texts(one.request_models),
        parameters: one.request_parameters.unwrap_or_default().into_iter().collect(),
        integration: one.method_integration.map(integration),
    }
}

fn integration(one: aws::Integration) -> Integration {
    let responses = one.integration_responses.unwrap_or_default();
    Integration {
        kind: one.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        http_method: one.http_method.unwrap_or_default(),
        uri: one.uri.unwrap_or_default(),
        credentials: one.credentials.unwrap_or_default(),
        passthrough: one.passthrough_behavior.unwrap_or_default(),
        // 29 seconds where an endpoint leaves it out.
        timeout_ms: u64::try_from(one.timeout_in_millis).ok().filter(|timeout| *timeout > 0).unwrap_or(29_000),
        parameters: texts(one.request_parameters),
        templates: texts(one.request_templates),
        responses: responses.into_iter().map(|(status, one)| (status, integration_response(one))).collect(),
    }
}

fn integration_response(one: aws::IntegrationResponse) -> IntegrationResponse {
    IntegrationResponse {
        pattern: one.selection_pattern.unwrap_or_default(),
        parameters: texts(one.response_parameters),
        templates: texts(one.response_templates),
    }
}

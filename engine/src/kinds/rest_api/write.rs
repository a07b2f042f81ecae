//! Writes of all but routes and deployments, one after another.

use std::collections::BTreeSet;

use aws_sdk_apigateway::types::{
    ApiKeySourceType, AuthorizerType, EndpointAccessMode, EndpointConfiguration, EndpointType, GatewayResponseType, Op,
    PatchOperation, RestApi as AwsRestApi, SecurityPolicy,
};

use super::document::{Authorizer, GatewayResponse, RestApi, Texts, Validator, split};
use super::parts::Parts;
use super::read::{Found, Head};
use super::tls::{available, is_enhanced};
use super::{once, replace, slowly, there_already, write};
use crate::aws::policy::Policy;
use crate::aws::{Cx, TagCall, TagDiff, nothing_if_absent};
use crate::error::{Error, Result};
use crate::owner;
use crate::resource::{Name, Tags};

/// Makes the API, empty but with all its tags. The answer holds the id of the root resource, so nothing need be read.
pub async fn create(cx: &Cx, desired: &RestApi, name: &Name) -> Result<Found> {
    let endpoints = Some(desired.vpc_endpoints.iter().cloned().collect()).filter(|all: &Vec<String>| !all.is_empty());
    let endpoint = EndpointConfiguration::builder().types(EndpointType::from(desired.endpoint_type.as_str()));
    let call = cx.aws.apigateway.create_rest_api().name(name.as_str());
    let call = call.endpoint_configuration(endpoint.set_vpc_endpoint_ids(endpoints).build());
    let call = call.security_policy(SecurityPolicy::from(desired.security_policy.as_str()));
    let call =
        call.set_endpoint_access_mode(is_enhanced(&desired.security_policy).then_some(EndpointAccessMode::Basic));
    let source = (!desired.api_key_source.is_empty()).then(|| ApiKeySourceType::from(desired.api_key_source.as_str()));
    let call = call.set_api_key_source(source);
    let binary = (!desired.binary_types.is_empty()).then(|| desired.binary_types.iter().cloned().collect());
    let call = call.set_binary_media_types(binary);
    let call = call.set_tags((!cx.tags.is_empty()).then(|| cx.tags.clone().into_iter().collect()));
    let send = || async { Ok(call.clone().customize().config_override(once()).send().await?) };
    let made = slowly(cx, "API Gateway's turn to make a REST API: it takes one every 3 s", 3, send).await?;
    let api = AwsRestApi::builder().set_id(made.id).set_name(made.name).set_tags(made.tags);
    let api = api.set_endpoint_configuration(made.endpoint_configuration).set_security_policy(made.security_policy);
    let api = api.set_api_key_source(made.api_key_source).set_binary_media_types(made.binary_media_types);
    let api = api.set_policy(made.policy);
    let root = aws_sdk_apigateway::types::Resource::builder().set_id(made.root_resource_id).path("/").build();
    Ok(Found::of(Head::of(&cx.aws.place, api.build()), Parts { resources: vec![root], ..Parts::default() }))
}

/// Tags, name, resource policy and endpoint type of the API itself; the tags first, because a deployer may only be allowed to change what has
/// them.
pub async fn head(cx: &Cx, desired: &RestApi, name: &Name, found: &Found) -> Result<()> {
    let head = &found.head;
    sync_tags(cx, &cx.aws.place.apigateway_arn(&format!("/restapis/{}", head.id)), &head.tags).await?;
    let mut patches = Vec::new();
    if head.name != name.as_str() {
        patches.push(replace("/name", name));
    }
    if head.api_key_source != desired.api_key_source {
        let source = if desired.api_key_source.is_empty() { "HEADER" } else { &desired.api_key_source };
        patches.push(replace("/apiKeySource", source));
    }
    patches.extend(binary_patches(&desired.binary_types, &head.binary_types));
    if head.policy != desired.policy {
        // Of a new API too: without a stage nobody can call it before, and the right to set it hangs on its tags.
        patches.push(replace("/policy", desired.policy.as_ref().map(Policy::text).unwrap_or_default()));
    }
    patches.extend(endpoint_patches(desired, head));
    if !patches.is_empty() {
        let call = cx.aws.apigateway.update_rest_api().rest_api_id(&head.id).set_patch_operations(Some(patches));
        write(cx, || async { Ok(call.clone().send().await.map(drop)?) }).await?;
    }
    if head.endpoint_type != desired.endpoint_type {
        available(cx, &head.id, "API Gateway to take over the endpoint type", "endpoint type").await?;
    }
    Ok(())
}

/// Only a private API has endpoints, and AWS looks at that after each patch ("VPCEndpoints can only be specified with PRIVATE apis."): they go
/// before the type, and come after it.
fn endpoint_patches(desired: &RestApi, live: &Head) -> Vec<PatchOperation> {
    let patch = |op: Op, id: &String| {
        PatchOperation::builder().op(op).path("/endpointConfiguration/vpcEndpointIds").value(id).build()
    };
    let gone = live.vpc_endpoints.difference(&desired.vpc_endpoints).map(|id| patch(Op::Remove, id));
    let new = desired.vpc_endpoints.difference(&live.vpc_endpoints).map(|id| patch(Op::Add, id));
    let path = format!("/endpointConfiguration/types/{}", live.endpoint_type);
    let kind = (live.endpoint_type != desired.endpoint_type).then(|| replace(&path, &desired.endpoint_type));
    gone.chain(kind).chain(new).collect()
}

/// In a patch's path, `/` is `~1`, and `~` is `~0` (<https://www.rfc-editor.org/rfc/rfc6901#section-3>).
fn binary_patches(desired: &BTreeSet<String>, live: &BTreeSet<String>) -> Vec<PatchOperation> {
    let patch = |op: Op, media: &String| {
        let name = media.replace('~', "~0").replace('/', "~1");
        PatchOperation::builder().op(op).path(format!("/binaryMediaTypes/{name}")).build()
    };
    let gone = live.difference(desired).map(|media| patch(Op::Remove, media));
    gone.chain(desired.difference(live).map(|media| patch(Op::Add, media))).collect()
}

/// Sets and removes tags. They say whose resource it is, and the right to set them depends on that.
pub async fn sync_tags(cx: &Cx, arn: &str, live: &Tags) -> Result<()> {
    for call in TagDiff::of(&cx.tags, live).calls() {
        match call {
            TagCall::Set(mut tags) => {
                tags.extend(cx.tags.get_key_value(owner::PIPELINE).map(|(key, value)| (key.clone(), value.clone())));
                let tags = Some(tags.into_iter().collect());
                let call = cx.aws.apigateway.tag_resource().resource_arn(arn).set_tags(tags);
                write(cx, || async { Ok(call.clone().send().await.map(drop)?) }).await?;
            }
            TagCall::Remove(keys) => {
                let call = cx.aws.apigateway.untag_resource().resource_arn(arn).set_tag_keys(Some(keys));
                write(cx, || async { Ok(call.clone().send().await.map(drop)?) }).await?;
            }
        }
    }
    Ok(())
}

/// What routes refer to: made or changed before them.
pub async fn parts(cx: &Cx, desired: &RestApi, found: &mut Found) -> Result<()> {
    let (api, live) = (found.head.id.clone(), found.document.clone());
    for (name, schema) in desired.models.iter().filter(|(name, schema)| live.models.get(*name) != Some(schema)) {
        if live.models.contains_key(name) {
            // The name holds the schema's hash, so only another hand can have changed it.
            let call = cx.aws.apigateway.update_model().rest_api_id(&api).model_name(name);
            let call = call.patch_operations(replace("/schema", schema.to_string()));
            write(cx, || async { Ok(call.clone().send().await.map(drop)?) }).await?;
            continue;
        }
        let call = cx.aws.apigateway.create_model().rest_api_id(&api).name(name).content_type("application/json");
        let call = call.schema(schema.to_string());
        write(cx, || async { there_already(call.clone().send().await.map(drop).map_err(Error::from)) }).await?;
    }
    for (name, desired) in &desired.validators {
        validator(cx, &api, (name, desired), live.validators.get(name), &mut found.validators).await?;
    }
    for (name, desired) in &desired.authorizers {
        authorizer(cx, &api, (name, desired), live.authorizers.get(name), &mut found.authorizers).await?;
    }
    for (kind, desired) in
        desired.gateway_responses.iter().filter(|(kind, one)| live.gateway_responses.get(*kind) != Some(one))
    {
        gateway_response(cx, &api, kind, desired).await?;
    }
    Ok(())
}

async fn validator(
    cx: &Cx,
    api: &str,
    (name, desired): (&String, &Validator),
    live: Option<&Validator>,
    ids: &mut Texts,
) -> Result<()> {
    if live == Some(desired) {
        return Ok(());
    }
    if live.is_some() {
        let patches = vec![
            replace("/validateRequestBody", desired.body),
            replace("/validateRequestParameters", desired.parameters),
        ];
        let call = cx.aws.apigateway.update_request_validator().rest_api_id(api);
        let call = call.request_validator_id(Found::id(ids, name)?).set_patch_operations(Some(patches));
        return write(cx, || async { Ok(call.clone().send().await.map(drop)?) }).await;
    }
    let call = cx.aws.apigateway.create_request_validator().rest_api_id(api).name(name);
    let call = call.validate_request_body(desired.body).validate_request_parameters(desired.parameters);
    let made = write(cx, || async { Ok(call.clone().customize().config_override(once()).send().await?) }).await?;
    ids.insert(name.clone(), made.id.unwrap_or_default());
    Ok(())
}

async fn authorizer(
    cx: &Cx,
    api: &str,
    (name, desired): (&String, &Authorizer),
    live: Option<&Authorizer>,
    ids: &mut Texts,
) -> Result<()> {
    if let Some(live) = live {
        let patches = authorizer_patches(desired, live);
        if patches.is_empty() {
            return Ok(());
        }
        let call = cx.aws.apigateway.update_authorizer().rest_api_id(api).authorizer_id(Found::id(ids, name)?);
        let call = call.set_patch_operations(Some(patches));
        return write(cx, || async { Ok(call.clone().send().await.map(drop)?) }).await;
    }
    let ttl = i32::try_from(desired.cache_seconds).unwrap_or(i32::MAX);
    let call = cx.aws.apigateway.create_authorizer().rest_api_id(api).name(name);
    let call = call.r#type(AuthorizerType::from(desired.kind.as_str()));
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let call = call.set_authorizer_uri(some(&desired.uri)).set_authorizer_credentials(some(&desired.credentials));
    let pools = (!desired.pools.is_empty()).then(|| desired.pools.iter().cloned().collect());
    let call = call.set_provider_arns(pools);
    let call = call.set_identity_source(some(&desired.identity_source)).authorizer_result_ttl_in_seconds(ttl);
    let made = write(cx, || async { Ok(call.clone().customize().config_override(once()).send().await?) }).await?;
    ids.insert(name.clone(), made.id.unwrap_or_default());
    Ok(())
}

/// The patches that make the one authorizer the other.
pub fn authorizer_patches(desired: &Authorizer, live: &Authorizer) -> Vec<PatchOperation> {
    let texts = [
        ("/type", &desired.kind, &live.kind),
        ("/authorizerUri", &desired.uri, &live.uri),
        ("/authorizerCredentials", &desired.credentials, &live.credentials),
        ("/identitySource", &desired.identity_source, &live.identity_source),
    ];
    let changed = texts.into_iter().filter(|(_, desired, live)| desired != live);
    let ttl = (desired.cache_seconds != live.cache_seconds)
        .then(|| replace("/authorizerResultTtlInSeconds", desired.cache_seconds));
    let pool = |op: Op, arn: &String| PatchOperation::builder().op(op).path("/providerARNs").value(arn).build();
    // One more before one less: a Cognito authorizer has at least one.
    let more = desired.pools.difference(&live.pools).map(|arn| pool(Op::Add, arn));
    let less = live.pools.difference(&desired.pools).map(|arn| pool(Op::Remove, arn));
    changed.map(|(path, desired, _)| replace(path, desired)).chain(more).chain(less).chain(ttl).collect()
}

async fn gateway_response(cx: &Cx, api: &str, kind: &str, desired: &GatewayResponse) -> Result<()> {
    let call = cx.aws.apigateway.put_gateway_response().rest_api_id(api).response_type(GatewayResponseType::from(kind));
    let call = call.set_status_code((!desired.status.is_empty()).then(|| desired.status.clone()));
    let call = call.set_response_parameters(Some(desired.parameters.clone().into_iter().collect()));
    let call = call.set_response_templates(Some(desired.templates.clone().into_iter().collect()));
    write(cx, || async { Ok(call.clone().send().await.map(drop)?) }).await
}

/// Takes away methods and resources that no route has, then makes those that are missing. In this order, because two
/// path parameters cannot be siblings; the stage serves its snapshot meanwhile.
pub async fn tree(cx: &Cx, desired: &RestApi, found: &mut Found) -> Result<()> {
    let api = found.head.id.clone();
    for route in found.document.routes.keys().filter(|route| !desired.routes.contains_key(*route)) {
        let (method, path) = split(route);
        // The methods of a resource go with it.
        if path == "/" || desired.paths.contains(path) {
            super::route::delete(cx, &api, Found::id(&found.resources, path)?, method).await?;
        }
    }
    for path in found.document.paths.iter().rev().filter(|path| !desired.paths.contains(*path)) {
        let call =
            cx.aws.apigateway.delete_resource().rest_api_id(&api).resource_id(Found::id(&found.resources, path)?);
        write(cx, || async { nothing_if_absent(call.clone().send().await) }).await?;
        found.resources.remove(path);
    }
    for path in desired.paths.iter().filter(|path| !found.document.paths.contains(*path)) {
        let (parent, part) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = if parent.is_empty() { "/" } else { parent };
        let call = cx.aws.apigateway.create_resource().rest_api_id(&api).path_part(part);
        let call = call.parent_id(Found::id(&found.resources, parent)?);
        let made = write(cx, || async { Ok(call.clone().customize().config_override(once()).send().await?) }).await?;
        found.resources.insert(path.clone(), made.id.unwrap_or_default());
    }
    Ok(())
}

/// Removes the parts that no route refers to.
pub async fn prune(cx: &Cx, desired: &RestApi, found: &Found) -> Result<()> {
    let (client, api, live) = (&cx.aws.apigateway, &found.head.id, &found.document);
    for name in live.models.keys().filter(|name| !desired.models.contains_key(*name)) {
        let call = client.delete_model().rest_api_id(api).model_name(name);
        write(cx, || async { nothing_if_absent(call.clone().send().await) }).await?;
    }
    for (_, id) in found.authorizers.iter().filter(|(name, _)| !desired.authorizers.contains_key(*name)) {
        let call = client.delete_authorizer().rest_api_id(api).authorizer_id(id);
        write(cx, || async { nothing_if_absent(call.clone().send().await) }).await?;
    }
    for (_, id) in found.validators.iter().filter(|(name, _)| !desired.validators.contains_key(*name)) {
        let call = client.delete_request_validator().rest_api_id(api).request_validator_id(id);
        write(cx, || async { nothing_if_absent(call.clone().send().await) }).await?;
    }
    for kind in live.gateway_responses.keys().filter(|kind| !desired.gateway_responses.contains_key(*kind)) {
        let call = client.delete_gateway_response().rest_api_id(api);
        let call = call.response_type(GatewayResponseType::from(kind.as_str()));
        write(cx, || async { nothing_if_absent(call.clone().send().await) }).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

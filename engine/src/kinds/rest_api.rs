//! `apigateway:RestApi`: routes, authorizers, models, validators, gateway responses and stage of one REST API, as one document.
//!
//! Names are not unique and ids are random, so an API is found by its name among all (600 regional ones at most), and tags say
//! whose it is. Nothing is immutable, but a private API never becomes an edge-optimized one. Parts are written one after another, because AWS refuses concurrent writes to one API; many
//! are imported by one call (`import.rs`). Only the API's name, endpoint, resource and security policy, its stages, authorizers and
//! validators are patched; a route that differs in anything is written again, while the stage serves its snapshot. The document's
//! hash is in the description of its deployment: a half-done update, a deployment by hand and a rollback all show as a
//! difference. All stages of an owned API are the pipeline's. Limits: 300 resources, 10 authorizers, 10 stages; 10 calls a second, burst 40; creating
//! one per 3 s, deleting one per 30 s, deploying one per 5 s (`docs/aws.md#api-gateway-quotas`).
//!
//! IAM: apigateway:GET, POST, PUT, PATCH, DELETE, UpdateRestApiPolicy on /restapis and what is below; PUT and DELETE on the tags of these; with
//! a web ACL apigateway:SetWebACL, wafv2:AssociateWebACL and DisassociateWebACL; iam:CreateServiceLinkedRole for API Gateway's own role; PassRole
//! is the role's.

pub mod cors;
mod deploy;
mod document;
mod import;
pub mod means;
mod openapi;
mod parts;
pub mod policy;
mod read;
mod route;
#[cfg(test)]
mod tests;
mod tls;
mod web_acl;
mod widens;
mod write;

use aws_sdk_apigateway::config::Builder;
use aws_sdk_apigateway::config::retry::RetryConfig;
use aws_sdk_apigateway::types::{Op, PatchOperation};

pub use document::{
    AccessLog, Authorizer, GatewayResponse, Integration, IntegrationResponse, LEGACY_TLS, PRIVATE, RestApi, Route,
    Stage, Texts, Throttle, Validator, model_name,
};
use read::{Found, Head};
pub(super) use tls::policy_patches;
pub use web_acl::WebAcl;
pub(super) use write::sync_tags;

use crate::aws::{Cx, Place, TagDiff, in_turn, nothing_if_absent, patiently};
use crate::error::Result;
use crate::owner;
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Tags, Ties};

const WAIT: &str = "API Gateway to take the next change of the REST API";

impl Resource for RestApi {
    const KIND: &'static str = "apigateway:RestApi";
    const INTERNAL: &'static [&'static str] = &["deployed", "gateway_responses", "models", "paths", "validators"];
    const RENAMES: bool = true;
    const STAMPED: bool = false;

    fn sealed(self) -> Result<Self> {
        Self::sealed(self)
    }

    fn moves(&self, live: &Self) -> Vec<&'static str> {
        // The endpoint ends in the stage's name, and a private one begins with the ids of the API and of the VPC's endpoint.
        let private = |api: &Self| (api.is_private(), api.vpc_endpoints.first().cloned());
        let moves = !self.stages.keys().eq(live.stages.keys()) || private(self) != private(live);
        moves.then_some("endpoint").into_iter().collect()
    }

    fn advice(of: &Changed<'_, Self>) -> Advice {
        means::advice(of)
    }

    fn grants(scope: &Scope, _name: &Name) -> Vec<Grant> {
        // To make one, and to set the tags of one; a policy is shorter where both are one statement.
        const MAKE: &[&str] = &["apigateway:POST", "apigateway:PUT"];
        const WRITE: &[&str] = &[
            "apigateway:DELETE",
            "apigateway:PATCH",
            "apigateway:POST",
            "apigateway:PUT",
            "apigateway:UpdateRestApiPolicy",
        ];
        // AWS gives an API its id only when it is made, so no ARN can name this one: its tag does, which all below it inherit
        // (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html).
        let asked = format!("aws:RequestTag/{}", owner::PIPELINE);
        let has = format!("aws:ResourceTag/{}", owner::PIPELINE);
        let on = |resource: &str, actions| Grant::new(actions, scope.place.apigateway_arn(resource));
        // Tags are a resource of their own, `/tags/<the API's ARN, encoded>`. Whether that one has the API's tags to IAM is not
        // published; one without them can be adopted.
        let tags = "/tags/*restapis*";
        let own_role = "role/aws-service-role/ops.apigateway.amazonaws.com/*";
        vec![
            on("/restapis*", &["apigateway:GET"]),
            on("/restapis", MAKE).when(&asked, scope.pipeline).unless_other(&has, scope.pipeline),
            on(tags, MAKE).when(&asked, scope.pipeline).unless_other(&has, scope.pipeline),
            on(tags, &["apigateway:DELETE"]).unless_other(&has, scope.pipeline),
            on("/restapis/*", WRITE).when(&has, scope.pipeline),
            Grant::new(&["iam:CreateServiceLinkedRole"], scope.place.global_arn("iam", own_role)),
        ]
    }

    fn more_grants(&self, scope: &Scope, _name: &Name) -> Vec<Grant> {
        web_acl::grants(self, scope)
    }

    fn keeping(&self, live: &Self) -> Option<Self> {
        web_acl::keeping(self, live)
    }

    fn records(&self) -> Tags {
        web_acl::records(self)
    }

    fn ties(&self) -> Ties {
        let calls = self.routes.values().map(|route| &route.integration.credentials);
        let guards = self.authorizers.values().map(|authorizer| &authorizer.credentials);
        // A mock calls nothing.
        let roles = calls.chain(guards).filter(|role| !role.is_empty());
        let logs = self.stages.values().filter_map(|stage| stage.access_log.as_ref());
        let pools = self.authorizers.values().flat_map(|authorizer| authorizer.pools.iter().cloned());
        let holds = logs.map(|log| log.group_arn.clone()).chain(pools).collect();
        Ties { acts_as: roles.cloned().collect(), holds, ..Ties::default() }
    }

    async fn tagged(cx: &Cx) -> Result<Vec<Name>> {
        let ours = |head: &Head| head.tags.get(owner::PIPELINE) == Some(&cx.pipeline);
        Ok(read::heads(cx).await?.into_iter().filter(ours).map(|head| Name::new(head.name)).collect())
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let mut lives = Vec::new();
        // More than one only after a crash, or if someone else made it.
        for head in read::heads(cx).await?.into_iter().filter(|head| head.name == name.as_str()) {
            lives.extend(Found::fetch(cx, head).await?.map(|found| live(&cx.aws.place, found)));
        }
        Ok(lives)
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        // ensure
        let found = match live {
            Some(live) if self.is(cx, name, live) => {
                return Ok(Made { outputs: live.outputs.clone(), identity: live.identity.clone() });
            }
            Some(live) => fetch_again(cx, live).await?,
            None => write::create(cx, self, name).await?,
        };
        // sync
        let both = web_acl::remembering(cx, self, &found.document);
        write::head(&both, self, name, &found).await?;
        let mut found = import::sync(cx, self, name, found, live.is_none()).await?;
        write::parts(cx, self, &mut found).await?;
        write::tree(cx, self, &mut found).await?;
        for (key, route) in &self.routes {
            route::sync(cx, &found, key, route).await?;
        }
        write::prune(cx, self, &found).await?;
        tls::security_policy(cx, self, &found).await?;
        deploy::sync(cx, self, &found).await?;
        sync_tags(cx, &cx.aws.place.apigateway_arn(&format!("/restapis/{}", found.head.id)), &both.tags).await?;
        let outputs = outputs(&cx.aws.place, &found.head.id, name.as_str(), self);
        Ok(Made { outputs, identity: found.head.id })
    }

    async fn delete(cx: &Cx, _name: &Name, handle: &Handle) -> Result<()> {
        let call = cx.aws.apigateway.delete_rest_api().rest_api_id(handle.as_str());
        let delete = || async { nothing_if_absent(call.clone().send().await).map(drop) };
        // Its stages, deployments and all other parts go with it.
        slowly(cx, "API Gateway's turn to delete a REST API: it takes one every 30 s", 30, delete).await
    }
}

impl RestApi {
    /// Whether nothing is to be written.
    fn is(&self, cx: &Cx, name: &Name, live: &Live<Self>) -> bool {
        let named = live.outputs.get("name").is_some_and(|live| live == name.as_str());
        named && live.props == *self && TagDiff::of(&cx.tags, &live.tags) == TagDiff::default()
    }
}

/// Reads the ids of the parts, and the parts once more: what is written is what differs now.
async fn fetch_again(cx: &Cx, live: &Live<RestApi>) -> Result<Found> {
    let head = Head {
        id: live.handle.to_string(),
        name: live.outputs.get("name").cloned().unwrap_or_default(),
        endpoint_type: live.props.endpoint_type.clone(),
        vpc_endpoints: live.props.vpc_endpoints.clone(),
        security_policy: live.props.security_policy.clone(),
        api_key_source: live.props.api_key_source.clone(),
        binary_types: live.props.binary_types.clone(),
        policy: live.props.policy.clone(),
        tags: live.tags.clone(),
    };
    import::again(cx, head).await
}

fn live(place: &Place, found: Found) -> Live<RestApi> {
    Live {
        handle: Handle::new(&found.head.id),
        outputs: outputs(place, &found.head.id, &found.head.name, &found.document),
        identity: found.head.id,
        tags: found.head.tags,
        props: found.document,
        state: State::Live,
    }
}

fn outputs(place: &Place, id: &str, name: &str, document: &RestApi) -> Outputs {
    // The public DNS has this name for a private API, and leads to the endpoint in its VPC
    // (https://docs.aws.amazon.com/apigateway/latest/developerguide/associate-private-api-with-vpc-endpoint.html).
    let host = document.vpc_endpoints.first().map_or_else(|| id.to_owned(), |endpoint| format!("{id}-{endpoint}"));
    let endpoint = |stage| format!("https://{host}.execute-api.{}.{}/{stage}", place.region, place.domain());
    let mut outputs = Outputs::from([
        ("arn".to_owned(), place.apigateway_arn(&format!("/restapis/{id}"))),
        ("id".to_owned(), id.to_owned()),
        ("name".to_owned(), name.to_owned()),
    ]);
    outputs.extend(document.stages.keys().next().map(|stage| ("endpoint".to_owned(), endpoint(stage))));
    outputs
}

/// Writes one part: waits while another change is under way or API Gateway's quota is used up.
async fn write<T: Send, Fut: Future<Output = Result<T>> + Send>(
    cx: &Cx,
    call: impl Fn() -> Fut + Send + Sync,
) -> Result<T> {
    slowly(cx, WAIT, 5, call).await
}

/// The same for a call that AWS takes only once in `seconds`.
async fn slowly<T: Send, Fut: Future<Output = Result<T>> + Send>(
    cx: &Cx,
    what: &str,
    seconds: u64,
    call: impl Fn() -> Fut + Send + Sync,
) -> Result<T> {
    in_turn(cx, what, std::time::Duration::from_secs(seconds), || patiently(cx, WAIT, &call)).await
}

/// For creates whose id AWS assigns: the SDK must not repeat them, because the first may have taken effect. The outcome is then
/// unclear, and the engine looks again.
pub(super) fn once() -> Builder {
    Builder::new().retry_config(RetryConfig::disabled())
}

pub(super) fn replace(path: &str, value: impl ToString) -> PatchOperation {
    PatchOperation::builder().op(Op::Replace).path(path).value(value.to_string()).build()
}

pub(super) fn remove(path: &str) -> PatchOperation {
    PatchOperation::builder().op(Op::Remove).path(path).build()
}

/// A part under its own name that is there already is the one that an earlier attempt of this call made.
fn there_already(result: Result<()>) -> Result<()> {
    match result {
        Err(error) if error.code() == "ConflictException" && error.message().contains("already exists") => Ok(()),
        result => result,
    }
}

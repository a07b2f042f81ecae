//! The security policy: which versions of TLS clients may speak.

use std::time::Duration;

use aws_sdk_apigateway::types::{ApiStatus, EndpointAccessMode, PatchOperation};

use super::document::RestApi;
use super::read::Found;
use super::{replace, write};
use crate::aws::{Cx, poll};
use crate::error::{Error, Result};

/// The longest that AWS is waited for: after a change of the security policy it says about 15 minutes.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(30 * 60);

/// Which versions of TLS the API takes. AWS needs some 15 minutes for a change, deploys nothing meanwhile, and wants a deployment
/// after it (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-update.html>): so this
/// comes after all other parts and before the deployment. The API answers all the while.
pub async fn security_policy(cx: &Cx, desired: &RestApi, found: &Found) -> Result<()> {
    if found.document.security_policy == desired.security_policy {
        return Ok(());
    }
    let id = &found.head.id;
    let mode = cx.aws.apigateway.get_rest_api().rest_api_id(id).send().await?.endpoint_access_mode;
    let patches = policy_patches(&desired.security_policy, mode.as_ref().map(EndpointAccessMode::as_str));
    let call = cx.aws.apigateway.update_rest_api().rest_api_id(id).set_patch_operations(Some(patches));
    write(cx, || async { Ok(call.clone().send().await.map(drop)?) }).await?;
    let what = "API Gateway to take over the minimum of TLS: some 15 minutes, in which the API answers";
    available(cx, id, what, "minimum of TLS").await
}

/// Waits until AWS has taken over a change of the API itself, which it deploys nothing and changes nothing of before.
pub async fn available(cx: &Cx, id: &str, what: &str, changed: &str) -> Result<()> {
    poll(cx, what, TAKEN_OVER_WITHIN, || async {
        let api = cx.aws.apigateway.get_rest_api().rest_api_id(id).send().await?;
        match api.api_status {
            Some(ApiStatus::Updating | ApiStatus::Pending) => Ok(None),
            Some(ApiStatus::Failed) => {
                let why = api.api_status_message.unwrap_or_default();
                Err(Error::fatal(format!("failed to change the API's {changed}: {why}")))
            }
            _ => Ok(Some(())),
        }
    })
    .await
}

/// The patches that set a security policy, by the endpoint access mode that is there. An enhanced policy needs one, any other may
/// have none (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html>). `BASIC` is how
/// an API without one is reached; one that somebody chose stays, because back from `STRICT` an API is away for 15 minutes.
pub fn policy_patches(policy: &str, mode: Option<&str>) -> Vec<PatchOperation> {
    let mode = match (is_enhanced(policy), mode.unwrap_or_default()) {
        (true, "") => Some("BASIC"),
        (false, set) if !set.is_empty() => Some(""),
        _ => None,
    };
    let mode = mode.map(|mode| replace("/endpointAccessMode", mode));
    [replace("/securityPolicy", policy)].into_iter().chain(mode).collect()
}

pub fn is_enhanced(policy: &str) -> bool {
    policy.starts_with("SecurityPolicy_")
}

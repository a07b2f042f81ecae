//! A stage as AWS has it.

use aws_sdk_apigateway::types::Stage as AwsStage;

use crate::kinds::rest_api::document::{AccessLog, Stage, Throttle};
use crate::kinds::rest_api::web_acl::WebAcl;
use crate::resource::Tags;

/// The stage of an API with these tags.
pub fn of(live: AwsStage, tags: &Tags) -> Stage {
    let all = live.method_settings.as_ref().and_then(|settings| settings.get("*/*"));
    // A negative one stands for the account's limit.
    let throttle = all.filter(|all| all.throttling_rate_limit >= 0.0).and_then(|all| {
        let burst = u32::try_from(all.throttling_burst_limit).ok()?;
        Some(Throttle { rate_per_second: all.throttling_rate_limit, burst })
    });
    let access_log = live.access_log_settings.and_then(|log| {
        let group_arn = log.destination_arn.filter(|arn| !arn.is_empty())?;
        Some(AccessLog { group_arn, format: log.format.unwrap_or_default() })
    });
    Stage { throttle, xray: live.tracing_enabled, access_log, web_acl: WebAcl::shown(live.web_acl_arn, tags) }
}

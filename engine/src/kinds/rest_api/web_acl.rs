//! The web ACL of a stage. AWS WAF keeps which one it is, and API Gateway shows it with the stage. That carries no tags, and others may set
//! one, as Firewall Manager does: a tag of the API knows which are the pipeline's, and another one stays unless the spec names one.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::RestApi;
use crate::aws::{Cx, PARTS, Repeat, Service, in_turn, nothing_if_absent, patiently, poll};
use crate::diff::hash;
use crate::error::{Class, Error, Result};
use crate::owner;
use crate::resource::{Grant, Scope, Tags};

const WAF: Service = Service { name: "wafv2", target: "AWSWAF_20190729" };
const WAIT: &str = "AWS WAF to know the stage and the web ACL";
/// AWS takes one association in this time (<https://docs.aws.amazon.com/waf/latest/developerguide/limits.html>).
const PACE: Duration = Duration::from_secs(2);
const SHOWN_WITHIN: Duration = Duration::from_secs(5 * 60);

/// A web ACL that filters the requests of a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebAcl {
    pub arn: String,
    /// Somebody else set it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_others: bool,
}

impl WebAcl {
    /// The pipeline's own.
    pub fn own(arn: impl Into<String>) -> Self {
        Self { arn: arn.into(), of_others: false }
    }

    /// The one that a stage shows, of an API with these tags.
    pub(super) fn shown(arn: Option<String>, tags: &Tags) -> Option<Self> {
        let arn = arn.filter(|arn| !arn.is_empty())?;
        let record = tags.get(PARTS).map(String::as_str).unwrap_or_default();
        let of_others = record.split(' ').all(|known| known != part(&arn));
        Some(Self { arn, of_others })
    }
}

/// What stands for a web ACL in the tag.
fn part(arn: &str) -> String {
    hash(&json!(arn))
}

fn own(api: &RestApi) -> BTreeSet<String> {
    let all = api.stages.values().filter_map(|stage| stage.web_acl.as_ref());
    all.filter(|acl| !acl.of_others).map(|acl| part(&acl.arn)).collect()
}

fn tag(parts: &BTreeSet<String>) -> Tags {
    let record = parts.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    if record.is_empty() { Tags::new() } else { Tags::from([(PARTS.to_owned(), record)]) }
}

/// The tag that knows which web ACLs are the pipeline's.
pub(super) fn records(api: &RestApi) -> Tags {
    tag(&own(api))
}

/// The same with what is about to go: a run that is killed must leave none that looks like another's.
pub(super) fn remembering(cx: &Cx, desired: &RestApi, live: &RestApi) -> Cx {
    let mut cx = cx.clone();
    cx.tags.extend(tag(&own(desired).union(&own(live)).cloned().collect()));
    cx
}

/// The API with the web ACLs that others set where it has none.
pub(super) fn keeping(desired: &RestApi, live: &RestApi) -> Option<RestApi> {
    let mut kept = desired.clone();
    for (name, stage) in kept.stages.iter_mut().filter(|(_, stage)| stage.web_acl.is_none()) {
        let there = live.stages.get(name).and_then(|live| live.web_acl.clone());
        stage.web_acl = there.filter(|acl| acl.of_others);
    }
    (kept != *desired).then_some(kept)
}

/// What the deployer must be allowed: AWS WAF asks API Gateway for the stage in the caller's name
/// (<https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html>).
pub(super) fn grants(api: &RestApi, scope: &Scope) -> Vec<Grant> {
    let stages = scope.place.apigateway_arn("/restapis/*/stages/*");
    let acls: BTreeSet<&String> =
        api.stages.values().filter_map(|stage| stage.web_acl.as_ref()).map(|acl| &acl.arn).collect();
    if acls.is_empty() {
        return Vec::new();
    }
    let has = format!("aws:ResourceTag/{}", owner::PIPELINE);
    let both = [
        Grant::new(&["wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"], &stages),
        // Without this right on a stage those above are worth nothing.
        Grant::new(&["apigateway:SetWebACL"], stages).when(has, scope.pipeline),
    ];
    both.into_iter().chain(acls.into_iter().map(|arn| Grant::new(&["wafv2:AssociateWebACL"], arn))).collect()
}

/// Stages whose requests no longer go through the web ACL that filtered them.
pub(super) fn widens(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let gone = live.stages.iter().filter(|(name, _)| !desired.stages.contains_key(*name));
    let before: Vec<&WebAcl> = gone.filter_map(|(_, stage)| stage.web_acl.as_ref()).collect();
    let told = desired.stages.iter().filter_map(|(name, stage)| {
        let then = match live.stages.get(name) {
            Some(live) => live.web_acl.as_ref(),
            // It takes the place of one that goes.
            None => before.first().copied(),
        }?;
        let now = stage.web_acl.as_ref();
        if now.is_some_and(|now| now.arn == then.arn) {
            return None;
        }
        let instead = now.map(|now| format!(", but through `{}`", named(&now.arn))).unwrap_or_default();
        Some(format!("requests to stage `{name}` no longer go through the web ACL `{}`{instead}", named(&then.arn)))
    });
    told.collect()
}

/// The name within a web ACL's ARN, which ends in `webacl/NAME/ID`.
fn named(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}

/// Makes a stage's web ACL the desired one, and waits until the stage shows it.
pub(super) async fn sync(
    cx: &Cx,
    (api, stage): (&str, &str),
    desired: Option<&WebAcl>,
    live: Option<&WebAcl>,
) -> Result<()> {
    let arn = |acl: Option<&WebAcl>| acl.map(|acl| acl.arn.clone());
    let (desired, live) = (arn(desired), arn(live));
    if desired == live {
        return Ok(());
    }
    let resource = cx.aws.place.apigateway_arn(&format!("/restapis/{api}/stages/{stage}"));
    match &desired {
        Some(acl) => {
            let input = json!({ "WebACLArn": acl, "ResourceArn": resource });
            call(cx, "AssociateWebACL", &input).await.map_err(|error| absent(error, acl))?;
        }
        None => {
            let input = json!({ "ResourceArn": resource });
            nothing_if_absent(call(cx, "DisassociateWebACL", &input).await)?;
        }
    }
    let shown = || async {
        let found = cx.aws.apigateway.get_stage().rest_api_id(api).stage_name(stage).send().await?;
        Ok((found.web_acl_arn.filter(|arn| !arn.is_empty()) == desired).then_some(()))
    };
    poll(cx, &format!("API Gateway to show the web ACL of the stage `{stage}`"), SHOWN_WITHIN, shown).await
}

async fn call(cx: &Cx, operation: &'static str, input: &Value) -> Result<()> {
    let send = || async { cx.aws.operations.call(&WAF, operation, input, Repeat::AsUsual).await.map(drop) };
    in_turn(cx, WAIT, PACE, || patiently(cx, WAIT, send)).await
}

fn absent(error: Error, acl: &str) -> Error {
    match error.class() {
        Class::NotFound => {
            error.hint(format!("`{acl}` must be the ARN of a web ACL that exists, of the scope REGIONAL"))
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests;

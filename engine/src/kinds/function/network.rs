//! A function in a VPC: how it comes in, and how it leaves.

use aws_sdk_lambda::types::{VpcConfig, VpcConfigResponse};
use serde::{Deserialize, Serialize};

use super::{Function, read, write};
use crate::aws::{Cx, patiently};
use crate::error::{Class, Result};
use crate::resource::Name;

/// Where a function's network interfaces are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// 1 to 16, in the order of their ids.
    pub subnets: Vec<String>,
    /// 1 to 5, in the order of their ids.
    pub security_groups: Vec<String>,
    /// Outbound IPv6 in subnets that have it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ipv6: bool,
}

/// What it means that a function moves
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>).
pub(super) const MOVES: &str =
    "until its network interfaces are made, a minute or up to ten, its calls go through the network that it is in now";

/// The VPC that Lambda answers with: an empty one of a function that has left.
pub(super) fn of_answer(live: &VpcConfigResponse) -> Option<Vpc> {
    let sorted = |all: &[String]| {
        let mut all = all.to_vec();
        all.sort();
        all
    };
    (!live.subnet_ids().is_empty()).then(|| Vpc {
        subnets: sorted(live.subnet_ids()),
        security_groups: sorted(live.security_group_ids()),
        ipv6: live.ipv6_allowed_for_dual_stack() == Some(true),
    })
}

pub(super) fn to_request(vpc: &Vpc) -> VpcConfig {
    VpcConfig::builder()
        .set_subnet_ids(Some(vpc.subnets.clone()))
        .set_security_group_ids(Some(vpc.security_groups.clone()))
        .ipv6_allowed_for_dual_stack(vpc.ipv6)
        .build()
}

/// What a change of the configuration says about the network: nothing where there is none, and empty lists where it leaves one.
pub(super) fn change(desired: Option<&Vpc>, live: Option<&Vpc>) -> Option<VpcConfig> {
    desired.map(to_request).or_else(|| live.map(|_| nowhere()))
}

/// Without the lists Lambda would keep the old ones.
fn nowhere() -> VpcConfig {
    VpcConfig::builder().set_subnet_ids(Some(Vec::new())).set_security_group_ids(Some(Vec::new())).build()
}

/// Says that nothing bounds its calls any more, where its network did.
pub(super) fn widens(desired: &Function, live: &Function) -> Option<String> {
    (desired.vpc.is_none() && live.vpc.is_some())
        .then(|| "it leaves the VPC: no security group and no endpoint's policy bounds its calls any more".to_owned())
}

/// Takes the function out of its VPC, and waits until it is: only then does Lambda let go of the network interfaces soon
/// (`docs/aws.md#vpc-interfaces`).
pub(super) async fn detach(cx: &Cx, name: &Name) -> Result<()> {
    let found = read::get(cx, name).await?;
    let configuration = found.and_then(|found| found.configuration);
    if configuration.as_ref().and_then(|live| live.vpc_config()).and_then(of_answer).is_none() {
        return Ok(());
    }
    let request = cx.aws.lambda.update_function_configuration().function_name(name.as_str()).vpc_config(nowhere());
    let detach = || async { request.clone().send().await.map(drop).map_err(write::told) };
    let ready = format!("function `{name}` to be ready to leave its VPC");
    match patiently(cx, &ready, detach).await {
        Ok(()) => read::quiet(cx, name).await,
        Err(error) if error.class() == Class::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

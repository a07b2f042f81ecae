//! The way into a private API: an interface endpoint of `execute-api`, and the security group that its callers pass.
//!
//! Callers are whatever is in the VPC and not the pipeline's functions, so the group is another one than theirs. What lies in a VPC is found
//! again by the API's role, which names it, as functions' roles do.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Around, ENDPOINT, GROUP, Reach};
use crate::aws::policy::Policy;
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::endpoint::Endpoint;
use crate::kinds::security_group::{SecurityGroup, https};
use crate::lower::Lowering;
use crate::network::Network;
use crate::resource::{Id, output_of};
use crate::spec::{Lets, Way};

/// The service, as its endpoints are named.
pub(super) const SERVICE: &str = "execute-api";

pub(super) fn endpoint_id() -> Id {
    Id::of_family(ENDPOINT, SERVICE)
}

fn group_id() -> Id {
    Id::of_family(GROUP, "api")
}

/// Ids of the endpoints that requests to the private API may come through; none where the API is public.
pub(in crate::lower) fn endpoints(lowering: &Lowering<'_>) -> BTreeSet<String> {
    let private = lowering.spec.api().and_then(|api| api.private.as_ref());
    let said = private.and_then(|private| private.endpoints.clone()).unwrap_or_default();
    let door = Around::of(lowering).and_then(|around| {
        around.door().map(|door| match door {
            Reach::Own => output_of(endpoint_id().as_str(), "id"),
            Reach::Theirs(endpoint) => endpoint.id.clone(),
        })
    });
    said.into_iter().chain(door).collect()
}

/// What the API's role says of the endpoint and its group: nothing that gives a right. A later plan finds the two by it.
pub(in crate::lower) fn statement(lowering: &Lowering<'_>) -> Option<Value> {
    let around = Around::of(lowering)?;
    let own = matches!(around.door()?, Reach::Own);
    let arns = [group_id(), endpoint_id()].map(|id| output_of(id.as_str(), "arn"));
    own.then(|| {
        json!({ "Sid": "KeepTheDoor", "Effect": "Deny", "Resource": arns,
            "Action": ["ec2:DeleteSecurityGroup", "ec2:DeleteVpcEndpoints"] })
    })
}

/// The nodes of the endpoint, where it is the pipeline's.
pub(super) fn nodes(around: &Around<'_>) -> Result<Vec<Node>> {
    if !matches!(around.door(), Some(Reach::Own)) {
        return Ok(Vec::new());
    }
    let pipeline = &around.lowering.spec.name;
    let group = SecurityGroup {
        description: format!("Callers of the private API of the pipeline {pipeline}"),
        ingress: callers(around).iter().map(|network| https(network)).collect(),
        egress: BTreeSet::new(),
    };
    let endpoint = Endpoint {
        gateway: false,
        subnets: around.network.vpc.subnets.iter().cloned().collect(),
        security_groups: BTreeSet::from([output_of(group_id().as_str(), "id")]),
        route_tables: BTreeSet::new(),
        private_dns: around.is_private(SERVICE),
        policy: (around.network.policy != Some(Lets::Open)).then(|| apis_of_the_account(around.lowering)),
        failed: false,
    };
    let vpc = &around.vpc.id;
    Ok(vec![
        Node::new(group_id().as_str(), format!("{vpc}/{pipeline}-api"), &group)?,
        Node::new(endpoint_id().as_str(), format!("{vpc}/{SERVICE}"), &endpoint)?,
    ])
}

/// The networks whose requests the endpoint takes.
fn callers(around: &Around<'_>) -> BTreeSet<String> {
    // EC2 gives networks back in their usual form (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Ipv6Range.html>).
    let usual = |text: &String| Network::parse(text).map(|network| network.whole().to_string());
    let said = around.lowering.spec.api().and_then(|api| api.allow_ips.as_ref());
    said.map_or_else(|| around.vpc.networks.clone(), |said| said.iter().filter_map(usual).collect())
}

/// The endpoint's policy. It cannot name the API: the API's own policy names the endpoint.
fn apis_of_the_account(lowering: &Lowering<'_>) -> Policy {
    Policy::new(vec![json!({
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": lowering.place.arn("execute-api", "*"),
    })])
}

impl Around<'_> {
    /// How requests reach the private API; nothing where no endpoint in this network is for that.
    pub(super) fn door(&self) -> Option<Reach<'_>> {
        self.lowering.spec.has_door().then(|| self.reach(SERVICE, Way::Interface))
    }
}

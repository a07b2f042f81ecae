//! `ec2:Endpoint`: a way from a VPC to one of AWS's services that does not lead through the internet.
//!
//! Service, VPC and sort (interface or gateway) are immutable. A VPC may have several endpoints of one service, so of those under the
//! name `<vpc>/<service>` only what carries the pipeline's tag is read. An interface endpoint has one network interface in a zone, and
//! costs money for each; a gateway is a route in route tables, and free. Private DNS and a gateway change the network of everything in
//! the VPC, or of those route tables.
//!
//! A creation carries a new token each time: with a token that follows from the name, EC2 would answer for one that was deleted. The
//! SDK's own repeats carry the same token, and after a lost answer the engine reads first.
//!
//! IAM: ec2:CreateVpcEndpoint, DescribeVpcEndpoints, ModifyVpcEndpoint, DeleteVpcEndpoints, CreateTags, DeleteTags;
//! route53:AssociateVPCWithHostedZone where DNS is private.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::aws::ec2::{self, Input};
use crate::aws::policy::Policy;
use crate::aws::vpc::{self, Endpoint as Found};
use crate::aws::{Cx, Place, named_in, poll};
use crate::error::{Class, Error, Result};
use crate::owner::PIPELINE;
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State};

mod means;
mod moves;
mod write;

/// AWS takes minutes to make one, and mostly as long to take it away.
const GONE_WITHIN: Duration = Duration::from_secs(10 * 60);
/// Its names are there with the first answer, or soon after.
const NAMED_WITHIN: Duration = Duration::from_secs(60);

/// A VPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// A route in route tables, instead of interfaces in subnets.
    pub gateway: bool,
    pub subnets: BTreeSet<String>,
    pub security_groups: BTreeSet<String>,
    pub route_tables: BTreeSet<String>,
    /// The service's usual name leads to it, for all that is in the VPC.
    pub private_dns: bool,
    /// What may be done through it; none: everything that the callers' own policies allow.
    pub policy: Option<Policy>,
    /// AWS could not make it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

impl Resource for Endpoint {
    const KIND: &'static str = "ec2:Endpoint";
    const REPLACE_ON: &'static [&'static str] = &["gateway", "failed"];

    fn advice(of: &Changed<'_, Self>) -> Advice {
        means::advice(of)
    }

    fn name_of(arn: &str) -> Option<Name> {
        named_in(arn, "ec2", ":vpc-endpoint/").map(Name::new)
    }

    fn grants(scope: &Scope, _name: &Name) -> Vec<Grant> {
        let Scope { place, pipeline, .. } = *scope;
        let all = ec2::arn(place, "vpc-endpoint", "*");
        let mut grants = tagging(scope, &all, "CreateVpcEndpoint");
        grants.extend([
            Grant::new(vpc::READS, "*"),
            Grant::new(&["ec2:CreateVpcEndpoint"], ec2::arn(place, "vpc", "*")),
            Grant::new(&["ec2:CreateVpcEndpoint"], all.clone()).when("aws:RequestTag/pipe:pipeline", pipeline),
            Grant::new(&["ec2:DeleteVpcEndpoints", "ec2:ModifyVpcEndpoint"], all)
                .when("aws:ResourceTag/pipe:pipeline", pipeline),
        ]);
        let within = ["route-table", "security-group", "subnet"].map(|kind| ec2::arn(place, kind, "*"));
        grants.extend(within.map(|arn| Grant::new(&["ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint"], arn)));
        grants
    }

    fn more_grants(&self, scope: &Scope, _name: &Name) -> Vec<Grant> {
        let zones = format!("arn:{}:route53:::hostedzone/*", scope.place.partition);
        let private = self.private_dns.then(|| Grant::new(&["route53:AssociateVPCWithHostedZone"], zones));
        private.into_iter().collect()
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let input = match name.as_str().split_once('/') {
            Some((vpc, service)) => Input::default()
                .filter("vpc-id", vpc)
                .with("Filter.2.Name", "service-name")
                .with("Filter.2.Value.1", vpc::service_name(&cx.aws.place.region, service)),
            None => Input::default().with("VpcEndpointId.1", name.as_str()),
        };
        let mut found = vpc::endpoints(&cx.aws, &input).await?;
        found.retain(|one| one.state != "deleted" && one.tags.get(PIPELINE) == Some(&cx.pipeline));
        found.into_iter().map(|one| live(&cx.aws.place, one)).collect()
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let found = match live.filter(|live| live.state == State::Live) {
            // ensure
            None => {
                // Until it is gone it keeps its route tables, and its private name.
                if let Some(leaving) = live {
                    gone(cx, leaving.handle.as_str()).await?;
                }
                let made = write::create(self, cx, name).await?;
                named(cx, made).await?
            }
            // sync
            Some(live) => {
                write::modify(self, cx, live.handle.as_str(), &live.props).await?;
                ec2::sync_tags(&cx.aws, live.handle.as_str(), &cx.tags, &live.tags).await?;
                return Ok(Made { outputs: live.outputs.clone(), identity: live.identity.clone() });
            }
        };
        Ok(Made { outputs: outputs(&cx.aws.place, &found), identity: found.id })
    }

    async fn delete(cx: &Cx, _name: &Name, handle: &Handle) -> Result<()> {
        write::delete(cx, handle.as_str()).await?;
        // Its interfaces have the security group, which is the next to go.
        gone(cx, handle.as_str()).await
    }
}

/// Waits until one that is being deleted is gone.
async fn gone(cx: &Cx, id: &str) -> Result<()> {
    let what = format!("the endpoint `{id}` and its network interfaces to be gone");
    let gone = || async {
        let found = vpc::endpoints(&cx.aws, &Input::default().with("VpcEndpointId.1", id)).await?;
        Ok(found.iter().all(|one| one.state == "deleted").then_some(()))
    };
    poll(cx, &what, GONE_WITHIN, gone).await
}

/// Waits until one that was made has its names.
async fn named(cx: &Cx, made: Found) -> Result<Found> {
    if made.gateway || !made.dns.is_empty() {
        return Ok(made);
    }
    let id = &made.id;
    let what = format!("EC2 to name the endpoint `{id}`");
    let shown = || async {
        let found = vpc::endpoints(&cx.aws, &Input::default().with("VpcEndpointId.1", id)).await?;
        Ok(found.into_iter().find(|one| !one.dns.is_empty()))
    };
    poll(cx, &what, NAMED_WITHIN, shown).await
}

fn live(place: &Place, found: Found) -> Result<Live<Endpoint>> {
    let outputs = outputs(place, &found);
    let state = if found.state == "deleting" { State::Leaving } else { State::Live };
    Ok(Live {
        handle: Handle::new(&found.id),
        props: Endpoint {
            gateway: found.gateway,
            subnets: found.subnets,
            security_groups: found.groups,
            route_tables: found.route_tables,
            private_dns: found.private_dns && !found.gateway,
            policy: policy(&found.policy)?,
            failed: matches!(found.state.as_str(), "failed" | "rejected" | "expired"),
        },
        outputs,
        tags: found.tags,
        identity: found.id,
        state,
    })
}

/// The policy; none where it is AWS's own, which allows everything.
fn policy(text: &str) -> Result<Option<Policy>> {
    if text.is_empty() {
        return Ok(None);
    }
    // AWS gives one back without its version, or with another one.
    let written = Policy::new(Policy::parse(text)?.statements().to_vec());
    Ok(Some(written).filter(|policy| *policy != open()))
}

/// AWS's own policy.
fn open() -> Policy {
    Policy::new(vec![serde_json::json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" })])
}

fn outputs(place: &Place, of: &Found) -> Outputs {
    let mut outputs =
        Outputs::from([("arn".to_owned(), ec2::arn(place, "vpc-endpoint", &of.id)), ("id".to_owned(), of.id.clone())]);
    if !of.dns.is_empty() {
        outputs.insert("dns".to_owned(), of.dns.clone());
    }
    outputs
}

/// What it takes to set the tags of what EC2 has: with its creation, and when it is the pipeline's.
pub(super) fn tagging(scope: &Scope, arn: &str, creates: &str) -> Vec<Grant> {
    vec![
        Grant::new(&["ec2:CreateTags"], arn).when("ec2:CreateAction", creates),
        Grant::new(&["ec2:CreateTags", "ec2:DeleteTags"], arn).when("aws:ResourceTag/pipe:pipeline", scope.pipeline),
    ]
}

/// An error of EC2's within an answer that is a success.
fn unsuccessful(code: &str, message: &str) -> Error {
    Error::new(Class::Fatal, format!("EC2 did not delete the endpoint: {message} ({code})"))
}

#[cfg(test)]
mod tests;

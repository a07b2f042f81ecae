//! The calls that change an endpoint.

use uuid::Uuid;

use super::{Endpoint, Found, moves, open, unsuccessful};
use crate::aws::ec2::{Input, call};
use crate::aws::{Cx, Repeat, patiently, vpc};
use crate::error::{Class, Error, Result};
use crate::resource::Name;

/// Makes the endpoint, and gives it as EC2 does.
pub(super) async fn create(of: &Endpoint, cx: &Cx, name: &Name) -> Result<Found> {
    let (vpc, service) = name.as_str().split_once('/').unwrap_or_default();
    let region = &cx.aws.place.region;
    let mut input = Input::default()
        .with("VpcId", vpc)
        .with("ServiceName", vpc::service_name(region, service))
        .with("VpcEndpointType", if of.gateway { "Gateway" } else { "Interface" })
        .with("ClientToken", Uuid::new_v4().to_string())
        .with_all("SubnetId", &of.subnets)
        .with_all("SecurityGroupId", &of.security_groups)
        .with_all("RouteTableId", &of.route_tables)
        .tagged("vpc-endpoint", &cx.tags);
    if !of.gateway {
        input = input.with("PrivateDnsEnabled", of.private_dns.to_string());
    }
    if let Some(policy) = &of.policy {
        input = input.with("PolicyDocument", policy.text());
    }
    let create = || async { call(&cx.aws, "CreateVpcEndpoint", &input, Repeat::AsUsual).await.map_err(told) };
    let what = format!("EC2 to know what the endpoint `{name}` needs");
    let answer = patiently(cx, &what, create).await?;
    let made = answer.child("vpcEndpoint").cloned().unwrap_or_default();
    match vpc::endpoint(&made, &vpc::service_name(region, "")) {
        made if made.id.is_empty() => Err(Error::new(Class::Unclear, "EC2 made an endpoint and did not say which one")),
        made => Ok(made),
    }
}

/// Changes what differs, the subnets in as many steps as EC2 needs.
pub(super) async fn modify(of: &Endpoint, cx: &Cx, id: &str, live: &Endpoint) -> Result<()> {
    let mut last = live.clone();
    for subnets in moves::steps(cx, id, &of.subnets, &live.subnets).await? {
        let next = Endpoint { subnets, ..live.clone() };
        send(&next, cx, id, &last).await?;
        last = next;
    }
    send(of, cx, id, &last).await
}

async fn send(of: &Endpoint, cx: &Cx, id: &str, live: &Endpoint) -> Result<()> {
    if of == live {
        return Ok(());
    }
    let mut input = Input::default().with("VpcEndpointId", id);
    let lists = [
        ("SubnetId", &of.subnets, &live.subnets),
        ("SecurityGroupId", &of.security_groups, &live.security_groups),
        ("RouteTableId", &of.route_tables, &live.route_tables),
    ];
    for (name, now, then) in lists {
        input = input.with_all(&format!("Add{name}"), now.difference(then));
        input = input.with_all(&format!("Remove{name}"), then.difference(now));
    }
    if of.private_dns != live.private_dns {
        input = input.with("PrivateDnsEnabled", of.private_dns.to_string());
    }
    if of.policy != live.policy {
        input = input.with("PolicyDocument", of.policy.clone().unwrap_or_else(open).text());
    }
    let modify = || async { call(&cx.aws, "ModifyVpcEndpoint", &input, Repeat::AsUsual).await.map(drop).map_err(told) };
    patiently(cx, &format!("the endpoint `{id}` to be ready for the change"), modify).await
}

/// Deletes the endpoint; absent is success. EC2 answers with a success, and says within it what it did not delete.
pub(super) async fn delete(cx: &Cx, id: &str) -> Result<()> {
    let input = Input::default().with("VpcEndpointId.1", id);
    let answer = call(&cx.aws, "DeleteVpcEndpoints", &input, Repeat::AsUsual).await?;
    let failed = answer.items("unsuccessful").filter_map(|one| one.child("error"));
    let gone = ["InvalidVpcEndpoint.NotFound", "InvalidVpcEndpointId.NotFound"];
    let mut failed = failed.filter(|error| !gone.contains(&error.text("code")));
    failed.next().map_or(Ok(()), |error| Err(unsuccessful(error.text("code"), error.text("message"))))
}

fn told(error: Error) -> Error {
    match error.code() {
        // The group of the pipeline was made just now.
        "InvalidGroup.NotFound" | "InvalidGroupId.NotFound" | "InvalidSecurityGroupID.NotFound" => {
            error.class_as(Class::Propagating)
        }
        "RouteAlreadyExists" => error.hint(
            "another gateway endpoint of the service has this route table: apply again, and the pipeline uses that one",
        ),
        "VpcEndpointLimitExceeded" => error.hint(
            "a VPC has at most 50 interface endpoints unless AWS raised it; `network.endpoints` says which ones the pipeline makes",
        ),
        _ if error.message().contains("conflicting DNS domain") => error.hint(
            "another endpoint of the service has private DNS in this VPC: leave `private_dns` out",
        ),
        _ => error,
    }
}

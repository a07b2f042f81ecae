//! What a function has that is in the VPC: its place there, its ways out, and the rights that Lambda needs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Around, Reach, endpoint_id, group_id};
use crate::aws::policy::allow;
use crate::kinds::function;
use crate::lower::Lowering;
use crate::resource::output_of;
use crate::spec::Way;
use crate::spec::network::Reached;

/// What Lambda does with the network interfaces of a function, under the function's role
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>).
const INTERFACES: &[&str] = &[
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
];
/// Which of it the function's own code may not do, though it has the same role.
const NOT_BY_CODE: &[&str] = &[
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
];

/// What a function has that is in the VPC.
pub(in crate::lower) struct Joined {
    pub vpc: function::Vpc,
    pub environment: BTreeMap<String, String>,
    pub statements: Vec<Value>,
}

/// What the function of this name has of the network, if there is one.
pub(in crate::lower) fn joined(lowering: &Lowering<'_>, function: &str) -> Option<Joined> {
    let around = Around::of(lowering)?;
    let place = &around.network.vpc;
    let sorted = |all: &[String]| all.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    let own = || vec![output_of(group_id().as_str(), "id")];
    let vpc = function::Vpc {
        subnets: sorted(&place.subnets),
        security_groups: place.security_groups.as_deref().map_or_else(own, sorted),
        ipv6: place.ipv6,
    };
    Some(Joined {
        vpc,
        environment: around.environment(),
        statements: around.statements(lowering.function_arn(function)),
    })
}

impl Around<'_> {
    /// Tells the SDKs the endpoints' names, where the usual ones do not lead to them.
    fn environment(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for (service, way) in self.services.iter().filter(|(_, way)| **way == Way::Interface) {
            let dns = match self.reach(service, *way) {
                Reach::Own if self.is_private(service) => continue,
                Reach::Own => output_of(endpoint_id(service).as_str(), "dns"),
                Reach::Theirs(endpoint) if endpoint.private_dns => continue,
                Reach::Theirs(endpoint) => endpoint.dns.clone(),
            };
            let Some(of) = Reached::of(service).filter(|of| !of.variable.is_empty() && !dns.is_empty()) else {
                continue;
            };
            all.insert(format!("AWS_ENDPOINT_URL_{}", of.variable), format!("https://{dns}"));
        }
        if self.services.get("dynamodb") == Some(&Way::Interface) {
            // Else the SDKs call a name of the account's own, which no endpoint has.
            all.insert("AWS_ACCOUNT_ID_ENDPOINT_MODE".to_owned(), "disabled".to_owned());
        }
        all
    }

    /// What a function's role needs. The ARNs beside `*` allow no more than that: they are what a later plan finds the network by.
    fn statements(&self, function: String) -> Vec<Value> {
        let made = self.own().map(|(service, _)| endpoint_id(service));
        let group = self.network.vpc.security_groups.is_none() || self.has_interfaces();
        let made = group.then(group_id).into_iter().chain(made).map(|id| output_of(id.as_str(), "arn"));
        let resources: Vec<String> = std::iter::once("*".to_owned()).chain(made).collect();
        let mut deny = allow("NotByCode", NOT_BY_CODE, &["*".to_owned()]);
        deny["Effect"] = json!("Deny");
        deny["Condition"] = json!({ "ArnEquals": { "lambda:SourceFunctionArn": function } });
        vec![allow("JoinNetwork", INTERFACES, &resources), deny]
    }
}

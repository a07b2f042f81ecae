//! The functions' VPC: their security group, and the endpoints of what they call.
//!
//! What is made depends on what the VPC has already: an endpoint of somebody else's is used, not doubled. A role names what is made here, for
//! EC2's names lie in a VPC that nobody knows when the section has left the spec: so a plan finds it again, and knows whose it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::aws::policy::Policy;
use crate::aws::vpc::{self, Asked, Vpc};
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::endpoint::Endpoint;
use crate::kinds::security_group::{SELF, SecurityGroup, everything, https};
use crate::lower::known::Family;
use crate::lower::{Lowering, auth, consumer};
use crate::owner::PIPELINE;
use crate::resource::{Id, output_of};
use crate::spec::network::Reached;
use crate::spec::{Lets, Network, Spec, Way};

mod door;
mod fits;
mod joined;
mod notes;

pub(super) use door::{endpoints as door, statement as keeps_door};
pub use fits::fits;
pub(super) use joined::joined;
pub use notes::notes;

const GROUP: &str = "group";
const ENDPOINT: &str = "endpoint";

pub(super) const FAMILIES: &[Family] = &[Family::of::<SecurityGroup>(GROUP), Family::of::<Endpoint>(ENDPOINT)];

/// How the functions reach a service.
enum Reach<'a> {
    /// By an endpoint of the pipeline's.
    Own,
    /// By one of somebody else's.
    Theirs(&'a vpc::Endpoint),
}

/// A network with what is around it.
struct Around<'a> {
    lowering: &'a Lowering<'a>,
    network: &'a Network,
    vpc: Vpc,
    services: BTreeMap<&'static str, Way>,
}

/// What must be known of the VPC before a spec with a network is lowered.
pub fn asked(spec: &Spec) -> Option<Asked> {
    let network = spec.network.as_ref()?;
    let services = services(spec, network);
    let by = |way: Way| services.iter().filter(|(_, of)| **of == way).map(|(name, _)| *name).collect();
    let mut interfaces: BTreeSet<&'static str> = by(Way::Interface);
    interfaces.extend(spec.has_door().then_some(door::SERVICE));
    Some(Asked {
        subnets: network.vpc.subnets.clone(),
        interfaces,
        gateways: by(Way::Gateway),
        private_dns: network.private_dns,
        ipv6: network.vpc.ipv6,
        networks: spec.has_door(),
    })
}

/// The services that the functions reach by endpoints: those that the spec names, or those that the functions may call.
fn services(spec: &Spec, network: &Network) -> BTreeMap<&'static str, Way> {
    if spec.placed_functions() == 0 {
        return BTreeMap::new();
    }
    let usual = |name: &str| Reached::of(name).and_then(|one| Some((one.name, *one.ways.first()?)));
    match network.said() {
        Some(said) => {
            let each = said.into_iter().filter_map(|(name, way)| {
                let (name, usual) = usual(name)?;
                Some((name, way.unwrap_or(usual)))
            });
            each.collect()
        }
        None => called(spec).into_iter().filter_map(usual).collect(),
    }
}

/// What the functions call by themselves. Lambda's pollers, the records of failures and the logs come and go outside of the VPC.
fn called(spec: &Spec) -> BTreeSet<&'static str> {
    let mut all = BTreeSet::new();
    all.extend(spec.basic().map(|_| "secretsmanager"));
    let Some(function) = spec.function().filter(|function| function.existing().is_none()) else { return all };
    all.extend(spec.sink.as_ref().map(|_| "dynamodb"));
    // The records of a stream the function sends there itself; a queue moves its messages, and Lambda sends what was pushed.
    let sends = spec.stream.is_some() && spec.fed_queue().is_none();
    all.extend(spec.dlq.as_ref().filter(|_| sends).map(|_| "sqs"));
    let own = function.statements.iter().flat_map(|statement| &statement.actions);
    let services = own.filter_map(|action| action.split(':').next());
    let known = |actions: &str| crate::spec::network::REACHED.iter().find(|one| one.actions == actions);
    all.extend(services.filter_map(known).map(|one| one.name));
    all
}

/// The nodes of the network.
pub(super) fn nodes(lowering: &Lowering<'_>) -> Result<Vec<Node>> {
    let Some(around) = Around::of(lowering) else { return Ok(Vec::new()) };
    let mut nodes: Vec<Node> = around.group()?.into_iter().collect();
    for (service, way) in around.own() {
        nodes.push(around.endpoint(service, way)?);
    }
    nodes.extend(door::nodes(&around)?);
    Ok(nodes)
}

fn group_id() -> Id {
    Id::of_family(GROUP, "network")
}

fn endpoint_id(service: &str) -> Id {
    Id::of_family(ENDPOINT, service)
}

impl<'a> Around<'a> {
    fn of(lowering: &'a Lowering<'a>) -> Option<Self> {
        let network = lowering.spec.network.as_ref()?;
        // Without an account at hand there are the names of the spec alone: a drawing has no more.
        let vpc = lowering.vpc.cloned().unwrap_or_else(|| Vpc { id: "vpc-unknown".to_owned(), ..Vpc::default() });
        Some(Self { lowering, network, vpc, services: services(lowering.spec, network) })
    }

    /// How each service is reached.
    fn reach(&self, service: &str, way: Way) -> Reach<'_> {
        let usable = |one: &&vpc::Endpoint| {
            one.service == service && matches!(one.state.as_str(), "available" | "pending" | "pendingacceptance")
        };
        let all = self.vpc.endpoints.iter().filter(usable).filter(|one| one.gateway == (way == Way::Gateway));
        let is_ours = |one: &vpc::Endpoint| one.tags.get(PIPELINE) == Some(&self.lowering.spec.name);
        match way {
            Way::Gateway => {
                let theirs = all.filter(|one| !is_ours(one)).min_by_key(|one| (one.state != "available", &one.id));
                let none_left = self.route_tables(service).is_empty() && !self.wanted_tables().is_empty();
                theirs.filter(|_| none_left).map_or(Reach::Own, Reach::Theirs)
            }
            Way::Interface => {
                let mut all: Vec<_> = all.collect();
                // Another pipeline's lets its own roles through alone.
                all.retain(|one| is_ours(one) || !one.tags.contains_key(PIPELINE));
                let ours = all.iter().any(|one| is_ours(one));
                // EC2 lists them in no order.
                all.sort_by_key(|one| (one.state != "available", !one.private_dns, &one.id));
                all.first().copied().filter(|_| !ours).map_or(Reach::Own, Reach::Theirs)
            }
        }
    }

    /// The services that the pipeline has endpoints of its own for.
    fn own(&self) -> impl Iterator<Item = (&'static str, Way)> {
        let is_own = move |(service, way): &(&'static str, Way)| matches!(self.reach(service, *way), Reach::Own);
        self.services.iter().map(|(service, way)| (*service, *way)).filter(is_own)
    }

    /// Whether an interface endpoint of the pipeline's has the service's usual name.
    fn is_private(&self, service: &str) -> bool {
        self.network.private_dns && !self.vpc.unnamed.contains(service)
    }

    fn has_interfaces(&self) -> bool {
        self.own().any(|(_, way)| way == Way::Interface)
    }

    fn wanted_tables(&self) -> BTreeSet<String> {
        let said = self.network.route_tables.as_ref().map(|tables| tables.iter().cloned().collect());
        said.unwrap_or_else(|| self.vpc.route_tables.clone())
    }

    /// Those that no gateway of somebody else's has: a route table has one of a service.
    fn route_tables(&self, service: &str) -> BTreeSet<String> {
        let ours = &self.lowering.spec.name;
        let theirs = self.vpc.endpoints.iter().filter(|one| one.gateway && one.service == service);
        let theirs = theirs.filter(|one| one.tags.get(PIPELINE) != Some(ours) && !one.state.starts_with("delet"));
        let taken: BTreeSet<&String> = theirs.flat_map(|one| &one.route_tables).collect();
        self.wanted_tables().into_iter().filter(|table| !taken.contains(table)).collect()
    }

    /// The security group: of functions and endpoints, or, where the functions have others, of the endpoints alone.
    fn group(&self) -> Result<Option<Node>> {
        if self.lowering.spec.placed_functions() == 0 {
            return Ok(None);
        }
        let interfaces = self.has_interfaces();
        let (ingress, egress) = match &self.network.vpc.security_groups {
            Some(_) if !interfaces => return Ok(None),
            Some(groups) => (groups.iter().map(|group| https(group)).collect(), BTreeSet::new()),
            None => (interfaces.then(|| https(SELF)).into_iter().collect(), self.egress(interfaces)),
        };
        let pipeline = &self.lowering.spec.name;
        let props = SecurityGroup { description: format!("Network of the pipeline {pipeline}"), ingress, egress };
        let name = format!("{}/{pipeline}-network", self.vpc.id);
        Node::new(group_id().as_str(), name, &props).map(Some)
    }

    /// Where the functions may go.
    fn egress(&self, interfaces: bool) -> BTreeSet<String> {
        if self.services.is_empty() {
            let everywhere = ["0.0.0.0/0", "::/0"];
            let families = if self.network.vpc.ipv6 { 2 } else { 1 };
            return everywhere[..families].iter().map(|all| everything(all)).collect();
        }
        let mut all: BTreeSet<String> = interfaces.then(|| https(SELF)).into_iter().collect();
        for (service, way) in &self.services {
            match self.reach(service, *way) {
                _ if *way == Way::Gateway => all.extend(self.vpc.prefix_lists.get(*service).map(|list| https(list))),
                Reach::Theirs(endpoint) => all.extend(endpoint.groups.iter().map(|group| https(group))),
                Reach::Own => {}
            }
        }
        all
    }

    fn endpoint(&self, service: &str, way: Way) -> Result<Node> {
        let gateway = way == Way::Gateway;
        let lets = self.network.policy.unwrap_or(if gateway { Lets::Open } else { Lets::Pipeline });
        let props = Endpoint {
            gateway,
            subnets: if gateway { BTreeSet::new() } else { self.network.vpc.subnets.iter().cloned().collect() },
            security_groups: (!gateway).then(|| output_of(group_id().as_str(), "id")).into_iter().collect(),
            route_tables: if gateway { self.route_tables(service) } else { BTreeSet::new() },
            private_dns: !gateway && self.is_private(service),
            policy: (lets == Lets::Pipeline).then(|| self.policy()),
            failed: false,
        };
        let name = format!("{}/{service}", self.vpc.id);
        Node::new(endpoint_id(service).as_str(), name, &props)
    }

    /// For the roles of the functions alone; what each of them may do its own policy says.
    fn policy(&self) -> Policy {
        let spec = self.lowering.spec;
        let consumer = spec.function().filter(|function| function.existing().is_none()).map(|_| consumer::ROLE);
        let roles = consumer.into_iter().chain(spec.basic().map(|_| auth::basic::ROLE));
        let roles: Vec<String> = roles.map(|role| self.lowering.role_arn(role)).collect();
        Policy::new(vec![json!({
            "Effect": "Allow",
            "Principal": "*",
            "Action": "*",
            "Resource": "*",
            "Condition": { "ArnEquals": { "aws:PrincipalArn": roles } },
        })])
    }
}

#[cfg(test)]
mod tests;

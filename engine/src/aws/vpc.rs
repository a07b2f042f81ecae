//! What there is in the VPC of some subnets: read before a pipeline is lowered, because its shape depends on it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;

use crate::aws::ec2::{Input, call, list, tags};
use crate::aws::operation::query::Element;
use crate::aws::{Aws, Repeat};
use crate::error::{Class, Error, Result};
use crate::names::Tags;

/// What the deployer must be allowed for this, on everything: EC2 knows no single resources here.
pub const READS: &[&str] = &[
    "ec2:DescribePrefixLists",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcEndpointServices",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
];

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub subnets: Vec<String>,
    /// Services that are to have an endpoint with an interface in each subnet, without the region: `sqs`.
    pub interfaces: BTreeSet<&'static str>,
    /// Services that are to have one in route tables.
    pub gateways: BTreeSet<&'static str>,
    pub private_dns: bool,
    /// Whether the functions call by IPv6.
    pub ipv6: bool,
    /// Whether the VPC's own networks are asked for.
    pub networks: bool,
}

/// A VPC, as far as a pipeline needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vpc {
    pub id: String,
    /// The zones of the subnets, in the order of the spec.
    pub zones: Vec<String>,
    /// Those that the subnets use.
    pub route_tables: BTreeSet<String>,
    pub endpoints: Vec<Endpoint>,
    /// Ids of the lists of a gateway's addresses, by service.
    pub prefix_lists: BTreeMap<String, String>,
    /// The zones in which an interface endpoint of a service can be, by service.
    pub offered: BTreeMap<String, BTreeSet<String>>,
    /// Services whose usual name cannot lead to an endpoint.
    pub unnamed: BTreeSet<String>,
    /// Its own networks of IPv4.
    pub networks: BTreeSet<String>,
}

/// An endpoint in the VPC, whosever it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    pub id: String,
    pub vpc: String,
    /// Its service without the region; the whole name where it is not one of AWS's.
    pub service: String,
    pub gateway: bool,
    /// In lower case: `pending`, `available`, `deleting`, `deleted`, `failed`.
    pub state: String,
    pub subnets: BTreeSet<String>,
    pub groups: BTreeSet<String>,
    pub route_tables: BTreeSet<String>,
    pub private_dns: bool,
    pub policy: String,
    /// Its name for all zones.
    pub dns: String,
    /// When it was made, as AWS writes it.
    pub created: String,
    pub tags: Tags,
}

/// The whole name of a service's endpoints.
pub fn service_name(region: &str, service: &str) -> String {
    format!("com.amazonaws.{region}.{service}")
}

/// Reads the endpoints that a request asks for; none where one that it names is not there.
///
/// # Errors
/// As [`call`].
pub async fn endpoints(aws: &Aws, input: &Input) -> Result<Vec<Endpoint>> {
    let start = service_name(&aws.place.region, "");
    match list(aws, "DescribeVpcEndpoints", "vpcEndpointSet", input).await {
        Ok(found) => Ok(found.iter().map(|one| endpoint(one, &start)).collect()),
        Err(error) if error.class() == Class::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// An endpoint in an answer.
pub fn endpoint(of: &Element, start: &str) -> Endpoint {
    let text = |name: &str| of.text(name).to_owned();
    let all = |name: &str| of.texts(name).map(str::to_owned).collect();
    let dns = of.items("dnsEntrySet").next().map_or("", |entry| entry.text("dnsName"));
    let service = of.text("serviceName");
    Endpoint {
        id: text("vpcEndpointId"),
        vpc: text("vpcId"),
        service: service.strip_prefix(start).unwrap_or(service).to_owned(),
        gateway: of.text("vpcEndpointType").eq_ignore_ascii_case("gateway"),
        state: of.text("state").to_lowercase(),
        subnets: all("subnetIdSet"),
        groups: of.items("groupSet").map(|group| group.text("groupId").to_owned()).collect(),
        route_tables: all("routeTableIdSet"),
        private_dns: of.text("privateDnsEnabled") == "true",
        policy: text("policyDocument"),
        dns: dns.to_owned(),
        created: text("creationTimestamp"),
        tags: tags(of),
    }
}

/// Looks at the VPC of the subnets.
///
/// # Errors
/// Subnets that are not there, or of two VPCs; a VPC without DNS where names are to be private. And what keeps EC2 from answering.
pub async fn look(aws: &Aws, asked: &Asked) -> Result<Vpc> {
    let input = Input::default().with_all("SubnetId", &asked.subnets);
    let subnets = list(aws, "DescribeSubnets", "subnetSet", &input).await.map_err(|error| match error.class() {
        Class::NotFound => error.class_as(Class::Fatal).hint(
            "`network.vpc.subnets` names subnets of this account and region: `aws ec2 describe-subnets` lists them",
        ),
        _ => error,
    })?;
    let (id, zones) = one_vpc(&asked.subnets, &subnets)?;
    if asked.ipv6 {
        with_ipv6(&subnets)?;
    }
    let in_vpc = Input::default().filter("vpc-id", &id);
    let (route_tables, endpoints, prefix_lists, (offered, unnamed), networks, ..) = tokio::try_join!(
        list(aws, "DescribeRouteTables", "routeTableSet", &in_vpc),
        endpoints(aws, &in_vpc),
        prefix_lists(aws, &asked.gateways),
        offered(aws, asked),
        networks(aws, asked, &id),
        with_dns(aws, asked, &id),
    )?;
    let route_tables = used(&route_tables, &asked.subnets);
    Ok(Vpc { id, zones, route_tables, endpoints, prefix_lists, offered, unnamed, networks })
}

/// The VPC of the subnets, and the zone of each.
fn one_vpc(asked: &[String], subnets: &[Element]) -> Result<(String, Vec<String>)> {
    let find = |id: &String| subnets.iter().find(|subnet| subnet.text("subnetId") == id);
    let mut zones = Vec::new();
    let mut first: Option<(&String, &str)> = None;
    for id in asked {
        let Some(subnet) = find(id) else {
            return Err(Error::fatal(format!("the subnet `{id}` does not exist"))
                .hint("`network.vpc.subnets` names subnets of this account and region"));
        };
        let vpc = subnet.text("vpcId");
        let (other, of) = *first.get_or_insert((id, vpc));
        if of != vpc {
            return Err(Error::fatal(format!("the subnets `{other}` and `{id}` are of two VPCs: `{of}` and `{vpc}`"))
                .hint("a function is in one VPC: name subnets of the same one in `network.vpc.subnets`"));
        }
        zones.push(subnet.text("availabilityZone").to_owned());
    }
    Ok((first.map(|(_, vpc)| vpc.to_owned()).unwrap_or_default(), zones))
}

/// Refuses IPv6 in subnets without it, as Lambda would when the function is made.
fn with_ipv6(subnets: &[Element]) -> Result<()> {
    let associated =
        |one: &Element| one.child("ipv6CidrBlockState").is_none_or(|state| state.text("state") == "associated");
    let without = subnets.iter().find(|subnet| !subnet.items("ipv6CidrBlockAssociationSet").any(associated));
    without.map_or(Ok(()), |subnet| {
        Err(Error::fatal(format!("`ipv6` needs subnets with IPv6, and `{}` has none", subnet.text("subnetId")))
            .hint("leave `network.vpc.ipv6` out, or name subnets that have both"))
    })
}

/// The zones in which the services have interface endpoints, and the services whose endpoints have no private name.
async fn offered(aws: &Aws, asked: &Asked) -> Result<(BTreeMap<String, BTreeSet<String>>, BTreeSet<String>)> {
    if asked.interfaces.is_empty() {
        return Ok(Default::default());
    }
    let start = service_name(&aws.place.region, "");
    let names = asked.interfaces.iter().map(|service| service_name(&aws.place.region, service));
    let input = Input::default().with_all("ServiceName", names);
    let details = list(aws, "DescribeVpcEndpointServices", "serviceDetailSet", &input).await?;
    // A service has one entry for each of its types; that of gateways names all zones.
    let interfaces = |one: &&Element| one.items("serviceType").any(|kind| kind.text("serviceType") == "Interface");
    let name = |one: &Element| {
        let name = one.text("serviceName");
        name.strip_prefix(&start).unwrap_or(name).to_owned()
    };
    let zones = |one: &Element| (name(one), one.texts("availabilityZoneSet").map(str::to_owned).collect());
    let unnamed = details.iter().filter(interfaces).filter(|one| one.text("privateDnsName").is_empty());
    Ok((details.iter().filter(interfaces).map(zones).collect(), unnamed.map(name).collect()))
}

/// The VPC's own networks: what has an address there may call its endpoints.
async fn networks(aws: &Aws, asked: &Asked, vpc: &str) -> Result<BTreeSet<String>> {
    if !asked.networks {
        return Ok(BTreeSet::new());
    }
    let input = Input::default().with("VpcId.1", vpc);
    let found = list(aws, "DescribeVpcs", "vpcSet", &input).await?;
    let associated =
        |one: &&Element| one.child("cidrBlockState").is_none_or(|state| state.text("state") == "associated");
    let blocks = found.iter().flat_map(|vpc| vpc.items("cidrBlockAssociationSet").filter(associated));
    let main = found.iter().map(|vpc| vpc.text("cidrBlock"));
    let all = main.chain(blocks.map(|block| block.text("cidrBlock")));
    Ok(all.filter(|block| !block.is_empty()).map(str::to_owned).collect())
}

/// Refuses private names in a VPC that does not ask its own DNS.
async fn with_dns(aws: &Aws, asked: &Asked, vpc: &str) -> Result<()> {
    if !asked.private_dns {
        return Ok(());
    }
    for attribute in ["enableDnsSupport", "enableDnsHostnames"] {
        let input = Input::default().with("VpcId", vpc).with("Attribute", attribute);
        let answer = call(aws, "DescribeVpcAttribute", &input, Repeat::AsUsual).await?;
        if answer.child(attribute).is_some_and(|value| value.text("value") == "false") {
            return Err(Error::fatal(format!("`private_dns` needs `{attribute}` of the VPC `{vpc}`, which is off"))
                .hint("turn it on in the VPC, or leave `private_dns` out: the functions then get the endpoints' own names"));
        }
    }
    Ok(())
}

async fn prefix_lists(aws: &Aws, services: &BTreeSet<&'static str>) -> Result<BTreeMap<String, String>> {
    let all = try_join_all(services.iter().map(|service| prefix_list(aws, service))).await?;
    Ok(all.into_iter().flatten().collect())
}

async fn prefix_list(aws: &Aws, service: &str) -> Result<Option<(String, String)>> {
    let input = Input::default().filter("prefix-list-name", &service_name(&aws.place.region, service));
    let found = list(aws, "DescribePrefixLists", "prefixListSet", &input).await?;
    Ok(found.first().map(|one| (service.to_owned(), one.text("prefixListId").to_owned())))
}

/// The route tables of the subnets: a subnet that is in none has the VPC's main one.
fn used(tables: &[Element], subnets: &[String]) -> BTreeSet<String> {
    let with = |is: &dyn Fn(&Element) -> bool| {
        let found = tables.iter().find(|table| table.items("associationSet").any(is));
        found.map(|table| table.text("routeTableId").to_owned())
    };
    let main = || with(&|of| of.text("main") == "true");
    subnets.iter().filter_map(|subnet| with(&|of| of.text("subnetId") == subnet).or_else(main)).collect()
}

/// Reads what a spec asks for, where it asks for something.
///
/// # Errors
/// As [`look`].
pub async fn look_if(aws: &Aws, asked: Option<&Asked>) -> Result<Option<Vpc>> {
    match asked {
        Some(asked) => look(aws, asked).await.map(Some),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests;

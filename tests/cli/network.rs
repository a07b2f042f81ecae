//! `kill -9` before and after any write of functions in a VPC. On moto, which keeps endpoints and security groups as they were written;
//! MiniStack loses parts of them.

use pipe::aws::ec2::{self, Answered, Input};
use pipe::aws::{Aws, Place};
use pipe_test_support::Kind;

use crate::killed::{APPLY, DESTROY, Scenario, anywhere, somewhere};
use crate::site::Site;

const EXAMPLE: &str = include_str!("../../examples/private.yaml");
const SUBNETS: &str = "subnet-0123456789abcdef0, subnet-0123456789abcdef1";

static SCENARIOS: [Scenario; 4] = [
    Scenario::seen(seen, "a private network", || example(EXAMPLE), APPLY, 20),
    Scenario::seen(seen, "other endpoints", other_endpoints, APPLY, 5),
    Scenario::seen(seen, "no network", no_network, APPLY, 4),
    Scenario::seen(seen, "nothing left", || applied(EXAMPLE), DESTROY, 8),
];

/// A spec in subnets of the account's default VPC.
fn example(spec: &str) -> Site {
    let site = Site::on(Kind::Moto, spec);
    let subnets: Vec<String> =
        list(&site, "DescribeSubnets", "subnetSet").iter().map(|one| one.text("subnetId").to_owned()).collect();
    site.user.write(&spec.replace(SUBNETS, &subnets[..2].join(", ")));
    site.user.account.clear();
    site
}

fn applied(spec: &str) -> Site {
    let site = example(spec);
    site.user.pipe(APPLY);
    site.user.account.clear();
    site
}

fn other_endpoints() -> Site {
    let site = applied(EXAMPLE);
    site.user.edit("[dynamodb, sqs]", "{ dynamodb: interface, secretsmanager: interface }");
    site
}

fn no_network() -> Site {
    let site = applied(EXAMPLE);
    let spec = std::fs::read_to_string(site.user.path().join("pipeline.yaml")).unwrap();
    site.user.write(spec.split_once("network:").unwrap().0);
    site
}

fn list(site: &Site, operation: &'static str, list: &'static str) -> Vec<Answered> {
    let place =
        Place { partition: "aws".into(), account: site.user.account.id().into(), region: "eu-central-1".into() };
    site.wait(ec2::list(&Aws::new(&site.sdk, place), operation, list, &Input::default())).unwrap()
}

/// How much there is of what has no network, and all endpoints and groups, without the ids that are drawn.
fn seen(site: &Site) -> String {
    let mut lines = vec![site.census()];
    let counts = |one: &Answered, lists: &[&str]| lists.iter().map(|list| one.items(list).count()).collect::<Vec<_>>();
    let endpoints = list(site, "DescribeVpcEndpoints", "vpcEndpointSet");
    lines.extend(endpoints.iter().filter(|one| one.text("state") != "deleted").map(|one| {
        let parts = counts(one, &["subnetIdSet", "groupSet", "routeTableIdSet", "tagSet"]);
        let policy = one.text("policyDocument").replace(site.user.account.id(), "ACCOUNT");
        format!("endpoint {} {} {parts:?} {policy}", one.text("serviceName"), one.text("vpcEndpointType"))
    }));
    let groups = list(site, "DescribeSecurityGroups", "securityGroupInfo");
    lines.extend(groups.iter().map(|one| {
        let parts = counts(one, &["ipPermissions", "ipPermissionsEgress", "tagSet"]);
        format!("group {} {parts:?}", one.text("groupName"))
    }));
    lines.sort();
    lines.join("\n")
}

#[test]
fn killed_somewhere_and_run_again() {
    somewhere(&SCENARIOS);
}

#[test]
#[ignore = "takes minutes: `cargo test --test cli -- --ignored`"]
fn killed_anywhere_and_run_again() {
    anywhere(&SCENARIOS);
}

//! Functions in a VPC: up, unchanged, edited property by property, down. On moto, which keeps endpoints and security groups as they were
//! written; it has no network interfaces of Lambda's, checks no dependencies, and ends every change at once. MiniStack loses an endpoint's
//! groups, policy and names.

use pipe::aws::ec2::{self, Input};
use pipe_test_support::{Emulator, Endpoint, Kind, Sandbox};

use crate::cloud::Cloud;
use crate::session::{apply, in_sync, plan};

const EXAMPLE: &str = include_str!("../../examples/private.yaml");
const SUBNETS: &str = "subnet-0123456789abcdef0, subnet-0123456789abcdef1";

/// The text of a member of each entry of a list.
fn all(cloud: &Cloud, operation: &'static str, list: &str, member: &str) -> Vec<String> {
    let listed = cloud.run(ec2::list(&cloud.aws, operation, list, &Input::default())).unwrap();
    listed.iter().map(|one| one.text(member).to_owned()).collect()
}

/// Endpoints that are there, by their services.
fn endpoints(cloud: &Cloud) -> Vec<String> {
    let listed = cloud.run(ec2::list(&cloud.aws, "DescribeVpcEndpoints", "vpcEndpointSet", &Input::default())).unwrap();
    let there = listed.iter().filter(|one| one.text("state") != "deleted");
    let mut names: Vec<String> =
        there.map(|one| one.text("serviceName").rsplit('.').next().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn groups(cloud: &Cloud) -> Vec<String> {
    let mut names = all(cloud, "DescribeSecurityGroups", "securityGroupInfo", "groupName");
    names.retain(|name| name != "default");
    names
}

/// A user with the example, in the subnets of their account's default VPC.
fn user() -> (Endpoint, Sandbox, Cloud, Vec<String>) {
    let endpoint = Endpoint::start(Emulator::shared(Kind::Moto));
    let account = endpoint.account();
    let cloud = Cloud::of(&account);
    let subnets = all(&cloud, "DescribeSubnets", "subnetSet", "subnetId");
    assert!(subnets.len() >= 3, "{subnets:?}");
    let spec = EXAMPLE.replace(SUBNETS, &subnets[..2].join(", "));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), account, &spec);
    (endpoint, sandbox, cloud, subnets)
}

#[test]
fn up_unchanged_and_down() {
    let (_endpoint, sandbox, cloud, _) = user();
    let plan = sandbox.pipe(&["diff"]);
    assert!(plan.contains("1 interface endpoint in 2 zones: about $14.60 a month"), "{plan}");
    // A gateway is a route for others as well.
    let refused = sandbox.run(&["apply", "--yes"]);
    assert_eq!(refused.code, Some(3), "{}{}", refused.out, refused.err);
    assert_eq!(endpoints(&cloud), [""; 0]);
    sandbox.converge();
    assert_eq!(
        (endpoints(&cloud), groups(&cloud)),
        (vec!["dynamodb".into(), "sqs".into()], vec!["private-network".to_owned()])
    );
    let function = cloud.run(cloud.aws.lambda.get_function().function_name("private-consumer").send()).unwrap();
    let configuration = function.configuration.unwrap();
    assert_eq!(configuration.vpc_config().unwrap().subnet_ids().len(), 2);
    let url = &configuration.environment().unwrap().variables().unwrap()["AWS_ENDPOINT_URL_SQS"];
    assert!(url.starts_with("https://vpce-"), "{url}");
    sandbox.account.clear();
    sandbox.pipe(&["apply", "--yes"]);
    assert!(sandbox.account.writes().is_empty(), "a second apply writes nothing");
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert_eq!((endpoints(&cloud), groups(&cloud)), (Vec::new(), Vec::new()));
    assert!(sandbox.pipe(&["list"]).contains("no pipelines"));
}

/// But for `ipv6`: moto shows no subnet's IPv6.
#[test]
fn each_property_is_edited() {
    let (_endpoint, sandbox, cloud, subnets) = user();
    sandbox.converge();
    let one = format!("subnets: [{}]", subnets[0]);
    let two = format!("subnets: [{}]", subnets[..2].join(", "));
    let edits: [(&str, &str, &str); 5] = [
        ("fewer subnets", &two, &one),
        ("another service", "[dynamodb, sqs]", "[dynamodb, sqs, secretsmanager]"),
        ("another way", "[dynamodb, sqs, secretsmanager]", "{ dynamodb: interface, sqs: interface }"),
        ("open to all", "  endpoints:", "  policy: open\n  endpoints:"),
        ("whatever the VPC reaches", "{ dynamodb: interface, sqs: interface }", "[]"),
    ];
    for (title, from, to) in edits {
        sandbox.edit(from, to);
        let plan = plan(&sandbox);
        apply(&sandbox, title, &plan);
    }
    assert_eq!(endpoints(&cloud), [""; 0]);
    assert_eq!(groups(&cloud), ["private-network"]);
    // Out of the VPC: found by what the role names, though nothing in the spec says where it was.
    let spec = std::fs::read_to_string(sandbox.path().join("pipeline.yaml")).unwrap();
    sandbox.write(spec.split_once("network:").unwrap().0);
    sandbox.pipe(&["apply", "--yes", "--allow-widening"]);
    in_sync(&sandbox, "out of the VPC");
    assert_eq!(groups(&cloud), [""; 0]);
}

/// Somebody else's endpoint is used, and stays when the pipeline goes.
#[test]
fn an_endpoint_of_others_is_used_and_stays() {
    let (_endpoint, sandbox, cloud, subnets) = user();
    let vpc = all(&cloud, "DescribeSubnets", "subnetSet", "vpcId").remove(0);
    let theirs = Input::default()
        .with("VpcId", &vpc)
        .with("ServiceName", "com.amazonaws.eu-central-1.sqs")
        .with("VpcEndpointType", "Interface")
        .with("PrivateDnsEnabled", "false")
        .with_all("SubnetId", &subnets[..1]);
    cloud.run(ec2::call(&cloud.aws, "CreateVpcEndpoint", &theirs, pipe::aws::Repeat::Never)).unwrap();
    let plan = sandbox.pipe(&["diff"]);
    assert!(plan.contains("which is not the pipeline's"), "{plan}");
    sandbox.converge();
    assert_eq!(endpoints(&cloud), ["dynamodb", "sqs"]);
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(endpoints(&cloud), ["sqs"]);
}

/// A destroy without the spec finds the network by the roles.
#[test]
fn nothing_is_left_without_a_spec() {
    let (_endpoint, sandbox, cloud, _) = user();
    sandbox.converge();
    sandbox.pipe(&["destroy", "--name", "private", "--yes", "--allow-data-loss", "all"]);
    assert_eq!((endpoints(&cloud), groups(&cloud)), (Vec::new(), Vec::new()));
}

const PRIVATE: &str = "name: inside\nsource:\n  api:\n    private: {}\n    routes: [ { post: /a, auth: none } ]\nstream: { kinesis: {} }\n\
                       network: { vpc: { subnets: [SUBNETS] } }\n";

/// Somebody in the VPC may call it, by a name that leads to the pipeline's own endpoint, and nobody else.
#[test]
fn a_private_api_has_an_endpoint_of_its_own_in_the_vpc() {
    let (_endpoint, sandbox, cloud, subnets) = user();
    sandbox.write(&PRIVATE.replace("SUBNETS", &subnets[..2].join(", ")));
    sandbox.converge();
    assert_eq!((endpoints(&cloud), groups(&cloud)), (vec!["execute-api".to_owned()], vec!["inside-api".to_owned()]));
    let endpoint = all(&cloud, "DescribeVpcEndpoints", "vpcEndpointSet", "vpcEndpointId").remove(0);
    let apis = cloud.run(cloud.aws.apigateway.get_rest_apis().send()).unwrap();
    let api = &apis.items()[0];
    let configuration = api.endpoint_configuration().unwrap();
    assert_eq!(
        (configuration.types()[0].as_str(), configuration.vpc_endpoint_ids()),
        ("PRIVATE", &[endpoint.clone()][..])
    );
    assert!(api.policy().unwrap().contains(&endpoint), "{:?}", api.policy());
    let url = format!("https://{}-{endpoint}.execute-api.eu-central-1.amazonaws.com/prod", api.id().unwrap());
    assert!(sandbox.pipe(&["outputs"]).contains(&url), "the public DNS leads to the endpoint in the VPC");
    sandbox.account.clear();
    sandbox.pipe(&["apply", "--yes"]);
    assert!(sandbox.account.writes().is_empty(), "a second apply writes nothing");
    // Out of the VPC: found by what the role names.
    sandbox.write(&PRIVATE.split_once("network:").unwrap().0.replace("    private: {}\n", ""));
    let plan = sandbox.pipe(&["diff"]);
    assert!(plan.contains("^ requests from the internet reach it, and not from VPCs alone"), "{plan}");
    sandbox.pipe(&["apply", "--yes", "--allow-widening"]);
    in_sync(&sandbox, "out of the VPC");
    assert_eq!((endpoints(&cloud), groups(&cloud)), (Vec::new(), Vec::new()));
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
}

/// It goes without its spec, too.
#[test]
fn a_private_api_leaves_nothing_without_a_spec() {
    let (_endpoint, sandbox, cloud, subnets) = user();
    sandbox.write(&PRIVATE.replace("SUBNETS", &subnets[..2].join(", ")));
    sandbox.converge();
    sandbox.pipe(&["destroy", "--name", "inside", "--yes", "--allow-data-loss", "all"]);
    assert_eq!((endpoints(&cloud), groups(&cloud)), (Vec::new(), Vec::new()));
}

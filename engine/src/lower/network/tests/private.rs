//! A private API: how requests reach it, and what does not go together in its VPC.

use super::*;

const API: &str =
    "name: demo\nsource: { api: { private: {}, routes: [{ post: /a, auth: none }] } }\nstream: { kinesis: {} }\n";
const NETWORK: &str = "network: { vpc: { subnets: [subnet-00000001, subnet-00000002] } }\n";

fn lowered(text: &str, vpc: Vpc) -> (Loaded, Graph) {
    let loaded =
        crate::spec::parse("pipeline.yaml", text.as_bytes(), Path::new(".")).unwrap_or_else(|it| panic!("{it}"));
    let loaded = Loaded { vpc: Some(vpc), ..loaded };
    let graph = lower(&loaded, &place(), &Codes::unbuilt()).unwrap();
    (loaded, graph)
}

#[test]
fn an_endpoint_of_its_own_lets_in_its_vpc_and_leads_to_it_alone() {
    let (loaded, graph) = lowered(&format!("{API}{NETWORK}"), vpc(Vec::new()));
    let asked = asked(&loaded.spec).unwrap();
    assert_eq!((asked.interfaces, asked.networks), (["execute-api"].into(), true));
    assert_eq!(names(&graph, "ec2:Endpoint"), ["endpoint.execute-api vpc-1/execute-api"]);
    assert_eq!(names(&graph, "ec2:SecurityGroup"), ["group.api vpc-1/demo-api"]);
    assert_eq!(graph.node("group.api").unwrap().desired["ingress"], json!(["tcp 443 10.0.0.0/16"]));
    let endpoint = &graph.node("endpoint.execute-api").unwrap().desired;
    assert!(endpoint["policy"].to_string().contains("arn:aws:execute-api:eu-central-1:111122223333:*"), "{endpoint}");
    let api = graph.node("api").unwrap();
    let id = output_of("endpoint.execute-api", "id");
    assert_eq!((&api.desired["endpoint_type"], &api.desired["vpc_endpoints"]), (&json!("PRIVATE"), &json!([id])));
    assert!(api.desired["policy"].to_string().contains(&id));
    let found = graph.node("api-role").unwrap();
    assert!(found.needs.iter().any(|need| need.of.as_str() == "group.api"), "a later plan finds it by the role");
    assert!(notes(&loaded, &place())[0].starts_with("1 interface endpoint in 2 zones"));
}

#[test]
fn functions_share_no_group_with_the_callers() {
    let functions = FED.strip_prefix("name: demo\nstream: { kinesis: {} }\n").unwrap();
    let (_, graph) = lowered(&format!("{API}{functions}{NETWORK}"), vpc(Vec::new()));
    assert_eq!(names(&graph, "ec2:SecurityGroup"), ["group.network vpc-1/demo-network", "group.api vpc-1/demo-api"]);
    assert_eq!(graph.node("group.network").unwrap().desired["ingress"], json!(["tcp 443 self"]));
}

#[test]
fn one_of_others_and_those_that_are_named_are_used() {
    let (loaded, graph) = lowered(&format!("{API}{NETWORK}"), vpc(vec![there("execute-api")]));
    assert_eq!(names(&graph, "ec2:Endpoint"), [""; 0]);
    assert_eq!(graph.node("api").unwrap().desired["vpc_endpoints"], json!(["vpce-execute-api"]));
    assert!(notes(&loaded, &place())[0].contains("`vpce-execute-api`, which is not the pipeline's"));
    let named = API.replace("private: {}", "private: { endpoints: [vpce-00000001] }");
    let (loaded, graph) = lowered(&named, Vpc::default());
    assert_eq!(graph.node("api").unwrap().desired["vpc_endpoints"], json!(["vpce-00000001"]));
    assert_eq!((asked(&loaded.spec), names(&graph, "ec2:SecurityGroup").len()), (None, 0));
}

#[test]
fn the_networks_that_may_ask_are_those_of_the_door() {
    let allowed = API.replace("private: {}", "private: {}, allow_ips: [10.9.0.0/16]");
    let (_, graph) = lowered(&format!("{allowed}{NETWORK}"), vpc(Vec::new()));
    assert_eq!(graph.node("group.api").unwrap().desired["ingress"], json!(["tcp 443 10.9.0.0/16"]));
    assert!(graph.node("api").unwrap().desired["policy"].to_string().contains("aws:VpcSourceIp"));
    // In the form in which EC2 gives them back.
    let allowed = API.replace("private: {}", "private: {}, allow_ips: ['2001:DB8:0::/32']");
    let (_, graph) = lowered(&format!("{allowed}{NETWORK}"), vpc(Vec::new()));
    assert_eq!(graph.node("group.api").unwrap().desired["ingress"], json!(["tcp 443 2001:db8::/32"]));
}

#[test]
fn on_this_machine_it_is_any_api() {
    let loaded = crate::spec::parse("pipeline.yaml", format!("{API}{NETWORK}").as_bytes(), Path::new(".")).unwrap();
    let local = loaded.without_front();
    assert_eq!((local.spec.has_door(), local.stand_ins.len()), (false, 2));
    let graph = lower(&local, &place(), &Codes::unbuilt()).unwrap();
    assert_eq!(graph.node("api").unwrap().desired["endpoint_type"], "REGIONAL");
}

/// What of others is there, is as it is.
#[test]
fn zones_matter_where_the_pipeline_makes_the_endpoint() {
    let told = |zones: [&str; 2], endpoints: Vec<There>| {
        let offered = [("sqs".to_owned(), set(&["a"]))].into();
        let vpc = Vpc { zones: zones.map(str::to_owned).to_vec(), offered, ..vpc(endpoints) };
        let loaded = Loaded { vpc: Some(vpc), ..loaded("") };
        fits(&loaded, &place()).map_err(|error| error.message().to_owned())
    };
    let lacks = "pipeline.yaml:6:46: `com.amazonaws.eu-central-1.sqs` has no endpoints in the zone `b` of the subnet `subnet-00000002`";
    assert_eq!(told(["a", "b"], Vec::new()), Err(lacks.to_owned()));
    let twice = "pipeline.yaml:6:46: the subnets `subnet-00000001` and `subnet-00000002` are both in the zone `a`";
    assert_eq!(told(["a", "a"], Vec::new()), Err(twice.to_owned()));
    for zones in [["a", "a"], ["a", "b"]] {
        assert_eq!(told(zones, vec![there("sqs")]), Ok(()), "an endpoint of others");
    }
}

/// Lambda sends what a pushed function fails at, from outside of the VPC.
#[test]
fn a_pushed_function_needs_no_way_to_its_dlq() {
    let pushed = "name: demo\nsource: { topic: {} }\nconsumer: { function: { handler: stream-to-table } }\n\
                  sink: { table: { partition_key: id } }\ndlq: { queue: {} }\n";
    let (loaded, _) = lowered(&format!("{pushed}{NETWORK}"), vpc(Vec::new()));
    assert_eq!(asked(&loaded.spec).unwrap().interfaces, [""; 0].into());
}

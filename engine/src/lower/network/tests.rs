mod private;

use std::path::Path;

use serde_json::Value;

use super::*;
use crate::aws::mocked::place;
use crate::aws::vpc::Endpoint as There;
use crate::bundle::Codes;
use crate::graph::Graph;
use crate::lower::lower;
use crate::resource::{Grant, Scope};
use crate::spec::Loaded;

const FED: &str = "name: demo\nstream: { kinesis: {} }\nconsumer: { function: { handler: stream-to-table } }\n\
                   sink: { table: { partition_key: id } }\ndlq: { queue: {} }\n";

fn loaded(network: &str) -> Loaded {
    let text = format!("{FED}network: {{ vpc: {{ subnets: [subnet-00000001, subnet-00000002] }}{network} }}\n");
    crate::spec::parse("pipeline.yaml", text.as_bytes(), Path::new(".")).unwrap_or_else(|report| panic!("{report}"))
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// A VPC with two route tables and these endpoints.
fn vpc(endpoints: Vec<There>) -> Vpc {
    Vpc {
        id: "vpc-1".to_owned(),
        zones: vec!["a".to_owned(), "b".to_owned()],
        route_tables: set(&["rtb-1", "rtb-2"]),
        endpoints,
        prefix_lists: BTreeMap::from([("dynamodb".to_owned(), "pl-1".to_owned())]),
        offered: BTreeMap::new(),
        unnamed: BTreeSet::new(),
        networks: set(&["10.0.0.0/16"]),
    }
}

fn there(service: &str) -> There {
    There {
        id: format!("vpce-{service}"),
        service: service.to_owned(),
        state: "available".to_owned(),
        groups: set(&["sg-theirs"]),
        dns: format!("vpce-{service}.example"),
        ..There::default()
    }
}

fn of(network: &str, endpoints: Vec<There>) -> (Loaded, Graph) {
    let loaded = Loaded { vpc: Some(vpc(endpoints)), ..loaded(network) };
    let graph = lower(&loaded, &place(), &Codes::unbuilt()).unwrap();
    (loaded, graph)
}

fn names(graph: &Graph, kind: &str) -> Vec<String> {
    let of_kind = graph.nodes().iter().filter(|node| node.kind.name == kind);
    of_kind.map(|node| format!("{} {}", node.id, node.name)).collect()
}

fn variables(graph: &Graph) -> Vec<String> {
    let environment = graph.node("consumer").unwrap().desired["environment"].as_object().unwrap();
    environment.keys().filter(|name| name.contains("ENDPOINT")).cloned().collect()
}

#[test]
fn a_spec_without_a_network_lowers_as_before() {
    let loaded = crate::spec::parse("pipeline.yaml", FED.as_bytes(), Path::new(".")).unwrap();
    let graph = lower(&loaded, &place(), &Codes::unbuilt()).unwrap();
    assert!(graph.nodes().iter().all(|node| !node.kind.name.starts_with("ec2:")));
    assert!(graph.node("consumer").unwrap().desired.get("vpc").is_none());
    assert_eq!(asked(&loaded.spec), None);
    assert_eq!(notes(&loaded, &place()), [""; 0]);
}

#[test]
fn endpoints_follow_from_what_the_functions_call() {
    let (loaded, graph) = of("", Vec::new());
    let asked = asked(&loaded.spec).unwrap();
    assert_eq!((asked.gateways, asked.interfaces), (["dynamodb"].into(), ["sqs"].into()));
    assert_eq!(names(&graph, "ec2:Endpoint"), ["endpoint.dynamodb vpc-1/dynamodb", "endpoint.sqs vpc-1/sqs"]);
    assert_eq!(names(&graph, "ec2:SecurityGroup"), ["group.network vpc-1/demo-network"]);
    let group = &graph.node("group.network").unwrap().desired;
    assert_eq!(group["egress"], json!(["tcp 443 pl-1", "tcp 443 self"]));
    assert_eq!(group["ingress"], json!(["tcp 443 self"]));
    let gateway = &graph.node("endpoint.dynamodb").unwrap().desired;
    assert_eq!((&gateway["route_tables"], &gateway["policy"]), (&json!(["rtb-1", "rtb-2"]), &Value::Null));
    let interface = graph.node("endpoint.sqs").unwrap().desired.to_string();
    assert!(interface.contains("role/pipe/demo/eu-central-1/demo-consumer-role-eu-central-1"), "{interface}");
    assert_eq!(variables(&graph), ["AWS_ENDPOINT_URL_SQS"]);
    let consumer = &graph.node("consumer").unwrap().desired;
    assert_eq!(consumer["vpc"]["security_groups"], json!([output_of("group.network", "id")]));
    let role = graph.node("consumer-role").unwrap();
    assert!(role.needs.iter().any(|need| need.of.as_str() == "endpoint.sqs"), "a later plan finds it by the role");
    let told = notes(&loaded, &place());
    assert_eq!(told, ["1 interface endpoint in 2 zones: about $14.60 a month, and more for what goes through"]);
}

#[test]
fn an_endpoint_of_others_is_used_and_one_of_another_pipeline_is_not() {
    let (loaded, graph) = of("", vec![there("sqs")]);
    assert_eq!(names(&graph, "ec2:Endpoint"), ["endpoint.dynamodb vpc-1/dynamodb"]);
    assert_eq!(
        graph.node("consumer").unwrap().desired["environment"]["AWS_ENDPOINT_URL_SQS"],
        "https://vpce-sqs.example"
    );
    assert_eq!(graph.node("group.network").unwrap().desired["egress"], json!(["tcp 443 pl-1", "tcp 443 sg-theirs"]));
    assert!(notes(&loaded, &place())[0].contains("`vpce-sqs`, which is not the pipeline's"));
    let tagged = |pipeline: &str| There { tags: [(PIPELINE.to_owned(), pipeline.to_owned())].into(), ..there("sqs") };
    for own in [vec![tagged("other")], vec![tagged("demo"), there("sqs")]] {
        assert_eq!(names(&of("", own).1, "ec2:Endpoint").len(), 2);
    }
    let private = There { private_dns: true, ..there("sqs") };
    assert_eq!(variables(&of("", vec![private]).1), [""; 0]);
}

#[test]
fn a_route_table_has_one_gateway() {
    let gateway =
        |tables: &[&str]| There { gateway: true, route_tables: set(tables), groups: set(&[]), ..there("dynamodb") };
    let (_, graph) = of("", vec![gateway(&["rtb-1"])]);
    assert_eq!(graph.node("endpoint.dynamodb").unwrap().desired["route_tables"], json!(["rtb-2"]));
    let (_, graph) = of("", vec![gateway(&["rtb-1", "rtb-2"])]);
    assert_eq!(names(&graph, "ec2:Endpoint"), ["endpoint.sqs vpc-1/sqs"]);
    assert_eq!(graph.node("group.network").unwrap().desired["egress"], json!(["tcp 443 pl-1", "tcp 443 self"]));
}

#[test]
fn what_the_spec_says_of_endpoints_holds() {
    let (_, graph) = of(", endpoints: []", Vec::new());
    assert_eq!(names(&graph, "ec2:Endpoint"), [""; 0]);
    assert_eq!(graph.node("group.network").unwrap().desired["egress"], json!(["all 0.0.0.0/0"]));
    let (_, graph) = of(", endpoints: { dynamodb: interface }, private_dns: true, policy: open", Vec::new());
    let endpoint = &graph.node("endpoint.dynamodb").unwrap().desired;
    assert_eq!((&endpoint["private_dns"], &endpoint["policy"]), (&json!(true), &Value::Null));
    assert_eq!(variables(&graph), ["AWS_ACCOUNT_ID_ENDPOINT_MODE"]);
}

/// As EC2 says of DynamoDB's: functions are told the endpoint's own name then.
#[test]
fn a_service_without_a_private_name_keeps_its_endpoints_own() {
    let unnamed = Vpc { unnamed: set(&["dynamodb"]), ..vpc(Vec::new()) };
    let loaded = loaded(", endpoints: { dynamodb: interface, sqs: interface }, private_dns: true");
    let loaded = Loaded { vpc: Some(unnamed), ..loaded };
    let graph = lower(&loaded, &place(), &Codes::unbuilt()).unwrap();
    let private = |id: &str| graph.node(id).unwrap().desired["private_dns"].clone();
    assert_eq!([private("endpoint.dynamodb"), private("endpoint.sqs")], [json!(false), json!(true)]);
    assert_eq!(variables(&graph), ["AWS_ACCOUNT_ID_ENDPOINT_MODE", "AWS_ENDPOINT_URL_DYNAMODB"]);
}

/// EC2 lists endpoints in no order.
#[test]
fn the_same_one_of_several_is_used_however_they_are_listed() {
    let of_state = |id: &str, state: &str| There { id: id.into(), state: state.into(), ..there("sqs") };
    let used = |all: Vec<There>| notes(&of("", all).0, &place())[0].clone();
    let all = [of_state("vpce-b", "available"), of_state("vpce-a", "pending"), of_state("vpce-c", "available")];
    assert!(used(all.to_vec()).contains("`vpce-b`"));
    assert!(used(all.into_iter().rev().collect()).contains("`vpce-b`"));
}

#[test]
fn a_name_that_leads_to_another_pipelines_endpoint_is_refused_in_the_plan() {
    let tags = [(PIPELINE.to_owned(), "other".to_owned())].into();
    let (loaded, _) = of(", private_dns: true", vec![There { private_dns: true, tags, ..there("sqs") }]);
    let error = fits(&loaded, &place()).unwrap_err();
    assert!(error.message().contains("the name of `sqs` leads to `vpce-sqs` of the pipeline `other`"), "{error}");
}

#[test]
fn groups_of_others_get_the_endpoints_open_to_them_alone() {
    let with = |network: &str| {
        let vpc = "vpc: { subnets: [subnet-00000001], security_groups: [sg-00000002, sg-00000001] }";
        let text = format!("{FED}network: {{ {vpc}{network} }}\n");
        let loaded = crate::spec::parse("pipeline.yaml", text.as_bytes(), Path::new(".")).unwrap();
        let loaded = Loaded { vpc: Some(self::vpc(Vec::new())), ..loaded };
        lower(&loaded, &place(), &Codes::unbuilt()).unwrap()
    };
    let graph = with("");
    let group = &graph.node("group.network").unwrap().desired;
    assert_eq!(
        (&group["ingress"], &group["egress"]),
        (&json!(["tcp 443 sg-00000001", "tcp 443 sg-00000002"]), &json!([]))
    );
    assert_eq!(
        graph.node("consumer").unwrap().desired["vpc"]["security_groups"],
        json!(["sg-00000001", "sg-00000002"])
    );
    assert_eq!(names(&with(", endpoints: [dynamodb]"), "ec2:SecurityGroup"), [""; 0]);
}

#[test]
fn the_functions_code_may_not_change_the_network() {
    let (_, graph) = of("", Vec::new());
    let policy = graph.node("consumer-role").unwrap().desired["policies"]["pipe"]["Statement"].clone();
    let deny = policy.as_array().unwrap().iter().find(|one| one["Effect"] == "Deny").unwrap();
    assert!(deny["Condition"].to_string().contains("function:demo-consumer"), "{deny}");
}

#[test]
fn in_a_local_cloud_there_is_no_network() {
    let local = loaded("").without_front();
    assert_eq!(local.spec.network, None);
    assert_eq!(local.stand_ins.len(), 1);
}

#[test]
fn the_deployer_may_change_what_is_the_pipelines_and_only_with_a_network() {
    let place = place();
    let scope = Scope { place: &place, pipeline: "demo", boundary: None };
    let grants = |graph: &Graph| -> Vec<Grant> {
        let of = graph.nodes().iter().map(|node| {
            [(node.kind.grants)(&scope, &node.name), (node.kind.more_grants)(&scope, &node.name, &node.desired)]
                .concat()
        });
        of.flatten().filter(|grant| grant.actions.iter().any(|action| action.starts_with("ec2:"))).collect()
    };
    let without = crate::spec::parse("pipeline.yaml", FED.as_bytes(), Path::new(".")).unwrap();
    assert_eq!(grants(&lower(&without, &place, &Codes::unbuilt()).unwrap()), []);
    let with = grants(&of("", Vec::new()).1);
    for action in ["ec2:DeleteSecurityGroup", "ec2:DeleteVpcEndpoints", "ec2:CreateTags"] {
        let mut of_action = with.iter().filter(|grant| grant.actions.contains(&action)).peekable();
        assert!(of_action.peek().is_some(), "{action}");
        assert!(of_action.all(|grant| !grant.conditions.is_empty()), "`{action}` only on what is the pipeline's");
    }
}

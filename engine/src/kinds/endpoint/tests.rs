//! Against answers of EC2's shape (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html>).

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Value, json};

use super::*;
use crate::aws::mocked::{cx_answered, xml, xml_refusal};
use crate::resource::{How, Id, Tags};

type Calls = Arc<Mutex<Vec<(String, Value)>>>;

fn recorded(mut answer: impl FnMut(&str, &Value) -> HttpResponse + Send + 'static) -> (Cx, Calls) {
    let calls = Calls::default();
    let kept = calls.clone();
    let cx = cx_answered(move |operation, input| {
        kept.lock().unwrap().push((operation.to_owned(), input.clone()));
        answer(operation, input)
    });
    let tags = Tags::from([("pipe:pipeline".to_owned(), "demo".to_owned())]);
    (cx.for_resource(&Id::new("endpoint.sqs"), tags), calls)
}

fn name() -> Name {
    Name::new("vpc-1/sqs")
}

fn all(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn desired() -> Endpoint {
    let statement = json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
        "Condition": { "ArnEquals": { "aws:PrincipalArn": ["arn:aws:iam::111122223333:role/pipe/demo/eu-central-1/r"] } } });
    Endpoint {
        gateway: false,
        subnets: all(&["subnet-1", "subnet-2"]),
        security_groups: all(&["sg-1"]),
        route_tables: BTreeSet::new(),
        private_dns: false,
        policy: Some(Policy::new(vec![statement])),
        failed: false,
    }
}

/// One entry of EC2's answer, in the shape that a real account gave (private DNS and the policy apart).
fn entry(id: &str, state: &str, pipeline: &str, policy: &str) -> String {
    format!(
        "<creationTimestamp>2026-11-28T12:00:00.000Z</creationTimestamp><dnsEntrySet><item><dnsName>{id}-x.sqs.eu-central-1.vpce.amazonaws.com</dnsName>\
         <hostedZoneId>Z1</hostedZoneId></item><item><dnsName>{id}-x-eu-central-1a.sqs.eu-central-1.vpce.amazonaws.com</dnsName></item></dnsEntrySet>\
         <dnsOptions><dnsRecordIpType>ipv4</dnsRecordIpType></dnsOptions><groupSet><item><groupId>sg-1</groupId><groupName>demo</groupName></item></groupSet>\
         <ipAddressType>ipv4</ipAddressType><networkInterfaceIdSet><item>eni-1</item></networkInterfaceIdSet><ownerId>111122223333</ownerId>\
         <policyDocument>{policy}</policyDocument><privateDnsEnabled>false</privateDnsEnabled><requesterManaged>false</requesterManaged>\
         <routeTableIdSet/><serviceName>com.amazonaws.eu-central-1.sqs</serviceName><serviceRegion>eu-central-1</serviceRegion><state>{state}</state>\
         <subnetIdSet><item>subnet-2</item><item>subnet-1</item></subnetIdSet><tagSet><item><key>pipe:pipeline</key><value>{pipeline}</value></item></tagSet>\
         <vpcEndpointId>{id}</vpcEndpointId><vpcEndpointType>Interface</vpcEndpointType><vpcId>vpc-1</vpcId>"
    )
}

/// As EC2 gives a policy back: without its version, and escaped.
fn policy_text() -> String {
    let text = desired().policy.unwrap().text();
    let mut policy: Value = serde_json::from_str(&text).unwrap();
    policy.as_object_mut().unwrap().remove("Version");
    policy.to_string().replace('"', "&quot;")
}

fn listed(entries: &[String]) -> HttpResponse {
    let items: String = entries.iter().map(|one| format!("<item>{one}</item>")).collect();
    xml(&format!("<vpcEndpointSet>{items}</vpcEndpointSet>"))
}

fn names(calls: &Calls) -> Vec<String> {
    calls.lock().unwrap().iter().map(|(operation, _)| operation.clone()).collect()
}

async fn live(cx: &Cx) -> Live<Endpoint> {
    Endpoint::read(cx, &name()).await.unwrap().pop().unwrap()
}

#[tokio::test]
async fn only_the_pipelines_own_is_read_and_equals_what_was_asked_for() {
    let (cx, _) = recorded(|_, _| {
        listed(&[
            entry("vpce-1", "available", "demo", &policy_text()),
            entry("vpce-2", "available", "other", ""),
            entry("vpce-3", "deleted", "demo", ""),
        ])
    });
    let found = Endpoint::read(&cx, &name()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].handle.as_str(), &found[0].props), ("vpce-1", &desired()));
    assert_eq!(found[0].outputs["dns"], "vpce-1-x.sqs.eu-central-1.vpce.amazonaws.com");
    let (open, _) = recorded(|_, _| {
        let all = "{&quot;Statement&quot;:[{&quot;Action&quot;:&quot;*&quot;,&quot;Effect&quot;:&quot;Allow&quot;,&quot;Principal&quot;:&quot;*&quot;,&quot;Resource&quot;:&quot;*&quot;}]}";
        listed(&[entry("vpce-1", "Available", "demo", all)])
    });
    assert_eq!(live(&open).await.props.policy, None, "AWS's own policy is none");
}

#[tokio::test]
async fn a_creation_says_all_and_waits_for_the_names() {
    let mut asked = 0;
    let (cx, calls) = recorded(move |operation, _| match operation {
        "CreateVpcEndpoint" => {
            xml("<vpcEndpoint><vpcEndpointId>vpce-1</vpcEndpointId><state>pending</state></vpcEndpoint>")
        }
        _ => {
            asked += 1;
            if asked == 1 { listed(&[]) } else { listed(&[entry("vpce-1", "pending", "demo", "")]) }
        }
    });
    tokio::time::pause();
    let made = desired().reconcile(&cx, &name(), None).await.unwrap();
    assert_eq!((made.identity.as_str(), made.outputs["dns"].is_empty()), ("vpce-1", false));
    assert_eq!(names(&calls), ["CreateVpcEndpoint", "DescribeVpcEndpoints", "DescribeVpcEndpoints"]);
    let created = &calls.lock().unwrap()[0].1;
    for (member, value) in [
        ("VpcEndpointType", "Interface"),
        ("ServiceName", "com.amazonaws.eu-central-1.sqs"),
        ("SubnetId.2", "subnet-2"),
        ("SecurityGroupId.1", "sg-1"),
        ("PrivateDnsEnabled", "false"),
        ("TagSpecification.1.ResourceType", "vpc-endpoint"),
    ] {
        assert_eq!(created[member], value, "{member}");
    }
    assert!(created["PolicyDocument"].as_str().unwrap().contains("aws:PrincipalArn"));
}

#[tokio::test]
async fn each_property_is_changed_by_its_own_member() {
    let (cx, calls) = recorded(|operation, _| match operation {
        "DescribeVpcEndpoints" => listed(&[entry("vpce-1", "available", "demo", &policy_text())]),
        _ => xml("<return>true</return>"),
    });
    let (live, opened) = (live(&cx).await, open().text());
    let edits: [(Endpoint, &[(&str, &str)]); 5] = [
        (Endpoint { private_dns: true, ..desired() }, &[("PrivateDnsEnabled", "true")]),
        (Endpoint { policy: None, ..desired() }, &[("PolicyDocument", &opened)]),
        (
            Endpoint { security_groups: all(&["sg-2"]), ..desired() },
            &[("AddSecurityGroupId.1", "sg-2"), ("RemoveSecurityGroupId.1", "sg-1")],
        ),
        (Endpoint { route_tables: all(&["rtb-1"]), ..desired() }, &[("AddRouteTableId.1", "rtb-1")]),
        (Endpoint { subnets: all(&["subnet-1"]), ..desired() }, &[("RemoveSubnetId.1", "subnet-2")]),
    ];
    for (edit, members) in edits {
        calls.lock().unwrap().clear();
        edit.reconcile(&cx, &name(), Some(&live)).await.unwrap();
        assert_eq!(names(&calls), ["ModifyVpcEndpoint"]);
        let sent = calls.lock().unwrap()[0].1.clone();
        // Action, Version and VpcEndpointId come with each.
        assert_eq!(sent.as_object().unwrap().len(), 3 + members.len(), "{sent}");
        members.iter().for_each(|(member, value)| assert_eq!(sent[*member], *value));
    }
    calls.lock().unwrap().clear();
    desired().reconcile(&cx, &name(), Some(&live)).await.unwrap();
    assert_eq!(names(&calls), [""; 0]);
}

/// EC2 takes no second subnet of a zone, and no endpoint without one.
#[tokio::test]
async fn a_subnet_goes_before_another_comes_unless_it_is_the_last() {
    let (cx, calls) = recorded(|operation, _| match operation {
        "DescribeVpcEndpoints" => listed(&[entry("vpce-1", "available", "demo", &policy_text())]),
        "DescribeSubnets" => {
            let zones = [("subnet-1", "a"), ("subnet-2", "b"), ("subnet-3", "a"), ("subnet-4", "b")];
            let items = zones.map(|(id, zone)| {
                format!("<item><subnetId>{id}</subnetId><availabilityZone>{zone}</availabilityZone></item>")
            });
            xml(&format!("<subnetSet>{}</subnetSet>", items.concat()))
        }
        _ => xml("<return>true</return>"),
    });
    let live = live(&cx).await;
    let sent = async |subnets: &[&str]| {
        calls.lock().unwrap().clear();
        Endpoint { subnets: all(subnets), ..desired() }.reconcile(&cx, &name(), Some(&live)).await.unwrap();
        let all = calls.lock().unwrap();
        all.iter()
            .filter(|(operation, _)| operation == "ModifyVpcEndpoint")
            .map(|(_, input)| (input["AddSubnetId.1"].clone(), input["RemoveSubnetId.1"].clone()))
            .collect::<Vec<_>>()
    };
    let none = Value::Null;
    assert_eq!(
        sent(&["subnet-1", "subnet-3"]).await,
        [(none.clone(), json!("subnet-2")), (json!("subnet-3"), none.clone())]
    );
    // Those of this account: `subnet-1` and `subnet-3` are of one zone.
    assert_eq!(
        sent(&["subnet-3", "subnet-4"]).await,
        [
            (none.clone(), json!("subnet-2")),
            (json!("subnet-4"), none.clone()),
            (none.clone(), json!("subnet-1")),
            (json!("subnet-3"), none),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn one_that_is_being_deleted_is_gone_before_another_takes_its_place() {
    let mut asked = 0;
    let (cx, calls) = recorded(move |operation, _| match operation {
        "CreateVpcEndpoint" => xml(&format!("<vpcEndpoint>{}</vpcEndpoint>", entry("vpce-2", "pending", "demo", ""))),
        _ => {
            asked += 1;
            let state = if asked < 3 { "deleting" } else { "deleted" };
            listed(&[entry("vpce-1", state, "demo", "")])
        }
    });
    let leaving = live(&cx).await;
    assert_eq!(leaving.state, State::Leaving);
    let made = desired().reconcile(&cx, &name(), Some(&leaving)).await.unwrap();
    assert_eq!(made.identity, "vpce-2");
    let read = "DescribeVpcEndpoints";
    assert_eq!(names(&calls), [read, read, read, "CreateVpcEndpoint"]);
}

#[tokio::test(start_paused = true)]
async fn a_delete_is_believed_when_the_endpoint_is_gone_and_not_by_its_status() {
    let mut asked = 0;
    let (cx, calls) = recorded(move |operation, _| match operation {
        "DeleteVpcEndpoints" => xml("<unsuccessful/>"),
        _ => {
            asked += 1;
            match asked {
                1 => listed(&[entry("vpce-1", "deleting", "demo", "")]),
                2 => listed(&[entry("vpce-1", "deleted", "demo", "")]),
                _ => xml_refusal("InvalidVpcEndpointId.NotFound", "does not exist"),
            }
        }
    });
    Endpoint::delete(&cx, &name(), &Handle::new("vpce-1")).await.unwrap();
    assert_eq!(names(&calls).len(), 3);
    Endpoint::delete(&cx, &name(), &Handle::new("vpce-1")).await.unwrap();
    let failing = |code: &'static str| {
        recorded(move |operation, _| match operation {
            "DeleteVpcEndpoints" => xml(&format!(
                "<unsuccessful><item><resourceId>vpce-1</resourceId><error><code>{code}</code><message>no</message></error></item></unsuccessful>"
            )),
            _ => listed(&[]),
        })
        .0
    };
    Endpoint::delete(&failing("InvalidVpcEndpointId.NotFound"), &name(), &Handle::new("vpce-1")).await.unwrap();
    let error = Endpoint::delete(&failing("InvalidState"), &name(), &Handle::new("vpce-1")).await.unwrap_err();
    assert!(error.message().contains("(InvalidState)"), "{error}");
}

#[test]
fn what_changes_the_network_for_others_needs_consent() {
    let gateway = Endpoint { gateway: true, route_tables: all(&["rtb-1"]), policy: None, ..desired() };
    let new = |of: &Endpoint| Endpoint::advice(&Changed::New(of)).widens;
    assert_eq!(new(&desired()), [""; 0], "by its own name it is the functions' alone");
    assert_eq!(new(&gateway), ["all that uses rtb-1 reaches the service through it from now on"]);
    assert_eq!(new(&Endpoint { private_dns: true, ..desired() }).len(), 2, "and its policy keeps others out");
    let how = How::default();
    let edit = |now: &Endpoint, then: &Endpoint| {
        Endpoint::advice(&Changed::Edit { desired: now, live: then, how: &how }).widens
    };
    assert_eq!(edit(&gateway, &gateway), [""; 0]);
    assert_eq!(edit(&Endpoint { policy: None, ..desired() }, &desired()).len(), 1);
    let fewer = Endpoint { route_tables: all(&[]), ..gateway.clone() };
    let gone = "whatever else uses rtb-1 reaches the service through it no longer";
    assert_eq!(edit(&fewer, &gateway), [gone]);
    assert_eq!(edit(&desired(), &Endpoint { private_dns: true, ..desired() }).len(), 1);
    let how = How { replaced: true, keeps_name: true, ..How::default() };
    let other = Changed::Edit { desired: &desired(), live: &gateway, how: &how };
    assert_eq!(Endpoint::advice(&other).widens, [gone], "another sort of endpoint in its place");
    assert_eq!(Endpoint::advice(&Changed::End { live: &gateway, gone: &[] }).widens, [gone]);
    assert_eq!(Endpoint::advice(&Changed::End { live: &desired(), gone: &[] }).widens, [""; 0]);
}

//! Against answers of EC2's shape (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html>).

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::Value;

use super::*;
use crate::aws::mocked::{cx_answered, xml, xml_refusal};
use crate::resource::{Id, Tags};

type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// A context that keeps what it is asked.
fn recorded(mut answer: impl FnMut(&str, &Value) -> HttpResponse + Send + 'static) -> (Cx, Calls) {
    let calls = Calls::default();
    let kept = calls.clone();
    let cx = cx_answered(move |operation, input| {
        kept.lock().unwrap().push((operation.to_owned(), input.clone()));
        answer(operation, input)
    });
    let tags = Tags::from([("pipe:pipeline".to_owned(), "demo".to_owned())]);
    (cx.for_resource(&Id::new("group.network"), tags), calls)
}

fn name() -> Name {
    Name::new("vpc-1/demo-network")
}

fn desired(egress: &[&str]) -> SecurityGroup {
    let egress = egress.iter().map(|rule| (*rule).to_owned()).collect();
    SecurityGroup { description: "Network".to_owned(), ingress: BTreeSet::from([https(SELF)]), egress }
}

/// The group as EC2 shows it, with these permissions to let out.
fn shown(egress: &str) -> HttpResponse {
    let own = "<groups><item><userId>111122223333</userId><groupId>sg-1</groupId></item></groups>";
    let tag = "<tagSet><item><key>pipe:pipeline</key><value>demo</value></item></tagSet>";
    xml(&format!(
        "<requestId>r</requestId><securityGroupInfo><item><ownerId>111122223333</ownerId><groupId>sg-1</groupId>\
         <groupName>demo-network</groupName><groupDescription>Network</groupDescription><vpcId>vpc-1</vpcId>\
         <ipPermissions><item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort>{own}<ipRanges/><ipv6Ranges/>\
         <prefixListIds/></item></ipPermissions><ipPermissionsEgress>{egress}</ipPermissionsEgress>{tag}</item></securityGroupInfo>"
    ))
}

const ALL: &str = "<item><ipProtocol>-1</ipProtocol><groups/><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges>\
                   <ipv6Ranges/><prefixListIds/></item>";
const LISTED: &str = "<item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort><groups/><ipRanges/>\
                      <ipv6Ranges/><prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds></item>";

fn names(calls: &Calls) -> Vec<String> {
    calls.lock().unwrap().iter().map(|(operation, _)| operation.clone()).collect()
}

#[tokio::test]
async fn a_new_group_loses_the_rule_that_lets_all_out() {
    let (cx, calls) = recorded(|operation, _| match operation {
        "CreateSecurityGroup" => xml("<return>true</return><groupId>sg-1</groupId>"),
        "DescribeSecurityGroups" => shown(ALL),
        _ => xml("<return>true</return>"),
    });
    let made = desired(&["tcp 443 pl-1"]).reconcile(&cx, &name(), None).await.unwrap();
    assert_eq!(made.outputs["arn"], "arn:aws:ec2:eu-central-1:111122223333:security-group/sg-1");
    assert_eq!(
        names(&calls),
        ["CreateSecurityGroup", "DescribeSecurityGroups", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress"]
    );
    let calls = calls.lock().unwrap();
    let (created, added, revoked) = (&calls[0].1, &calls[2].1, &calls[3].1);
    assert_eq!((&created["GroupName"], &created["VpcId"]), (&"demo-network".into(), &"vpc-1".into()));
    assert_eq!(created["TagSpecification.1.Tag.1.Key"], "pipe:pipeline");
    assert_eq!(added["IpPermissions.1.PrefixListIds.1.PrefixListId"], "pl-1");
    assert_eq!((&added["IpPermissions.1.FromPort"], &added["IpPermissions.1.ToPort"]), (&"443".into(), &"443".into()));
    assert_eq!(revoked["IpPermissions.1.IpRanges.1.CidrIp"], "0.0.0.0/0");
    assert_eq!(
        (&revoked["IpPermissions.1.IpProtocol"], &revoked["IpPermissions.1.FromPort"]),
        (&"-1".into(), &Value::Null)
    );
}

#[tokio::test]
async fn what_is_read_back_is_what_was_asked_for() {
    let (cx, calls) = recorded(|_, _| shown(LISTED));
    let live = SecurityGroup::read(&cx, &name()).await.unwrap().pop().unwrap();
    assert_eq!(live.props, desired(&["tcp 443 pl-1"]));
    desired(&["tcp 443 pl-1"]).reconcile(&cx, &name(), Some(&live)).await.unwrap();
    assert_eq!(names(&calls), ["DescribeSecurityGroups"], "nothing is written");
    // A run that was killed after the creation goes on with the rules.
    desired(&["tcp 443 self"]).reconcile(&cx, &name(), Some(&live)).await.unwrap();
    assert_eq!(names(&calls)[1..], ["AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress"]);
    assert_eq!(calls.lock().unwrap()[1].1["IpPermissions.1.Groups.1.GroupId"], "sg-1");
}

#[tokio::test]
async fn a_rule_that_is_there_or_gone_already_is_done_and_an_absent_group_too() {
    let (cx, _) = recorded(|operation, _| match operation {
        "AuthorizeSecurityGroupEgress" => xml_refusal("InvalidPermission.Duplicate", "already exists"),
        "RevokeSecurityGroupEgress" => xml_refusal("InvalidPermission.NotFound", "does not exist"),
        _ => xml_refusal("InvalidGroup.NotFound", "does not exist"),
    });
    let (cx_of_live, _) = recorded(|_, _| shown(ALL));
    let live = SecurityGroup::read(&cx_of_live, &name()).await.unwrap().pop().unwrap();
    desired(&["tcp 443 pl-1"]).reconcile(&cx, &name(), Some(&live)).await.unwrap();
    assert!(SecurityGroup::read(&cx, &Name::new("sg-1")).await.unwrap().is_empty());
    SecurityGroup::delete(&cx, &name(), &Handle::new("sg-1")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_holds_a_group_is_named_and_not_waited_for_all_the_time() {
    let (cx, _) = recorded(|operation, _| match operation {
        "DeleteSecurityGroup" => xml_refusal("DependencyViolation", "resource sg-1 has a dependent object"),
        _ => xml(
            "<networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId><description>AWS Lambda VPC ENI-demo</description>\
             </item></networkInterfaceSet>",
        ),
    });
    let start = tokio::time::Instant::now();
    let error = SecurityGroup::delete(&cx, &name(), &Handle::new("sg-1")).await.unwrap_err();
    assert!(start.elapsed() <= FREE_WITHIN, "{:?}", start.elapsed());
    assert!(error.message().contains("`eni-1` (AWS Lambda VPC ENI-demo)"), "{error}");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("45 minutes")));
}

#[test]
fn rules_go_out_as_they_came_in() {
    for (rule, protocol, from, to) in [
        ("icmp -1 10.0.0.0/8", "icmp", "-1", "-1"),
        ("udp 1000-2000 ::/0", "udp", "1000", "2000"),
        ("50 sg-2", "50", "", ""),
    ] {
        let input = format!("{:?}", to_request(rule, "sg-1"));
        assert!(input.contains(&format!("\"{protocol}\"")), "{input}");
        assert!(
            from.is_empty() || input.contains(&format!("\"{from}\"")) && input.contains(&format!("\"{to}\"")),
            "{input}"
        );
    }
}

#[test]
fn a_rule_more_widens_and_a_rule_less_does_not() {
    let advice = |now: &[&str], then: &[&str]| {
        let (desired, live) = (desired(now), desired(then));
        SecurityGroup::advice(&Changed::Edit { desired: &desired, live: &live, how: &crate::resource::How::default() })
            .widens
    };
    assert_eq!(advice(&["tcp 443 pl-1", "tcp 443 self"], &["tcp 443 self"]), ["it lets out `tcp 443 pl-1`"]);
    assert_eq!(advice(&["tcp 443 self"], &["tcp 443 pl-1", "tcp 443 self"]), [""; 0]);
}

#[test]
fn a_name_comes_from_the_arn_of_a_group_alone() {
    let arn = "arn:aws:ec2:eu-central-1:111122223333:security-group/sg-1";
    assert_eq!(SecurityGroup::name_of(arn), Some(Name::new("sg-1")));
    assert_eq!(SecurityGroup::name_of("arn:aws:ec2:eu-central-1:111122223333:vpc-endpoint/vpce-1"), None);
    assert_eq!(SecurityGroup::name_of("*"), None);
}

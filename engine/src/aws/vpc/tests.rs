//! Against answers of EC2's shape.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::Value;

use super::*;
use crate::aws::Cx;
use crate::aws::mocked::{cx_answered, xml, xml_refusal};

const SUBNETS: [(&str, &str, &str); 4] = [
    ("subnet-1", "vpc-1", "eu-central-1a"),
    ("subnet-2", "vpc-1", "eu-central-1b"),
    ("subnet-3", "vpc-1", "eu-central-1b"),
    ("subnet-9", "vpc-9", "eu-central-1a"),
];

/// An account with these subnets, whose service `sqs` is in zone `a` alone, and whose VPCs name no hosts.
fn answer(operation: &str, input: &Value) -> HttpResponse {
    match operation {
        "DescribeSubnets" => {
            let asked = |id: &str| input.as_object().unwrap().values().any(|value| value == id);
            let items = SUBNETS.iter().filter(|(id, ..)| asked(id)).map(|(id, vpc, zone)| {
                let six =
                    if *id == "subnet-2" { "<item><ipv6CidrBlock>2001:db8::/64</ipv6CidrBlock></item>" } else { "" };
                format!(
                    "<item><subnetId>{id}</subnetId><vpcId>{vpc}</vpcId><availabilityZone>{zone}</availabilityZone>\
                     <ipv6CidrBlockAssociationSet>{six}</ipv6CidrBlockAssociationSet></item>"
                )
            });
            xml(&format!("<subnetSet>{}</subnetSet>", items.collect::<String>()))
        }
        "DescribeRouteTables" => xml(
            "<routeTableSet><item><routeTableId>rtb-main</routeTableId><associationSet><item><main>true</main></item></associationSet></item>\
             <item><routeTableId>rtb-2</routeTableId><associationSet><item><main>false</main><subnetId>subnet-2</subnetId></item>\
             </associationSet></item><item><routeTableId>rtb-3</routeTableId><associationSet/></item></routeTableSet>",
        ),
        "DescribePrefixLists" => xml(
            "<prefixListSet><item><prefixListId>pl-1</prefixListId><prefixListName>n</prefixListName></item></prefixListSet>",
        ),
        "DescribeVpcEndpointServices" => xml(
            "<serviceDetailSet><item><serviceName>com.amazonaws.eu-central-1.sqs</serviceName><serviceType><item><serviceType>Interface</serviceType>\
             </item></serviceType><availabilityZoneSet><item>eu-central-1a</item></availabilityZoneSet></item></serviceDetailSet>",
        ),
        "DescribeVpcs" => xml(
            "<vpcSet><item><vpcId>vpc-1</vpcId><cidrBlock>10.0.0.0/16</cidrBlock><cidrBlockAssociationSet><item><cidrBlock>10.0.0.0/16</cidrBlock>\
             <cidrBlockState><state>associated</state></cidrBlockState></item><item><cidrBlock>10.1.0.0/16</cidrBlock><cidrBlockState><state>associated\
             </state></cidrBlockState></item><item><cidrBlock>10.2.0.0/16</cidrBlock><cidrBlockState><state>disassociated</state></cidrBlockState></item>\
             </cidrBlockAssociationSet></item></vpcSet>",
        ),
        "DescribeVpcEndpoints" => xml("<vpcEndpointSet/>"),
        "DescribeVpcAttribute" if input["Attribute"] == "enableDnsSupport" => {
            xml("<enableDnsSupport><value>true</value></enableDnsSupport>")
        }
        "DescribeVpcAttribute" => xml("<enableDnsHostnames><value>false</value></enableDnsHostnames>"),
        other => panic!("{other}"),
    }
}

fn cx() -> Cx {
    cx_answered(answer)
}

fn asked(subnets: &[&str]) -> Asked {
    Asked { subnets: subnets.iter().map(|id| (*id).to_owned()).collect(), ..Asked::default() }
}

#[tokio::test]
async fn a_subnet_without_a_table_of_its_own_has_the_main_one() {
    let asked = Asked { gateways: ["dynamodb"].into(), ..asked(&["subnet-1", "subnet-2"]) };
    let vpc = look(&cx().aws, &asked).await.unwrap();
    assert_eq!((vpc.id.as_str(), vpc.zones), ("vpc-1", vec!["eu-central-1a".to_owned(), "eu-central-1b".to_owned()]));
    assert_eq!(vpc.route_tables, ["rtb-2".to_owned(), "rtb-main".to_owned()].into());
    assert_eq!(vpc.prefix_lists["dynamodb"], "pl-1");
}

#[tokio::test]
async fn what_does_not_go_together_is_refused_with_its_names() {
    let refused = async |asked: Asked| look(&cx().aws, &asked).await.unwrap_err().message().to_owned();
    assert_eq!(
        refused(asked(&["subnet-1", "subnet-9"])).await,
        "the subnets `subnet-1` and `subnet-9` are of two VPCs: `vpc-1` and `vpc-9`"
    );
    assert_eq!(
        refused(Asked { private_dns: true, ..asked(&["subnet-1"]) }).await,
        "`private_dns` needs `enableDnsHostnames` of the VPC `vpc-1`, which is off"
    );
    assert_eq!(
        refused(Asked { ipv6: true, ..asked(&["subnet-1", "subnet-9"]) }).await,
        "the subnets `subnet-1` and `subnet-9` are of two VPCs: `vpc-1` and `vpc-9`"
    );
    assert_eq!(
        refused(Asked { ipv6: true, ..asked(&["subnet-2", "subnet-1"]) }).await,
        "`ipv6` needs subnets with IPv6, and `subnet-1` has none"
    );
    assert_eq!(refused(asked(&["subnet-8"])).await, "the subnet `subnet-8` does not exist");
}

#[tokio::test]
async fn zones_of_services_and_the_vpcs_networks_are_read_where_they_matter() {
    let asked = Asked { interfaces: ["sqs"].into(), networks: true, ..asked(&["subnet-2", "subnet-3"]) };
    let vpc = look(&cx().aws, &asked).await.unwrap();
    assert_eq!(vpc.offered, [("sqs".to_owned(), ["eu-central-1a".to_owned()].into())].into());
    assert_eq!(vpc.unnamed, ["sqs".to_owned()].into(), "it says no private name");
    assert_eq!(vpc.networks, ["10.0.0.0/16".to_owned(), "10.1.0.0/16".to_owned()].into());
    let neither = look(&cx().aws, &self::asked(&["subnet-1"])).await.unwrap();
    assert_eq!((neither.offered.len(), neither.networks.len()), (0, 0));
}

#[tokio::test]
async fn a_subnet_that_is_gone_comes_with_what_to_do() {
    let cx = cx_answered(|_, _| xml_refusal("InvalidSubnetID.NotFound", "The subnet ID 'subnet-1' does not exist"));
    let error = look(&cx.aws, &asked(&["subnet-1"])).await.unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::Fatal, "InvalidSubnetID.NotFound"));
    assert!(error.hint_text().is_some_and(|hint| hint.contains("network.vpc.subnets")));
}

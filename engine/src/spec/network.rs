//! The section `network`: the VPC that the functions are in, and their ways out of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Puts the pipeline's functions into a VPC that exists, with endpoints for what they call: no way through the internet is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Where in which VPC the functions are. Required.
    pub vpc: Placement,
    /// Services that the functions reach by VPC endpoints: a list, or a mapping to `gateway` or `interface`. An endpoint that somebody else has in the VPC is used, and never changed. Default: those that the pipeline's functions call, `dynamodb` and `s3` by a gateway, which is free; `[]`: none, and the functions may call everything that the VPC has a way to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Endpoints>,
    /// Whether the usual names of the services lead to the endpoints, for everything in the VPC; otherwise only the functions are told the endpoints' own names. Default: false.
    #[serde(default)]
    pub private_dns: bool,
    /// Whom the endpoints let through: `pipeline` for the roles of the pipeline's functions alone, or `open`. Default: `pipeline`, but `open` for gateways, which others use as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Lets>,
    /// Ids of the route tables of gateway endpoints. Default: those that the subnets use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 50),
        extend("items" = {"type": "string", "pattern": "^rtb-[0-9a-f]{8,17}$",
            "patternErrorMessage": "the id of a route table, as in `rtb-0123456789abcdef0`"})
    )]
    pub route_tables: Option<Vec<String>>,
}

/// Where functions are in a VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// Ids of 1 to 16 subnets of one VPC; where the pipeline makes endpoints, one in each zone. Required.
    #[schemars(
        length(min = 1, max = 16),
        extend("items" = {"type": "string", "pattern": "^subnet-[0-9a-f]{8,17}$",
            "patternErrorMessage": "the id of a subnet, as in `subnet-0123456789abcdef0`"})
    )]
    pub subnets: Vec<String>,
    /// Ids of 1 to 5 security groups that the functions have. Default: one of the pipeline's own, which lets them reach their endpoints and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 5),
        extend("items" = {"type": "string", "pattern": "^sg-[0-9a-f]{8,17}$",
            "patternErrorMessage": "the id of a security group, as in `sg-0123456789abcdef0`"})
    )]
    pub security_groups: Option<Vec<String>>,
    /// Whether the functions call by IPv6 as well, in subnets that have both. Default: false.
    #[serde(default)]
    pub ipv6: bool,
}

/// Services with VPC endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Endpoints {
    /// Each by its usual way.
    Listed(#[schemars(length(max = 20), inner(length(min = 1, max = 64)))] Vec<String>),
    /// Each by the way that is said.
    Said(#[schemars(extend("maxProperties" = 20))] BTreeMap<String, Way>),
}

/// How an endpoint is reached: by a route in route tables, which is free, or by a network interface in each subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Gateway,
    Interface,
}

/// Whom an endpoint lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lets {
    Pipeline,
    Open,
}

/// A service that functions may reach by an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// As endpoints are named.
    pub name: &'static str,
    /// What IAM's actions begin with.
    pub actions: &'static str,
    /// The end of the variable by which AWS's SDKs are told its URL; empty where no URL can stand for it
    /// (<https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>).
    pub variable: &'static str,
    pub ways: &'static [Way],
}

const fn by_interface(name: &'static str, actions: &'static str, variable: &'static str) -> Reached {
    Reached { name, actions, variable, ways: &[Way::Interface] }
}

/// The services, by their names
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html>). The usual way comes first.
pub const REACHED: &[Reached] = &[
    by_interface("bedrock-runtime", "bedrock", "BEDROCK_RUNTIME"),
    Reached { name: "dynamodb", actions: "dynamodb", variable: "DYNAMODB", ways: &[Way::Gateway, Way::Interface] },
    by_interface("events", "events", "EVENTBRIDGE"),
    by_interface("kinesis-firehose", "firehose", "FIREHOSE"),
    by_interface("kinesis-streams", "kinesis", "KINESIS"),
    by_interface("kms", "kms", "KMS"),
    by_interface("lambda", "lambda", "LAMBDA"),
    by_interface("logs", "logs", "CLOUDWATCH_LOGS"),
    by_interface("monitoring", "cloudwatch", "CLOUDWATCH"),
    // By an interface the name of a bucket would have to stand before that of the endpoint.
    Reached { name: "s3", actions: "s3", variable: "", ways: &[Way::Gateway] },
    by_interface("scheduler", "scheduler", "SCHEDULER"),
    by_interface("secretsmanager", "secretsmanager", "SECRETS_MANAGER"),
    by_interface("sns", "sns", "SNS"),
    by_interface("sqs", "sqs", "SQS"),
    by_interface("ssm", "ssm", "SSM"),
    by_interface("states", "states", "SFN"),
    by_interface("sts", "sts", "STS"),
    by_interface("xray", "xray", "XRAY"),
];

impl Reached {
    /// Returns the service of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Self> {
        REACHED.iter().find(|one| one.name == name)
    }
}

impl Network {
    /// Returns the services that the spec names, each with its way; `None` where it leaves them to the pipeline.
    #[must_use]
    pub fn said(&self) -> Option<Vec<(&str, Option<Way>)>> {
        Some(match self.endpoints.as_ref()? {
            Endpoints::Listed(all) => all.iter().map(|name| (name.as_str(), None)).collect(),
            Endpoints::Said(all) => all.iter().map(|(name, way)| (name.as_str(), Some(*way))).collect(),
        })
    }
}

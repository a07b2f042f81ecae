//! What a call is about.

use serde_json::Value;

use crate::endpoint::call::Call;
use crate::endpoint::message::{Answer, Request};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Stream,
    Table,
    Function,
    Mapping,
    Role,
    Queue,
    LogGroup,
    Api,
}

/// A resource of an account, by what its service calls it: name, UUID or id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    pub kind: Kind,
    /// Empty for a role, which all regions share.
    pub region: String,
    pub name: String,
}

impl Subject {
    pub fn new(call: &Call, kind: Kind, name: &str) -> Self {
        let region = if kind == Kind::Role { String::new() } else { call.region.clone() };
        Self { kind, region, name: name.to_owned() }
    }

    /// The role of an ARN, with or without a path.
    pub fn role(call: &Call, arn: &str) -> Self {
        Self::new(call, Kind::Role, last(arn))
    }

    /// The resource that a request names.
    pub fn of(call: &Call, request: &Request) -> Option<Self> {
        let input = request.json();
        let first = |members: &[&str]| members.iter().find_map(|member| Some(input[*member].as_str()?.to_owned()));
        let (kind, name) = match call.service.as_str() {
            "kinesis" => (Kind::Stream, last(&first(&["StreamName", "StreamARN", "ResourceARN"])?).to_owned()),
            "dynamodb" => (Kind::Table, last(&first(&["TableName", "ResourceArn"])?).to_owned()),
            "sqs" => (Kind::Queue, last(&first(&["QueueName", "QueueUrl"])?).to_owned()),
            "logs" => (Kind::LogGroup, log_group(&first(&["logGroupName", "resourceArn"])?)),
            "iam" => (Kind::Role, form(request, "RoleName")?),
            "lambda" => of_lambda(request, &input)?,
            "apigateway" => match &request.segments()[..] {
                [apis, id, ..] if apis == "restapis" => (Kind::Api, id.clone()),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self::new(call, kind, &name))
    }

    /// The resource that a call made or changed; the names of mappings come with the answer.
    pub fn changed(call: &Call, request: &Request, answer: &Answer) -> Option<Self> {
        match call.operation.as_str() {
            "CreateEventSourceMapping" => Some(Self::new(call, Kind::Mapping, answer.json()["UUID"].as_str()?)),
            _ => Self::of(call, request),
        }
    }
}

fn of_lambda(request: &Request, input: &Value) -> Option<(Kind, String)> {
    let segments = request.segments();
    match &segments.iter().skip(1).map(String::as_str).collect::<Vec<_>>()[..] {
        ["functions"] => Some((Kind::Function, input["FunctionName"].as_str()?.to_owned())),
        ["functions", function, ..] => Some((Kind::Function, function_name(function).to_owned())),
        ["event-source-mappings", uuid] => Some((Kind::Mapping, (*uuid).to_owned())),
        ["tags", arn] => match arn.split_once(":event-source-mapping:") {
            Some((_, uuid)) => Some((Kind::Mapping, uuid.to_owned())),
            None => Some((Kind::Function, function_name(arn).to_owned())),
        },
        _ => None,
    }
}

/// The name in an ARN, a partial ARN or a name of a function.
pub fn function_name(of: &str) -> &str {
    let name = of.split_once("function:").map_or(of, |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}

fn log_group(of: &str) -> String {
    of.split_once(":log-group:").map_or(of, |(_, name)| name).trim_end_matches(":*").to_owned()
}

/// What stands behind the last slash of an ARN or URL, or the name itself.
fn last(of: &str) -> &str {
    of.rsplit('/').next().unwrap_or(of)
}

fn form(request: &Request, field: &str) -> Option<String> {
    form_urlencoded::parse(&request.body).find(|(key, _)| key == field).map(|(_, value)| value.into_owned())
}

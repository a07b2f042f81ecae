//! What the printed policy lets its holder do, decided by IAM's own rules: no emulator evaluates these condition keys.

use std::path::Path;

use super::*;
use crate::aws::{Place, mocked};

mod evaluate;
mod keys;

use evaluate::allows;

const MAIN: &str = include_str!("../../../../pipeline.yaml");
const EVERYTHING: &str = include_str!("../../../../tests/specs/good/everything.yaml");
const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/boundary";
const ROLES: &str = "arn:aws:iam::111122223333:role/pipe/gateway-events/eu-central-1";
const LOGGING: &str = "arn:aws:iam::111122223333:role/pipe/pipe-apigateway-logs";
const CONSUMER: &str = "arn:aws:lambda:eu-central-1:111122223333:function:gateway-events-consumer";
const API: &str = "arn:aws:apigateway:eu-central-1::/restapis/abc123";

/// The policy for a spec of the folder of good ones.
fn of(text: &str, boundary: Option<&str>) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/good");
    let lines = text.lines().filter(|line| !line.starts_with("permissions_boundary"));
    let bound = boundary.map(|arn| format!("permissions_boundary: {arn}"));
    let text: Vec<&str> = lines.chain(bound.as_deref()).collect();
    let loaded = crate::spec::parse("pipeline.yaml", text.join("\n").as_bytes(), &folder).unwrap();
    let place: Place = mocked::place();
    let graph = lower(&loaded, &place, &Codes::unbuilt()).unwrap();
    policy(&graph, &Scope { place: &place, pipeline: &graph.pipeline, boundary })
}

fn role() -> String {
    format!("{ROLES}/gateway-events-consumer-role-eu-central-1")
}

/// ARN of the tags of an API, as IAM is asked.
fn tags_of(api: &str) -> String {
    let encoded = percent_encoding::utf8_percent_encode(api, percent_encoding::NON_ALPHANUMERIC);
    format!("arn:aws:apigateway:eu-central-1::/tags/{encoded}")
}

type Asked<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

const BOUND: (&str, &str) = ("iam:PermissionsBoundary", BOUNDARY);
const OURS: (&str, &str) = ("aws:ResourceTag/pipe:pipeline", "gateway-events");
const AS_OURS: (&str, &str) = ("aws:RequestTag/pipe:pipeline", "gateway-events");
const OF_ANOTHER: (&str, &str) = ("aws:ResourceTag/pipe:pipeline", "other");

#[test]
fn nobody_becomes_administrator_with_it() {
    const ADMINISTRATOR: (&str, &str) = ("iam:PermissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess");
    let policy = of(MAIN, Some(BOUNDARY));
    let (role, logging) = (role(), "arn:aws:iam::111122223333:role/pipe/pipe-apigateway-logs");
    let other_region = role.replace("/eu-central-1/", "/eu-west-1/");
    let other_pipeline = role.replace("/gateway-events/", "/other/");
    let foreign = "arn:aws:iam::111122223333:role/Admin";
    let me = "arn:aws:iam::111122223333:user/deployer";
    let refused: &[Asked] = &[
        // Rights for a role that nothing bounds, or something else.
        ("iam:PutRolePolicy", &role, &[]),
        ("iam:PutRolePolicy", &role, &[ADMINISTRATOR]),
        ("iam:CreateRole", &role, &[]),
        ("iam:CreateRole", logging, &[]),
        ("iam:PutRolePolicy", logging, &[]),
        ("iam:CreateRole", &format!("{ROLES}/mine"), &[]),
        ("iam:AttachRolePolicy", &role, &[]),
        ("iam:AttachRolePolicy", &role, &[BOUND]),
        ("iam:UpdateAssumeRolePolicy", &role, &[]),
        ("iam:DeleteRolePolicy", &role, &[]),
        ("iam:DetachRolePolicy", &role, &[]),
        // The boundary removed, exchanged or widened.
        ("iam:DeleteRolePermissionsBoundary", &role, &[]),
        ("iam:DeleteRolePermissionsBoundary", &role, &[BOUND]),
        ("iam:PutRolePermissionsBoundary", &role, &[ADMINISTRATOR]),
        ("iam:CreatePolicyVersion", BOUNDARY, &[]),
        ("iam:SetDefaultPolicyVersion", BOUNDARY, &[]),
        ("iam:DeletePolicyVersion", BOUNDARY, &[]),
        // Other roles, and oneself.
        ("iam:PutRolePolicy", foreign, &[BOUND]),
        ("iam:PutRolePolicy", &other_region, &[BOUND]),
        ("iam:PutRolePolicy", &other_pipeline, &[BOUND]),
        ("iam:PassRole", foreign, &[("iam:PassedToService", "lambda.amazonaws.com")]),
        ("iam:PassRole", &other_pipeline, &[("iam:PassedToService", "lambda.amazonaws.com")]),
        ("iam:PassRole", &role, &[("iam:PassedToService", "ec2.amazonaws.com")]),
        ("sts:AssumeRole", &role, &[]),
        ("iam:PutUserPolicy", me, &[]),
        ("iam:AttachUserPolicy", me, &[]),
        ("iam:DeleteUserPermissionsBoundary", me, &[]),
    ];
    for (action, resource, context) in refused {
        assert!(!allows(&policy, action, resource, context), "{action} on {resource} with {context:?}");
    }
}

#[test]
fn nothing_foreign_is_touched() {
    let policy = of(MAIN, None);
    let function = "arn:aws:lambda:eu-central-1:111122223333:function:theirs";
    let mapping = "arn:aws:lambda:eu-central-1:111122223333:event-source-mapping:11111111-2222-3333-4444-555555555555";
    let (deployment, tags) = (format!("{API}/deployments"), tags_of(API));
    let refused: &[Asked] = &[
        ("lambda:UpdateFunctionCode", function, &[]),
        ("lambda:CreateEventSourceMapping", "*", &[("lambda:FunctionArn", function)]),
        ("lambda:UpdateEventSourceMapping", mapping, &[("lambda:FunctionArn", function)]),
        ("lambda:DeleteEventSourceMapping", mapping, &[("lambda:FunctionArn", function)]),
        ("apigateway:DELETE", API, &[]),
        ("apigateway:DELETE", API, &[OF_ANOTHER]),
        ("apigateway:PATCH", API, &[OF_ANOTHER]),
        ("apigateway:PUT", API, &[OF_ANOTHER]),
        ("apigateway:POST", &deployment, &[OF_ANOTHER]),
        ("apigateway:POST", "arn:aws:apigateway:eu-central-1::/restapis", &[]),
        // A tag would make it ours.
        ("apigateway:PUT", &tags, &[]),
        ("apigateway:PUT", &tags, &[AS_OURS, OF_ANOTHER]),
        ("apigateway:DELETE", &tags, &[OF_ANOTHER]),
        ("apigateway:PUT", &tags_of("arn:aws:apigateway:eu-central-1::/apis/abc123"), &[AS_OURS]),
        ("iam:PassRole", LOGGING, &[("iam:PassedToService", "lambda.amazonaws.com")]),
        ("secretsmanager:DeleteSecret", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:theirs-AbCdEf", &[]),
        (
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:eu-central-1:111122223333:secret:gateway/credentials-AbCdEf",
            &[],
        ),
    ];
    for (action, resource, context) in refused {
        assert!(!allows(&policy, action, resource, context), "{action} on {resource} with {context:?}");
    }
}

/// What `apply` and `destroy` ask for, where a condition or a pattern decides it.
#[test]
fn the_pipeline_is_deployed_and_destroyed_with_it() {
    let (role, mapping) = (role(), "arn:aws:lambda:eu-central-1:111122223333:event-source-mapping:1111");
    let (tags, all_tags) = (tags_of(API), tags_of("arn:aws:apigateway:eu-central-1::/restapis/*"));
    let (stage, secret) =
        (format!("{API}/stages/prod"), "arn:aws:secretsmanager:eu-central-1:111122223333:secret:gateway/credentials");
    let (created, function) = (format!("{secret}-AbCdEf"), ("lambda:FunctionArn", CONSUMER));
    let asked: &[Asked] = &[
        ("iam:CreateRole", &role, &[BOUND]),
        ("iam:PutRolePolicy", &role, &[BOUND]),
        ("iam:UpdateAssumeRolePolicy", &role, &[BOUND]),
        ("iam:DeleteRolePolicy", &role, &[BOUND]),
        ("iam:DetachRolePolicy", &role, &[BOUND]),
        ("iam:DeleteRole", &role, &[BOUND]),
        ("iam:DeleteRole", &role, &[]),
        ("iam:PassRole", &role, &[("iam:PassedToService", "lambda.amazonaws.com")]),
        ("iam:PassRole", &role, &[("iam:PassedToService", "apigateway.amazonaws.com")]),
        ("iam:PassRole", LOGGING, &[("iam:PassedToService", "apigateway.amazonaws.com")]),
        ("iam:CreateRole", LOGGING, &[BOUND]),
        ("lambda:CreateEventSourceMapping", "*", &[function]),
        ("lambda:UpdateEventSourceMapping", mapping, &[function]),
        ("lambda:DeleteEventSourceMapping", mapping, &[function]),
        ("lambda:TagResource", mapping, &[]),
        ("apigateway:GET", API, &[]),
        ("apigateway:POST", "arn:aws:apigateway:eu-central-1::/restapis", &[AS_OURS]),
        ("apigateway:PUT", &all_tags, &[AS_OURS]),
        ("apigateway:PUT", &tags, &[AS_OURS, OURS]),
        ("apigateway:DELETE", &tags, &[OURS]),
        ("apigateway:DELETE", &tags, &[]),
        ("apigateway:PATCH", &stage, &[OURS]),
        ("apigateway:DELETE", API, &[OURS]),
        ("secretsmanager:DescribeSecret", "*", &[]),
        ("secretsmanager:CreateSecret", &created, &[]),
    ];
    for boundary in [None, Some(BOUNDARY)] {
        let policy = of(MAIN, boundary);
        for (action, resource, context) in asked {
            assert!(
                allows(&policy, action, resource, context),
                "{action} on {resource} with {context:?}: {boundary:?}"
            );
        }
        // An earlier role gets the boundary; one that is to have none loses it.
        let bind = ("iam:PutRolePermissionsBoundary", [BOUND]);
        assert_eq!(allows(&policy, bind.0, &role, &bind.1), boundary.is_some());
        assert_eq!(allows(&policy, "iam:DeleteRolePermissionsBoundary", &role, &[BOUND]), boundary.is_none());
    }
}

/// Of a queue and a secret that the spec only uses: looked at and tagged, and no more.
#[test]
fn what_is_only_used_is_not_made_changed_or_deleted() {
    let used = MAIN.replace("secret: gateway/credentials", "secret: { existing: other/credentials }");
    let used = used.replace("name: LambdaDeadLetterQueue\n    retention_days: 14", "existing: TheirQueue");
    let (policy, queue) = (of(&used, None), "arn:aws:sqs:eu-central-1:111122223333:TheirQueue");
    let secret = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:other/credentials-AbCdEf";
    let allowed: &[(&str, &[&str])] = &[
        (queue, &["GetQueueAttributes", "GetQueueUrl", "ListQueueTags", "TagQueue", "UntagQueue"]),
        (secret, &["TagResource", "UntagResource"]),
    ];
    for (resource, operations) in allowed {
        let service = resource.split(':').nth(2).unwrap();
        let may = |operation: &str| allows(&policy, &format!("{service}:{operation}"), resource, &[]);
        assert!(operations.iter().all(|operation| may(operation)), "{resource}");
        let change =
            ["CreateQueue", "DeleteQueue", "SetQueueAttributes", "CreateSecret", "DeleteSecret", "PutSecretValue"];
        let more = change.iter().find(|operation| may(operation));
        assert_eq!(more, None, "{resource}");
    }
}

#[test]
fn it_fits_a_managed_policy() {
    for (name, spec) in [("main", MAIN), ("everything", EVERYTHING)] {
        for boundary in [None, Some(BOUNDARY)] {
            let policy = of(spec, boundary);
            let length = characters(&policy);
            assert!(length <= MOST_CHARACTERS, "{name} with {boundary:?}: {length}\n{policy}");
        }
    }
    let mut long = MAIN.replace("name: gateway-events", "name: a-name-of-one-and-thirty-letter");
    for (name, longer) in
        [("GatewayEventsStream", "Stream"), ("EventTable", "Table"), ("LambdaDeadLetterQueue", "Queue")]
    {
        long = long.replace(name, &longer.repeat(8));
    }
    let length = characters(&of(&long, None));
    assert!(length <= MOST_CHARACTERS, "the longest names: {length}");
}

#[test]
fn a_consumer_of_a_stream_is_the_deployers_and_the_stream_of_others_is_not() {
    let alone =
        |spec: &str| spec.replacen("handler: stream-to-table", "handler: stream-to-table\n    fan_out: true", 1);
    let length = characters(&of(&alone(MAIN), Some(BOUNDARY)));
    assert!(length <= MOST_CHARACTERS, "{length}");
    let own = "    name: GatewayEventsStream\n    shards: 1\n    retention_hours: 24\n";
    assert!(MAIN.contains(own));
    let policy = of(&alone(MAIN).replace(own, "    existing: TheirStream\n"), None);
    let policy_allows = |operation: &str, resource: &str| {
        allows(
            &policy,
            &format!("kinesis:{operation}"),
            &format!("arn:aws:kinesis:eu-central-1:111122223333:stream/{resource}"),
            &[],
        )
    };
    let (own, other) = ("TheirStream/consumer/gateway-events-consumer:1", "TheirStream/consumer/other:1");
    let allowed = [
        ("RegisterStreamConsumer", "TheirStream"),
        ("DescribeStreamSummary", "TheirStream"),
        ("DescribeStreamConsumer", own),
        ("DeregisterStreamConsumer", own),
        ("TagResource", own),
        ("ListTagsForResource", own),
    ];
    let no = allowed.iter().find(|(operation, resource)| !policy_allows(operation, resource));
    assert_eq!(no, None);
    let refused = [
        ("DeregisterStreamConsumer", other),
        ("TagResource", other),
        ("SubscribeToShard", own),
        ("PutResourcePolicy", own),
        ("DeleteStream", "TheirStream"),
        ("UpdateShardCount", "TheirStream"),
        ("StartStreamEncryption", "TheirStream"),
    ];
    let more = refused.iter().find(|(operation, resource)| policy_allows(operation, resource));
    assert_eq!(more, None);
}

//! `existing:`: used, and never changed.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType as Scalar,
};
use pipe_test_support::{Kind, Sandbox};

use crate::cloud::Cloud;
use crate::session::{apply, in_sync, plan, sandbox, snapshot};

const USES_ALL: &str = "\
name: gateway-events
source: { api: { routes: [{ post: '/submit/{eventId}', partition_key: path.eventId }] } }
auth: { basic: { secret: { existing: their/secret } } }
stream: { kinesis: { existing: their-stream } }
consumer: { function: { handler: stream-to-table } }
sink: { table: { existing: their-table } }
dlq: { queue: { existing: their-queue } }
";

/// What the main pipeline keeps data in, and the account's own.
const HELD: [&str; 5] = [
    "queue LambdaDeadLetterQueue",
    "role pipe-apigateway-logs",
    "secret gateway/credentials",
    "stream GatewayEventsStream",
    "table EventTable",
];

/// What somebody else has: a stream, a table, a queue and a secret.
fn make_theirs(cloud: &Cloud) {
    let aws = &cloud.aws;
    cloud.run(aws.kinesis.create_stream().stream_name("their-stream").shard_count(1).send()).unwrap();
    let attribute = AttributeDefinition::builder().attribute_name("eventId").attribute_type(Scalar::S).build().unwrap();
    let key = KeySchemaElement::builder().attribute_name("eventId").key_type(KeyType::Hash).build().unwrap();
    let table = aws.dynamodb.create_table().table_name("their-table").attribute_definitions(attribute).key_schema(key);
    cloud.run(table.billing_mode(BillingMode::PayPerRequest).send()).unwrap();
    cloud.run(aws.sqs.create_queue().queue_name("their-queue").send()).unwrap();
    let secret = r#"{"username":"them","password":"secret"}"#;
    cloud.run(aws.secrets.create_secret().name("their/secret").secret_string(secret).send()).unwrap();
}

/// The four, each with all that AWS says of it.
fn theirs(cloud: &Cloud) -> [String; 4] {
    let aws = &cloud.aws;
    let stream = cloud.run(aws.kinesis.describe_stream_summary().stream_name("their-stream").send()).unwrap();
    let table = cloud.run(aws.dynamodb.describe_table().table_name("their-table").send()).unwrap();
    let url = cloud.run(aws.sqs.get_queue_url().queue_name("their-queue").send()).unwrap().queue_url.unwrap();
    let all = aws_sdk_sqs::types::QueueAttributeName::All;
    let queue = cloud.run(aws.sqs.get_queue_attributes().queue_url(url).attribute_names(all).send()).unwrap();
    let queue: std::collections::BTreeMap<_, _> =
        queue.attributes.unwrap().into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    let secret = cloud.run(aws.secrets.describe_secret().secret_id("their/secret").send()).unwrap();
    let tags = (secret.tags, secret.deleted_date, secret.last_changed_date);
    [
        format!("{:?}", stream.stream_description_summary.unwrap()),
        format!("{:?}", table.table.unwrap()),
        format!("{queue:?}"),
        format!("{tags:?}"),
    ]
}

#[test]
fn what_exists_is_used_and_neither_changed_nor_destroyed() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000041", USES_ALL);
    let cloud = Cloud::of(&sandbox.account);
    let missing = sandbox.run(&["apply", "--yes"]);
    assert_eq!(missing.code, Some(1));
    snapshot("existing_missing", &missing.err);

    make_theirs(&cloud);
    let before = theirs(&cloud);
    let first = plan(&sandbox);
    let uses: Vec<&str> = first.lines().filter(|line| line.starts_with("  uses ")).collect();
    assert_eq!(
        uses,
        [
            "  uses secretsmanager:Secret `their/secret` (secret)",
            "  uses kinesis:Stream `their-stream` (stream)",
            "  uses dynamodb:Table `their-table` (table)",
            "  uses sqs:Queue `their-queue` (dlq)",
        ]
    );
    apply(&sandbox, "with what exists", &first);
    let function = cloud.aws.lambda.get_function_configuration().function_name("gateway-events-consumer");
    let environment = cloud.run(function.send()).unwrap().environment.unwrap().variables.unwrap();
    assert_eq!(environment["PIPE_TABLE"], "their-table");
    assert_eq!(environment["PIPE_PARTITION_KEY"], "eventId", "the key of a table that exists is read from it");

    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(theirs(&cloud), before, "nothing of theirs was touched");
    let left = ["queue their-queue", "role pipe-apigateway-logs", "secret their/secret"];
    assert_eq!(cloud.inventory()[..3], left);
    assert_eq!(cloud.inventory()[3..], ["stream their-stream", "table their-table"]);
}

/// By its ARN instead of its name, and refused where the ARN is of another region.
#[test]
fn what_exists_may_be_named_by_its_arn() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000042", USES_ALL);
    make_theirs(&Cloud::of(&sandbox.account));
    sandbox.edit("existing: their-stream", "existing: 'arn:aws:kinesis:eu-central-1:200000000042:stream/their-stream'");
    sandbox.edit("existing: their-queue", "existing: 'arn:aws:sqs:eu-central-1:200000000042:their-queue'");
    let table = "existing: 'arn:aws:dynamodb:eu-central-1:200000000042:table/their-table'";
    sandbox.edit("existing: their-table", table);
    sandbox.converge();
    sandbox.edit("sqs:eu-central-1", "sqs:us-east-1");
    let refused = sandbox.run(&["diff"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("is not in region eu-central-1 of account 200000000042"), "{}", refused.err);
}

/// `destroy` releases the resources that are to be retained, and the next apply takes them back; the rest goes.
#[test]
fn what_is_retained_outlives_the_pipeline() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000044", crate::MAIN);
    for (from, to) in [
        ("    cache_seconds: 0", "    on_destroy: retain"),
        ("    shards: 1", "    on_destroy: retain"),
        ("    partition_key: eventId\n    c", "    partition_key: eventId\n    on_destroy: retain\n    c"),
        ("    retention_days: 14", "    on_destroy: retain"),
    ] {
        sandbox.edit(from, to);
    }
    sandbox.converge();
    let cloud = Cloud::of(&sandbox.account);
    // Nothing is lost, so no consent is asked for.
    let down = sandbox.pipe(&["destroy", "--yes"]);
    assert_eq!(down.matches("(released: it stays, and no longer belongs to the pipeline)").count(), 4, "{down}");
    assert_eq!(down.matches("`: it is retained, and nobody owns it from now on\n").count(), 4, "{down}");
    assert_eq!(cloud.inventory(), HELD);
    let again = sandbox.pipe(&["destroy", "--yes"]);
    assert!(again.contains("There is nothing of"), "{again}");
    let back = plan(&sandbox);
    assert_eq!(back.matches("(taken back)").count(), 4, "{back}");
    apply(&sandbox, "taken back", &back);
}

/// A resource that the pipeline made and then only uses is released: it stays when the pipeline goes.
#[test]
fn an_own_one_that_becomes_existing_is_released() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000043", crate::MAIN);
    sandbox.converge();
    let cloud = Cloud::of(&sandbox.account);
    let before = cloud.inventory();
    to_existing(&sandbox);
    let released = plan(&sandbox);
    snapshot("existing_released", &released);
    apply(&sandbox, "released", &released);
    assert_eq!(cloud.inventory(), before, "everything is still there");

    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(cloud.inventory(), HELD);

    sandbox.write(crate::MAIN);
    let back = plan(&sandbox);
    assert_eq!(back.matches("(taken back)").count(), 4, "what was released comes back without asking\n{back}");
    apply(&sandbox, "taken back", &back);
    in_sync(&sandbox, "taken back");
}

/// A secret is found under its ARN as well as under its name: it is one, and stays.
#[test]
fn an_own_secret_that_becomes_existing_by_its_arn_is_released() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000068", crate::MAIN);
    sandbox.converge();
    let cloud = Cloud::of(&sandbox.account);
    let secret = || cloud.run(cloud.aws.secrets.describe_secret().secret_id("gateway/credentials").send()).unwrap();
    let arn = secret().arn.unwrap();
    sandbox.edit("secret: gateway/credentials", &format!("secret: {{ existing: \"{arn}\" }}"));
    let released = plan(&sandbox);
    assert!(released.contains("(released: ") && !released.contains("\n- secret"), "{released}");
    apply(&sandbox, "released by its ARN", &released);
    in_sync(&sandbox, "released by its ARN");
    assert_eq!(secret().deleted_date, None);
    let role = "gateway-events-authorizer-role-eu-central-1";
    let policy = cloud.run(cloud.aws.iam.get_role_policy().role_name(role).policy_name("pipe").send()).unwrap();
    let policy = pipe::aws::policy::Policy::parse_encoded(policy.policy_document()).unwrap().text();
    assert!(policy.contains(&format!(r#"["{arn}"]"#)), "{policy}");
}

fn to_existing(sandbox: &Sandbox) {
    for (from, to) in [
        ("secret: gateway/credentials", "secret: { existing: gateway/credentials }"),
        (
            "    name: GatewayEventsStream\n    shards: 1\n    retention_hours: 24\n",
            "    existing: GatewayEventsStream\n",
        ),
        ("    name: EventTable\n    partition_key: eventId\n", "    existing: EventTable\n"),
        ("    capacity: { read: 5, write: 10 }\n    point_in_time_recovery: true\n", ""),
        ("    name: LambdaDeadLetterQueue\n    retention_days: 14", "    existing: LambdaDeadLetterQueue"),
    ] {
        sandbox.edit(from, to);
    }
}

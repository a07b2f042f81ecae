//! What others change, and that AWS is the only state.

use std::collections::HashMap;

use aws_sdk_lambda::types::{Filter, FilterCriteria};
use aws_sdk_sqs::types::QueueAttributeName;
use pipe_test_support::{Kind, Sandbox};

use crate::cloud::Cloud;
use crate::session::{apply, in_sync, plan, sandbox, snapshot};

const CONSUMER: &str = "gateway-events-consumer";
const CONSUMER_ROLE: &str = "gateway-events-consumer-role-eu-central-1";

fn applied(kind: Kind, account: &str) -> (pipe_test_support::Endpoint, Sandbox, Cloud) {
    let (endpoint, sandbox) = sandbox(kind, account, crate::MAIN);
    sandbox.converge();
    let cloud = Cloud::of(&sandbox.account);
    (endpoint, sandbox, cloud)
}

/// Lambda's grant on the old role is dead although the new one has its ARN: the function is made again, its mapping is not.
#[test]
fn a_role_deleted_by_hand_takes_its_function_along_and_not_the_mapping() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000071");
    let mappings = cloud.mappings();
    let iam = &cloud.aws.iam;
    cloud.run(iam.delete_role_policy().role_name(CONSUMER_ROLE).policy_name("pipe").send()).unwrap();
    cloud.run(iam.delete_role().role_name(CONSUMER_ROLE).send()).unwrap();
    let plan = plan(&sandbox);
    snapshot("drift_role", &plan);
    apply(&sandbox, "the role is back", &plan);
    assert_eq!(cloud.mappings(), mappings, "the mapping is the same one, and so is its place in the stream");
}

#[test]
fn a_stream_made_anew_by_hand_takes_its_mapping_along() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000072");
    let mappings = cloud.mappings();
    let kinesis = &cloud.aws.kinesis;
    cloud.run(kinesis.delete_stream().stream_name("GatewayEventsStream").send()).unwrap();
    let plan = plan(&sandbox);
    let lines: Vec<&str> = plan.lines().filter(|line| !line.starts_with("    ")).collect();
    snapshot("drift_stream", &lines.join("\n"));
    apply(&sandbox, "the stream is back", &plan);
    let names = |all: &[(String, String)]| all.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&cloud.mappings()), names(&mappings));
    assert_ne!(cloud.mappings(), mappings, "the old one's checkpoint is of a stream that is gone");
}

#[test]
fn what_is_changed_by_hand_shows_as_drift_and_is_put_back() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000073");
    let aws = &cloud.aws;
    let [(_, uuid)] = cloud.mappings().try_into().unwrap();
    cloud.run(aws.lambda.update_function_configuration().function_name(CONSUMER).memory_size(512).send()).unwrap();
    let filter = FilterCriteria::builder().filters(Filter::builder().pattern(r#"{"data": {"kind": ["a"]}}"#).build());
    let mapping = aws.lambda.update_event_source_mapping().uuid(uuid).batch_size(7).filter_criteria(filter.build());
    cloud.run(mapping.send()).unwrap();
    let stream = aws.kinesis.increase_stream_retention_period().stream_name("GatewayEventsStream");
    cloud.run(stream.retention_period_hours(72).send()).unwrap();
    let group = aws.logs.put_retention_policy().log_group_name("/aws/lambda/gateway-events-consumer");
    cloud.run(group.retention_in_days(90).send()).unwrap();
    let table = aws.dynamodb.update_table().table_name("EventTable").deletion_protection_enabled(true);
    cloud.run(table.send()).unwrap();
    let url = cloud.run(aws.sqs.get_queue_url().queue_name("LambdaDeadLetterQueue").send()).unwrap().queue_url.unwrap();
    let queue = aws.sqs.set_queue_attributes().queue_url(url);
    cloud.run(queue.attributes(QueueAttributeName::MessageRetentionPeriod, "60").send()).unwrap();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let role = aws.iam.put_role_policy().role_name(CONSUMER_ROLE).policy_name("pipe").policy_document(policy);
    cloud.run(role.send()).unwrap();
    let secret = aws.secrets.update_secret().secret_id("gateway/credentials").description("mine");
    cloud.run(secret.send()).unwrap();

    let plan = plan(&sandbox);
    snapshot("drift_properties", &plan);
    assert_eq!(plan.matches("(drift: changed outside of pipe, or left half-done)").count(), 8, "{plan}");
    apply(&sandbox, "drift", &plan);
}

#[test]
fn a_tag_changed_by_hand_is_put_back() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000074");
    let kinesis = &cloud.aws.kinesis;
    let more = kinesis.add_tags_to_stream().stream_name("GatewayEventsStream").tags("mine", "yes");
    cloud.run(more.send()).unwrap();
    let less = kinesis.remove_tags_from_stream().stream_name("GatewayEventsStream").tag_keys("pipe:resource");
    cloud.run(less.send()).unwrap();
    let plan = plan(&sandbox);
    snapshot("drift_tags", &plan);
    apply(&sandbox, "tags", &plan);
    let tags = cloud.run(kinesis.list_tags_for_stream().stream_name("GatewayEventsStream").send()).unwrap().tags;
    assert!(tags.iter().any(|tag| tag.key() == "mine"), "others' tags stay: {tags:?}");
}

/// Anybody who may tag can set our tags: a resource that has nothing else of ours is named, left, and deleted only on the user's
/// word.
#[test]
fn what_others_give_our_tags_is_left_alone() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000078");
    let aws = &cloud.aws;
    let pairs = |id| [("pipe:pipeline", "gateway-events"), ("pipe:resource", id)];
    let tags = |id| Some(HashMap::from(pairs(id).map(|(key, value)| (key.to_owned(), value.to_owned()))));
    let api = aws.apigateway.create_rest_api().name("theirs").set_tags(tags("api"));
    cloud.run(api.send()).unwrap();
    let group = aws.logs.create_log_group().log_group_name("/aws/theirs").set_tags(tags("api-log"));
    cloud.run(group.send()).unwrap();
    let stream = aws.kinesis.create_stream().stream_name("theirs").shard_count(1).set_tags(tags("stream"));
    cloud.run(stream.send()).unwrap();
    let theirs = ["apigateway:RestApi/theirs", "kinesis:Stream/theirs", "logs:LogGroup//aws/theirs"];

    let diff = sandbox.run(&["diff", "--exit-code"]);
    assert_eq!(diff.code, Some(0), "{}", diff.out);
    let destroy = ["destroy", "--yes", "--allow-data-loss", "all"];
    let down = sandbox.pipe(&destroy);
    for name in theirs {
        let told = format!("nothing else says that it is ours; if it is, pass --orphan {name}\n");
        assert!(diff.out.contains(&told) && down.contains(&told), "{name}: {}{down}", diff.out);
    }
    let left = ["log group /aws/theirs", "rest api theirs", "stream theirs"];
    let has = |name: &str| cloud.inventory().contains(&name.to_owned());
    assert_eq!(left.iter().filter(|name| has(name)).count(), 3, "{:?}", cloud.inventory());

    let claims = theirs.map(|name| ["--orphan", name]).concat();
    let by_id = [&["destroy", "--yes", "--allow-data-loss", "stream"][..], &claims].concat();
    assert_eq!(sandbox.run(&by_id).code, Some(3), "an id in a tag is no consent");
    sandbox.pipe(&[&destroy[..2], &["--allow-data-loss", "kinesis:Stream/theirs"], &claims].concat());
    assert!(!left.iter().any(|name| has(name)), "{:?}", cloud.inventory());
}

/// No lock file, no state: a lost laptop loses nothing.
#[test]
fn another_folder_with_the_same_spec_has_nothing_to_do() {
    let (_endpoint, sandbox, _) = applied(Kind::MiniStack, "200000000075");
    let files: Vec<_> = std::fs::read_dir(sandbox.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["pipeline.yaml"], "nothing is kept beside the spec, nor in the home folder");
    let other = sandbox.in_region("eu-central-1", crate::MAIN);
    in_sync(&other, "another folder");
    other.edit("memory_mb: 128", "memory_mb: 256");
    other.converge();
    assert!(plan(&sandbox).contains("memory_mb: 256 → 128"), "the first folder sees what the second one did");
}

#[test]
fn a_plan_is_made_of_what_aws_has_now() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000076");
    cloud.run(cloud.aws.dynamodb.delete_table().table_name("EventTable").send()).unwrap();
    assert!(plan(&sandbox).contains("+ table           dynamodb:Table             EventTable\n"));
    sandbox.converge();
}

#[test]
fn apply_prints_and_does_what_diff_prints() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000077", crate::MAIN);
    for (from, to) in [("memory_mb: 128", "memory_mb: 256"), ("shards: 1", "shards: 2"), ("EventTable", "events")] {
        let diff = sandbox.run(&["diff", "--exit-code"]);
        assert_eq!(diff.code, Some(2));
        let apply = sandbox.pipe(&["apply", "--yes", "--allow-data-loss", "all", "--allow-widening"]);
        assert!(apply.starts_with(&diff.out), "{}\nis not the beginning of\n{apply}", diff.out);
        sandbox.account.clear();
        assert_eq!(sandbox.run(&["diff", "--exit-code"]).code, Some(0));
        sandbox.pipe(&["apply", "--yes"]);
        assert!(sandbox.account.writes().is_empty(), "an empty diff is an apply that writes nothing");
        sandbox.edit(from, to);
    }
}

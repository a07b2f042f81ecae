//! `stream.table_changes`: a table with a stream, which ends and begins anew where its view changes.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType,
};
use pipe_test_support::{Kind, Sandbox};

use crate::cloud::Cloud;
use crate::session::{Edit, apply, each, in_sync, plan, sandbox, snapshot};

const LEAST: &str = include_str!("../../../examples/table-changes.yaml");

/// moto begins no stream where one has ended.
#[test]
fn table_changes() {
    const EDITS: &[Edit] = &[
        ("view", "  table_changes: {}", "  table_changes:\n    table: {}\n    view: new_image"),
        ("view, its default", "    view: new_image\n", ""),
        ("capacity", "    table: {}", "    table: { capacity: { read: 5, write: 5 } }"),
        ("capacity, its default", "capacity: { read: 5, write: 5 }", ""),
        ("encryption", "    table: {  }", "    table: { encryption: aws_owned }"),
        ("encryption, its default", "encryption: aws_owned", ""),
        ("point_in_time_recovery", "    table: {  }", "    table: { point_in_time_recovery: false }"),
        ("point_in_time_recovery, its default", "point_in_time_recovery: false", ""),
        ("deletion_protection", "    table: {  }", "    table: { deletion_protection: true }"),
        ("no deletion_protection", "deletion_protection: true", ""),
        ("indexes", "    table: {  }", "    table: { indexes: { by-day: { partition_key: day } } }"),
        ("no indexes", "indexes: { by-day: { partition_key: day } }", ""),
        ("ttl", "    table: {  }", "    table: { ttl: until }"),
        ("no ttl", "ttl: until", ""),
        ("on_destroy", "    table: {  }", "    table: { on_destroy: delete }"),
        ("sort_key", "on_destroy: delete", "on_destroy: delete, sort_key: at"),
        ("partition_key", "sort_key: at", "partition_key: key"),
        ("name", "partition_key: key", "partition_key: key, name: persons"),
        ("failures.retries", "handler: stream-to-table", "handler: stream-to-table\n    failures: { retries: 50 }"),
        ("failures.max_age_hours", "retries: 50", "max_age_hours: 12"),
        ("xray", "    failures: { max_age_hours: 12 }", "    xray: false"),
        ("batch.start", "    xray: false", "    batch: { start: newest }"),
    ];
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000201", LEAST);
    sandbox.converge();
    snapshot("edits_table_changes", &without_times(&each(&sandbox, EDITS)));
}

/// The labels of streams are times; AWS draws the UUIDs of mappings.
fn without_times(plan: &str) -> String {
    let mut parts = plan.split("draining.");
    let first = parts.next().unwrap_or_default().to_owned();
    let plan =
        parts.fold(first, |whole, part| whole + "draining.[uuid]" + part.find('.').map_or("", |end| &part[end..]));
    let mut parts = plan.split("/stream/2");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| {
        let end = part.find(|letter: char| !(letter.is_ascii_digit() || "-T:.".contains(letter))).unwrap_or(part.len());
        whole + "/stream/[time]" + &part[end..]
    })
}

/// The sources of the mappings, newest first.
fn sources(cloud: &Cloud) -> Vec<String> {
    let listed = cloud.run(cloud.aws.lambda.list_event_source_mappings().send()).unwrap();
    let all = listed.event_source_mappings.unwrap_or_default();
    let mut all: Vec<String> = all.into_iter().filter_map(|one| one.event_source_arn).collect();
    all.sort();
    all.reverse();
    all
}

fn states(cloud: &Cloud) -> Vec<String> {
    let listed = cloud.run(cloud.aws.lambda.list_event_source_mappings().send()).unwrap();
    listed.event_source_mappings.unwrap_or_default().into_iter().filter_map(|one| one.state).collect()
}

fn set_stream(cloud: &Cloud, table: &str, view: Option<StreamViewType>) {
    let stream = StreamSpecification::builder().stream_enabled(view.is_some()).set_stream_view_type(view);
    let update = cloud.aws.dynamodb.update_table().table_name(table).stream_specification(stream.build().unwrap());
    cloud.run(update.send()).unwrap();
}

fn disabled(sandbox: &Sandbox, cloud: &Cloud) -> String {
    set_stream(cloud, "people-stream", None);
    plan(sandbox)
}

#[test]
fn the_mapping_of_the_old_stream_goes_on_and_goes_with_the_pipeline() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000202", LEAST);
    sandbox.converge();
    let cloud = Cloud::of(&sandbox.account);
    let first = sources(&cloud);
    assert_eq!(first.len(), 1);
    sandbox.edit("table_changes: {}", "table_changes: { view: new_image }");
    let changed = plan(&sandbox);
    assert!(changed.contains("are in neither") && changed.contains("goes on beside it"), "{changed}");
    apply(&sandbox, "another view", &changed);
    let both = sources(&cloud);
    assert_eq!((both.len(), &both[1]), (2, &first[0]), "the old one goes on");
    let off = disabled(&sandbox, &cloud);
    assert!(off.contains("it has no stream now"), "{off}");
    apply(&sandbox, "begun anew", &off);
    assert_eq!(sources(&cloud).len(), 3);
    sandbox.edit("handler: stream-to-table", "handler: stream-to-table\n    enabled: false");
    let stopped = plan(&sandbox);
    assert_eq!(stopped.matches(".enabled").count(), 2, "{stopped}");
    apply(&sandbox, "stopped", &stopped);
    assert_eq!(states(&cloud), ["Disabled", "Disabled", "Disabled"]);
    in_sync(&sandbox, "stopped");
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(sources(&cloud), [""; 0]);
    let left: Vec<String> = cloud.inventory().into_iter().filter(|one| one.starts_with("table")).collect();
    assert_eq!(left, ["table people-stream"], "it is retained");
}

#[test]
fn an_existing_table_must_have_a_stream_and_is_never_changed() {
    let spec = LEAST.replace("table_changes: {}", "table_changes: { existing: theirs }");
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000203", &spec);
    let cloud = Cloud::of(&sandbox.account);
    let attribute =
        AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S).build().unwrap();
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let table = cloud.aws.dynamodb.create_table().table_name("theirs").attribute_definitions(attribute).key_schema(key);
    cloud.run(table.billing_mode(BillingMode::PayPerRequest).send()).unwrap();
    let refused = sandbox.run(&["diff"]);
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(
        refused.err.contains("has no stream") && refused.err.contains("aws dynamodb update-table"),
        "{}",
        refused.err
    );
    set_stream(&cloud, "theirs", Some(StreamViewType::KeysOnly));
    let refused = sandbox.run(&["diff"]);
    assert!(refused.code == Some(1) && refused.err.contains("the view `keys_only`"), "{}", refused.err);
    set_stream(&cloud, "theirs", None);
    set_stream(&cloud, "theirs", Some(StreamViewType::NewAndOldImages));
    sandbox.converge();
    in_sync(&sandbox, "with their stream");
    set_stream(&cloud, "theirs", None);
    set_stream(&cloud, "theirs", Some(StreamViewType::NewImage));
    let anew = plan(&sandbox);
    assert!(anew.contains("goes on beside it"), "{anew}");
    apply(&sandbox, "their new stream", &anew);
    assert_eq!(sources(&cloud).len(), 2);
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    let described = cloud.run(cloud.aws.dynamodb.describe_table().table_name("theirs").send()).unwrap().table.unwrap();
    let stream = described.stream_specification.unwrap();
    assert_eq!(stream.stream_view_type, Some(StreamViewType::NewImage), "it is as it was");
}

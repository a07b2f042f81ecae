//! `sink.table.indexes` and `sink.table.ttl`: the parts of a table that others may add, too.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType,
    Projection, ProjectionType, ProvisionedThroughput, ScalarAttributeType, TimeToLiveSpecification,
};
use pipe_test_support::Kind;

use crate::cloud::Cloud;
use crate::session::{Edit, apply, chain, in_sync, plan, sandbox};

/// Neither emulator fills an index for a while, nor bounds how often a TTL changes.
const PARTS: &[Edit] = &[
    (
        "an index",
        "    capacity:",
        "    indexes:\n      by-place: { partition_key: place, sort_key: { name: at, type: number } }\n    capacity:",
    ),
    (
        "two more",
        "    indexes:\n",
        "    indexes:\n      by-day: { partition_key: day, project: keys }\n      by-kind: { partition_key: kind, project: [b, a] }\n",
    ),
    ("another projection", "project: keys", "project: [name, count]"),
    ("another key", "partition_key: kind", "partition_key: { name: kind, type: number }"),
    ("one less", "      by-kind: { partition_key: { name: kind, type: number }, project: [b, a] }\n", ""),
    ("capacity, and with it that of the indexes", "read: 5", "read: 6"),
    ("on demand", "capacity: { read: 6, write: 10 }", "capacity: on_demand"),
    ("provisioned", "    capacity: on_demand", "    capacity: { read: 5, write: 10 }"),
    ("ttl", "    capacity:", "    ttl: until\n    capacity:"),
    ("ttl, another attribute", "ttl: until", "ttl: expires"),
    ("no ttl", "    ttl: expires\n", ""),
    ("another table", "    partition_key: eventId", "    partition_key: id"),
    (
        "no index",
        "    indexes:\n      by-day: { partition_key: day, project: [name, count] }\n      by-place: { partition_key: place, sort_key: { name: at, type: number } }\n",
        "",
    ),
];

#[test]
fn indexes_and_ttl() {
    chain(Kind::MiniStack, "200000000036", "edits_table_parts", PARTS);
}

/// moto keeps a tag as often as it is set, and its list of more than ten never ends: so only the first edits.
#[test]
fn indexes_on_moto() {
    chain(Kind::Moto, "200000000036", "edits_table_parts_moto", &PARTS[..4]);
}

/// An index and a TTL, made with another tool.
fn add(cloud: &Cloud) {
    let key = KeySchemaElement::builder().attribute_name("place").key_type(KeyType::Hash).build().unwrap();
    let units = ProvisionedThroughput::builder().read_capacity_units(5).write_capacity_units(10).build().unwrap();
    let all = Projection::builder().projection_type(ProjectionType::All).build();
    let index = CreateGlobalSecondaryIndexAction::builder().index_name("by-place").key_schema(key).projection(all);
    let index = index.provisioned_throughput(units).build().unwrap();
    let place = AttributeDefinition::builder().attribute_name("place").attribute_type(ScalarAttributeType::S);
    let update = cloud.aws.dynamodb.update_table().table_name("EventTable");
    let update = update.attribute_definitions(place.build().unwrap());
    let update = update.global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(index).build());
    cloud.run(update.send()).unwrap();
    let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name("until").build().unwrap();
    let update = cloud.aws.dynamodb.update_time_to_live().table_name("EventTable").time_to_live_specification(ttl);
    cloud.run(update.send()).unwrap();
}

/// The spec names them later: then each is the pipeline's, and goes when the spec does not name it any more.
#[test]
fn an_index_and_a_ttl_of_others_stay_until_the_spec_names_them() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000037", crate::MAIN);
    sandbox.converge();
    let cloud = Cloud::of(&sandbox.account);
    add(&cloud);
    in_sync(&sandbox, "what others added is no difference");
    sandbox.edit("    capacity:", "    ttl: until\n    indexes: { by-place: { partition_key: place } }\n    capacity:");
    let taken = plan(&sandbox);
    assert!(taken.contains("of_others") && !taken.contains("    ! "), "{taken}");
    sandbox.converge();
    sandbox.edit("    ttl: until\n    indexes: { by-place: { partition_key: place } }\n", "");
    let gone = plan(&sandbox);
    assert!(gone.contains("its index `by-place` is deleted: what reads it fails from then on"), "{gone}");
    apply(&sandbox, "they go", &gone);
}

//! Indexes and the TTL: what is made with the table, and one after the other on a live one. No emulator has their states or their limits.

use aws_sdk_dynamodb::operation::update_time_to_live::UpdateTimeToLiveOutput;
use aws_sdk_dynamodb::types::{GlobalSecondaryIndexDescription, IndexStatus, Projection, ProjectionType};

use super::*;

fn by(attribute: &str, kind: KeyKind) -> Index {
    Index {
        partition_key: Key { name: attribute.into(), kind },
        sort_key: None,
        project: Project::Keys,
        read_capacity: 5,
        write_capacity: 10,
        of_others: false,
    }
}

fn with(indexes: &[(&str, Index)]) -> Table {
    let indexes = indexes.iter().map(|(name, index)| ((*name).to_owned(), index.clone())).collect();
    Table { indexes, ..plain() }
}

fn with_ttl(attribute: &str) -> Table {
    Table { ttl: Some(Ttl { attribute: attribute.into(), of_others: false }), ..plain() }
}

/// What AWS says of a table with indexes in these states.
fn showing(indexes: &[(&str, IndexStatus)]) -> DescribeTableOutput {
    let index = |(name, status): &(&str, IndexStatus)| {
        GlobalSecondaryIndexDescription::builder().index_name(*name).index_status(status.clone()).build()
    };
    described(answer().set_global_secondary_indexes(Some(indexes.iter().map(index).collect())))
}

#[test]
fn an_index_is_read_in_canonical_form() {
    let element = |name: &str, role| KeySchemaElement::builder().attribute_name(name).key_type(role).build().unwrap();
    let projection = Projection::builder().projection_type(ProjectionType::Include);
    let index = GlobalSecondaryIndexDescription::builder()
        .index_name("by-at")
        .index_status(IndexStatus::Creating)
        .key_schema(element("at", KeyType::Hash))
        .key_schema(element("id", KeyType::Range))
        .projection(projection.non_key_attributes("b").non_key_attributes("a").build())
        .provisioned_throughput(
            ProvisionedThroughputDescription::builder().read_capacity_units(5).write_capacity_units(10).build(),
        );
    let table = answer().global_secondary_indexes(index.build()).build();
    let read = |on_demand| index::read(&table, on_demand, &record::index("by-at")).swap_remove(0).1;
    let wanted = Index {
        sort_key: Some(Key { name: "id".into(), kind: KeyKind::String }),
        project: Project::Named(vec!["a".into(), "b".into()]),
        ..by("at", KeyKind::Number)
    };
    assert_eq!(read(false), wanted);
    assert_eq!(read(true), Index { read_capacity: 0, write_capacity: 0, ..wanted.clone() });
    let json = serde_json::to_value(&wanted).unwrap();
    assert_eq!((&json["project"], json.get("of_others")), (&serde_json::json!(["a", "b"]), None));
    assert_eq!(serde_json::to_value(by("at", KeyKind::Number)).unwrap()["project"], "keys");
}

/// A deployer's policy from before needs no new right while the spec has no TTL.
#[tokio::test(start_paused = true)]
async fn a_table_is_read_without_the_right_to_ask_for_its_ttl() {
    let describe = mock!(Client::describe_table).then_output(|| described(answer()));
    let shows = mock!(Client::describe_continuous_backups).then_output(|| backups(PointInTimeRecoveryStatus::Disabled));
    let tags = mock!(Client::list_tags_of_resource).then_output(|| ListTagsOfResourceOutput::builder().build());
    let denied = || refusal("AccessDeniedException", "not authorized to perform: dynamodb:DescribeTimeToLive");
    let ttl = mock!(Client::describe_time_to_live).then_http_response(denied);
    let cx = cx(&[&describe, &shows, &ttl, &tags]);
    assert_eq!(Table::read(&cx, &events()).await.unwrap()[0].props, plain());
    let error = with_ttl("at").sync(&cx, &events(), &plain()).await.unwrap_err();
    assert!(error.hint_text().unwrap().contains("`dynamodb:DescribeTimeToLive`"), "{error:?}");
}

#[test]
fn what_is_not_used_is_not_in_the_form() {
    let json = serde_json::to_value(plain()).unwrap();
    assert!(["indexes", "ttl", "known"].iter().all(|property| json.get(property).is_none()), "{json}");
}

#[tokio::test(start_paused = true)]
async fn a_new_table_has_its_indexes_from_the_first_call_on() {
    let create = mock!(Client::create_table)
        .match_requests(|sent| {
            let names: Vec<&str> =
                sent.attribute_definitions().iter().map(AttributeDefinition::attribute_name).collect();
            let index = &sent.global_secondary_indexes()[0];
            let units = index.provisioned_throughput().map(ProvisionedThroughput::write_capacity_units);
            names == ["at", "customer", "id"] && (index.index_name(), units) == ("by-customer", Some(10))
        })
        .then_output(|| CreateTableOutput::builder().build());
    let others = Index { of_others: true, ..by("x", KeyKind::String) };
    // Two indexes may share an attribute, and one of others does not come along when a table is made anew.
    let table = with(&[("by-customer", by("customer", KeyKind::String)), ("theirs", others)]);
    table.reconcile(&cx(&[&create]), &events(), None).await.unwrap();
    assert_eq!(create.num_calls(), 1);
}

/// A call that changes one index, and names the attributes of all keys where it makes one.
fn changing(wanted: &'static str) -> Rule {
    let is = move |sent: &aws_sdk_dynamodb::operation::update_table::UpdateTableInput| {
        let [one] = sent.global_secondary_index_updates() else { return false };
        let made = one.create().map(|new| format!("+{}", new.index_name()));
        let gone = one.delete().map(|old| format!("-{}", old.index_name()));
        let keys: Vec<&str> = sent.attribute_definitions().iter().map(AttributeDefinition::attribute_name).collect();
        let of_call: &[&str] = match wanted {
            "+b" => &["at", "id", "y"],
            "+c" => &["at", "id", "y", "z"],
            _ => &[],
        };
        made.or(gone).as_deref() == Some(wanted) && keys == of_call
    };
    mock!(Client::update_table).match_requests(is).then_output(|| UpdateTableOutput::builder().build())
}

#[tokio::test(start_paused = true)]
async fn one_index_after_the_other_and_each_is_waited_for() {
    let live = with(&[("a", by("x", KeyKind::String)), ("b", by("y", KeyKind::String))]);
    let desired = with(&[("b", by("y", KeyKind::Number)), ("c", by("z", KeyKind::String))]);
    let calls = ["-a", "-b", "+b", "+c"].map(changing);
    use IndexStatus::{Active, Creating, Deleting};
    let describe = mock!(Client::describe_table)
        .sequence()
        // Before each call, and then until it shows: the first answers may be from before.
        .output(|| showing(&[("a", Active), ("b", Active)]))
        .times(2)
        .output(|| showing(&[("a", Deleting), ("b", Active)]))
        .output(|| showing(&[("b", Active)]))
        .times(2)
        .output(|| showing(&[]))
        .times(2)
        .output(|| showing(&[("b", Creating)]))
        .times(1000)
        .output(|| showing(&[("b", Active)]))
        .times(3)
        .output(|| showing(&[("b", Active), ("c", Active)]))
        .build();
    let mut rules: Vec<&Rule> = calls.iter().collect();
    rules.push(&describe);
    desired.sync(&cx(&rules), &events(), &live).await.unwrap();
    assert!(calls.iter().all(|call| call.num_calls() == 1), "{:?}", calls.each_ref().map(Rule::num_calls));
}

/// Someone else makes an index at the same time.
#[tokio::test(start_paused = true)]
async fn an_index_waits_for_one_of_others() {
    let text = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table";
    let update = mock!(Client::update_table)
        .sequence()
        .http_response(move || refusal("LimitExceededException", text))
        .times(2)
        .output(|| UpdateTableOutput::builder().build())
        .build();
    let describe = mock!(Client::describe_table).then_output(|| showing(&[("a", IndexStatus::Active)]));
    let desired = with(&[("a", by("x", KeyKind::String))]);
    desired.sync(&cx(&[&update, &describe]), &events(), &plain()).await.unwrap();
    assert_eq!(update.num_calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_index_follows_the_tables_capacity() {
    let live = with(&[("a", Index { read_capacity: 1, ..by("x", KeyKind::String) })]);
    let update = mock!(Client::update_table)
        .match_requests(|sent| {
            let units = sent.global_secondary_index_updates()[0].update().unwrap().provisioned_throughput().unwrap();
            sent.provisioned_throughput().is_none() && units.read_capacity_units() == 5
        })
        .then_output(|| UpdateTableOutput::builder().build());
    let shown = |read: i64| {
        let units = ProvisionedThroughputDescription::builder().read_capacity_units(read).write_capacity_units(10);
        let index = GlobalSecondaryIndexDescription::builder().index_name("a").provisioned_throughput(units.build());
        described(answer().global_secondary_indexes(index.build()))
    };
    let describe =
        mock!(Client::describe_table).sequence().output(move || shown(1)).times(3).output(move || shown(5)).build();
    with(&[("a", by("x", KeyKind::String))]).sync(&cx(&[&update, &describe]), &events(), &live).await.unwrap();
    assert_eq!((update.num_calls(), describe.num_calls()), (1, 4), "until it shows");
}

/// What the tag knows is never deleted as another's, and what others added in the meantime never as ours.
#[tokio::test(start_paused = true)]
async fn a_part_is_written_down_before_it_is_made() {
    let tag = mock!(Client::tag_resource)
        .match_requests(|sent| {
            let (tag, known) = (&sent.tags()[0], [record::index("a"), record::index("b")]);
            tag.key() == record::PARTS && known.iter().all(|part| record::knows(tag.value(), part))
        })
        .then_output(|| TagResourceOutput::builder().build());
    let live = Table { known: record::index("a"), ..with(&[("a", by("x", KeyKind::String))]) };
    remember(&cx(&[&tag]), &events(), &with(&[("b", by("x", KeyKind::String))]), &live).await.unwrap();
    assert_eq!(tag.num_calls(), 1);
    remember(&cx(&[]), &events(), &with(&[("a", by("x", KeyKind::String))]), &live).await.unwrap();
    let others = with(&[("theirs", Index { of_others: true, ..by("x", KeyKind::String) })]);
    plain().sync(&cx(&[]), &events(), &others).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn another_attribute_of_the_ttl_is_off_and_on_and_may_take_an_hour() {
    let switched = |on: bool, attribute: &'static str| {
        mock!(Client::update_time_to_live).match_requests(move |sent| {
            let ttl = sent.time_to_live_specification().unwrap();
            (ttl.enabled(), ttl.attribute_name()) == (on, attribute)
        })
    };
    let off = switched(false, "old").then_output(|| UpdateTimeToLiveOutput::builder().build());
    let text = "Time to live has been modified multiple times within a fixed interval";
    let on = switched(true, "new").then_http_response(move || refusal("ValidationException", text));
    let describe = mock!(Client::describe_table).then_output(|| described(answer()));
    let ttl = mock!(Client::describe_time_to_live)
        .sequence()
        .output(|| expiring(Some("old")))
        .output(|| expiring(None))
        .build();
    let (desired, live) = (with_ttl("new"), with_ttl("old"));
    let error = desired.sync(&cx(&[&off, &on, &describe, &ttl]), &events(), &live).await.unwrap_err();
    assert!(error.hint_text().unwrap().contains("about an hour"), "{error:?}");
    assert_eq!((off.num_calls(), on.num_calls()), (1, 1));
}

/// The SDK sends a call again whose answer was lost, and AWS refuses the second.
#[tokio::test(start_paused = true)]
async fn a_ttl_that_is_on_already_is_no_failure() {
    let text = "TimeToLive is already enabled";
    let update = mock!(Client::update_time_to_live).then_http_response(move || refusal("ValidationException", text));
    let describe = mock!(Client::describe_table).then_output(|| described(answer()));
    let ttl = mock!(Client::describe_time_to_live)
        .sequence()
        .output(|| expiring(None))
        .output(|| expiring(Some("at")))
        .build();
    with_ttl("at").sync(&cx(&[&update, &describe, &ttl]), &events(), &plain()).await.unwrap();
    assert_eq!(update.num_calls(), 1);
}

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::CreateTableOutput;
use aws_sdk_dynamodb::operation::describe_continuous_backups::DescribeContinuousBackupsOutput;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableOutput;
use aws_sdk_dynamodb::operation::describe_time_to_live::DescribeTimeToLiveOutput;
use aws_sdk_dynamodb::operation::list_tags_of_resource::ListTagsOfResourceOutput;
use aws_sdk_dynamodb::operation::tag_resource::TagResourceOutput;
use aws_sdk_dynamodb::operation::update_continuous_backups::UpdateContinuousBackupsOutput;
use aws_sdk_dynamodb::operation::update_table::UpdateTableOutput;
use aws_sdk_dynamodb::types::builders::TableDescriptionBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingModeSummary, ContinuousBackupsDescription, ContinuousBackupsStatus, KeySchemaElement,
    KeyType, PointInTimeRecoveryDescription, PointInTimeRecoveryStatus, ProvisionedThroughputDescription,
    ScalarAttributeType, SseDescription, SseStatus, SseType, TableDescription, TableStatus, TimeToLiveDescription,
    TimeToLiveStatus,
};
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::*;
use crate::aws::mocked;

mod others;
mod parts;

pub(super) fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx(RuleMode::MatchAny, rules)
}

pub(super) fn refusal(code: &str, message: &str) -> HttpResponse {
    mocked::refusal(&format!("com.amazonaws.dynamodb.v20120810#{code}"), message)
}

pub(super) fn events() -> Name {
    Name::new("events")
}

/// What AWS answers for a provisioned table: no billing mode, no encryption, attributes in any order.
pub(super) fn answer() -> TableDescriptionBuilder {
    let attribute =
        |name: &str, kind| AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap();
    let element = |name: &str, role| KeySchemaElement::builder().attribute_name(name).key_type(role).build().unwrap();
    TableDescription::builder()
        .table_status(TableStatus::Active)
        .attribute_definitions(attribute("at", ScalarAttributeType::N))
        .attribute_definitions(attribute("id", ScalarAttributeType::S))
        .key_schema(element("id", KeyType::Hash))
        .key_schema(element("at", KeyType::Range))
        .provisioned_throughput(
            ProvisionedThroughputDescription::builder().read_capacity_units(5).write_capacity_units(10).build(),
        )
}

pub(super) fn described(table: TableDescriptionBuilder) -> DescribeTableOutput {
    DescribeTableOutput::builder().table(table.build()).build()
}

fn backups(status: PointInTimeRecoveryStatus) -> DescribeContinuousBackupsOutput {
    let recovery = PointInTimeRecoveryDescription::builder().point_in_time_recovery_status(status).build();
    let backups = ContinuousBackupsDescription::builder()
        .continuous_backups_status(ContinuousBackupsStatus::Enabled)
        .point_in_time_recovery_description(recovery);
    DescribeContinuousBackupsOutput::builder().continuous_backups_description(backups.build().unwrap()).build()
}

/// What AWS says of a TTL on this attribute; without one there is none.
fn expiring(attribute: Option<&str>) -> DescribeTimeToLiveOutput {
    let status = if attribute.is_some() { TimeToLiveStatus::Enabling } else { TimeToLiveStatus::Disabled };
    let said =
        TimeToLiveDescription::builder().time_to_live_status(status).set_attribute_name(attribute.map(str::to_owned));
    DescribeTimeToLiveOutput::builder().time_to_live_description(said.build()).build()
}

pub(super) fn plain() -> Table {
    Table {
        partition_key: Key { name: "id".into(), kind: KeyKind::String },
        sort_key: Some(Key { name: "at".into(), kind: KeyKind::Number }),
        on_demand: false,
        read_capacity: 5,
        write_capacity: 10,
        encryption: AWS_OWNED.into(),
        point_in_time_recovery: false,
        deletion_protection: false,
        indexes: BTreeMap::new(),
        ttl: None,
        stream_view: String::new(),
        known: String::new(),
    }
}

#[test]
fn properties_are_canonical() {
    let props = |table: TableDescriptionBuilder| read::props(&table.build(), false).unwrap();
    assert_eq!(props(answer()), plain());
    let on_demand = BillingModeSummary::builder().billing_mode(BillingMode::PayPerRequest).build();
    assert_eq!(props(answer().billing_mode_summary(on_demand)).capacity(), (true, 0, 0));
    let encryption = |status: SseStatus| {
        let arn = "arn:aws:kms:eu-central-1:111122223333:key/1";
        props(answer().sse_description(SseDescription::builder().status(status).kms_master_key_arn(arn).build()))
            .encryption
    };
    for status in [SseStatus::Enabled, SseStatus::Enabling, SseStatus::Updating] {
        assert_eq!(encryption(status), "arn:aws:kms:eu-central-1:111122223333:key/1");
    }
    for status in [SseStatus::Disabled, SseStatus::Disabling] {
        assert_eq!(encryption(status), "aws_owned");
    }
}

#[test]
fn a_key_is_written_as_in_the_spec() {
    let json = serde_json::to_value(plain().sort_key).unwrap();
    assert_eq!(json, serde_json::json!({ "name": "at", "type": "number" }));
}

#[test]
fn names_come_from_table_arns_only() {
    let name = |arn: &str| Table::name_of(arn).map(|name| name.to_string());
    assert_eq!(name("arn:aws:dynamodb:eu-central-1:111122223333:table/t").as_deref(), Some("t"));
    assert_eq!(
        name("arn:aws:dynamodb:eu-central-1:111122223333:table/t/stream/2026-01-01T00:00:00.000").as_deref(),
        Some("t")
    );
    assert_eq!(name("arn:aws:dynamodb:eu-central-1:111122223333:table/t/index/by-it").as_deref(), Some("t"));
    assert_eq!(name("arn:aws:kinesis:eu-central-1:111122223333:stream/t"), None);
}

#[test]
fn recovery_and_protection_are_guarded() {
    let safe = Table { point_in_time_recovery: true, deletion_protection: true, ..plain() };
    assert!(means::loses(&plain(), &safe).is_some());
    assert_eq!(means::loses(&safe, &plain()), None);
    let protected = |live: &Table| Table::advice(&Changed::End { live, gone: &[] }).protected;
    assert_eq!((protected(&safe), protected(&plain())), (Some("deletion_protection"), None));
}

#[test]
fn on_demand_carries_no_throughput() {
    let on_demand = Table { on_demand: true, read_capacity: 0, write_capacity: 0, ..plain() };
    assert_eq!(on_demand.throughput().unwrap(), None);
    assert!(plain().throughput().unwrap().is_some());
}

// No emulator has CREATING, nor backups that are not available yet.
#[tokio::test(start_paused = true)]
async fn recovery_waits_for_a_new_table_and_its_backups() {
    let create = mock!(Client::create_table).then_output(|| CreateTableOutput::builder().build());
    let describe = mock!(Client::describe_table)
        .sequence()
        .http_response(|| refusal("ResourceNotFoundException", "Requested resource not found: Table: events not found"))
        .output(|| described(answer().table_status(TableStatus::Creating)))
        .output(|| described(answer()))
        .build();
    let text = "Backups are being enabled for the table: events. Please retry later";
    let enable = mock!(Client::update_continuous_backups)
        .sequence()
        .http_response(|| refusal("ContinuousBackupsUnavailableException", text))
        .times(2)
        .output(|| UpdateContinuousBackupsOutput::builder().build())
        .build();
    let shows = mock!(Client::describe_continuous_backups)
        .sequence()
        .output(|| backups(PointInTimeRecoveryStatus::Disabled))
        .output(|| backups(PointInTimeRecoveryStatus::Enabled))
        .build();
    let table = Table { point_in_time_recovery: true, ..plain() };
    table.reconcile(&cx(&[&create, &describe, &enable, &shows]), &events(), None).await.unwrap();
    assert_eq!((create.num_calls(), describe.num_calls(), enable.num_calls(), shows.num_calls()), (1, 3, 3, 2));
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_for_a_new_table_without_recovery() {
    let create = mock!(Client::create_table).then_output(|| CreateTableOutput::builder().build());
    plain().reconcile(&cx(&[&create]), &events(), None).await.unwrap();
    assert_eq!(create.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_table_on_its_way_is_read_when_it_is_there() {
    let describe = mock!(Client::describe_table)
        .sequence()
        .output(|| described(answer().table_status(TableStatus::Creating)))
        .output(|| described(answer()))
        .build();
    let shows = mock!(Client::describe_continuous_backups)
        .sequence()
        .http_response(|| refusal("TableNotFoundException", "Table not found: events"))
        .output(|| backups(PointInTimeRecoveryStatus::Enabled))
        .build();
    let tags = mock!(Client::list_tags_of_resource)
        .sequence()
        .output(|| ListTagsOfResourceOutput::builder().build())
        .times(2)
        .build();
    let ttl = mock!(Client::describe_time_to_live).then_output(|| expiring(None));
    let lives = Table::read(&cx(&[&describe, &shows, &ttl, &tags]), &events()).await.unwrap();
    assert_eq!(lives[0].props, Table { point_in_time_recovery: true, ..plain() });
}

// MiniStack denies the tags of a table that is not there; AWS says that it is not there.
#[tokio::test(start_paused = true)]
async fn an_absent_table_is_absent_whatever_else_is_said() {
    let describe =
        mock!(Client::describe_table).then_http_response(|| refusal("ResourceNotFoundException", "not found"));
    let shows = mock!(Client::describe_continuous_backups)
        .then_http_response(|| refusal("TableNotFoundException", "not found"));
    let tags =
        mock!(Client::list_tags_of_resource).then_http_response(|| refusal("AccessDeniedException", "Access denied."));
    let ttl =
        mock!(Client::describe_time_to_live).then_http_response(|| refusal("ResourceNotFoundException", "not found"));
    assert!(Table::read(&cx(&[&describe, &shows, &ttl, &tags]), &events()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_class_of_change_is_a_call_of_its_own() {
    let done = || UpdateTableOutput::builder().build();
    let capacity = mock!(Client::update_table)
        .match_requests(|sent| {
            let alone = sent.sse_specification().is_none() && sent.deletion_protection_enabled().is_none();
            // An equal billing mode stays out, and the throughput is new.
            alone && sent.billing_mode().is_none() && sent.provisioned_throughput().unwrap().read_capacity_units() == 5
        })
        .then_output(done);
    let encryption = mock!(Client::update_table)
        .match_requests(|sent| sent.sse_specification().is_some() && sent.deletion_protection_enabled().is_none())
        .then_output(done);
    let protection = mock!(Client::update_table)
        .match_requests(|sent| sent.deletion_protection_enabled() == Some(true) && sent.sse_specification().is_none())
        .then_output(done);
    // The encryption is seen through: for a while after the call AWS may show what was before.
    let encrypted = || SseDescription::builder().status(SseStatus::Enabled).sse_type(SseType::Kms).build();
    let describe = mock!(Client::describe_table)
        .sequence()
        .output(|| described(answer().deletion_protection_enabled(true)))
        .times(4)
        .output(move || described(answer().deletion_protection_enabled(true).sse_description(encrypted())))
        .times(4)
        .build();
    let live = Table { read_capacity: 1, ..plain() };
    let table = Table { encryption: AWS_MANAGED.into(), deletion_protection: true, ..plain() };
    table.sync(&cx(&[&capacity, &encryption, &protection, &describe]), &events(), &live).await.unwrap();
    assert_eq!((capacity.num_calls(), encryption.num_calls(), protection.num_calls()), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn equal_properties_make_no_call() {
    plain().sync(&cx(&[]), &events(), &plain()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_name_taken_since_the_read_is_looked_at_again() {
    let create = mock!(Client::create_table)
        .then_http_response(|| refusal("ResourceInUseException", "Table already exists: events"));
    let error = plain().reconcile(&cx(&[&create]), &events(), None).await.unwrap_err();
    assert_eq!((create.num_calls(), error.class()), (1, Class::Unclear));
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_the_day_is_not_waited_for() {
    let text = "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day.";
    let update = mock!(Client::update_table).then_http_response(|| refusal("LimitExceededException", text));
    let describe = mock!(Client::describe_table).then_output(|| described(answer()));
    let smaller = Table { read_capacity: 1, ..plain() };
    let error = smaller.sync(&cx(&[&update, &describe]), &events(), &plain()).await.unwrap_err();
    assert_eq!((update.num_calls(), error.class()), (1, Class::Fatal));
    assert!(error.hint_text().unwrap().contains("24 h"));
}

// No emulator is late with tags.
#[tokio::test(start_paused = true)]
async fn new_tags_are_waited_for_until_they_show_twice_in_a_row() {
    let listed = |team: Option<&str>| {
        let tags = team.map(|team| vec![tag("team", team).unwrap()]).unwrap_or_default();
        ListTagsOfResourceOutput::builder().set_tags(Some(tags)).build()
    };
    let write = mock!(Client::tag_resource).then_output(|| TagResourceOutput::builder().build());
    let list = mock!(Client::list_tags_of_resource)
        .sequence()
        .output(move || listed(Some("b")))
        .output(move || listed(None))
        .output(move || listed(Some("b")))
        .output(move || listed(Some("b")))
        .build();
    let mut cx = cx(&[&write, &list]);
    cx.tags = Tags::from([("team".into(), "b".into())]);
    sync_tags(&cx, &events(), &Tags::from([("team".into(), "a".into())])).await.unwrap();
    assert_eq!((write.num_calls(), list.num_calls()), (1, 4));
}

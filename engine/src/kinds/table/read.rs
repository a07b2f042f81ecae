//! What DynamoDB says of a table, in canonical form.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{BillingMode, KeyType, PointInTimeRecoveryStatus, TableDescription, TableStatus};

use super::key::of_role;
use super::{AWS_MANAGED, CHANGED_WITHIN, STREAM_ARN, Table, Ttl, arn, changes, encryption, index, outputs, record};
use crate::aws::{Cx, nothing_if_absent, poll_for};
use crate::error::{Class, Error, Result};
use crate::owner::PIPELINE;
use crate::resource::{Handle, KMS_KEY, Live, Name, State, Tags};

/// The table's description; nothing where there is no such table.
pub async fn describe(cx: &Cx, name: &Name) -> Result<Option<TableDescription>> {
    let sent = cx.aws.dynamodb.describe_table().table_name(name.as_str()).send().await;
    Ok(nothing_if_absent(sent)?.and_then(|answer| answer.table))
}

/// Whether point-in-time recovery is on; nothing where there is no such table, or none yet.
pub async fn recovers(cx: &Cx, name: &Name) -> Result<Option<bool>> {
    let sent = cx.aws.dynamodb.describe_continuous_backups().table_name(name.as_str()).send().await;
    let Some(answer) = nothing_if_absent(sent)? else { return Ok(None) };
    let recovery = answer.continuous_backups_description.and_then(|backups| backups.point_in_time_recovery_description);
    let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status);
    Ok(Some(status == Some(PointInTimeRecoveryStatus::Enabled)))
}

/// All tags; nothing where there is no such table.
pub async fn tags(cx: &Cx, name: &Name) -> Result<Option<Tags>> {
    let mut all = Tags::new();
    let mut next = None;
    loop {
        let request = cx.aws.dynamodb.list_tags_of_resource().resource_arn(arn(&cx.aws.place, name));
        let sent = request.set_next_token(next).send().await;
        let Some(page) = nothing_if_absent(sent)? else { return Ok(None) };
        all.extend(page.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
        next = page.next_token;
        if next.is_none() {
            return Ok(Some(all));
        }
    }
}

/// The table as the engine knows it, or what is waited for: it is being created, or is there for one call and not for another.
///
/// # Errors
/// Those of the other calls, where the table is there to stay; a description without a partition key.
pub fn live(
    cx: &Cx,
    name: &Name,
    table: &TableDescription,
    recovers: Result<Option<bool>>,
    ttl: Result<Option<String>>,
    tags: Result<Option<Tags>>,
) -> Result<std::result::Result<Vec<Live<Table>>, String>> {
    let (state, recovers, ttl, tags) = match table.table_status {
        Some(TableStatus::Creating) => return Ok(Err(format!("table `{name}` to be created"))),
        Some(TableStatus::Deleting) => (State::Leaving, false, None, Tags::new()),
        _ => match (recovers?, tags?) {
            (Some(recovers), Some(tags)) => (State::Live, recovers, ttl?, tags),
            (None, _) => {
                return Ok(Err(format!("DynamoDB to find the continuous backups of table `{name}`, which exists")));
            }
            (_, None) => return Ok(Err(format!("DynamoDB to find the tags of table `{name}`, which exists"))),
        },
    };
    let known = tags.get(record::PARTS).cloned().unwrap_or_default();
    let mut props = props(table, recovers)?;
    props.indexes = index::read(table, props.on_demand, &known).into_iter().collect();
    props.ttl = ttl.map(|attribute| Ttl { of_others: !record::knows(&known, &record::ttl(&attribute)), attribute });
    if props.own_key().is_some() && !record::has_key(&known) {
        AWS_MANAGED.clone_into(&mut props.encryption);
    }
    props.known = known;
    let mut outputs = outputs(cx, name, &props);
    outputs.extend(changes::arn(table).map(|arn| (STREAM_ARN.to_owned(), arn)));
    // The key of one that the pipeline makes is AWS's.
    let key = table.sse_description.as_ref().and_then(|sse| sse.kms_master_key_arn.clone());
    let own = tags.get(PIPELINE) == Some(&cx.pipeline);
    outputs.extend(key.filter(|_| !own).map(|key| (KMS_KEY.to_owned(), key)));
    Ok(Ok(vec![Live {
        handle: Handle::new(arn(&cx.aws.place, name)),
        outputs,
        props,
        tags,
        identity: table.table_id.clone().unwrap_or_default(),
        state,
    }]))
}

/// Waits until the table is ACTIVE and as expected: just after a call, AWS may still show what was before.
///
/// # Errors
/// The table is being deleted, cannot reach its key, or takes more than [`CHANGED_WITHIN`].
pub async fn settled(cx: &Cx, name: &Name, shows: impl Fn(&Table) -> bool + Send + Sync) -> Result<()> {
    let shows = &shows;
    let ask = || async move {
        let Some(table) = describe(cx, name).await? else { return Ok(Err(format!("DynamoDB to find table `{name}`"))) };
        match table.table_status {
            Some(TableStatus::Active) if shows(&props(&table, false)?) => Ok(Ok(())),
            Some(TableStatus::Active) => Ok(Err(format!("DynamoDB to show the change of table `{name}`"))),
            Some(TableStatus::Deleting) => {
                Err(Error::new(Class::Unclear, format!("table `{name}` is being deleted by someone else")))
            }
            Some(TableStatus::InaccessibleEncryptionCredentials) => {
                Err(Error::fatal(format!("table `{name}` cannot use its KMS key"))
                    .hint("enable the key, or restore its policy and grants"))
            }
            _ => Ok(Err(format!("table `{name}` to become active"))),
        }
    };
    poll_for(cx, CHANGED_WITHIN, ask).await
}

/// The managed properties of the table itself in canonical form, without its indexes and its TTL. Its key is named, whosever it is.
pub fn props(table: &TableDescription, recovers: bool) -> Result<Table> {
    let billing = table.billing_mode_summary.as_ref().and_then(|summary| summary.billing_mode.as_ref());
    let on_demand = billing == Some(&BillingMode::PayPerRequest);
    let units = table.provisioned_throughput.as_ref().filter(|_| !on_demand);
    let count = |units: Option<i64>| u32::try_from(units.unwrap_or_default()).unwrap_or_default();
    let key = |role: &KeyType| of_role(table.key_schema(), role, table.attribute_definitions());
    let partition_key = key(&KeyType::Hash);
    Ok(Table {
        partition_key: partition_key
            .ok_or_else(|| Error::fatal("DynamoDB describes a table without a partition key"))?,
        sort_key: key(&KeyType::Range),
        on_demand,
        read_capacity: count(units.and_then(|units| units.read_capacity_units)),
        write_capacity: count(units.and_then(|units| units.write_capacity_units)),
        encryption: encryption::read(table),
        point_in_time_recovery: recovers,
        deletion_protection: table.deletion_protection_enabled.unwrap_or_default(),
        indexes: BTreeMap::new(),
        ttl: None,
        stream_view: changes::view(table),
        known: String::new(),
    })
}

//! The global indexes of a table: reading, making and deleting them, one at a time (`docs/aws.md#dynamodb-indexes`).

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, CreateGlobalSecondaryIndexAction, DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexDescription, GlobalSecondaryIndexUpdate, IndexStatus, KeyType, Projection, ProjectionType,
    ProvisionedThroughput, TableDescription, UpdateGlobalSecondaryIndexAction,
};
use serde::{Deserialize, Serialize};

use super::key::{of_role, schema};
use super::read::describe;
use super::write::call;
use super::{Key, KeyKind, Table, record, units};
use crate::aws::{Cx, poll_for};
use crate::error::{Class, Error, Result};
use crate::resource::Name;

/// Filling an index takes minutes, and hours where the table is large. A run that ends before is no harm: AWS goes on.
const FILLED_WITHIN: Duration = Duration::from_secs(12 * 60 * 60);

/// A global index. Its key and what it holds are immutable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    pub partition_key: Key,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_key: Option<Key>,
    pub project: Project,
    /// Read units per second; 0 on demand. The pipeline's own have the table's.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub read_capacity: u32,
    /// Write units per second; 0 on demand. The pipeline's own have the table's.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub write_capacity: u32,
    /// Others have added it, and the spec does not name it: it stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_others: bool,
}

/// Which attributes of an item an index holds, beside its keys and the table's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Project {
    All,
    Keys,
    /// These, sorted.
    #[serde(untagged)]
    Named(Vec<String>),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(units: &u32) -> bool {
    *units == 0
}

impl Index {
    /// Its key attributes.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        [Some(&self.partition_key), self.sort_key.as_ref()].into_iter().flatten()
    }

    /// Whether it is the same index, whatever its capacity and whosever it is.
    pub(super) fn is_shaped(&self, other: &Self) -> bool {
        self.partition_key == other.partition_key && self.sort_key == other.sort_key && self.project == other.project
    }

    fn capacity(&self) -> (u32, u32) {
        (self.read_capacity, self.write_capacity)
    }

    fn throughput(&self) -> Result<Option<ProvisionedThroughput>> {
        if self.read_capacity == 0 { Ok(None) } else { units(self.read_capacity, self.write_capacity).map(Some) }
    }

    /// It as CreateTable takes it.
    pub(super) fn of_new_table(&self, name: &str) -> Result<GlobalSecondaryIndex> {
        let index = GlobalSecondaryIndex::builder().index_name(name).projection(self.project.projection());
        let index = index.set_key_schema(Some(schema(&self.partition_key, self.sort_key.as_ref())?));
        index.set_provisioned_throughput(self.throughput()?).build().map_err(super::unbuilt)
    }

    fn created(&self, name: &str) -> Result<GlobalSecondaryIndexUpdate> {
        let index = CreateGlobalSecondaryIndexAction::builder().index_name(name).projection(self.project.projection());
        let index = index.set_key_schema(Some(schema(&self.partition_key, self.sort_key.as_ref())?));
        let index = index.set_provisioned_throughput(self.throughput()?).build().map_err(super::unbuilt)?;
        Ok(GlobalSecondaryIndexUpdate::builder().create(index).build())
    }
}

impl Project {
    fn projection(&self) -> Projection {
        let (kind, names) = match self {
            Self::All => (ProjectionType::All, None),
            Self::Keys => (ProjectionType::KeysOnly, None),
            Self::Named(names) => (ProjectionType::Include, Some(names.clone())),
        };
        Projection::builder().projection_type(kind).set_non_key_attributes(names).build()
    }
}

/// The indexes of a table that are there to stay, by name; `known` is the record of the pipeline's own.
pub fn read(table: &TableDescription, on_demand: bool, known: &str) -> Vec<(String, Index)> {
    let stays = |index: &&GlobalSecondaryIndexDescription| index.index_status != Some(IndexStatus::Deleting);
    let all = table.global_secondary_indexes().iter().filter(stays);
    all.filter_map(|index| {
        let name = index.index_name.clone()?;
        let of_others = !record::knows(known, &record::index(&name));
        Some((name, Index { of_others, ..described(index, table.attribute_definitions(), on_demand) }))
    })
    .collect()
}

fn described(index: &GlobalSecondaryIndexDescription, all: &[AttributeDefinition], on_demand: bool) -> Index {
    let key = |role: &KeyType| of_role(index.key_schema(), role, all);
    let units = index.provisioned_throughput.as_ref().filter(|_| !on_demand);
    let count = |units: Option<i64>| u32::try_from(units.unwrap_or_default()).unwrap_or_default();
    Index {
        partition_key: key(&KeyType::Hash).unwrap_or(Key { name: String::new(), kind: KeyKind::String }),
        sort_key: key(&KeyType::Range),
        project: projected(index.projection.as_ref()),
        read_capacity: count(units.and_then(|units| units.read_capacity_units)),
        write_capacity: count(units.and_then(|units| units.write_capacity_units)),
        of_others: false,
    }
}

fn projected(projection: Option<&Projection>) -> Project {
    match projection.and_then(|projection| projection.projection_type.as_ref()) {
        Some(ProjectionType::KeysOnly) => Project::Keys,
        Some(ProjectionType::Include) => {
            let mut names = projection.map(|projection| projection.non_key_attributes().to_vec()).unwrap_or_default();
            names.sort();
            Project::Named(names)
        }
        _ => Project::All,
    }
}

impl Table {
    /// The attributes of the keys of the table and of these indexes, each once. AWS wants those of a new index in the call that makes it.
    pub(super) fn attributes<'a>(
        &'a self,
        indexes: impl Iterator<Item = &'a Index>,
    ) -> Result<Vec<AttributeDefinition>> {
        let own = [Some(&self.partition_key), self.sort_key.as_ref()].into_iter().flatten();
        let all: BTreeSet<&Key> = own.chain(indexes.flat_map(Index::keys)).collect();
        all.into_iter().map(Key::definition).collect()
    }

    /// Names of the live indexes that go: those that the pipeline made and no longer names, and those that it names with another shape.
    pub(super) fn ending<'a>(&self, live: &'a Self) -> Vec<&'a str> {
        let goes = |(name, old): &(&String, &Index)| match self.indexes.get(*name) {
            Some(new) => !new.of_others && !new.is_shaped(old),
            None => !old.of_others,
        };
        live.indexes.iter().filter(goes).map(|(name, _)| name.as_str()).collect()
    }

    /// The indexes that are to be made, by name: new ones, and those that change their shape.
    pub(super) fn beginning<'a>(&'a self, live: &Self) -> Vec<(&'a str, &'a Index)> {
        let begins = |(name, new): &(&String, &Index)| {
            !new.of_others && live.indexes.get(*name).is_none_or(|old| !new.is_shaped(old))
        };
        self.indexes.iter().filter(begins).map(|(name, index)| (name.as_str(), index)).collect()
    }

    /// Makes the indexes as desired: AWS deletes or makes one at a time. `live` has the capacity that the table has by now.
    pub(super) async fn sync_indexes(&self, cx: &Cx, name: &Name, live: &Self) -> Result<()> {
        for index in self.ending(live) {
            let delete =
                DeleteGlobalSecondaryIndexAction::builder().index_name(index).build().map_err(super::unbuilt)?;
            let delete = GlobalSecondaryIndexUpdate::builder().delete(delete).build();
            change(cx, name, None, delete, |table| named(table, index).is_none()).await?;
        }
        let stays: Vec<(&String, &Index, &Index)> =
            self.indexes.iter().filter_map(|(name, one)| Some((name, one, live.indexes.get(name)?))).collect();
        let stays = stays.into_iter().filter(|(_, one, old)| !one.of_others && one.is_shaped(old));
        let mut there: Vec<&Index> = stays.clone().map(|(_, index, _)| index).collect();
        for (index, new) in self.beginning(live) {
            there.push(new);
            let keys = self.attributes(there.iter().copied())?;
            change(cx, name, Some(keys), new.created(index)?, |table| named(table, index).is_some()).await?;
        }
        for (index, new, old) in stays {
            let Some(units) = new.throughput()?.filter(|_| old.capacity() != new.capacity()) else { continue };
            let shows = |table: &TableDescription| {
                named(table, index).is_some_and(|index| described(index, &[], false).capacity() == new.capacity())
            };
            change(cx, name, None, resized(index, units)?, shows).await?;
        }
        Ok(())
    }
}

/// Makes one change when no index of the table is on its way, and waits until it is done.
async fn change(
    cx: &Cx,
    name: &Name,
    keys: Option<Vec<AttributeDefinition>>,
    update: GlobalSecondaryIndexUpdate,
    shows: impl Fn(&TableDescription) -> bool + Send + Sync,
) -> Result<()> {
    indexed(cx, name, |_| true).await?;
    let request = cx.aws.dynamodb.update_table().table_name(name.as_str()).set_attribute_definitions(keys);
    call(cx, name, request.global_secondary_index_updates(update)).await?;
    indexed(cx, name, shows).await
}

fn named<'a>(table: &'a TableDescription, name: &str) -> Option<&'a GlobalSecondaryIndexDescription> {
    table.global_secondary_indexes().iter().find(|index| index.index_name() == Some(name))
}

/// A change of an index's capacity.
pub fn resized(index: &str, units: ProvisionedThroughput) -> Result<GlobalSecondaryIndexUpdate> {
    let action = UpdateGlobalSecondaryIndexAction::builder().index_name(index).provisioned_throughput(units);
    Ok(GlobalSecondaryIndexUpdate::builder().update(action.build().map_err(super::unbuilt)?).build())
}

/// Waits until no index of the table is on its way, and until AWS shows what is expected. The table itself is ACTIVE long before.
///
/// # Errors
/// The table is gone, or it takes more than [`FILLED_WITHIN`].
async fn indexed(cx: &Cx, name: &Name, shows: impl Fn(&TableDescription) -> bool + Send + Sync) -> Result<()> {
    let shows = &shows;
    let ask = || async move {
        let Some(table) = describe(cx, name).await? else {
            return Err(Error::new(Class::Unclear, format!("table `{name}` is gone, which someone else deleted")));
        };
        let late = || (!shows(&table)).then(|| format!("DynamoDB to show the change of an index of table `{name}`"));
        Ok(on_its_way(name, &table).or_else(late).map_or(Ok(()), Err))
    };
    poll_for(cx, FILLED_WITHIN, ask).await
}

/// Says which index is not ready, if one is not.
fn on_its_way(name: &Name, table: &TableDescription) -> Option<String> {
    table.global_secondary_indexes().iter().find_map(|index| {
        let label = index.index_name().unwrap_or_default();
        Some(match index.index_status.as_ref()? {
            IndexStatus::Creating => format!(
                "index `{label}` of table `{name}` to be filled: minutes, and hours for a large table; AWS goes on without this run"
            ),
            IndexStatus::Deleting => format!("index `{label}` of table `{name}` to be gone"),
            IndexStatus::Updating => format!("index `{label}` of table `{name}` to become active"),
            _ => return None,
        })
    })
}

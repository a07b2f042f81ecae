//! A DynamoDB table, and how the consumer writes to it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::aws::Place;
use crate::aws::policy::allow;
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::table::{self, Index, Key, KeyKind, Project, Table, Ttl};
use crate::lower::existing::used;
use crate::lower::known::Known;
use crate::lower::sink::Access;
use crate::lower::{Lowering, keys};
use crate::resource::{Name, optional_output_of, output_of};
use crate::spec::{self, Capacity, Function, KeyType, OnDestroy, OwnOrExisting, TableEncryption, Target};

pub const TABLE: &str = "table";

pub(in crate::lower) const IDS: &[Known] = &[Known::of::<Table>(TABLE, |spec, _| spec.table_name())];

/// Actions on the sink that the user's own handler may call. The bundled one needs PutItem alone.
const WRITE_TABLE: &[&str] =
    &["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];

pub(super) fn node(lowering: &Lowering<'_>, table: &OwnOrExisting<spec::Table>) -> Result<Node> {
    match table {
        OwnOrExisting::Existing(existing) => used::<Table>(TABLE, existing, "dynamodb", lowering.place),
        OwnOrExisting::Own(own) => {
            let props = props(own, lowering.place)?;
            let node = Node::new(TABLE, lowering.spec.table_name(), &props)?;
            Ok(node.retained(own.on_destroy == OnDestroy::Retain))
        }
    }
}

/// The properties of a table that the pipeline makes; its stream, if it has one, is not among the spec's words for it.
///
/// # Errors
/// Its key is of another account or region.
pub(in crate::lower) fn props(own: &spec::Table, place: &Place) -> Result<Table> {
    let (on_demand, units) = match own.capacity {
        Capacity::OnDemand => (true, spec::Units { read: 0, write: 0 }),
        Capacity::Provisioned(units) => (false, units),
    };
    Ok(Table {
        partition_key: key(&own.partition_key),
        sort_key: own.sort_key.as_ref().map(key),
        on_demand,
        read_capacity: units.read,
        write_capacity: units.write,
        encryption: match (&own.key, own.encryption) {
            (Some(key), _) => keys::arn(Some(key), place)?,
            (None, TableEncryption::AwsManaged) => "aws_managed".into(),
            (None, TableEncryption::AwsOwned) => "aws_owned".into(),
        },
        point_in_time_recovery: own.point_in_time_recovery,
        deletion_protection: own.deletion_protection,
        indexes: own.indexes.iter().map(|(name, one)| (name.clone(), index(one, units))).collect(),
        ttl: own.ttl.clone().map(|attribute| Ttl { attribute, of_others: false }),
        stream_view: String::new(),
        known: String::new(),
    })
}

/// What a role needs beside its rights on these tables, which are encrypted with a key of one's own: DynamoDB decrypts the table's own key
/// in the name of whoever reads or writes, or reads its stream
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html>).
pub(in crate::lower) fn decrypt(lowering: &Lowering<'_>, sid: &str, tables: &[String]) -> Option<Value> {
    let place = lowering.place;
    let statement = || keys::bound(place, sid, &["kms:Decrypt"], "aws:dynamodb:tableName", tables);
    (!tables.is_empty()).then(|| keys::through(statement(), "dynamodb", place))
}

pub(super) fn access(lowering: &Lowering<'_>, target: &Target, function: &Function) -> Access {
    let actions = match (function.is_bundled(), target.deletes) {
        (true, false) => &["dynamodb:PutItem"][..],
        (true, true) => &["dynamodb:DeleteItem", "dynamodb:PutItem"],
        (false, _) => WRITE_TABLE,
    };
    let mut write = vec![allow("WriteTable", actions, &[arn(lowering)])];
    let keyed = target.table.own().filter(|own| own.key.is_some()).map(|_| lowering.spec.table_name());
    write.extend(decrypt(lowering, "DecryptTable", &keyed.into_iter().collect::<Vec<_>>()));
    Access { id: TABLE, environment: environment(lowering, target), write }
}

/// ARN of the table.
pub(in crate::lower) fn arn(lowering: &Lowering<'_>) -> String {
    table::arn(lowering.place, &Name::new(lowering.spec.table_name()))
}

fn environment(lowering: &Lowering<'_>, target: &Target) -> BTreeMap<String, String> {
    let (partition_key, sort_key) = match &target.table {
        OwnOrExisting::Own(own) => {
            (own.partition_key.name.clone(), own.sort_key.as_ref().map(|key| key.name.clone()).unwrap_or_default())
        }
        OwnOrExisting::Existing(_) => (output_of(TABLE, "partition_key"), optional_output_of(TABLE, "sort_key")),
    };
    let mut environment = BTreeMap::from([
        ("PIPE_TABLE".to_owned(), lowering.spec.table_name()),
        ("PIPE_PARTITION_KEY".to_owned(), partition_key),
        ("PIPE_SORT_KEY".to_owned(), sort_key),
    ]);
    // The handler is not told the default, so that the variable changes no function that is there.
    if !target.overwrite {
        environment.insert("PIPE_OVERWRITE".to_owned(), "false".to_owned());
    }
    if target.deletes {
        environment.insert("PIPE_DELETES".to_owned(), "true".to_owned());
    }
    environment
}

/// Its capacity is the table's: each write of the table may be one of the index.
fn index(index: &spec::Index, units: spec::Units) -> Index {
    Index {
        partition_key: key(&index.partition_key),
        sort_key: index.sort_key.as_ref().map(key),
        project: match &index.project {
            spec::Project::All => Project::All,
            spec::Project::Keys => Project::Keys,
            spec::Project::Named(names) => {
                Project::Named(names.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect())
            }
        },
        read_capacity: units.read,
        write_capacity: units.write,
        of_others: false,
    }
}

/// Returns a key attribute of the spec as the kind has it.
pub fn key(key: &spec::Key) -> Key {
    let kind = match key.kind {
        KeyType::String => KeyKind::String,
        KeyType::Number => KeyKind::Number,
        KeyType::Binary => KeyKind::Binary,
    };
    Key { name: key.name.clone(), kind }
}

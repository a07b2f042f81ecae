//! What holds records: stream, table, dlq.

use crate::aws::Place;
use crate::error::{Error, Result};
use crate::graph::Node;
use crate::kinds::queue::{self, Queue};
use crate::kinds::stream::Stream;
use crate::kinds::table::{Key, KeyKind, Table};
use crate::lower::{Lowering, id};
use crate::resource::{Name, Resource};
use crate::spec::{self, Capacity, Existing, KeyType, OnDestroy, OwnOrExisting, StreamEncryption, TableEncryption};

impl Lowering<'_> {
    pub(super) fn stores(&self) -> Result<Vec<Node>> {
        let nodes = [self.stream(), self.table(), self.queue()];
        nodes.into_iter().flatten().collect()
    }

    fn stream(&self) -> Option<Result<Node>> {
        let name = self.spec.stream_name();
        Some(match self.spec.kinesis()? {
            OwnOrExisting::Existing(existing) => used::<Stream>(id::STREAM, existing, "kinesis", self.place),
            OwnOrExisting::Own(own) => {
                let props = Stream {
                    on_demand: own.on_demand,
                    shards: if own.on_demand { 0 } else { own.shards },
                    retention_hours: own.retention_hours,
                    encryption: match own.encryption {
                        StreamEncryption::AwsManaged => "aws_managed".into(),
                        StreamEncryption::None => "none".into(),
                    },
                };
                Node::new(id::STREAM, name, &props).map(|node| node.retained(own.on_destroy == OnDestroy::Retain))
            }
        })
    }

    fn table(&self) -> Option<Result<Node>> {
        let name = self.spec.table_name();
        Some(match self.spec.table()? {
            OwnOrExisting::Existing(existing) => used::<Table>(id::TABLE, existing, "dynamodb", self.place),
            OwnOrExisting::Own(own) => {
                let (on_demand, units) = match own.capacity {
                    Capacity::OnDemand => (true, spec::Units { read: 0, write: 0 }),
                    Capacity::Provisioned(units) => (false, units),
                };
                let props = Table {
                    partition_key: key(&own.partition_key),
                    sort_key: own.sort_key.as_ref().map(key),
                    on_demand,
                    read_capacity: units.read,
                    write_capacity: units.write,
                    encryption: match own.encryption {
                        TableEncryption::AwsManaged => "aws_managed".into(),
                        TableEncryption::AwsOwned => "aws_owned".into(),
                    },
                    point_in_time_recovery: own.point_in_time_recovery,
                    deletion_protection: own.deletion_protection,
                    indexes: Vec::new(),
                };
                Node::new(id::TABLE, name, &props).map(|node| node.retained(own.on_destroy == OnDestroy::Retain))
            }
        })
    }

    fn queue(&self) -> Option<Result<Node>> {
        let name = self.spec.queue_name();
        Some(match self.spec.queue()? {
            OwnOrExisting::Existing(existing) => used::<Queue>(id::DLQ, existing, "sqs", self.place),
            OwnOrExisting::Own(own) => {
                let props = Queue {
                    retention_seconds: own.retention_days * 24 * 60 * 60,
                    encrypted: true,
                    policy: queue::tls_only(self.place, &Name::new(&name)),
                };
                Node::new(id::DLQ, name, &props).map(|node| node.retained(own.on_destroy == OnDestroy::Retain))
            }
        })
    }
}

/// A key attribute of the spec as the kind has it.
pub(super) fn key(key: &spec::Key) -> Key {
    let kind = match key.kind {
        KeyType::String => KeyKind::String,
        KeyType::Number => KeyKind::Number,
        KeyType::Binary => KeyKind::Binary,
    };
    Key { name: key.name.clone(), kind }
}

/// A resource that the pipeline uses, found by its name.
fn used<R: Resource>(id: &str, existing: &Existing, service: &str, place: &Place) -> Result<Node> {
    is_here(existing, service, place)?;
    Ok(Node::existing::<R>(id, existing.name()))
}

/// What exists must be of this account and region.
pub(super) fn is_here(existing: &Existing, service: &str, place: &Place) -> Result<()> {
    if let Some(arn) = existing.arn()
        && place.resource_of(service, arn).is_none()
    {
        return Err(Error::fatal(format!("`{arn}` is not in region {} of account {}", place.region, place.account))
            .hint("`existing` names a resource of the account and region that is applied to"));
    }
    Ok(())
}

//! `dynamodb:Table`: a DynamoDB table with its key, capacity, encryption, recovery and protection.
//!
//! Name and keys are immutable. UpdateTable takes one class of change at a time and leaves the table UPDATING; equal throughput
//! is refused, and so is any throughput on demand. AWS allows 4 switches to on demand and 4 changes of the
//! encryption in 24 h (3.3). A customer's key that the pipeline has not set is left as it is (`encryption.rs`).
//!
//! Indexes and a TTL that others added stay. AWS keeps no tags of them, so a tag of the table says which are the pipeline's (`record.rs`).
//! To delete an index takes consent: the tag alone does not prove whose it is.
//!
//! IAM: dynamodb:CreateTable, DescribeTable, UpdateTable, DeleteTable, DescribeContinuousBackups, UpdateContinuousBackups,
//! DescribeTimeToLive, UpdateTimeToLive, ListTagsOfResource, TagResource, UntagResource.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{BillingMode, ProvisionedThroughput};
use aws_smithy_types::error::operation::BuildError;
use serde::{Deserialize, Serialize};

use crate::aws::{Cx, Place, nothing_if_absent, patiently, poll, poll_for};
use crate::error::{Class, Error, Result};
use crate::resource::{
    Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Refusal, Resource, Scope, State, Tags,
};

mod changes;
mod copies;
mod encryption;
mod index;
mod key;
mod means;
mod of_others;
mod read;
mod record;
mod tag;
mod ttl;
mod write;

pub use changes::STREAM_ARN;
pub use copies::{lacks_new_image, lacks_old_keys};
pub use index::{Index, Project};
pub use key::{Key, KeyKind};
use read::{describe, live, recovers, settled, tags};
use tag::{remember, sync_tags, tag};
pub use ttl::Ttl;
use write::{recover, update};

/// Creating takes seconds, and so does deleting.
const SOON: Duration = Duration::from_secs(10 * 60);
/// Changes of capacity and encryption take minutes.
const CHANGED_WITHIN: Duration = Duration::from_secs(30 * 60);

const AWS_MANAGED: &str = "aws_managed";
const AWS_OWNED: &str = "aws_owned";

/// A DynamoDB table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub partition_key: Key,
    pub sort_key: Option<Key>,
    /// Billed by request; otherwise its capacity is `read_capacity` and `write_capacity`.
    pub on_demand: bool,
    /// Read units per second, at least 1; 0 on demand.
    pub read_capacity: u32,
    /// Write units per second, at least 1; 0 on demand.
    pub write_capacity: u32,
    /// `aws_managed` (a KMS key), `aws_owned`, or the ARN of a KMS key of one's own.
    pub encryption: String,
    /// The table can be restored to any second of the last 35 days.
    pub point_in_time_recovery: bool,
    /// AWS refuses to delete the table.
    pub deletion_protection: bool,
    /// Global indexes by name, those that others added among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub indexes: BTreeMap<String, Index>,
    /// When items expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Ttl>,
    /// What its stream holds of each change, in the spec's words; empty where it has no stream. One that others enabled stays.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stream_view: String,
    /// What the live one's tag says of the parts that the pipeline has set; empty in a desired one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub known: String,
}

impl Resource for Table {
    const KIND: &'static str = "dynamodb:Table";
    const REPLACE_ON: &'static [&'static str] = &["partition_key", "sort_key"];
    const HOLDS_DATA: bool = true;
    const DELETED: &'static str = "deleted: AWS takes some seconds for it";

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let protected = |live: &Self| live.deletion_protection.then_some("deletion_protection");
        match *of {
            Changed::New(_) => Advice::default(),
            Changed::Edit { desired, live, how } => Advice {
                loses: means::loses(desired, live),
                widens: encryption::widens(desired, live),
                means: means::means(desired, live, how),
                protected: protected(live),
                ..Advice::default()
            },
            Changed::End { live, .. } => Advice { protected: protected(live), ..Advice::default() },
        }
    }

    fn keeping(&self, live: &Self) -> Option<Self> {
        self.kept(live)
    }

    fn moves(&self, live: &Self) -> Vec<&'static str> {
        if self.begins_stream(live) { vec![STREAM_ARN] } else { Vec::new() }
    }

    fn lacking(name: &Name, output: &str) -> Option<Refusal> {
        (output == STREAM_ARN).then(|| changes::lacking(name))
    }

    fn records(&self) -> Tags {
        let record = record::of(self);
        if record.is_empty() { Tags::new() } else { Tags::from([(record::PARTS.to_owned(), record)]) }
    }

    fn name_of(arn: &str) -> Option<Name> {
        let name = arn.strip_prefix("arn:")?.split_once(":dynamodb:")?.1.split_once(":table/")?.1;
        // To name an index or a stream is to name its table.
        let part = ["/index/", "/stream/"].iter().find_map(|part| name.split_once(part));
        let name = part.map_or(name, |(table, _)| table);
        (!name.contains('/')).then(|| Name::new(name))
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_TABLE: &[&str] = &[
            "dynamodb:CreateTable",
            "dynamodb:DeleteTable",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:ListTagsOfResource",
            "dynamodb:TagResource",
            "dynamodb:UntagResource",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTable",
            "dynamodb:UpdateTimeToLive",
        ];
        vec![Grant::new(ON_THE_TABLE, arn(scope.place, name))]
    }

    fn more_grants(&self, scope: &Scope, _name: &Name) -> Vec<Grant> {
        self.grant_of_key(scope.place).into_iter().collect()
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        // While it is CREATING its backups cannot be asked for, and nothing about it is final.
        let look = || async {
            // Most names have no table: one call then does for four.
            let Some(table) = describe(cx, name).await? else { return Ok(Ok(Vec::new())) };
            let (recovers, ttl, tags) = tokio::join!(recovers(cx, name), ttl::seen(cx, name), tags(cx, name));
            live(cx, name, &table, recovers, ttl, tags)
        };
        poll_for(cx, SOON, look).await
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        match live {
            Some(live) if live.state == State::Live => {
                // sync
                remember(cx, name, self, &live.props).await?;
                self.sync(cx, name, &live.props).await?;
                sync_tags(cx, name, &live.tags).await?;
            }
            // ensure
            absent => {
                if absent.is_some() {
                    let what = format!("the deleted table `{name}` to be gone");
                    poll(cx, &what, SOON, || async { Ok(describe(cx, name).await?.is_none().then_some(())) }).await?;
                }
                self.create(cx, name).await?;
                if self.point_in_time_recovery {
                    settled(cx, name, |_| true).await?;
                    recover(cx, name, true).await?;
                }
                self.own_parts().sync_ttl(cx, name, None).await?;
            }
        }
        let (outputs, identity) = self.followed(cx, name, outputs(cx, name, self)).await?;
        Ok(Made { outputs, identity })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        let delete = || async {
            let sent = cx.aws.dynamodb.delete_table().table_name(name.as_str()).send().await;
            nothing_if_absent(sent).map(drop)
        };
        patiently(cx, &format!("table `{name}` to accept its deletion"), delete).await
    }
}

impl Table {
    async fn create(&self, cx: &Cx, name: &Name) -> Result<()> {
        let own = self.own_parts();
        let indexes = own.indexes.iter().map(|(name, index)| index.of_new_table(name)).collect::<Result<Vec<_>>>()?;
        let mut request = cx.aws.dynamodb.create_table().table_name(name.as_str());
        request = request.set_attribute_definitions(Some(self.attributes(own.indexes.values())?));
        request = request.set_key_schema(Some(key::schema(&self.partition_key, self.sort_key.as_ref())?));
        request = request.set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes));
        for (key, value) in &cx.tags {
            request = request.tags(tag(key, value)?);
        }
        let request = request.billing_mode(self.billing()).set_provisioned_throughput(self.throughput()?);
        let request = request.set_sse_specification((self.encryption != AWS_OWNED).then(|| self.encrypted()));
        let request = request.deletion_protection_enabled(self.deletion_protection);
        let request = request.set_stream_specification(self.stream()?);
        let create = || async {
            match request.clone().send().await.map_err(Error::from) {
                Ok(_) => Ok(()),
                // The name is taken since the read: whose it is must be looked at.
                Err(error) if error.code() == "ResourceInUseException" => Err(error.class_as(Class::Unclear)),
                Err(error) => Err(error),
            }
        };
        patiently(cx, "DynamoDB to have room for another change of a table", create).await
    }

    async fn sync(&self, cx: &Cx, name: &Name, live: &Self) -> Result<()> {
        let request = cx.aws.dynamodb.update_table().table_name(name.as_str());
        if self.capacity() != live.capacity() {
            let billing = (self.on_demand != live.on_demand).then(|| self.billing());
            let indexes = if live.on_demand { self.of_indexes(live)? } else { None };
            let request = request.clone().set_billing_mode(billing).set_provisioned_throughput(self.throughput()?);
            let request = request.set_global_secondary_index_updates(indexes);
            update(cx, name, request, |now| now.capacity() == self.capacity()).await?;
        }
        if self.encryption != live.encryption {
            self.sync_encryption(cx, name, live).await?;
        }
        if self.deletion_protection != live.deletion_protection {
            let on = self.deletion_protection;
            update(cx, name, request.deletion_protection_enabled(on), |now| now.deletion_protection == on).await?;
        }
        if self.point_in_time_recovery != live.point_in_time_recovery {
            settled(cx, name, |_| true).await?;
            recover(cx, name, self.point_in_time_recovery).await?;
        }
        self.sync_stream(cx, name, live).await?;
        let mut billed = live.clone();
        billed.indexes.values_mut().for_each(|index| *index = self.billing_as(live, index));
        self.sync_indexes(cx, name, &billed).await?;
        self.sync_ttl(cx, name, live.ttl.as_ref()).await
    }

    fn capacity(&self) -> (bool, u32, u32) {
        (self.on_demand, self.read_capacity, self.write_capacity)
    }

    fn billing(&self) -> BillingMode {
        if self.on_demand { BillingMode::PayPerRequest } else { BillingMode::Provisioned }
    }

    fn throughput(&self) -> Result<Option<ProvisionedThroughput>> {
        if self.on_demand { Ok(None) } else { units(self.read_capacity, self.write_capacity).map(Some) }
    }
}

fn units(read: u32, write: u32) -> Result<ProvisionedThroughput> {
    let units = ProvisionedThroughput::builder().read_capacity_units(read.into()).write_capacity_units(write.into());
    units.build().map_err(unbuilt)
}

/// The ARN of a table.
pub fn arn(place: &Place, name: &Name) -> String {
    place.arn("dynamodb", &format!("table/{name}"))
}

/// A part of a request that the SDK does not make: a defect.
pub(super) fn unbuilt(error: BuildError) -> Error {
    Error::defect(error.to_string())
}

fn outputs(cx: &Cx, name: &Name, table: &Table) -> Outputs {
    let mut outputs = Outputs::from([
        ("arn".to_owned(), arn(&cx.aws.place, name)),
        ("partition_key".to_owned(), table.partition_key.name.clone()),
    ]);
    outputs.extend(table.sort_key.as_ref().map(|key| ("sort_key".to_owned(), key.name.clone())));
    outputs
}

#[cfg(test)]
mod tests;

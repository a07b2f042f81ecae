//! `kinesis:Stream`: a Kinesis data stream, provisioned or on demand.
//!
//! Only the name is immutable. Every change makes the stream UPDATING and the next one is refused until it is ACTIVE again, so
//! they go one by one, the mode first. A step of the shard count at most doubles or halves it; AWS allows
//! 10 of them, 2 switches of the mode and 25 changes of the encryption in 24 h (3.3). A deleted stream keeps its name while it
//! is DELETING. A re-created one has the same ARN but another creation time, which is its identity (11).
//!
//! IAM: kinesis:CreateStream, DescribeStreamSummary, ListTagsForStream, AddTagsToStream, RemoveTagsFromStream,
//! IncreaseStreamRetentionPeriod, DecreaseStreamRetentionPeriod, UpdateShardCount, UpdateStreamMode, UpdateMaxRecordSize,
//! StartStreamEncryption, StopStreamEncryption, DeleteStream.

use std::time::Duration;

use aws_sdk_kinesis::types::{EncryptionType, StreamDescriptionSummary, StreamMode, StreamModeDetails, StreamStatus};
use serde::{Deserialize, Serialize};

use crate::aws::{Cx, Place, nothing_if_absent, patiently, poll};
use crate::error::{Class, Error, Result};
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Tags};

mod means;
mod read;
pub(super) mod settle;
mod size;
mod tag;

use read::{identity, live, props, summary, tags};
use settle::{change, limited, settled};
use tag::sync_tags;

/// Creating and deleting take seconds; changing the encryption can take minutes.
const SOON: Duration = Duration::from_secs(15 * 60);
/// Resharding takes minutes, and more with many shards.
const RESHARDED_WITHIN: Duration = Duration::from_secs(120 * 60);

const AWS_MANAGED: &str = "aws_managed";
const NONE: &str = "none";
const AWS_MANAGED_KEY: &str = "alias/aws/kinesis";

/// A Kinesis data stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// AWS scales it; otherwise its capacity is `shards`.
    pub on_demand: bool,
    /// Open shards, from 1 to the account's limit; 0 on demand, where the number is AWS's.
    pub shards: u32,
    /// Hours that records stay readable, 24 to 8760.
    pub retention_hours: u32,
    /// KiB that a record holds at most, 1024 to 10240.
    #[serde(default = "usual_record", skip_serializing_if = "is_usual_record")]
    pub max_record_kb: u32,
    /// `aws_managed`, `none`, or the KMS key as it was given: its id, ARN or alias.
    pub encryption: String,
}

impl Resource for Stream {
    const KIND: &'static str = "kinesis:Stream";
    const HOLDS_DATA: bool = true;
    const DELETED: &'static str = "deleted: AWS takes some seconds for it";

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let Some((desired, live)) = of.edit() else { return Advice::default() };
        means::advice(desired, live)
    }

    fn name_of(arn: &str) -> Option<Name> {
        let name = arn.strip_prefix("arn:")?.split_once(":kinesis:")?.1.split_once(":stream/")?.1;
        (!name.contains('/')).then(|| Name::new(name))
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_STREAM: &[&str] = &[
            "kinesis:AddTagsToStream",
            "kinesis:CreateStream",
            "kinesis:DeleteStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:ListTagsForStream",
            "kinesis:RemoveTagsFromStream",
            // Both ways each: a managed policy has no room for all names.
            "kinesis:*StreamEncryption",
            "kinesis:*StreamRetentionPeriod",
            // As `StreamConsumer` has them, because one statement for both is shorter; what deletes a stream ends its consumers anyway.
            "kinesis:*StreamConsumer",
            // Its shards, its mode and how large its records may be.
            "kinesis:Update*",
        ];
        vec![Grant::new(ON_THE_STREAM, arn(scope.place, name)), Grant::new(&["lambda:ListEventSourceMappings"], "*")]
    }

    /// Kinesis looks at a key of one's own in the deployer's name.
    fn more_grants(&self, _scope: &Scope, _name: &Name) -> Vec<Grant> {
        self.own_key().map(|key| Grant::new(&["kms:DescribeKey"], key)).into_iter().collect()
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        // While it is CREATING nothing about it is final, and nothing that needs it can be made.
        let what = format!("stream `{name}` to be created");
        let look = || async {
            // The other call's answer does not matter for a stream that is not there, or not for long.
            let (found, tags) = tokio::join!(summary(cx, name), tags(cx, name));
            let Some(found) = found? else { return Ok(Some(Vec::new())) };
            Ok(match found.stream_status {
                StreamStatus::Creating => None,
                StreamStatus::Deleting => Some(vec![live(cx, name, &found, Tags::new())]),
                _ => Some(tags?.into_iter().map(|tags| live(cx, name, &found, tags)).collect()),
            })
        };
        poll(cx, &what, SOON, look).await
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        // ensure
        let here = live.filter(|live| live.state == State::Live);
        if here.is_none() {
            if live.is_some() {
                let what = format!("the deleted stream `{name}` to be gone");
                poll(cx, &what, SOON, || async { Ok(summary(cx, name).await?.is_none().then_some(())) }).await?;
            }
            self.create(cx, name).await?;
        }
        let active = settled(cx, name, |_| true).await?;
        if here.is_none() {
            // A mapping can be made now; that AWS encrypts the stream meanwhile takes seconds.
            cx.there(outputs(cx, name), identity(&active));
        }
        // sync
        let found = self.sync(cx, name, active).await?;
        let tags = match here {
            Some(live) => live.tags.clone(),
            // A stream without its tags is nobody's: worth one look, whatever the creating call was given.
            None => tags(cx, name).await?.unwrap_or_default(),
        };
        sync_tags(cx, name, &tags).await?;
        Ok(Made { outputs: outputs(cx, name), identity: identity(&found) })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        let delete = || async {
            let request = cx.aws.kinesis.delete_stream().stream_name(name.as_str()).enforce_consumer_deletion(true);
            nothing_if_absent(request.send().await).map(drop)
        };
        patiently(cx, &format!("stream `{name}` to accept its deletion"), delete).await
    }
}

impl Stream {
    /// The key of one's own that it is encrypted with.
    fn own_key(&self) -> Option<&str> {
        Some(self.encryption.as_str()).filter(|&key| key != AWS_MANAGED && key != NONE)
    }

    async fn create(&self, cx: &Cx, name: &Name) -> Result<()> {
        let tags = (!cx.tags.is_empty()).then(|| cx.tags.clone().into_iter().collect());
        let create = || async {
            let request = cx.aws.kinesis.create_stream().stream_name(name.as_str()).set_tags(tags.clone());
            let request = request.stream_mode_details(self.mode()?);
            let request = request.set_shard_count((!self.on_demand).then_some(self.shards.cast_signed()));
            let larger = !is_usual_record(&self.max_record_kb);
            let request = request.set_max_record_size_in_kib(larger.then_some(self.max_record_kb.cast_signed()));
            match request.send().await.map_err(Error::from) {
                Ok(_) => Ok(()),
                // The name is taken since the read: whose it is must be looked at.
                Err(error) if error.code() == "ResourceInUseException" => Err(error.class_as(Class::Unclear)),
                Err(error) => Err(error),
            }
        };
        patiently(cx, "a free place: AWS creates and deletes at most 5 streams at once", create).await.map_err(limited)
    }

    /// Changes what differs from `found`, one change at a time, each seen through; gives what AWS has in the end, ACTIVE.
    async fn sync(
        &self,
        cx: &Cx,
        name: &Name,
        mut found: StreamDescriptionSummary,
    ) -> Result<StreamDescriptionSummary> {
        found = self.size(cx, name, found).await?;
        let hours = props(&found).retention_hours;
        if self.retention_hours != hours {
            let call = || self.retain(cx, name, hours);
            found = change(cx, name, call, |now| now.retention_hours == self.retention_hours).await?;
        }
        if self.max_record_kb != props(&found).max_record_kb {
            let call = || async {
                let request = cx.aws.kinesis.update_max_record_size().stream_arn(arn(&cx.aws.place, name));
                Ok(request.max_record_size_in_kib(self.max_record_kb.cast_signed()).send().await.map(drop)?)
            };
            found = change(cx, name, call, |now| now.max_record_kb == self.max_record_kb).await?;
        }
        if self.encryption != props(&found).encryption {
            let old = found.key_id.clone().unwrap_or_default();
            found = change(cx, name, || self.encrypt(cx, name, &old), |now| now.encryption == self.encryption).await?;
        }
        Ok(found)
    }

    async fn retain(&self, cx: &Cx, name: &Name, old_hours: u32) -> Result<()> {
        let (stream, hours) = (name.as_str(), self.retention_hours.cast_signed());
        if self.retention_hours > old_hours {
            let request = cx.aws.kinesis.increase_stream_retention_period().stream_name(stream);
            request.retention_period_hours(hours).send().await?;
        } else {
            let request = cx.aws.kinesis.decrease_stream_retention_period().stream_name(stream);
            request.retention_period_hours(hours).send().await?;
        }
        Ok(())
    }

    async fn encrypt(&self, cx: &Cx, name: &Name, old_key: &str) -> Result<()> {
        let (stream, kms) = (name.as_str(), EncryptionType::Kms);
        if self.encryption == NONE {
            let request = cx.aws.kinesis.stop_stream_encryption().stream_name(stream);
            request.encryption_type(kms).key_id(old_key).send().await?;
        } else {
            let key = if self.encryption == AWS_MANAGED { AWS_MANAGED_KEY } else { &self.encryption };
            let request = cx.aws.kinesis.start_stream_encryption().stream_name(stream);
            request.encryption_type(kms).key_id(key).send().await?;
        }
        Ok(())
    }

    /// Always sent: without it AWS makes a stream on demand.
    fn mode(&self) -> Result<StreamModeDetails> {
        let mode = if self.on_demand { StreamMode::OnDemand } else { StreamMode::Provisioned };
        StreamModeDetails::builder().stream_mode(mode).build().map_err(|e| Error::defect(e.to_string()))
    }
}

/// What a record holds at most unless a stream says otherwise
/// (<https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html>).
pub fn usual_record() -> u32 {
    1024
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_usual_record(kb: &u32) -> bool {
    *kb == usual_record()
}

/// The ARN of a stream.
pub fn arn(place: &Place, name: &Name) -> String {
    place.arn("kinesis", &format!("stream/{name}"))
}

fn outputs(cx: &Cx, name: &Name) -> Outputs {
    Outputs::from([("arn".to_owned(), arn(&cx.aws.place, name))])
}

#[cfg(test)]
mod tests;

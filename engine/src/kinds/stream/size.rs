//! How much a stream takes: its mode and its shards.

use aws_sdk_kinesis::types::{ScalingType, StreamDescriptionSummary};

use super::read::props;
use super::settle::change;
use super::{Stream, arn};
use crate::aws::Cx;
use crate::error::Result;
use crate::resource::Name;

impl Stream {
    /// The mode, then the shards.
    pub(super) async fn size(
        &self,
        cx: &Cx,
        name: &Name,
        mut found: StreamDescriptionSummary,
    ) -> Result<StreamDescriptionSummary> {
        let kinesis = &cx.aws.kinesis;
        if self.on_demand != props(&found).on_demand {
            let call = || async {
                let request = kinesis.update_stream_mode().stream_arn(arn(&cx.aws.place, name));
                Ok(request.stream_mode_details(self.mode()?).send().await.map(drop)?)
            };
            found = change(cx, name, call, |now| now.on_demand == self.on_demand).await?;
        }
        if !self.on_demand {
            for count in steps(props(&found).shards, self.shards) {
                let call = || async {
                    let request = kinesis.update_shard_count().stream_name(name.as_str());
                    let request = request.target_shard_count(count.cast_signed());
                    Ok(request.scaling_type(ScalingType::UniformScaling).send().await.map(drop)?)
                };
                found = change(cx, name, call, |now| now.shards == count).await?;
            }
        }
        Ok(found)
    }
}

/// The shard counts on the way from one to another: AWS takes at most the double and at least the half.
pub fn steps(from: u32, to: u32) -> Vec<u32> {
    let mut all = Vec::new();
    let mut now = from.max(1);
    while now != to.max(1) {
        now = to.max(1).clamp(now.div_ceil(2), now.saturating_mul(2));
        all.push(now);
    }
    all
}

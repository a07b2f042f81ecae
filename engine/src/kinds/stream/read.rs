//! What Kinesis says of a stream, in canonical form.

use aws_sdk_kinesis::types::{EncryptionType, StreamDescriptionSummary, StreamMode, StreamStatus};
use aws_smithy_types::DateTime;

use super::{AWS_MANAGED, AWS_MANAGED_KEY, NONE, Stream, arn, outputs, usual_record};
use crate::aws::{Cx, nothing_if_absent};
use crate::error::Result;
use crate::resource::{Handle, KMS_KEY, Live, Name, State, Tags};

/// The one call that has every property; nothing where there is no such stream.
pub async fn summary(cx: &Cx, name: &Name) -> Result<Option<StreamDescriptionSummary>> {
    let sent = cx.aws.kinesis.describe_stream_summary().stream_name(name.as_str()).send().await;
    Ok(nothing_if_absent(sent)?.and_then(|answer| answer.stream_description_summary))
}

/// All tags; nothing where there is no such stream.
pub async fn tags(cx: &Cx, name: &Name) -> Result<Option<Tags>> {
    let mut all = Tags::new();
    let mut last = None;
    loop {
        let request = cx.aws.kinesis.list_tags_for_stream().stream_name(name.as_str()).limit(50);
        let sent = request.set_exclusive_start_tag_key(last).send().await;
        let Some(page) = nothing_if_absent(sent)? else { return Ok(None) };
        last = page.tags.last().map(|tag| tag.key.clone()).filter(|_| page.has_more_tags);
        all.extend(page.tags.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())));
        if last.is_none() {
            return Ok(Some(all));
        }
    }
}

/// The stream as the engine knows it.
pub fn live(cx: &Cx, name: &Name, found: &StreamDescriptionSummary, tags: Tags) -> Live<Stream> {
    let leaving = found.stream_status == StreamStatus::Deleting;
    let (props, mut outputs) = (props(found), outputs(cx, name));
    let own_key = !matches!(props.encryption.as_str(), AWS_MANAGED | NONE);
    outputs.extend(own_key.then(|| (KMS_KEY.to_owned(), props.encryption.clone())));
    Live {
        handle: Handle::new(arn(&cx.aws.place, name)),
        props,
        outputs,
        tags,
        identity: identity(found),
        state: if leaving { State::Leaving } else { State::Live },
    }
}

/// The managed properties in canonical form.
pub fn props(found: &StreamDescriptionSummary) -> Stream {
    let mode = found.stream_mode_details.as_ref().map(|details| &details.stream_mode);
    let on_demand = mode == Some(&StreamMode::OnDemand);
    let key = found.key_id.as_deref().unwrap_or_default();
    let encryption = match found.encryption_type {
        Some(EncryptionType::Kms) if key.ends_with(AWS_MANAGED_KEY) => AWS_MANAGED,
        Some(EncryptionType::Kms) => key,
        _ => NONE,
    };
    Stream {
        on_demand,
        shards: if on_demand { 0 } else { found.open_shard_count.unsigned_abs() },
        retention_hours: found.retention_period_hours.unsigned_abs(),
        max_record_kb: found.max_record_size_in_kib.map_or_else(usual_record, i32::unsigned_abs),
        encryption: encryption.to_owned(),
    }
}

/// The creation time, to the millisecond that Kinesis gives: the rest is noise of the number it travels as.
pub fn identity(found: &StreamDescriptionSummary) -> String {
    let millis = (found.stream_creation_timestamp.as_nanos() + 500_000) / 1_000_000;
    DateTime::from_millis(i64::try_from(millis).unwrap_or_default()).to_string()
}

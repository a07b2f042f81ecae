//! The stream of a table's changes: which one it has, and how it gets another.
//!
//! A table has a stream where `StreamEnabled` is true: `LatestStreamArn` stays after the stream's end. Each time that it is enabled the table
//! gets a new stream with a new ARN, and AWS enables none over another
//! (`docs/aws.md#dynamodb-streams`). The one before can be read for 24 hours.

use aws_sdk_dynamodb::types::{StreamSpecification, StreamViewType, TableDescription};

use super::read::{describe, settled};
use super::write::update;
use super::{Table, unbuilt};
use crate::aws::Cx;
use crate::error::{Class, Error, Result};
use crate::resource::{Name, Outputs, Refusal};

/// The output with the ARN of the stream.
pub const STREAM_ARN: &str = "stream_arn";

/// What the table's stream holds of a change, in the spec's words; empty where it has no stream.
pub fn view(table: &TableDescription) -> String {
    let specification = table.stream_specification.as_ref().filter(|specification| specification.stream_enabled);
    specification.map(|of| word(of.stream_view_type.as_ref())).unwrap_or_default()
}

/// The ARN of the table's stream, where it has one.
pub fn arn(table: &TableDescription) -> Option<String> {
    (!view(table).is_empty()).then(|| table.latest_stream_arn.clone()).flatten()
}

fn word(view: Option<&StreamViewType>) -> String {
    view.map(|view| view.as_str().to_ascii_lowercase()).unwrap_or_else(|| "new_and_old_images".to_owned())
}

/// What to do where a stream is needed and the table has none.
pub fn lacking(table: &Name) -> Refusal {
    Refusal {
        why: "has no stream, and the pipeline changes nothing that it only uses".to_owned(),
        hint: format!(
            "enable it: `aws dynamodb update-table --table-name {table} --stream-specification \
             StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES`"
        ),
    }
}

impl Table {
    /// Whether it gets another stream than `live` has.
    pub(super) fn begins_stream(&self, live: &Self) -> bool {
        !self.stream_view.is_empty() && self.stream_view != live.stream_view
    }

    /// The stream as CreateTable and UpdateTable take it; nothing where the table is to have none.
    pub(super) fn stream(&self) -> Result<Option<StreamSpecification>> {
        if self.stream_view.is_empty() {
            return Ok(None);
        }
        let view = StreamViewType::from(self.stream_view.to_ascii_uppercase().as_str());
        StreamSpecification::builder().stream_enabled(true).stream_view_type(view).build().map(Some).map_err(unbuilt)
    }

    /// Ends the stream that the table has, where it is another one, and begins the new one.
    pub(super) async fn sync_stream(&self, cx: &Cx, name: &Name, live: &Self) -> Result<()> {
        if !self.begins_stream(live) {
            return Ok(());
        }
        let request = || cx.aws.dynamodb.update_table().table_name(name.as_str());
        if !live.stream_view.is_empty() {
            let end = StreamSpecification::builder().stream_enabled(false).build().map_err(unbuilt)?;
            let ended = request().stream_specification(end);
            update(cx, name, ended, |now| now.stream_view.is_empty()).await.map_err(by_others)?;
        }
        let begun = request().set_stream_specification(self.stream()?);
        update(cx, name, begun, |now| now.stream_view == self.stream_view).await.map_err(by_others)
    }

    /// What followers and marks take from a table with a stream: the outputs, its stream's ARN among them, and its id.
    ///
    /// # Errors
    /// The table, or its stream, is gone again.
    pub(super) async fn followed(&self, cx: &Cx, name: &Name, mut outputs: Outputs) -> Result<(Outputs, String)> {
        if self.stream_view.is_empty() {
            return Ok((outputs, String::new()));
        }
        // A new table is CREATING first, and what reads its stream would not find it.
        settled(cx, name, |now| now.stream_view == self.stream_view).await?;
        let lost =
            || Error::new(Class::Unclear, format!("the stream of table `{name}` is gone, which someone else ended"));
        let table = describe(cx, name).await?.ok_or_else(lost)?;
        outputs.insert(STREAM_ARN.to_owned(), arn(&table).ok_or_else(lost)?);
        Ok((outputs, table.table_id.unwrap_or_default()))
    }
}

/// The SDK may have made the call twice, or somebody else may have made it: then the table is read again.
fn by_others(error: Error) -> Error {
    const TEXTS: [&str; 2] = ["already has an enabled stream", "has no stream to disable"];
    if TEXTS.iter().any(|text| error.message().contains(text)) { error.class_as(Class::Unclear) } else { error }
}

#[cfg(test)]
mod tests;

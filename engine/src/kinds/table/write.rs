//! The calls that change a table, and waiting for what they do.

use aws_sdk_dynamodb::operation::update_table::builders::UpdateTableFluentBuilder;
use aws_sdk_dynamodb::types::{GlobalSecondaryIndexUpdate, PointInTimeRecoverySpecification};

use super::index::resized;
use super::read::{recovers, settled};
use super::{SOON, Table, unbuilt};
use crate::aws::{Cx, patiently, poll};
use crate::error::{Class, Error, Result};
use crate::resource::Name;

impl Table {
    /// The capacity of the indexes where the table goes from on demand to provisioned: AWS wants one for each, and they get the
    /// table's (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html>).
    pub(super) fn of_indexes(&self, live: &Self) -> Result<Option<Vec<GlobalSecondaryIndexUpdate>>> {
        let Some(units) = self.throughput()?.filter(|_| !live.indexes.is_empty()) else { return Ok(None) };
        live.indexes.keys().map(|name| resized(name, units.clone())).collect::<Result<_>>().map(Some)
    }
}

/// Makes one change when the table takes it, and waits until AWS shows it.
pub async fn update(
    cx: &Cx,
    name: &Name,
    request: UpdateTableFluentBuilder,
    shows: impl Fn(&Table) -> bool + Send + Sync,
) -> Result<()> {
    settled(cx, name, |_| true).await?;
    call(cx, name, request).await?;
    settled(cx, name, shows).await
}

/// Makes one change as soon as the table takes it.
pub async fn call(cx: &Cx, name: &Name, request: UpdateTableFluentBuilder) -> Result<()> {
    let call = || async { Ok::<_, Error>(request.clone().send().await.map(drop)?) };
    patiently(cx, &format!("table `{name}` to accept the next change"), call).await.map_err(limited)
}

/// Switches point-in-time recovery; a table that is new has its backups a moment later.
pub async fn recover(cx: &Cx, name: &Name, on: bool) -> Result<()> {
    let wanted =
        PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(on).build().map_err(unbuilt)?;
    let request = cx.aws.dynamodb.update_continuous_backups().table_name(name.as_str());
    let request = request.point_in_time_recovery_specification(wanted);
    let call = || async { Ok::<_, Error>(request.clone().send().await.map(drop)?) };
    patiently(cx, &format!("the continuous backups of table `{name}` to be available"), call).await?;
    let shows = || async { Ok((recovers(cx, name).await? == Some(on)).then_some(())) };
    poll(cx, &format!("point-in-time recovery of table `{name}` to change"), SOON, shows).await
}

/// Says which limit a refusal is about. What passes by itself has another class.
fn limited(error: Error) -> Error {
    if error.code() != "LimitExceededException" || error.class() != Class::Fatal {
        return error;
    }
    error.hint("AWS changes a table's capacity mode and encryption about 4 times each in 24 h; apply again later")
}

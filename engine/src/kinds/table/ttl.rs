//! The time to live of a table's items: reading, setting, and the interval in which AWS takes one change of it alone
//! (`docs/aws.md#dynamodb-ttl`).

use aws_sdk_dynamodb::types::{TimeToLiveSpecification, TimeToLiveStatus};
use serde::{Deserialize, Serialize};

use super::{Table, settled, unbuilt};
use crate::aws::{Cx, nothing_if_absent, patiently};
use crate::error::{Error, Result};
use crate::resource::Name;

/// The attribute that says when an item expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ttl {
    /// 1 to 255 characters. It holds seconds since 1970, as a number.
    pub attribute: String,
    /// Others have set it, and the spec has none: it stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_others: bool,
}

/// The attribute of the table's TTL; nothing where it has none.
///
/// # Errors
/// Those of the call.
pub async fn attribute(cx: &Cx, name: &Name) -> Result<Option<String>> {
    let sent = cx.aws.dynamodb.describe_time_to_live().table_name(name.as_str()).send().await;
    let said = nothing_if_absent(sent)?.and_then(|answer| answer.time_to_live_description);
    // A state on the way counts as what it leads to: ENABLING may last an hour.
    let on = |status: &Option<TimeToLiveStatus>| {
        matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
    };
    Ok(said.filter(|said| on(&said.time_to_live_status)).and_then(|said| said.attribute_name))
}

/// As [`attribute`], and nothing where the deployer may not ask: a pipeline without a TTL needs no right to. One that would set it asks again.
pub async fn seen(cx: &Cx, name: &Name) -> Result<Option<String>> {
    match attribute(cx, name).await {
        Err(error) if error.code() == "AccessDeniedException" => Ok(None),
        seen => seen,
    }
}

impl Table {
    /// The attribute whose TTL is to be turned on, where it is not on already.
    pub(super) fn turns_on(&self, live: &Self) -> Option<&str> {
        let is_on = |attribute: &str| live.ttl.as_ref().is_some_and(|live| live.attribute == attribute);
        self.ttl.as_ref().map(|ttl| ttl.attribute.as_str()).filter(|attribute| !is_on(attribute))
    }

    /// Makes the TTL as desired, where it differs. Another attribute takes two calls, and AWS may want an hour between them.
    pub(super) async fn sync_ttl(&self, cx: &Cx, name: &Name, live: Option<&Ttl>) -> Result<()> {
        let wanted = self.ttl.as_ref().map(|ttl| ttl.attribute.as_str());
        if wanted == live.map(|live| live.attribute.as_str()) {
            return Ok(());
        }
        settled(cx, name, |_| true).await?;
        let now = attribute(cx, name).await?;
        if let Some(old) = now.as_deref().filter(|now| Some(*now) != wanted) {
            switch(cx, name, old, false).await?;
        }
        match wanted.filter(|wanted| now.as_deref() != Some(*wanted)) {
            Some(new) => switch(cx, name, new, true).await,
            None => Ok(()),
        }
    }
}

async fn switch(cx: &Cx, name: &Name, attribute_name: &str, on: bool) -> Result<()> {
    let ttl = TimeToLiveSpecification::builder().enabled(on).attribute_name(attribute_name).build().map_err(unbuilt)?;
    let request = cx.aws.dynamodb.update_time_to_live().table_name(name.as_str()).time_to_live_specification(ttl);
    let call = || async { Ok::<_, Error>(request.clone().send().await.map(drop)?) };
    let sent = patiently(cx, &format!("table `{name}` to accept its TTL"), call).await;
    // An answer may have been lost, and the SDK has sent it again: "already enabled".
    let Err(error) = sent else { return Ok(()) };
    let is_so = (attribute(cx, name).await?.as_deref() == Some(attribute_name)) == on;
    if is_so { Ok(()) } else { Err(too_soon(error)) }
}

fn too_soon(error: Error) -> Error {
    if !error.message().contains("modified multiple times within a fixed interval") {
        return error;
    }
    error.hint("AWS takes one change of a table's TTL in about an hour: apply again then, and the rest is done")
}

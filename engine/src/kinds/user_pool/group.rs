//! The groups of a pool, whose names are in its users' tokens.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Whose::{SomebodyElses, ThePipelines};
use super::{Whose, call, is_empty, label, write};
use crate::aws::{Cx, nothing_if_absent};
use crate::error::Result;

type Groups = BTreeMap<String, Whose>;

/// Makes and takes over what the spec names, and deletes what it named. Those of others stay as they are.
pub(super) async fn sync(cx: &Cx, pool: &str, desired: &Groups, live: Option<&Groups>) -> Result<()> {
    let none = Groups::new();
    let live = live.unwrap_or(&none);
    let whole = |name: &str| json!({ "UserPoolId": pool, "GroupName": name });
    for name in desired.iter().filter(|(_, whose)| **whose == ThePipelines).map(|(name, _)| name) {
        match live.get(name) {
            None => {
                let mut input = whole(name);
                input["Description"] = label(cx).into();
                // One of this name that is there by now has another look taken at it.
                write(cx, "CreateGroup", &input).await?;
            }
            Some(SomebodyElses) => take_over(cx, whole(name)).await?,
            Some(ThePipelines) => {}
        }
    }
    let ours = live.iter().filter(|(_, whose)| **whose == ThePipelines);
    for (name, _) in ours.filter(|(name, _)| !desired.contains_key(*name)) {
        nothing_if_absent(write(cx, "DeleteGroup", &whole(name)).await)?;
    }
    Ok(())
}

/// Gives a group its label. UpdateGroup replaces all that a group has, so role and precedence go with it.
async fn take_over(cx: &Cx, mut input: Value) -> Result<()> {
    let mut group = call(cx, "GetGroup", &input).await?["Group"].take();
    for member in ["RoleArn", "Precedence"] {
        let value = group[member].take();
        if !is_empty(&value) {
            input[member] = value;
        }
    }
    input["Description"] = label(cx).into();
    write(cx, "UpdateGroup", &input).await.map(drop)
}

//! `apigateway:UsagePlan`: how much the holders of its keys may ask of its stages.
//!
//! Names are not unique and ids are random, so a plan is found by its name among all (300 at most), and tags say whose it is. Nothing is
//! immutable. Links to keys are a property, because AWS reads and drops them with the plan; the ids of keys and APIs are outputs of these,
//! so both are there before the plan and longer than it. AWS takes one update in 20 s, so that all that differs, but for links and tags,
//! goes in one; a plan that has stages cannot be deleted (`docs/aws.md#api-gateway-plans`). A stage that is deleted leaves its plans without a
//! word, and one of its name does not come back into them: it is a difference then. What a link opens or closes takes API Gateway up to two
//! minutes to act on. A quota's offset is 0: what AWS makes of it is described in two ways.
//!
//! IAM: apigateway:GET, POST, PATCH, DELETE on /usageplans and what is below; PUT and DELETE on the tags of these; GET on /restapis. To
//! read the links is to be shown the values of the keys: AWS has no other list of them. They are dropped at once.

mod means;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::is_called;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_apigateway::types::QuotaPeriodType;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

pub(super) use read::key_names;

use super::api_key::{grants, tagged_ids};
use super::rest_api::{RestApi, Throttle, sync_tags};
use crate::aws::{Cx, Place};
use crate::error::Result;
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope};

/// What its ARNs and its paths begin with.
const COLLECTION: &str = "/usageplans";

/// A usage plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsagePlan {
    /// What the plan is for; empty for none.
    pub description: String,
    /// Limit for each key over all stages; none but the stage's where absent.
    pub throttle: Option<Throttle>,
    /// Requests of each key in a calendar period of UTC; any number where absent.
    pub quota: Option<Quota>,
    /// What the keys open, by the ids of APIs and the names of stages, each pair once.
    pub stages: Vec<ApiStage>,
    /// The ids of the keys.
    pub keys: BTreeSet<String>,
}

/// How many requests a key has in a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    pub requests: u32,
    pub per: Period,
    /// 0 in every spec: another's is taken away.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offset: u32,
}

/// A calendar period of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    Day,
    Week,
    Month,
}

/// A stage that the keys of a plan open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ApiStage {
    /// The id of the REST API.
    pub api: String,
    pub stage: String,
    /// Limits of single methods, by path and method as in `/pets/GET`. No spec has one: another's is taken away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub methods: BTreeMap<String, Throttle>,
}

impl Resource for UsagePlan {
    const KIND: &'static str = "apigateway:UsagePlan";
    const INTERNAL: &'static [&'static str] = &["description"];
    const RENAMES: bool = true;

    /// Puts the stages into the order in which AWS's are compared: that of ids, not that of the marks for them.
    fn sealed(mut self) -> Result<Self> {
        self.stages.sort_by_key(ApiStage::id);
        self.stages.dedup_by_key(|stage| stage.id());
        Ok(self)
    }

    fn advice(of: &Changed<'_, Self>) -> Advice {
        means::advice(of)
    }

    fn grants(scope: &Scope, _name: &Name) -> Vec<Grant> {
        let api = Grant::new(&["apigateway:GET"], scope.place.apigateway_arn("/restapis*"));
        grants(scope, COLLECTION).into_iter().chain([api]).collect()
    }

    async fn tagged(cx: &Cx) -> Result<Vec<Name>> {
        let ids = tagged_ids(cx, COLLECTION).await?;
        let plans = try_join_all(ids.iter().map(|id| read::describe(cx, id))).await?;
        Ok(plans.into_iter().flatten().filter_map(|plan| plan.name).map(Name::new).collect())
    }

    /// Those with this pipeline's tags that open a stage of the API. To have one do so takes more than the right to tag.
    async fn children(cx: &Cx, kind: &str, parent: &Name) -> Result<Vec<Name>> {
        if kind == RestApi::KIND { read::of_api(cx, parent).await } else { Ok(Vec::new()) }
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let mut lives = Vec::new();
        // More than one only after a crash, or where somebody else made one of this name.
        for id in read::ids(cx, name).await? {
            lives.extend(read::fetch(cx, &id).await?);
        }
        Ok(lives)
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let none = BTreeSet::new();
        let (id, linked) = match live {
            // ensure
            None => (write::create(cx, self, name).await?, &none),
            // sync
            Some(live) => {
                let id = live.handle.as_str();
                sync_tags(cx, &arn(&cx.aws.place, id), &live.tags).await?;
                // What closes comes before what opens.
                for key in live.props.keys.difference(&self.keys) {
                    write::unlink(cx, id, key).await?;
                }
                let before = live.outputs.get("name").map(String::as_str).unwrap_or_default();
                write::update(cx, id, write::patches((name.as_str(), self), (before, &live.props))).await?;
                (id.to_owned(), &live.props.keys)
            }
        };
        for key in self.keys.difference(linked) {
            write::link(cx, &id, key).await?;
        }
        Ok(Made { outputs: outputs(&cx.aws.place, &id, name.as_str()), identity: id })
    }

    async fn delete(cx: &Cx, _name: &Name, handle: &Handle) -> Result<()> {
        write::delete(cx, handle.as_str()).await
    }
}

impl Period {
    /// The period as AWS calls it.
    fn aws(self) -> QuotaPeriodType {
        match self {
            Self::Day => QuotaPeriodType::Day,
            Self::Week => QuotaPeriodType::Week,
            Self::Month => QuotaPeriodType::Month,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl ApiStage {
    /// What AWS calls it in an update.
    fn id(&self) -> String {
        format!("{}:{}", self.api, self.stage)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn arn(place: &Place, id: &str) -> String {
    place.apigateway_arn(&format!("{COLLECTION}/{id}"))
}

fn outputs(place: &Place, id: &str, name: &str) -> Outputs {
    let outputs = [("arn", arn(place, id)), ("id", id.to_owned()), ("name", name.to_owned())];
    outputs.into_iter().map(|(attribute, value)| (attribute.to_owned(), value)).collect()
}

//! `apigateway:DomainName`: a custom domain name, and where requests to it go.
//!
//! It is found by its name, which is the domain: there is one in a Region, for all accounts, so none is made twice. The name is immutable.
//! A mapping carries no tags, so that of the domain's root is a property of the domain; those of other paths are somebody else's: they are
//! never changed, and a domain that has some is not deleted. AWS deletes no API and no stage that a mapping leads to. The certificate exists
//! already, and DNS is the user's: `target` and `hosted_zone_id` are what a record needs. Limits: creating, changing and deleting one each per
//! 30 s (`docs/aws.md#api-gateway-domains`).
//!
//! IAM: apigateway:GET, POST, PATCH, DELETE on /domainnames, the domain and what is below it; PUT and DELETE on the tags of these.

mod means;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub(super) use write::lead_on;

use super::rest_api::{RestApi, sync_tags};
use crate::aws::{Cx, Place};
use crate::error::Result;
use crate::owner;
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Resource, Scope};

/// What its ARNs and its paths begin with.
const COLLECTION: &str = "/domainnames";

/// A custom domain name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainName {
    /// ARN of the certificate, which is in the domain's own Region.
    pub certificate: String,
    /// `REGIONAL`; a live one may also be `EDGE` or `PRIVATE`.
    pub endpoint_type: String,
    /// `TLS_1_2` or `TLS_1_0`; a live one may also be another of AWS's names.
    pub security_policy: String,
    /// Where requests to the domain go; nowhere where absent.
    pub root: Option<Root>,
    /// Paths that somebody leads elsewhere. No spec has one: they stay as they are.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub others: BTreeSet<String>,
}

/// The stage that a domain leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// The id of the REST API.
    pub api: String,
    /// Empty where clients name the stage.
    pub stage: String,
}

impl Resource for DomainName {
    const KIND: &'static str = "apigateway:DomainName";
    const INTERNAL: &'static [&'static str] = &["endpoint_type"];

    fn advice(of: &Changed<'_, Self>) -> Advice {
        means::advice(of)
    }

    fn keeping(&self, live: &Self) -> Option<Self> {
        (self.others != live.others).then(|| Self { others: live.others.clone(), ..self.clone() })
    }

    fn name_of(arn: &str) -> Option<Name> {
        let name = arn.strip_prefix("arn:")?.split_once(":apigateway:")?.1.split_once("::/domainnames/")?.1;
        (!name.contains('/')).then(|| Name::new(name))
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const MAKE: &[&str] = &["apigateway:POST", "apigateway:PUT"];
        // Mappings are below the domain, and inherit its tags
        // (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html).
        const WRITE: &[&str] = &["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"];
        let asked = format!("aws:RequestTag/{}", owner::PIPELINE);
        let has = format!("aws:ResourceTag/{}", owner::PIPELINE);
        let on = |resource: &str, actions| Grant::new(actions, scope.place.apigateway_arn(resource));
        let (own, below) = (format!("{COLLECTION}/{name}"), format!("{COLLECTION}/{name}/*"));
        // Tags are a resource of their own, as those of REST APIs are.
        let tags = "/tags/*domainnames*";
        vec![
            on(&own, &["apigateway:GET"]),
            on(&below, &["apigateway:GET"]),
            on(COLLECTION, MAKE).when(&asked, scope.pipeline).unless_other(&has, scope.pipeline),
            on(tags, MAKE).when(&asked, scope.pipeline).unless_other(&has, scope.pipeline),
            on(tags, &["apigateway:DELETE"]).unless_other(&has, scope.pipeline),
            on(&own, WRITE).when(&has, scope.pipeline),
            on(&below, WRITE).when(&has, scope.pipeline),
        ]
    }

    /// Those with this pipeline's tags that lead to the API. To have one do so takes more than the right to tag.
    async fn children(cx: &Cx, kind: &str, parent: &Name) -> Result<Vec<Name>> {
        if kind == RestApi::KIND { read::of_api(cx, parent).await } else { Ok(Vec::new()) }
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        Ok(read::fetch(cx, name).await?.into_iter().collect())
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let (found, root) = match live {
            // ensure
            None => (write::create(cx, self, name).await?, None),
            // sync
            Some(live) => {
                sync_tags(cx, &arn(&cx.aws.place, name), &live.tags).await?;
                (write::update(cx, self, name, &live.props).await?, live.props.root.as_ref())
            }
        };
        write::lead(cx, name, self.root.as_ref(), root).await?;
        Ok(Made { outputs: read::outputs(&cx.aws.place, name, &found), identity: String::new() })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        write::delete(cx, name).await
    }
}

fn arn(place: &Place, name: &Name) -> String {
    place.apigateway_arn(&format!("{COLLECTION}/{name}"))
}

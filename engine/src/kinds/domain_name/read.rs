//! From what AWS has to the domain.

use std::collections::BTreeSet;

use aws_sdk_apigateway::operation::get_domain_name::GetDomainNameOutput;
use aws_sdk_apigateway::types::EndpointConfiguration;
use futures_util::future::try_join_all;

use super::{COLLECTION, DomainName, Root, arn};
use crate::aws::{Cx, Place, nothing_if_absent};
use crate::error::{Error, Result};
use crate::kinds::api_key::tagged_ids;
use crate::kinds::usage_plan::is_called;
use crate::resource::{Handle, Live, Name, Outputs, State};

/// What AWS calls the path of a mapping that has none.
pub const NO_PATH: &str = "(none)";
const REGIONAL: &str = "REGIONAL";

/// Where a domain leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mappings {
    pub root: Option<Root>,
    /// The paths of all others.
    pub others: BTreeSet<String>,
}

/// Reads the domain with its mappings; nothing where there is none.
pub async fn fetch(cx: &Cx, name: &Name) -> Result<Option<Live<DomainName>>> {
    let (found, mappings) = tokio::try_join!(describe(cx, name), mappings(cx, name))?;
    Ok(found.map(|found| live(&cx.aws.place, name, found, mappings)))
}

/// Reads the domain alone.
pub async fn describe(cx: &Cx, name: &Name) -> Result<Option<GetDomainNameOutput>> {
    nothing_if_absent(cx.aws.apigateway.get_domain_name().domain_name(name.as_str()).send().await)
}

/// Reads where the domain leads; nowhere where there is none.
pub async fn mappings(cx: &Cx, name: &Name) -> Result<Mappings> {
    let pages = cx.aws.apigateway.get_base_path_mappings().domain_name(name.as_str()).limit(500).into_paginator();
    let found = nothing_if_absent(pages.items().send().collect::<Result<Vec<_>, _>>().await)?.unwrap_or_default();
    let mut all = Mappings::default();
    for mapping in found {
        match mapping.base_path.as_deref().unwrap_or_default() {
            "" | NO_PATH => {
                let stage = mapping.stage.filter(|stage| stage != NO_PATH).unwrap_or_default();
                all.root = Some(Root { api: mapping.rest_api_id.unwrap_or_default(), stage });
            }
            path => _ = all.others.insert(path.to_owned()),
        }
    }
    Ok(all)
}

/// The names of this pipeline's domains that lead to the API of this name.
pub async fn of_api(cx: &Cx, api: &Name) -> Result<Vec<Name>> {
    let names = tagged_ids(cx, COLLECTION).await?.into_iter().map(Name::new);
    let of_name = async |name: Name| {
        let Some(root) = mappings(cx, &name).await?.root else { return Ok(None) };
        Ok::<_, Error>(is_called(cx, &root.api, api).await?.then_some(name))
    };
    Ok(try_join_all(names.map(of_name)).await?.into_iter().flatten().collect())
}

fn live(place: &Place, name: &Name, found: GetDomainNameOutput, mappings: Mappings) -> Live<DomainName> {
    Live {
        handle: Handle::new(name.as_str()),
        outputs: outputs(place, name, &found),
        props: DomainName {
            endpoint_type: endpoint_type(found.endpoint_configuration.as_ref()),
            certificate: found.regional_certificate_arn.or(found.certificate_arn).unwrap_or_default(),
            security_policy: found.security_policy.map(|policy| policy.as_str().to_owned()).unwrap_or_default(),
            root: mappings.root,
            others: mappings.others,
        },
        tags: found.tags.unwrap_or_default().into_iter().collect(),
        identity: String::new(),
        state: State::Live,
    }
}

/// One that somebody moves from one type to the other has both for a while.
fn endpoint_type(endpoint: Option<&EndpointConfiguration>) -> String {
    let types = endpoint.map(EndpointConfiguration::types).unwrap_or_default();
    let names = || types.iter().map(|kind| kind.as_str().to_owned());
    names().find(|kind| kind == REGIONAL).or_else(|| names().next()).unwrap_or_default()
}

/// What is known of the domain: its URL, and what a record of DNS must point to.
pub fn outputs(place: &Place, name: &Name, found: &GetDomainNameOutput) -> Outputs {
    let target = found.regional_domain_name.clone().or_else(|| found.distribution_domain_name.clone());
    let zone = found.regional_hosted_zone_id.clone().or_else(|| found.distribution_hosted_zone_id.clone());
    let outputs = [
        ("arn", Some(arn(place, name))),
        ("name", Some(name.to_string())),
        ("url", Some(format!("https://{name}"))),
        ("target", target),
        ("hosted_zone_id", zone),
    ];
    outputs.into_iter().filter_map(|(attribute, value)| Some((attribute.to_owned(), value?))).collect()
}

//! What stands in front of the API: its own domain name, and the web ACL that filters its requests.

use crate::aws::Place;
use crate::error::{Error, Result};
use crate::graph::Node;
use crate::kinds::domain_name::{DomainName, Root};
use crate::kinds::rest_api::LEGACY_TLS;
use crate::lower::known::Family;
use crate::lower::source::api::API;
use crate::resource::{Id, output_of};
use crate::spec::{Api, Domain, Loaded, MinimumTls};

const DOMAIN: &str = "domain";

/// A domain has no name where the spec gives it none, so nobody can look for it: what has left the spec is found by its tags.
pub(in crate::lower) const FAMILIES: &[Family] = &[Family::of::<DomainName>(DOMAIN)];

/// The id of the API's domain: the same under another name, which is a replacement then.
pub fn id() -> Id {
    Id::of_family(DOMAIN, API)
}

pub(super) fn node(api: &Api, domain: &Domain) -> Result<Node> {
    let security_policy = match api.minimum_tls {
        MinimumTls::Tls10 => LEGACY_TLS,
        MinimumTls::Tls12 => "TLS_1_2",
    };
    let domain_name = DomainName {
        certificate: domain.certificate.clone(),
        endpoint_type: "REGIONAL".to_owned(),
        security_policy: security_policy.to_owned(),
        root: Some(Root { api: output_of(API, "id"), stage: api.stage.clone() }),
        ..DomainName::default()
    };
    Node::new(id().as_str(), &domain.name, &domain_name)
}

/// Refuses what is of another account or Region, with its place in the file.
///
/// # Errors
/// The ARN says that it is of another one.
pub(in crate::lower) fn is_here(loaded: &Loaded, place: &Place) -> Result<()> {
    let Some(api) = loaded.spec.api() else { return Ok(()) };
    let certificate = api.domain.iter().map(|domain| {
        let hint =
            "a domain name of an API takes a certificate of its own account and Region: request or import one there";
        ("/source/api/domain/certificate", "acm", &domain.certificate, hint)
    });
    let acl = api.waf.iter().map(|arn| {
        let hint = "a web ACL filters the requests of stages of its own account and Region: name one of these";
        ("/source/api/waf", "wafv2", arn, hint)
    });
    for (path, service, arn, hint) in certificate.chain(acl) {
        if place.resource_of(service, arn).is_none() {
            let at = loaded.notes.place_of(path);
            let message = format!("{at}: `{arn}` is not in region {} of account {}", place.region, place.account);
            return Err(Error::fatal(message).hint(hint));
        }
    }
    Ok(())
}

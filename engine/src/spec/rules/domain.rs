//! Rules of what stands in front of the API: a domain's certificate and a web ACL are of the API's own Region.

use super::{At, Cx};
use crate::spec::{Api, Problem};

/// The web ACL filters what is regional, in the Region of the certificate.
pub(super) fn regions(_: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let Some(waf) = &api.it.waf else { return Vec::new() };
    let at = api.at("waf");
    if waf.contains(":global/") {
        let problem = Problem::error(at, "this web ACL is of the scope CLOUDFRONT, which filters no stage of an API");
        return vec![problem.hint("name a web ACL of the scope REGIONAL, of the API's own Region")];
    }
    let Some(domain) = &api.it.domain else { return Vec::new() };
    let (here, there) = (region(waf), region(&domain.certificate));
    if here == there {
        return Vec::new();
    }
    let message = format!("this web ACL is in `{here}`, and the domain's certificate in `{there}`");
    vec![Problem::error(at, message).hint("both must be in the API's own account and Region")]
}

/// Region and account of an ARN.
pub(super) fn region(arn: &str) -> String {
    arn.split(':').skip(3).take(2).collect::<Vec<_>>().join(":")
}

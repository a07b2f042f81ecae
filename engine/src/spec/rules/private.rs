//! Rules of a private API: it needs a way in, and some things only a public one has.

use super::{At, Cx};
use crate::spec::{Api, MinimumTls, Problem};

/// Every rule.
pub(super) fn private(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let Some(private) = &api.it.private else { return Vec::new() };
    let mut problems = Vec::new();
    if cx.spec.has_door() && cx.spec.network.is_none() {
        let message = "a private API needs an interface endpoint of `execute-api`, through which requests reach it";
        let hint = "add a `network` with subnets of their VPC, where the pipeline makes one; or name those that are there in `private: { endpoints: [vpce-...] }`";
        problems.push(Problem::error(api.at("private"), message).hint(hint).on_key());
    }
    let endpoints = private.endpoints.as_deref().unwrap_or_default();
    for (index, id) in endpoints.iter().enumerate().filter(|(index, id)| endpoints[..*index].contains(id)) {
        let at = api.at(&format!("private/endpoints/{index}"));
        problems.push(Problem::error(at, format!("`{id}` is there already")).hint("take one of the two out"));
    }
    if api.it.domain.is_some() {
        let message = "a private API has no domain name of its own here: this one would lead from the internet to it";
        let hint = "take `domain` out: `pipe outputs` prints the URL that works in the VPC";
        problems.push(Problem::error(api.at("domain"), message).hint(hint).on_key());
    }
    if api.it.minimum_tls == MinimumTls::Tls10 {
        let message = "a private API speaks TLS 1.2 and newer alone";
        problems.push(Problem::error(api.at("minimum_tls"), message).hint("take `minimum_tls` out"));
    }
    let private_dns = cx.network().filter(|network| network.it.private_dns && cx.spec.has_door());
    problems.extend(private_dns.map(|network| {
        let message = "all names of `execute-api` lead to the endpoint then: what is in the VPC reaches private REST APIs alone, and no public ones";
        Problem::note(network.at("private_dns"), message).on_key()
    }));
    problems
}

#[cfg(test)]
mod tests {
    use crate::spec::Severity;

    const NETWORK: &str = "network: { vpc: { subnets: [subnet-01234567] } }\n";

    /// What is said of an API with these keys.
    fn told(api: &str, rest: &str) -> Vec<(Severity, String)> {
        let text = format!(
            "name: demo\nsource: {{ api: {{ {api}, routes: [{{ post: /a, auth: none }}] }} }}\nstream: {{ kinesis: {{}} }}\n{rest}"
        );
        let all = match crate::spec::parse("pipeline.yaml", text.as_bytes(), std::path::Path::new(".")) {
            Ok(loaded) => loaded.notes.problems,
            Err(report) => report.problems,
        };
        let of_this =
            |path: &str| path.starts_with("/source/api/") && !path.contains("routes") || path.starts_with("/network");
        all.into_iter().filter(|one| of_this(&one.path)).map(|one| (one.severity, one.path)).collect()
    }

    #[test]
    fn a_private_api_needs_a_way_in() {
        let error = |path: &str| vec![(Severity::Error, path.to_owned())];
        assert_eq!(told("private: {}", ""), error("/source/api/private"));
        assert_eq!(told("private: {}", NETWORK), [], "a network without functions is for the API");
        assert_eq!(told("private: { endpoints: [vpce-01234567] }", ""), []);
        let twice = told("private: { endpoints: [vpce-01234567, vpce-01234567] }", "");
        assert_eq!(twice, error("/source/api/private/endpoints/1"));
        assert_eq!(told("private: { endpoints: [vpc-1] }", "").len(), 1);
    }

    #[test]
    fn some_things_only_a_public_api_has() {
        let certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";
        let domain = format!(
            "private: {{ endpoints: [vpce-01234567] }}, domain: {{ name: a.example.com, certificate: '{certificate}' }}"
        );
        assert_eq!(told(&domain, ""), [(Severity::Error, "/source/api/domain".to_owned())]);
        let old = told("private: { endpoints: [vpce-01234567] }, minimum_tls: tls_1_0", "");
        assert_eq!(old, [(Severity::Error, "/source/api/minimum_tls".to_owned())]);
    }

    #[test]
    fn addresses_in_vpcs_are_what_a_private_api_sees() {
        let allowed =
            |network: &str| told(&format!("private: {{ endpoints: [vpce-01234567] }}, allow_ips: [{network}]"), "");
        assert_eq!(allowed("10.0.0.0/8"), []);
        assert_eq!(told("allow_ips: [10.0.0.0/8]", "")[0].0, Severity::Warning);
    }

    #[test]
    fn a_network_for_the_api_alone_has_no_endpoints_for_functions() {
        let network = "network: { vpc: { subnets: [subnet-01234567] }, endpoints: [sqs] }\n";
        assert_eq!(told("private: {}", network), [(Severity::Error, "/network/endpoints".to_owned())]);
        let dns = "network: { vpc: { subnets: [subnet-01234567] }, private_dns: true }\n";
        assert_eq!(told("private: {}", dns), [(Severity::Note, "/network/private_dns".to_owned())]);
    }
}

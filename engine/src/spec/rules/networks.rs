//! Rules of `allow_ips`: networks that are none, that say something else than they seem to, or that no request comes from.

use super::{At, Cx};
use crate::network::Network;
use crate::spec::{Api, Problem};

/// Every network is one, says which addresses it means, and stands there once.
pub(super) fn allowed(_: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let texts = api.it.allow_ips.as_deref().unwrap_or_default();
    let networks: Vec<Option<Network>> = texts.iter().map(|text| Network::parse(text)).collect();
    let each = texts.iter().enumerate().filter_map(|(index, text)| {
        let at = api.at(&format!("allow_ips/{index}"));
        let Some(network) = networks[index] else {
            let hint = "an address and how many of its leading bits count, as in `203.0.113.0/24` or `2001:db8::/32`";
            return Some(Problem::error(at, format!("`{text}` is no network")).hint(hint));
        };
        // AWS takes it, and lets in more addresses than whoever reads it may think.
        if network.whole() != network {
            let (whole, alone) = (network.whole(), network.alone());
            let problem = Problem::error(at, format!("`{text}` is an address within `{whole}`, and no network"));
            return Some(problem.hint(format!("write `{whole}`, or `{alone}` for this address alone")));
        }
        if networks[..index].contains(&Some(network)) {
            return Some(Problem::error(at, format!("`{text}` is there already")).hint("take one of the two out"));
        }
        match networks
            .iter()
            .flatten()
            .find(|other| **other == other.whole() && **other != network && other.covers(network))
        {
            Some(other) => {
                let problem = Problem::warning(at, format!("`{text}` says nothing: `{other}` has it all"));
                Some(problem.hint("take one of the two out"))
            }
            None if api.it.private.is_some() => None,
            None => reach(at, text, network),
        }
    });
    each.collect()
}

/// What a network means for the requests that reach an API through the internet.
fn reach(at: String, text: &str, network: Network) -> Option<Problem> {
    if network.is_everything() {
        let family = if network.is_v6() { "IPv6" } else { "IPv4" };
        return Some(Problem::note(at, format!("`{text}` is every address of {family}: none of them is kept out")));
    }
    if network.is_private() {
        let message = format!("no request comes from `{text}`: API Gateway sees public addresses alone");
        let hint = "name the addresses that requests leave your network with: those of its NAT gateways or proxies";
        return Some(Problem::warning(at, message).hint(hint));
    }
    network.is_v6().then(|| {
        let message = format!(
            "the API's own endpoint has no IPv6 unless somebody turned it on: until then no request comes from `{text}`"
        );
        Problem::note(at, message)
    })
}

#[cfg(test)]
mod tests {
    use crate::spec::Severity;

    /// What is said of these networks, and where.
    fn told(networks: &str) -> Vec<(Severity, String, String)> {
        let text = format!(
            "name: demo\nsource:\n  api:\n    allow_ips: {networks}\n    routes: [{{ post: /a, auth: none }}]\nstream: {{ kinesis: {{}} }}\n"
        );
        let all = match crate::spec::parse("pipeline.yaml", text.as_bytes(), std::path::Path::new(".")) {
            Ok(loaded) => loaded.notes.problems,
            Err(report) => report.problems,
        };
        let told = all.into_iter().map(|problem| (problem.severity, problem.path, problem.message));
        told.filter(|(_, path, _)| path.contains("allow_ips")).collect()
    }

    fn at(severity: Severity, index: usize, message: &str) -> (Severity, String, String) {
        (severity, format!("/source/api/allow_ips/{index}"), message.to_owned())
    }

    #[test]
    fn a_network_of_public_addresses_needs_no_word() {
        assert_eq!(told("[203.0.113.0/24, 198.51.100.7/32]"), []);
    }

    #[test]
    fn what_lets_all_in_or_nobody_is_told() {
        let all = "`0.0.0.0/0` is every address of IPv4: none of them is kept out";
        assert_eq!(told("[0.0.0.0/0]"), [at(Severity::Note, 0, all)]);
        let private = "no request comes from `10.0.0.0/8`: API Gateway sees public addresses alone";
        assert_eq!(told("[198.51.100.7/32, 10.0.0.0/8]"), [at(Severity::Warning, 1, private)]);
        let [(severity, _, message)] = &told("['2001:db8::/32']")[..] else { panic!() };
        assert!(*severity == Severity::Note && message.contains("has no IPv6 unless"), "{message}");
    }

    #[test]
    fn what_is_within_another_says_nothing_and_the_same_is_refused() {
        let within = "`203.0.113.0/25` says nothing: `203.0.113.0/24` has it all";
        assert_eq!(told("[203.0.113.0/25, 203.0.113.0/24]"), [at(Severity::Warning, 0, within)]);
        let again = "`2001:DB8::/32` is there already";
        let told = told("['2001:db8::/32', '2001:DB8::/32']");
        assert!(told.contains(&at(Severity::Error, 1, again)), "{told:?}");
    }

    #[test]
    fn bits_beyond_the_length_are_refused() {
        let told = told("[203.0.113.7/24, 300.0.0.0/8]");
        assert_eq!(told[0].2, "`203.0.113.7/24` is an address within `203.0.113.0/24`, and no network");
        assert_eq!(told[1].2, "`300.0.0.0/8` is no network");
    }
}

//! What a change of a domain means for those who use it, and what forbids it.

use super::DomainName;
use crate::kinds::rest_api::LEGACY_TLS;
use crate::resource::{Advice, Changed, How, Refusal};

/// What each change comes to.
pub fn advice(of: &Changed<'_, DomainName>) -> Advice {
    match *of {
        Changed::New(_) => Advice::default(),
        Changed::Edit { desired, live, how } => Advice {
            widens: widens(desired, live, how),
            means: means(desired, live, how),
            refuses: refuses(desired, live, how),
            ..Advice::default()
        },
        Changed::End { live, .. } => {
            let told = "requests to the domain are refused from now on: take its record out of DNS";
            Advice { means: vec![told.to_owned()], refuses: used_by_others(live), ..Advice::default() }
        }
    }
}

fn widens(desired: &DomainName, live: &DomainName, how: &How) -> Vec<String> {
    let weak = !how.replaced && desired.security_policy == LEGACY_TLS && live.security_policy != LEGACY_TLS;
    weak.then(|| "clients may speak TLS 1.0 and 1.1, which others may be able to read".to_owned()).into_iter().collect()
}

fn means(desired: &DomainName, live: &DomainName, how: &How) -> Vec<String> {
    if how.replaced {
        let told = "requests to the old name are refused from now on: clients must use the new one, which needs a record in DNS";
        return vec![told.to_owned()];
    }
    let mut all = Vec::new();
    // Of an API that is yet to be made nobody knows the id; the old one is gone then.
    if let (Some(now), Some(then)) = (&desired.root, &live.root)
        && now.api != then.api
    {
        all.push(format!(
            "requests to the domain, which go to the API `{}`, go to the pipeline's from now on",
            then.api
        ));
    }
    if live.security_policy == LEGACY_TLS && desired.security_policy != LEGACY_TLS {
        all.push("clients that speak nothing newer than TLS 1.1 are refused from now on".to_owned());
    }
    all
}

/// Why a change is refused: it would take or lose a mapping that somebody else made.
fn refuses(desired: &DomainName, live: &DomainName, how: &How) -> Option<Refusal> {
    if how.replaced {
        return used_by_others(live);
    }
    if live.endpoint_type != desired.endpoint_type {
        return Some(Refusal {
            why: format!(
                "is of the type `{}`, and the pipeline makes `{}` ones",
                live.endpoint_type, desired.endpoint_type
            ),
            hint: "delete it if nobody needs it, or choose another name".to_owned(),
        });
    }
    let then =
        live.root.as_ref().filter(|then| how.adopted && desired.root.as_ref().is_none_or(|now| now.api != then.api));
    then.map(|then| Refusal {
        why: format!("leads to the API `{}`, which is not the pipeline's", then.api),
        hint: "take its mapping away first, if nobody needs it, or choose another name".to_owned(),
    })
}

fn used_by_others(live: &DomainName) -> Option<Refusal> {
    let paths: Vec<&str> = live.others.iter().map(String::as_str).collect();
    (!paths.is_empty()).then(|| Refusal {
        why: format!(
            "leads elsewhere below `{}`: that mapping is somebody else's, and would be lost",
            paths.join("`, `")
        ),
        hint: "take that mapping away first, if nobody needs it".to_owned(),
    })
}

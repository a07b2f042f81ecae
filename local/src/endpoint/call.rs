//! What a request says of itself before its body is read.

use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::http::request::Parts;

/// A signed call of an AWS API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub access_key: String,
    pub region: String,
    /// The service's name in signatures, such as `kinesis` or, for the tagging API, `tagging`.
    pub service: String,
    /// `x-amz-target`: version and operation of the services that name them there; empty for the others.
    pub target: String,
    /// The trace that it is a part of; empty where it names none.
    pub trace: String,
}

impl Call {
    /// Reads the call, or nothing where the request is not signed.
    pub fn of(head: &Parts) -> Option<Self> {
        let (_, credential) = text(&head.headers, AUTHORIZATION.as_str()).split_once("Credential=")?;
        let mut scope = credential.split(',').next()?.split('/').map(str::to_owned);
        let (access_key, _date) = (scope.next()?, scope.next()?);
        let (region, service) = (scope.next()?, scope.next()?);
        Some(Self {
            access_key,
            region,
            service,
            target: text(&head.headers, "x-amz-target").to_owned(),
            trace: text(&head.headers, "x-amzn-trace-id").to_owned(),
        })
    }

    /// Whether it is signed with a role's temporary key, as functions and integrations do; the deployer is root.
    pub fn by_role(&self) -> bool {
        self.access_key.starts_with("ASIA")
    }
}

/// A header's text; empty where it is absent.
pub fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

//! Where a mapped parameter or header gets its value from.

use super::exchange::Exchange;
use super::params::header;

type Make = fn(String) -> Source;

/// A mapping expression, parsed once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `'text'`.
    Text(String),
    /// `method.request.header.NAME`, in any case.
    Header(String),
    /// `method.request.querystring.NAME`.
    Query(String),
    /// `method.request.path.NAME`.
    Path(String),
    /// `method.request.body` without a path into it.
    Body,
    /// `context.NAME`.
    Context(String),
    /// `stageVariables.NAME`.
    Stage(String),
    /// `integration.response.header.NAME`, in any case.
    Answered(String),
    /// A source that is not known here, such as a JSON path into a body: gives nothing.
    Unknown,
}

impl Source {
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if let Some(inner) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            return Self::Text(inner.to_owned());
        }
        if text == "method.request.body" {
            return Self::Body;
        }
        const PREFIXES: [(&str, Make); 8] = [
            ("method.request.header.", Source::Header),
            ("method.request.multivalueheader.", Source::Header),
            ("method.request.querystring.", Source::Query),
            ("method.request.multivaluequerystring.", Source::Query),
            ("method.request.path.", Source::Path),
            ("context.", Source::Context),
            ("stageVariables.", Source::Stage),
            ("integration.response.header.", Source::Answered),
        ];
        let known =
            PREFIXES.iter().find_map(|(prefix, make)| text.strip_prefix(prefix).map(|name| make(name.to_owned())));
        known.unwrap_or(Self::Unknown)
    }

    /// The value for this request, if there is one; of several values the last. `answered` are the integration's headers.
    pub fn value(&self, exchange: &Exchange, answered: &[(String, String)]) -> Option<String> {
        let exact = |all: &[(String, String)], name: &str| {
            all.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Header(name) => header(&exchange.params.header, name).map(str::to_owned),
            Self::Query(name) => exact(&exchange.params.querystring, name),
            Self::Path(name) => exact(&exchange.params.path, name),
            Self::Body => Some(String::from_utf8_lossy(&exchange.body).into_owned()),
            Self::Context(name) => exchange.variable(name),
            Self::Stage(name) => exchange.stage_variables.get(name).cloned(),
            Self::Answered(name) => header(answered, name).map(str::to_owned),
            Self::Unknown => None,
        }
    }
}

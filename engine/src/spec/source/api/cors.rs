//! Which web pages may call the API, as browsers ask it (<https://fetch.spec.whatwg.org/#http-cors-protocol>).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every page.
pub const ANY_ORIGIN: &str = "*";

/// What the API tells browsers about the pages that may call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// Origins of the pages, as browsers send them (`https://app.example.com`), or `*` alone for every page. Required.
    #[schemars(
        length(min = 1, max = 20),
        extend("items" = {"type": "string", "maxLength": 253,
            "pattern": r"^(\*|https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?)$",
            "patternErrorMessage": "an origin as browsers send it, as in `https://app.example.com`: `http` or `https`, a host in lower case, and no path"})
    )]
    pub origins: Vec<String>,
    /// Methods that pages may use. Default: those of the path's routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 7))]
    pub methods: Option<Vec<CorsMethod>>,
    /// Headers that pages may set. Default: `Content-Type` where the path takes a body, and what its authorizer and its partition key read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 50),
        extend("items" = {"type": "string", "pattern": r"^[A-Za-z0-9-]{1,128}$",
            "patternErrorMessage": "a header's name: letters, digits and `-`"})
    )]
    pub headers: Option<Vec<String>>,
    /// Seconds that a browser may keep the API's permission, 0 to 86400. Default: 600.
    #[serde(default = "default_max_age")]
    #[schemars(range(min = 0, max = 86_400))]
    pub max_age_seconds: u32,
    /// Whether pages may have the browser add cookies and the credentials that it keeps. Default: false.
    #[serde(default)]
    pub credentials: bool,
}

/// A method that a page may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CorsMethod {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl CorsMethod {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Options];

    /// Returns the name in HTTP.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }
}

fn default_max_age() -> u32 {
    600
}

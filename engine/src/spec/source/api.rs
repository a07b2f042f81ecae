//! A REST API: its stage, and its routes.

mod cors;
mod domain;
mod envelope;
pub(in crate::spec) mod media;
mod private;
mod route;
mod to;

pub use cors::{ANY_ORIGIN, Cors, CorsMethod};
pub use domain::Domain;
pub use envelope::{Piece, Place};
pub use media::{MediaType, is_json, is_text};
pub use private::Private;
pub use route::{Body, Method, PartitionKey, Route};
pub use to::{AwsCall, Extra, TableAction, To};

use crate::spec::model::LOG_DAYS;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;

/// A REST API with one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Name of the REST API, 1 to 128 letters, digits, spaces, `.`, `_` and `-`. Default: `<pipeline>-api`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9._-]([A-Za-z0-9 ._-]{0,126}[A-Za-z0-9._-])?$"),
        extend("patternErrorMessage" = "1 to 128 letters, digits, spaces, `.`, `_` and `-`, with no space at the ends")
    )]
    pub name: Option<String>,
    /// Name of the stage, the first part of every path: 1 to 128 letters, digits, `_` and `-`. Default: `prod`.
    #[serde(default = "default_stage")]
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,128}$"),
        extend("patternErrorMessage" = "1 to 128 letters, digits, `_` and `-`")
    )]
    pub stage: String,
    /// Days that the access log is kept (one of CloudWatch's values), or `off` for no access log. Default: 7.
    #[serde(default)]
    pub access_log_days: AccessLogDays,
    /// Oldest version of TLS that clients may speak: `tls_1_2`, or `tls_1_0` for clients that know no newer one. Default: `tls_1_2`.
    #[serde(default)]
    pub minimum_tls: MinimumTls,
    /// Limit of the stage, over all its callers, or `off` for none but the account's. Default: what at most 10 shards of the pipeline's own take (1000 requests per second each; at once twice as many, at most 5000), else `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Throttle>,
    /// Whether X-Ray traces the stage. Default: false.
    #[serde(default)]
    pub xray: bool,
    /// Which web pages may call the API. Default: none, so that browsers keep its answers from pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// Whether the API answers inside of VPCs alone, and through which endpoints. Default: none, and it answers the internet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<Private>,
    /// Networks that requests may come from, as in `203.0.113.0/24`; all others are answered 403, whatever their credentials. Of a private API these are addresses in VPCs, as in `10.0.0.0/16`. Default: none, and every address may ask; of a private API's own endpoint those of its VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 150),
        extend("items" = {"type": "string", "maxLength": 43, "pattern": r"^[0-9A-Fa-f:.]+/[0-9]{1,3}$",
            "patternErrorMessage": "a network, as in `203.0.113.0/24` or `2001:db8::/32`; one address is a network of `/32` or, of IPv6, `/128`"})
    )]
    pub allow_ips: Option<Vec<String>>,
    /// A domain name of the API's own, beside the endpoint that AWS gives it. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// ARN of the web ACL of AWS WAF that filters the requests, which exists with the scope REGIONAL in the API's own account and Region. Default: none, and one that somebody else set stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^arn:aws[a-z-]*:wafv2:[a-z0-9-]{1,32}:[0-9]{12}:(regional|global)/webacl/[A-Za-z0-9_-]{1,128}/[A-Za-z0-9-]{1,64}$"),
        extend("patternErrorMessage" = "the ARN of a web ACL of AWS WAF, as in `arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/NAME/ID`")
    )]
    pub waf: Option<String>,
    /// What the API answers to: at least one route, at most 300 API resources together (`/` and every distinct segment counted).
    #[schemars(length(min = 1, max = 1000))]
    pub routes: Vec<Route>,
}

/// How long the access log of the stage is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessLogDays {
    /// No access log.
    Off,
    /// This many days, one of CloudWatch's values.
    #[serde(untagged)]
    Days(u32),
}

impl Default for AccessLogDays {
    fn default() -> Self {
        Self::Days(7)
    }
}

impl AccessLogDays {
    /// Returns the days, or `None` when there is no access log.
    #[must_use]
    pub fn days(self) -> Option<u32> {
        match self {
            Self::Off => None,
            Self::Days(days) => Some(days),
        }
    }
}

impl JsonSchema for AccessLogDays {
    fn schema_name() -> Cow<'static, str> {
        "AccessLogDays".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let values: Vec<Value> = LOG_DAYS.iter().map(|days| json!(days)).chain([json!("off")]).collect();
        json_schema!({ "enum": values })
    }
}

/// The oldest version of TLS that clients may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum MinimumTls {
    #[serde(rename = "tls_1_0")]
    Tls10,
    #[default]
    #[serde(rename = "tls_1_2")]
    Tls12,
}

/// What bounds the requests of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Throttle {
    /// Nothing but the account's own limit.
    Off,
    /// A limit of the stage's own.
    #[serde(untagged)]
    Limit(Limit),
}

/// A token bucket: requests beyond it are answered with 429.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Requests per second that the stage takes in the long run, 0 to 1000000; fractions are allowed. Required.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub rate_per_second: f64,
    /// Requests that the stage takes at once, 0 to 1000000. Required.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub burst: u32,
}

fn default_stage() -> String {
    "prod".to_owned()
}

//! A REST API: its stage, and its routes.

use crate::spec::model::LOG_DAYS;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::path::PathBuf;

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

/// One method of one path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Path that takes POST: segments of letters, digits, `_`, `.`, `,`, `:` and `-`, and `{parameters}`. Required.
    #[schemars(
        regex(pattern = r"^(/|(/([A-Za-z0-9_.,:-]+|\{[A-Za-z0-9_.-]+\}))+)$"),
        extend("patternErrorMessage" = "a path such as `/submit/{id}`: `/`, then segments of letters, digits, `_.,:-`, or `{parameter}`, without a `/` at the end")
    )]
    pub post: String,
    /// Name of the authorizer that guards this route, or `none` for an open one. Default: the only authorizer of `auth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub auth: Option<String>,
    /// What orders the records on the stream: `path.X`, `query.X`, `header.X`, `body.X` or `random`. Default: `random`, the request's extended id.
    #[serde(default)]
    pub partition_key: PartitionKey,
    /// What the body must be, checked before the stream: `object` (any JSON object), `any` (no check) or `{schema: FILE}`. Default: `object`.
    #[serde(default)]
    pub body: Body,
}

/// Where a record's partition key comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PartitionKey {
    /// The path parameter of this name.
    Path(String),
    /// The query parameter of this name.
    Query(String),
    /// The header of this name.
    Header(String),
    /// The field of the JSON body under this path, nested fields separated by `.`.
    Body(String),
    /// `$context.extendedRequestId`: spreads the records evenly, with no order between them.
    #[default]
    Random,
}

impl TryFrom<String> for PartitionKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let Some((place, name)) = text.split_once('.').filter(|(_, name)| !name.is_empty()) else {
            return if text == "random" { Ok(Self::Random) } else { Err(format!("`{text}` is no partition key")) };
        };
        match place {
            "path" => Ok(Self::Path(name.to_owned())),
            "query" => Ok(Self::Query(name.to_owned())),
            "header" => Ok(Self::Header(name.to_owned())),
            "body" => Ok(Self::Body(name.to_owned())),
            _ => Err(format!("`{text}` is no partition key")),
        }
    }
}

impl From<PartitionKey> for String {
    fn from(key: PartitionKey) -> Self {
        match key {
            PartitionKey::Path(name) => format!("path.{name}"),
            PartitionKey::Query(name) => format!("query.{name}"),
            PartitionKey::Header(name) => format!("header.{name}"),
            PartitionKey::Body(name) => format!("body.{name}"),
            PartitionKey::Random => "random".to_owned(),
        }
    }
}

impl JsonSchema for PartitionKey {
    fn schema_name() -> Cow<'static, str> {
        "PartitionKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^(random|(path|query|header)\.[A-Za-z0-9_.-]{1,128}|body\.[A-Za-z0-9_-]{1,128}(\.[A-Za-z0-9_-]{1,128}){0,15})$",
            "patternErrorMessage": "`path.X`, `query.X`, `header.X`, `body.X` or `random`",
        })
    }
}

/// What a request's body must be; the content type must be `application/json` in every case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Any JSON object.
    #[default]
    Object,
    /// Anything: no check.
    Any,
    /// File with a JSON schema (draft 4, as API Gateway has it), relative to the spec's folder, at most 400 KB.
    Schema(#[schemars(length(min = 1, max = 1024))] PathBuf),
}

fn default_stage() -> String {
    "prod".to_owned()
}

//! The root of the spec and the types that several sections share.
//!
//! Every property carries its description, default and range in its doc comment and schema attributes, because the
//! committed schema is generated from these types. Defaults are filled here, so that lowering finds plain values.

use super::alarms::Alarms;
use super::auth::Auth;
use super::dlq::Dlq;
use super::function::Consumer;
use super::network::Network;
use super::plans::Plan;
use super::sink::Sink;
use super::source::Source;
use super::stream::Stream;
use super::users::Users;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One event pipeline, in the order that an event travels: source, auth, stream, consumer, sink, dlq.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Name of the pipeline, part of its identity and of every default name: a lower-case letter, then 1 to 30 lower-case letters, digits or hyphens.
    #[schemars(
        regex(pattern = r"^[a-z][a-z0-9-]{1,30}$"),
        extend("patternErrorMessage" = "a lower-case letter, then 1 to 30 lower-case letters, digits or hyphens")
    )]
    pub name: String,
    /// Tags on everything that the pipeline makes: at most 45, keys of 1 to 128 characters, values of at most 256. Default: none.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 45))]
    pub tags: BTreeMap<String, String>,
    /// ARN of an IAM policy that bounds the permissions of every role that the pipeline makes. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]{1,512}$"),
        extend("patternErrorMessage" = "the ARN of an IAM policy, as in `arn:aws:iam::123456789012:policy/NAME`")
    )]
    pub permissions_boundary: Option<String>,
    /// Where the events come from. Default: nothing is made, and something else writes to the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Who may call the API: authorizers by names that routes give in `auth`, 1 to 64 letters, digits, `_` and `-`, each a mapping from its kind to its settings. The kinds are `basic`, `jwt`, `cognito`, `api_key` and `iam`; one of these words as a name needs no second level. Default: nobody is asked, and every route says `auth: none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Usage plans by name (1 to 64 letters, digits, `_` and `-`), each with an API key. Default: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 100))]
    pub plans: BTreeMap<String, Plan>,
    /// Cognito user pools by name (1 to 64 letters, digits, `_` and `-`). Default: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 10))]
    pub users: BTreeMap<String, Users>,
    /// What carries the events in order and keeps them for a while. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
    /// What handles the events of the stream. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer: Option<Consumer>,
    /// Where the consumer writes to. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sink: Option<Sink>,
    /// Where records go that the consumer cannot handle. Default: none, and such records are dropped after their retries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dlq: Option<Dlq>,
    /// The VPC that the functions are in. Default: none, and they are in Lambda's own network, which reaches the internet and no VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// One CloudWatch alarm for each way in which a pipeline of this form fails, with thresholds that follow from the spec: whom they tell (`{}` for nobody), or `off`. Default: `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarms: Option<Alarms>,
    /// Whether there is a CloudWatch dashboard of the pipeline's traffic and of what its alarms watch. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dashboard: bool,
}

impl Spec {
    /// Returns the spec that says nothing but this name.
    pub(crate) fn silent(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            tags: BTreeMap::new(),
            permissions_boundary: None,
            source: None,
            auth: None,
            plans: BTreeMap::new(),
            users: BTreeMap::new(),
            stream: None,
            consumer: None,
            sink: None,
            dlq: None,
            network: None,
            alarms: None,
            dashboard: false,
        }
    }
}

/// Something that the pipeline uses and never changes, by its name or its ARN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Existing {
    /// Name (of this account and region) or ARN of a resource that the pipeline uses and never changes, instead of all other keys here. Default: the pipeline makes its own.
    #[serde(rename = "existing")]
    #[schemars(
        length(max = 2048),
        regex(pattern = r"^[A-Za-z0-9/_+=.@:-]+$"),
        extend("patternErrorMessage" = "a name or an ARN")
    )]
    reference: String,
}

impl Existing {
    /// Refers to what has this name or ARN.
    pub(super) fn of(reference: &str) -> Self {
        Self { reference: reference.to_owned() }
    }

    /// Returns what the spec says: a name or an ARN.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// Returns the ARN, when the spec gives one.
    #[must_use]
    pub fn arn(&self) -> Option<&str> {
        self.reference.starts_with("arn:").then_some(self.reference.as_str())
    }

    /// Returns the name: what follows `stream/`, `table/`, `secret:`, `function:` or `event-bus/` in an ARN, its last part otherwise.
    /// The name of a secret that is given by its ARN still ends with the six characters that AWS assigned.
    #[must_use]
    pub fn name(&self) -> &str {
        let Some(arn) = self.arn() else { return &self.reference };
        let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
        ["stream/", "table/", "secret:", "function:", "event-bus/"]
            .iter()
            .find_map(|prefix| resource.strip_prefix(prefix))
            .unwrap_or(resource)
    }
}

/// A resource that the pipeline makes, or one that exists and is only used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OwnOrExisting<T> {
    /// It exists; the pipeline never changes it.
    Existing(Existing),
    /// The pipeline makes it.
    Own(T),
}

impl<T> OwnOrExisting<T> {
    /// Returns the resource's own properties, when the pipeline makes it.
    pub fn own(&self) -> Option<&T> {
        match self {
            Self::Own(own) => Some(own),
            Self::Existing(_) => None,
        }
    }

    /// Returns what the spec refers to, when the resource exists already.
    pub fn existing(&self) -> Option<&Existing> {
        match self {
            Self::Own(_) => None,
            Self::Existing(existing) => Some(existing),
        }
    }
}

/// One object with all keys, so that editors complete them; `existing` stands alone, and what is required is so only without it.
impl<T: JsonSchema> JsonSchema for OwnOrExisting<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrExisting", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        let existing = Existing::json_schema(generator);
        let required = schema.remove("required").unwrap_or_else(|| json!([]));
        let key = existing.pointer("/properties/existing").cloned().unwrap_or(Value::Bool(true));
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.insert("existing".to_owned(), key);
        }
        schema.insert("if".to_owned(), json!({ "required": ["existing"] }));
        schema.insert("then".to_owned(), json!({ "maxProperties": 1 }));
        if required != json!([]) {
            schema.insert("else".to_owned(), json!({ "required": required }));
        }
        schema
    }
}

/// What `pipe destroy` does with a resource that holds data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDestroy {
    #[default]
    Delete,
    Retain,
}

/// Days that CloudWatch keeps a log: only these values are allowed (PutRetentionPolicy).
pub const LOG_DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Returns the schema of `log_days`.
pub(super) fn log_days_schema(_: &mut SchemaGenerator) -> Schema {
    let values: Vec<Value> = LOG_DAYS.iter().map(|days| json!(days)).collect();
    Schema::from(serde_json::Map::from_iter([("enum".to_owned(), Value::Array(values))]))
}

/// Returns `true`: the default of what is on unless the spec says otherwise.
pub(super) fn yes() -> bool {
    true
}

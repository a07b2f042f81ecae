//! What a route calls.

use crate::spec::statements::Statement;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a route calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// Puts the body on the stream; under `table_changes` as an item of the table, which takes a schema.
    Stream,
    /// Hands the whole request to the consumer's function, whose answer is the client's.
    Function,
    /// Calls the sink's table, or without a sink the one of `table_changes`: one of these actions, or `{ACTION: {...}}` with its options. Required.
    Table(TableCall),
    /// Calls one action of an AWS service, with templates of your own. Required.
    Aws(AwsCall),
}

/// A call of an AWS service with templates of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsCall {
    /// Service by API Gateway's name, as in `events`, `sqs` or `states`. Required.
    #[schemars(
        regex(pattern = r"^[a-z][a-z0-9.-]{0,63}$"),
        extend("patternErrorMessage" = "a service by its name in API Gateway's URIs, as in `events` or `states`")
    )]
    pub service: String,
    /// Action of the service, as in `PutEvents`. Required.
    #[schemars(
        regex(pattern = r"^[A-Z][A-Za-z0-9]{0,127}$"),
        extend("patternErrorMessage" = "an action by its name, as in `PutEvents`")
    )]
    pub action: String,
    /// File with the template (Velocity, as API Gateway has it) that makes the service's request, relative to the spec's folder, at most 300 KB. Required.
    #[schemars(length(min = 1, max = 1024))]
    pub request: PathBuf,
    /// File with the template that makes the client's answer from the service's answer to a call that it did; refusals are answered with 400, 429 or 502. Required.
    #[schemars(length(min = 1, max = 1024))]
    pub response: PathBuf,
    /// Content type of the service's request. Default: `application/x-amz-json-1.0` for DynamoDB and Step Functions, `application/x-www-form-urlencoded` for SNS and SQS, else `application/x-amz-json-1.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<super::MediaType>,
    /// IAM statements of the API's role, for the call, 1 to 20. Required.
    #[schemars(length(min = 1, max = 20))]
    pub statements: Vec<Statement>,
}

impl AwsCall {
    /// Returns the content type of the service's request.
    #[must_use]
    pub fn content_type(&self) -> &str {
        match (&self.content_type, self.service.as_str()) {
            (Some(said), _) => said.as_str(),
            (None, "dynamodb" | "states") => "application/x-amz-json-1.0",
            (None, "sns" | "sqs") => "application/x-www-form-urlencoded",
            (None, _) => "application/x-amz-json-1.1",
        }
    }
}

impl To {
    /// An item of the table from the body, with no options.
    pub(in crate::spec) const PUT: Self = Self::Table(TableCall::Plain(Action::Put));

    /// Returns the files of templates of one's own, each with its place below `to`.
    #[must_use]
    pub fn templates(&self) -> Vec<(String, &Path)> {
        let (at, request, response) = match self {
            Self::Stream | Self::Function | Self::Table(TableCall::Plain(_)) => return Vec::new(),
            Self::Table(TableCall::With(action)) => {
                let (request, response) = action.templates();
                (format!("table/{}", action.name()), request, response)
            }
            Self::Aws(call) => ("aws".to_owned(), Some(call.request.as_path()), Some(call.response.as_path())),
        };
        let both = [("request", request), ("response", response)];
        both.into_iter().filter_map(|(key, file)| Some((format!("{at}/{key}"), file?))).collect()
    }
}

/// What a route does with the table: an action, or `{ACTION: {...}}` with its options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum TableCall {
    Plain(Action),
    With(TableAction),
}

/// An action without options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Put,
    Get,
    Query,
    Scan,
    Update,
    Delete,
}

/// An action with its options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableAction {
    /// Writes the body as an item, in the place of one with its key.
    Put(Put),
    /// Gives the item of the path's key.
    Get(Own),
    /// Gives the items of the path's partition key.
    Query(Read),
    /// Gives all items.
    Scan(Read),
    /// Sets the attributes that the body has, of the item of the path's key.
    Update(Own),
    /// Deletes the item of the path's key.
    Delete(Own),
}

/// Options of `put`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Put {
    /// Whether an item that is there already is kept, and the answer is 409. Default: false.
    #[serde(default)]
    pub if_absent: bool,
    /// What becomes of properties that the schema does not name: `refuse` answers 400, `keep` stores the whole body in the attribute `_json`. Default: `refuse`.
    #[serde(default)]
    pub extra: Extra,
    /// File with a template that makes the request instead of the generated one, as in `aws`. Default: generated from the schema and the keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub request: Option<PathBuf>,
    /// File with a template that makes the client's answer from the table's, instead of the generated one. Default: generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub response: Option<PathBuf>,
}

/// What becomes of properties that the schema does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Extra {
    #[default]
    Refuse,
    Keep,
}

/// Options of `query` and `scan`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Index of the table that is read, by its name in `indexes`; for `query` the path names the partition key of the index. Default: the table itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 255))]
    pub index: Option<String>,
    /// File with a template that makes the request instead of the generated one, as in `aws`. Default: generated from the schema and the keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub request: Option<PathBuf>,
    /// File with a template that makes the client's answer from the table's, instead of the generated one. Default: generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub response: Option<PathBuf>,
}

/// Options of every action.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// File with a template that makes the request instead of the generated one, as in `aws`. Default: generated from the schema and the keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub request: Option<PathBuf>,
    /// File with a template that makes the client's answer from the table's, instead of the generated one. Default: generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub response: Option<PathBuf>,
}

impl TableCall {
    /// Returns the action with its options, or their defaults.
    #[must_use]
    pub fn action(&self) -> TableAction {
        match self {
            Self::With(action) => action.clone(),
            Self::Plain(Action::Put) => TableAction::Put(Put::default()),
            Self::Plain(Action::Get) => TableAction::Get(Own::default()),
            Self::Plain(Action::Query) => TableAction::Query(Read::default()),
            Self::Plain(Action::Scan) => TableAction::Scan(Read::default()),
            Self::Plain(Action::Update) => TableAction::Update(Own::default()),
            Self::Plain(Action::Delete) => TableAction::Delete(Own::default()),
        }
    }
}

impl TableAction {
    /// Returns its name in the spec.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Put(_) => "put",
            Self::Get(_) => "get",
            Self::Query(_) => "query",
            Self::Scan(_) => "scan",
            Self::Update(_) => "update",
            Self::Delete(_) => "delete",
        }
    }

    /// Returns whether properties that the schema does not name are refused, because nothing would keep them.
    #[must_use]
    pub fn refuses_extra(&self) -> bool {
        match self {
            Self::Put(put) => put.extra == Extra::Refuse,
            Self::Update(_) => true,
            _ => false,
        }
    }

    /// Returns the files of its templates of one's own: of the request and of the answer.
    #[must_use]
    pub fn templates(&self) -> (Option<&Path>, Option<&Path>) {
        let (request, response) = match self {
            Self::Put(put) => (&put.request, &put.response),
            Self::Query(read) | Self::Scan(read) => (&read.request, &read.response),
            Self::Get(own) | Self::Update(own) | Self::Delete(own) => (&own.request, &own.response),
        };
        (request.as_deref(), response.as_deref())
    }

    /// Returns the index that it reads.
    #[must_use]
    pub fn index(&self) -> Option<&str> {
        match self {
            Self::Query(read) | Self::Scan(read) => read.index.as_deref(),
            Self::Put(_) | Self::Get(_) | Self::Update(_) | Self::Delete(_) => None,
        }
    }

    /// Returns whether it takes the request's body.
    #[must_use]
    pub fn takes_body(&self) -> bool {
        matches!(self, Self::Put(_) | Self::Update(_))
    }
}

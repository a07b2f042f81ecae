//! What a route calls.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a route calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// Puts the body on the stream.
    Stream,
    /// Calls the sink's table: one of these actions, or `{ACTION: {...}}` with its options. Required.
    Table(TableCall),
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
    Get(Nothing),
    /// Gives the items of the path's partition key.
    Query(Read),
    /// Gives all items.
    Scan(Read),
    /// Sets the attributes that the body has, of the item of the path's key.
    Update(Nothing),
    /// Deletes the item of the path's key.
    Delete(Nothing),
}

/// Options of `put`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Put {
    /// Whether an item that is there already is kept, and the answer is 409. Default: false.
    #[serde(default)]
    pub if_absent: bool,
    /// What becomes of properties that the schema does not name: `refuse` answers 400, `keep` stores the whole body in the attribute `_json`. Default: `refuse`.
    #[serde(default)]
    pub extra: Extra,
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
}

/// Options of an action that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl TableCall {
    /// Returns the action with its options, or their defaults.
    #[must_use]
    pub fn action(&self) -> TableAction {
        match self {
            Self::With(action) => action.clone(),
            Self::Plain(Action::Put) => TableAction::Put(Put::default()),
            Self::Plain(Action::Get) => TableAction::Get(Nothing {}),
            Self::Plain(Action::Query) => TableAction::Query(Read::default()),
            Self::Plain(Action::Scan) => TableAction::Scan(Read::default()),
            Self::Plain(Action::Update) => TableAction::Update(Nothing {}),
            Self::Plain(Action::Delete) => TableAction::Delete(Nothing {}),
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

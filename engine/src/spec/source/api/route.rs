//! A route: its method and path, who may call it, what its body must be, and what it calls.

use super::envelope::Piece;
use super::media::MediaType;
use super::to::To;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::path::PathBuf;

/// One method of one path: exactly one of `get`, `post`, `put`, `patch`, `delete` and `any`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Path that takes GET, as for `post`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "path_schema")]
    pub get: Option<String>,
    /// Path that takes POST: segments of letters, digits, `_`, `.`, `,`, `:` and `-`, and `{parameters}`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "path_schema")]
    pub post: Option<String>,
    /// Path that takes PUT, as for `post`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "path_schema")]
    pub put: Option<String>,
    /// Path that takes PATCH, as for `post`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "path_schema")]
    pub patch: Option<String>,
    /// Path that takes DELETE, as for `post`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "path_schema")]
    pub delete: Option<String>,
    /// Path that takes every method which has no route of its own, as for `post`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "path_schema")]
    pub any: Option<String>,
    /// Name of the authorizer that guards this route, or `none` for an open one. Default: the only authorizer of `auth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub auth: Option<String>,
    /// What orders the records on a Kinesis stream: `path.X`, `query.X`, `header.X`, `body.X` or `random`. Default: `random`, the request's extended id.
    #[serde(default)]
    pub partition_key: PartitionKey,
    /// What groups the messages of a FIFO queue, each group in order: `path.X`, `query.X`, `header.X`, `body.X` or `random`. Default: none; a FIFO queue needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_group: Option<PartitionKey>,
    /// What a FIFO queue tells a repeated message by, which it takes once within 5 minutes: `path.X`, `query.X`, `header.X`, `body.X` or `random`. Default: `random`, the request's extended id, so that each request is a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deduplication: Option<PartitionKey>,
    /// What the body must be, checked before anything is called: `object` (any JSON object), `any` (no check) or `{schema: FILE}`. Default: `any` for `to: function`, else `object` where the route takes a body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// Content types that the route takes, 1 to 16; a request without one counts as JSON, and one of another type is answered with 415. `body` checks those of JSON. With `to: function` every type comes through, and those that are named here and are not text come as bytes, in base64. Default: `[application/json]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub content_types: Option<Vec<MediaType>>,
    /// What goes on the stream beside the body, each `header.X`, `path.X`, `query.X` or `context.X`, at most 32: the record is then `{"body": BASE64, "encoding": "base64", "header": {...}, ...}`, with `null` for what a request has not. Default: none, and the record is the body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub envelope: Vec<Piece>,
    /// What the route calls: `stream`, `function` (the consumer's, which answers the client), or `{table: ACTION}` for the sink's table. Default: `stream` where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<To>,
}

/// A method of HTTP, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Any,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Any];

    /// Returns the key of a route.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::Any => "any",
        }
    }

    /// Returns the name in HTTP, and API Gateway's for all of them.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Any => "ANY",
        }
    }

    /// Returns whether requests have a body.
    #[must_use]
    pub fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch | Self::Any)
    }
}

impl Route {
    /// Returns the methods that the route names, with their paths. The rules want exactly one.
    pub fn methods(&self) -> impl Iterator<Item = (Method, &str)> {
        let path = |method| match method {
            Method::Get => &self.get,
            Method::Post => &self.post,
            Method::Put => &self.put,
            Method::Patch => &self.patch,
            Method::Delete => &self.delete,
            Method::Any => &self.any,
        };
        Method::ALL.into_iter().filter_map(move |method| Some((method, path(method).as_deref()?)))
    }

    /// Returns the method of the route.
    #[must_use]
    pub fn method(&self) -> Method {
        self.methods().next().map_or(Method::Post, |(method, _)| method)
    }

    /// Returns what its body must be.
    #[must_use]
    pub fn body(&self) -> &Body {
        match (&self.body, &self.to) {
            (Some(body), _) => body,
            (None, Some(To::Function)) => &Body::Any,
            (None, _) => &Body::Object,
        }
    }

    /// Returns the content types that it takes.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        let said = self.content_types.iter().flatten().map(MediaType::as_str);
        said.chain(self.content_types.is_none().then_some(MediaType::JSON))
    }

    /// Returns the path of the route.
    #[must_use]
    pub fn path(&self) -> &str {
        self.methods().next().map_or("/", |(_, path)| path)
    }
}

fn path_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": r"^(/|(/([A-Za-z0-9_.,:-]+|\{[A-Za-z0-9_.-]+\}))+)$",
        "patternErrorMessage": "a path such as `/submit/{id}`: `/`, then segments of letters, digits, `_.,:-`, or `{parameter}`, without a `/` at the end",
    })
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

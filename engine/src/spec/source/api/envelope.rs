//! What a record has beside the body.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A value of the request: where it is, and its name there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Piece {
    /// Where it is.
    pub place: Place,
    /// Its name there; in the context, names with dots between them.
    pub name: String,
}

/// Where a value of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Context,
    Header,
    Path,
    Query,
}

impl Place {
    const ALL: [Self; 4] = [Self::Context, Self::Header, Self::Path, Self::Query];

    /// Returns its word in the spec, and the name of its member in the record.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Header => "header",
            Self::Path => "path",
            Self::Query => "query",
        }
    }
}

impl TryFrom<String> for Piece {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts = text.split_once('.').filter(|(_, name)| !name.is_empty());
        let known = parts.and_then(|(word, name)| Some((Place::ALL.into_iter().find(|one| one.word() == word)?, name)));
        let (place, name) = known.ok_or_else(|| format!("`{text}` is no part of a request"))?;
        Ok(Self { place, name: name.to_owned() })
    }
}

impl From<Piece> for String {
    fn from(piece: Piece) -> Self {
        format!("{}.{}", piece.place.word(), piece.name)
    }
}

impl JsonSchema for Piece {
    fn schema_name() -> Cow<'static, str> {
        "Piece".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^((path|query|header)\.[A-Za-z0-9_.-]{1,128}|context(\.[A-Za-z][A-Za-z0-9_-]{0,63}){1,4})$",
            "patternErrorMessage": "`header.X`, `path.X`, `query.X` or `context.X`, as in `context.identity.sourceIp`",
        })
    }
}

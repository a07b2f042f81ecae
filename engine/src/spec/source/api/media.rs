//! Content types of requests.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A content type without parameters, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaType(String);

impl MediaType {
    /// What a request without a content type counts as.
    pub const JSON: &str = "application/json";

    /// Returns it as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether bodies of this type are JSON.
#[must_use]
pub fn is_json(media: &str) -> bool {
    media == MediaType::JSON || media.ends_with("+json")
}

/// Returns whether bodies of this type are text, which templates and events hold as it is.
#[must_use]
pub fn is_text(media: &str) -> bool {
    const TEXTS: [&str; 9] = [
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/jwt",
        "application/toml",
        "application/x-ndjson",
        "application/x-www-form-urlencoded",
        "application/xml",
        "application/yaml",
    ];
    is_json(media) || media.starts_with("text/") || media.ends_with("+xml") || TEXTS.contains(&media)
}

impl JsonSchema for MediaType {
    fn schema_name() -> Cow<'static, str> {
        "MediaType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$",
            "patternErrorMessage": "a content type in lower case and without parameters, as in `text/plain`",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_text_comes_as_text() {
        for media in ["application/json", "application/cloudevents+json", "text/csv", "application/soap+xml"] {
            assert!(is_text(media), "{media}");
        }
        for media in ["image/png", "application/octet-stream", "application/protobuf", "application/cbor"] {
            assert!(!is_text(media), "{media}");
        }
        assert!(is_json("application/cloudevents+json") && !is_json("text/json5"));
    }
}

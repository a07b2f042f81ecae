//! Three kinds of text that must not be mixed up: a logical id, a physical name, a handle. And tags.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// Logical id of a resource within its pipeline, e.g. `consumer-role`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Id(String);

/// Physical name of a resource in its account and region, e.g. `GatewayEventsStream`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Name(String);

/// What finds one physical resource again where its name does not: a UUID, an API id, an ARN, a URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(String);

/// Tags as AWS has them, without those whose key starts with `aws:`.
pub type Tags = BTreeMap<String, String>;

/// A word as a shell reads it: in quotes where it needs them.
pub fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "/._-+@%:,".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

impl Id {
    /// Wraps a string; what is valid is the kind's to say.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id of the resource that a spec calls `name`: `plan.free`.
    pub fn of_family(family: &str, name: &str) -> Self {
        Self(format!("{family}.{name}"))
    }

    /// What the ids of all such resources begin with, if it is one of these.
    pub fn family(&self) -> Option<&str> {
        self.0.split_once('.').map(|(family, _)| family)
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Name {
    /// Wraps a string; what is valid is the kind's to say.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Handle {
    /// Wraps a string; what is valid is the kind's to say.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The handle of what has a name within another resource alone: an entry, a filter, a statement. In
    /// two buckets there may be two of one name.
    pub fn within(whole: &Name, name: &str) -> Self {
        Self(format!("{whole}/{name}"))
    }

    /// The name within the other resource.
    pub fn inner(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.as_str(), |(_, name)| name)
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

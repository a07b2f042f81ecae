//! The section `auth`: one file for each way in which callers show who they are.

mod api_key;
mod basic;
mod cognito;
mod iam;
mod jwt;

pub use api_key::ApiKeys;
pub use basic::{Basic, Secret};
pub use cognito::Cognito;
pub use iam::Iam;
pub use jwt::{Jwt, Token};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Who may call a route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Authorizer {
    /// Basic authentication with one user name and password from Secrets Manager.
    Basic(Basic),
    /// Users of a Cognito user pool, with API Gateway's own authorizer.
    Cognito(Cognito),
    /// Users of a user pool or of any OIDC issuer, with an authorizer that knows groups, scopes and plans.
    Jwt(Jwt),
    /// Clients with an API key of a usage plan.
    ApiKey(ApiKeys),
    /// Callers who sign with credentials of AWS, and whose policies let them.
    Iam(Iam),
}

/// Authorizers by names of the user's choosing. The word of a kind, used as a name, stands for that kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Auth(BTreeMap<String, Authorizer>);

/// The words of the kinds: the members of [`Authorizer`].
const WORDS: [&str; 5] = ["api_key", "basic", "cognito", "iam", "jwt"];

impl Auth {
    /// Returns the authorizers with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Authorizer)> {
        self.0.iter().map(|(name, authorizer)| (name.as_str(), authorizer))
    }

    /// Returns the authorizers for change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Authorizer> {
        self.0.values_mut()
    }

    /// Returns the authorizer of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Authorizer> {
        self.0.get(name)
    }

    /// Returns the only authorizer, which a route need not name.
    #[must_use]
    pub fn only(&self) -> Option<(&str, &Authorizer)> {
        self.iter().next().filter(|_| self.0.len() == 1)
    }

    /// Returns the path below the section of what an authorizer says: the word of its kind follows its name.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        match self.get(name) {
            Some(authorizer) if !WORDS.contains(&name) => format!("{name}/{}", authorizer.word()),
            _ => name.to_owned(),
        }
    }
}

impl Authorizer {
    /// Returns the word of its kind.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Basic(_) => "basic",
            Self::Cognito(_) => "cognito",
            Self::Jwt(_) => "jwt",
            Self::ApiKey(_) => "api_key",
            Self::Iam(_) => "iam",
        }
    }
}

impl Serialize for Auth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = Map::new();
        for (name, authorizer) in &self.0 {
            let value = serde_json::to_value(authorizer).map_err(serde::ser::Error::custom)?;
            let short = if WORDS.contains(&name.as_str()) { value.get(name).cloned() } else { None };
            all.insert(name.clone(), short.unwrap_or(value));
        }
        all.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Auth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = Map::deserialize(deserializer)?;
        let whole = |(name, value): (String, Value)| {
            let value = if WORDS.contains(&name.as_str()) { json!({ name.clone(): value }) } else { value };
            Ok((name, serde_json::from_value(value).map_err(D::Error::custom)?))
        };
        all.into_iter().map(whole).collect::<Result<_, _>>().map(Self)
    }
}

impl JsonSchema for Auth {
    fn schema_name() -> Cow<'static, str> {
        "Auth".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = Authorizer::json_schema(generator);
        let kinds = one.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        let members: Map<String, Value> =
            kinds.filter_map(|kind| kind["properties"].as_object().cloned()).flatten().collect();
        json_schema!({ "type": "object", "minProperties": 1, "properties": members, "additionalProperties": one })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_kind_needs_no_second_level() {
        let text = json!({ "basic": {}, "readers": { "api_key": {} } });
        let auth: Auth = serde_json::from_value(text).unwrap();
        let words: Vec<_> = auth.iter().map(|(name, one)| (name, one.word(), auth.path(name))).collect();
        assert_eq!(
            words,
            [("basic", "basic", "basic".to_owned()), ("readers", "api_key", "readers/api_key".to_owned())]
        );
        let again: Auth = serde_json::from_value(serde_json::to_value(&auth).unwrap()).unwrap();
        assert_eq!(again, auth);
    }

    #[test]
    fn every_kind_has_its_word() {
        let schema = Auth::json_schema(&mut SchemaGenerator::default()).to_value();
        let mut known: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        known.sort();
        assert_eq!(known, WORDS);
    }
}

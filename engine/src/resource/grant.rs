//! What the deployer of a resource must be allowed to do.

use crate::aws::Place;

/// What a deployer may touch: the resources of one pipeline in one place.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub place: &'a Place,
    pub pipeline: &'a str,
    /// ARN of the policy that bounds every role of the pipeline, if its spec names one.
    pub boundary: Option<&'a str>,
}

/// IAM actions on one resource pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    pub actions: &'static [&'static str],
    pub resource: String,
    /// All of these must hold.
    pub conditions: Vec<Condition>,
}

/// An operator of IAM's, a condition key, and the value that it is compared with.
pub type Condition = (&'static str, String, String);

impl Grant {
    /// Allows `actions` on `resource`, unconditionally.
    pub fn new(actions: &'static [&'static str], resource: impl Into<String>) -> Self {
        Self { actions, resource: resource.into(), conditions: Vec::new() }
    }

    /// Allows it only where the condition key has this value.
    #[must_use]
    pub fn when(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.and("StringEquals", key.into(), value.into())
    }

    /// Allows it only where the condition key has this value, or is not there at all.
    #[must_use]
    pub fn unless_other(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.and("StringEqualsIfExists", key.into(), value.into())
    }

    fn and(mut self, operator: &'static str, key: String, value: String) -> Self {
        self.conditions.push((operator, key, value));
        self
    }
}

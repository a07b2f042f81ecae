//! The environment variables that `pipe` sets on its functions.

/// A variable that must be there and is not, or is empty.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("failed to start: the environment variable `{0}` is missing or empty")]
pub struct Missing(pub &'static str);

/// Reads an optional variable. An empty one counts as absent: Lambda cannot unset what a layer has set.
pub fn optional(name: &str, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    read(name).filter(|value| !value.is_empty())
}

/// Reads a required variable.
pub fn required(name: &'static str, read: impl Fn(&str) -> Option<String>) -> Result<String, Missing> {
    optional(name, read).ok_or(Missing(name))
}

/// Reads a variable of this process.
pub fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

//! The consumer's environment.

use super::Keys;
use crate::environment::{Missing, optional, required};

/// What the environment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `PIPE_TABLE`: the table's name or ARN.
    pub table: String,
    /// `PIPE_PARTITION_KEY` and, where the table has one, `PIPE_SORT_KEY`: the names of the key attributes.
    pub keys: Keys,
    /// `PIPE_DLQ_URL`. Without it a record that can never succeed is reported as failed.
    pub queue_url: Option<String>,
    /// `PIPE_OVERWRITE`: `false` where an item that is there stays.
    pub overwrite: bool,
    /// `PIPE_DELETES`: `true` where a REMOVE of a table's changes takes the row away; otherwise it is skipped.
    pub deletes: bool,
}

impl Config {
    /// Reads the variables through `read`. An empty variable counts as absent.
    pub fn read(read: impl Fn(&str) -> Option<String>) -> Result<Self, Missing> {
        let keys = Keys { partition: required("PIPE_PARTITION_KEY", &read)?, sort: optional("PIPE_SORT_KEY", &read) };
        let overwrite = read("PIPE_OVERWRITE").as_deref() != Some("false");
        let deletes = read("PIPE_DELETES").as_deref() == Some("true");
        let queue_url = optional("PIPE_DLQ_URL", &read);
        Ok(Config { table: required("PIPE_TABLE", &read)?, keys, queue_url, overwrite, deletes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &'static [(&str, &str)]) -> Result<Config, Missing> {
        Config::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn sort_key_and_queue_are_optional_and_may_be_empty() {
        let config =
            read(&[("PIPE_TABLE", "T"), ("PIPE_PARTITION_KEY", "id"), ("PIPE_SORT_KEY", ""), ("PIPE_DLQ_URL", "")]);
        let keys = Keys { partition: "id".into(), sort: None };
        assert_eq!(config, Ok(Config { table: "T".into(), keys, queue_url: None, overwrite: true, deletes: false }));
    }

    #[test]
    fn items_are_overwritten_unless_it_says_false() {
        let overwrite = |value: &'static str| {
            Config::read(|name| Some(if name == "PIPE_OVERWRITE" { value } else { "x" }.to_owned()))
                .map(|it| it.overwrite)
        };
        assert_eq!([overwrite("false"), overwrite(""), overwrite("true")], [Ok(false), Ok(true), Ok(true)]);
    }

    #[test]
    fn rows_are_deleted_only_where_it_says_true() {
        let deletes = |value: &'static str| {
            Config::read(|name| Some(if name == "PIPE_DELETES" { value } else { "x" }.to_owned())).map(|it| it.deletes)
        };
        assert_eq!(
            [deletes("true"), deletes(""), deletes("false"), deletes("1")],
            [Ok(true), Ok(false), Ok(false), Ok(false)]
        );
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = read(&[("PIPE_TABLE", "T"), ("PIPE_PARTITION_KEY", "")]).expect_err("missing");
        assert_eq!(
            error.to_string(),
            "failed to start: the environment variable `PIPE_PARTITION_KEY` is missing or empty"
        );
        assert_eq!(read(&[("PIPE_PARTITION_KEY", "id")]), Err(Missing("PIPE_TABLE")));
    }
}

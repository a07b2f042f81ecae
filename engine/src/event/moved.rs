//! What moves through `pipe dev`, as lines like any other.

use pipe_local::event::Event as Moved;

use super::Event;

impl From<Moved> for Event {
    fn from(moved: Moved) -> Self {
        match moved {
            Moved::Answered { method, path, status, milliseconds, shard, sequence_number, reason } => {
                Self::Answered { method, path, status, milliseconds, shard, sequence_number, reason }
            }
            Moved::Batch { function, shard, records, milliseconds, succeeded, error } => {
                Self::Batch { function, shard, records, milliseconds, succeeded, error }
            }
            Moved::Row { table, key } => Self::Row { table, key },
            Moved::DeadLetter { queue, reason, shard, first, last } => {
                Self::DeadLetter { queue, reason, shard, first, last }
            }
            Moved::Log { function, line } => Self::Log { function, line },
            Moved::Warning { message } => Self::Warning { message },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_of_each() -> Vec<Moved> {
        let text = || "x".to_owned();
        let answered = |shard: Option<String>, reason| Moved::Answered {
            method: text(),
            path: text(),
            status: 200,
            milliseconds: 1,
            sequence_number: shard.clone(),
            shard,
            reason,
        };
        let batch =
            |error| Moved::Batch { function: text(), shard: text(), records: 2, milliseconds: 1, succeeded: 1, error };
        vec![
            answered(Some(text()), None),
            answered(None, Some(text())),
            batch(None),
            batch(Some(text())),
            Moved::Row { table: text(), key: text() },
            Moved::DeadLetter { queue: text(), reason: text(), shard: text(), first: text(), last: text() },
            Moved::Log { function: text(), line: text() },
            Moved::Warning { message: text() },
        ]
    }

    /// Nothing is lost on the way, and every line is as the schema says.
    #[test]
    fn what_moves_is_told_as_it_is_and_fits_the_schema() {
        let schema: serde_json::Value = serde_json::from_str(&crate::event::schema()).unwrap();
        let schema = jsonschema::draft202012::new(&schema).unwrap();
        for moved in one_of_each() {
            let mut as_it_is = serde_json::to_value(&moved).unwrap();
            as_it_is["version"] = crate::event::VERSION.into();
            let line: serde_json::Value = serde_json::from_str(&Event::from(moved).to_line().unwrap()).unwrap();
            assert_eq!(line, as_it_is);
            assert!(schema.is_valid(&line), "{line}");
        }
    }
}

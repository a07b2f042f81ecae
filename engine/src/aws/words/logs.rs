//! CloudWatch Logs'.

use super::Words;

pub const WORDS: Words =
    Words { exists: &["ResourceAlreadyExistsException"], busy_codes: &["OperationAbortedException"], ..Words::NONE };

//! CloudWatch Logs'.

use super::Words;

pub const WORDS: Words = Words {
    exists: &["ResourceAlreadyExistsException"],
    // A function's permission or a role that it has not learned of yet.
    propagating: &["Could not execute the lambda function", "Could not deliver test message"],
    busy_codes: &["OperationAbortedException"],
    ..Words::NONE
};

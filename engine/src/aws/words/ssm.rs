//! Parameter Store's.

use super::Words;

pub const WORDS: Words = Words {
    not_found: &["ParameterNotFound"],
    exists: &["ParameterAlreadyExists"],
    throttled: &[
        // Two write one parameter.
        "TooManyUpdates",
    ],
    ..Words::NONE
};

//! EventBridge's.

use super::Words;

pub const WORDS: Words = Words {
    exists: &["ResourceAlreadyExistsException"],
    // Of a rule whose targets were removed a moment ago.
    busy: &["since it has targets"],
    ..Words::NONE
};

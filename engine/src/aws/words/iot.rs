//! AWS IoT's.

use super::Words;

pub const WORDS: Words = Words {
    exists: &["ResourceAlreadyExistsException"],
    busy_codes: &["ConflictingResourceUpdateException"],
    ..Words::NONE
};

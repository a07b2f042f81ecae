//! SNS's.

use super::Words;

pub const WORDS: Words = Words {
    not_found: &["NotFound", "ResourceNotFound"],
    // Two changes of the tags of one topic.
    busy_codes: &["ConcurrentAccess", "ConcurrentAccessException", "StaleTag", "StaleTagException"],
    throttled: &["Throttled"],
    ..Words::NONE
};

//! AWS WAF's.

use super::Words;

pub const WORDS: Words = Words {
    not_found: &["WAFNonexistentItemException"],
    // A stage or a web ACL that was made a moment ago.
    busy_codes: &["WAFUnavailableEntityException"],
    ..Words::NONE
};

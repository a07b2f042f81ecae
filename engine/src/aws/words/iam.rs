//! IAM's.

use super::Words;

pub const WORDS: Words = Words {
    not_found: &["NoSuchEntity", "NoSuchEntityException"],
    exists: &["EntityAlreadyExists"],
    busy: &["must detach all policies first"],
    busy_codes: &["ConcurrentModification", "DeleteConflict"],
    ..Words::NONE
};

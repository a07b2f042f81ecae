//! EventBridge Scheduler's.

use super::Words;

pub const WORDS: Words = Words {
    exists: &["ConflictException"],
    propagating: &["must allow AWS EventBridge Scheduler to assume the role"],
    ..Words::NONE
};

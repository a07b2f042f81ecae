//! Kinesis's.

use super::Words;

pub const WORDS: Words =
    Words { busy: &["simultaneously be in CREATING or DELETING", "Rate exceeded for stream"], ..Words::NONE };

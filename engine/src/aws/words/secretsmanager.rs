//! Secrets Manager's.

use super::Words;

pub const WORDS: Words =
    Words { exists: &["ResourceExistsException"], propagating: &["unsupported principal"], ..Words::NONE };

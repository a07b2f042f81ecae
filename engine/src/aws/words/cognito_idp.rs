//! Cognito's user pools'.

use super::Words;

pub const WORDS: Words = Words { exists: &["GroupExistsException"], ..Words::NONE };

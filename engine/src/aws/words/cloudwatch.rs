//! CloudWatch's.

use super::Words;

pub const WORDS: Words = Words { not_found: &["DashboardNotFoundError", "ResourceNotFound"], ..Words::NONE };

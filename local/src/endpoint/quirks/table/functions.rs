//! The part of the table about calls of functions.

use super::Operation::Path;
use super::Quirk;
use super::Whose::Sessions;
use crate::endpoint::quirks::refusals;

pub(super) static QUIRKS: &[Quirk] = &[Quirk {
    whose: Sessions,
    reason: "MiniStack calls a function with {} where the body is no JSON, and tells the caller another id than the function",
    operations: &[Path("lambda", "POST", "2015-03-31/functions/*/invocations")],
    answer: refusals::invoked,
}];

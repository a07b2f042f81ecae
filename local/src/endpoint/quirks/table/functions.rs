//! The part of the table about calls of functions.

use super::Operation::Path;
use super::Quirk;
use super::Whose::Sessions;
use crate::endpoint::quirks::refusals;

pub(super) static QUIRKS: &[Quirk] = &[Quirk {
    whose: Sessions,
    reason: "a function is called with {} in the place of what is no JSON, and with another id than its caller is told",
    operations: &[Path("lambda", "POST", "2015-03-31/functions/*/invocations")],
    answer: refusals::invoked,
}];

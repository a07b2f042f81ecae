//! The tag that knows which settings beside a function are the pipeline's: AWS keeps no tags of them.

use super::{Function, asynchronous, recursion};
use crate::aws::PARTS;
use crate::resource::Tags;

/// The tag of a function.
pub(super) fn records(function: &Function) -> Tags {
    let all = [(function.asynchronous.is_some(), asynchronous::PART), (function.allows_recursion, recursion::PART)];
    let set: Vec<&str> = all.into_iter().filter(|(is, _)| *is).map(|(_, part)| part).collect();
    if set.is_empty() { Tags::new() } else { Tags::from([(PARTS.to_owned(), set.join(" "))]) }
}

/// Whether a function's tags say that a setting is the pipeline's.
pub(super) fn has(tags: &Tags, part: &str) -> bool {
    tags.get(PARTS).is_some_and(|parts| parts.split(' ').any(|one| one == part))
}

//! What an answer means for a batch of messages.

use std::collections::BTreeSet;

use crate::invoke::Answer;
use crate::poller::diagnosis;
use crate::poller::outcome::{failure, named};
use crate::poller::slot::{NAMED, Told};

/// The places of the messages of a batch with these ids that failed: none is success, all is failure of the whole batch.
///
/// With `ReportBatchItemFailures` (`partial`) what counts as an answer is what counts for streams, but here each message stands for
/// itself. As recorded and documented, an identifier that is unknown, empty or null, and another key in its place, fail the whole batch
/// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html). So does one that comes twice: AWS is silent about it, and to
/// hand over again loses nothing.
pub fn failed(answer: &Answer, partial: bool, ids: &[&str]) -> BTreeSet<usize> {
    let all = || (0..ids.len()).collect();
    let Some(places) = named(answer, partial, ids) else { return all() };
    let once: BTreeSet<usize> = places.iter().copied().collect();
    if once.len() == places.len() { once } else { all() }
}

/// What is wrong with an answer, in words.
fn wrong(answer: &Answer, partial: bool, ids: &[&str]) -> Option<String> {
    // The words for streams name what identifies a record there.
    let said = diagnosis::wrong(answer, partial, ids)?;
    Some(said.replace("sequence number", "message id").replace("a record twice", "a message twice"))
}

/// What is said of an answer to messages with these ids and groups, of which those failed.
pub fn told(answer: &Answer, partial: bool, ids: &[&str], groups: &[Option<&str>], failed: &BTreeSet<usize>) -> Told {
    let (records, wrong) = (ids.len(), wrong(answer, partial, ids));
    let succeeded = records - failed.len();
    if failed.is_empty() {
        return Told { records, succeeded, error: None, answer: wrong };
    }
    if let Some(error) = failure(answer) {
        return Told { records, error: Some(error), ..Told::default() };
    }
    match wrong {
        // All failed, because the answer is wrong.
        Some(wrong) => {
            Told { records, succeeded, error: Some(format!("its answer is not understood: {wrong}")), answer: None }
        }
        None => Told { records, succeeded, error: Some(NAMED.to_owned()), answer: out_of_order(groups, failed) },
    }
}

/// A function that names a message of a FIFO group, and not those after it, has the later ones done before it
/// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
fn out_of_order(groups: &[Option<&str>], failed: &BTreeSet<usize>) -> Option<String> {
    let mut behind = BTreeSet::new();
    for (place, group) in groups.iter().enumerate() {
        let Some(group) = group else { continue };
        if failed.contains(&place) {
            behind.insert(group);
        } else if behind.contains(group) {
            let said =
                "it names a message but not those after it in its group, which are done before it: name these too";
            return Some(said.to_owned());
        }
    }
    None
}

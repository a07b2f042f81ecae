//! Rules of `alarms`.

use super::{ALARMS, Cx};
use crate::spec::Problem;

/// Alarms tell a mail address or a topic.
pub(super) fn one(cx: &Cx<'_>) -> Vec<Problem> {
    let both = cx.spec.told().is_some_and(|told| told.email.is_some() && told.topic.is_some());
    let problem = || {
        Problem::error(format!("{ALARMS}/topic"), "alarms tell a mail address or a topic, and here are both")
            .hint("subscribe the mail address to the topic, and take `email` out; or take `topic` out")
            .on_key()
    };
    both.then(problem).into_iter().collect()
}

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
    both.then(problem).into_iter().chain(round(cx)).collect()
}

/// An alarm of a function that alarms call.
fn round(cx: &Cx<'_>) -> Option<Problem> {
    let told = cx.spec.told()?.topic.as_ref()?;
    // Alarms have no attributes that a filter could ask for.
    let source = cx.topic().filter(|source| source.filter.is_none())?;
    let same = match source.place.existing().and_then(|existing| existing.arn()) {
        Some(arn) => arn == told,
        None => told.rsplit(':').next() == Some(cx.spec.topic_name().as_str()),
    };
    same.then(|| {
        let message =
            "alarms would go to the topic that the events come from, and an alarm about them would be one more";
        Problem::error(format!("{ALARMS}/topic"), message)
            .hint("name another topic than that of `source.topic`")
            .on_key()
    })
}

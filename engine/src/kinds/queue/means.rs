//! What a change of a queue does to its messages, and whom it lets in.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Queue;
use crate::aws::policy::{Policy, actions, without};
use crate::resource::{Advice, Changed};

/// What each change comes to.
pub fn advice(of: &Changed<'_, Queue>) -> Advice {
    let Some((desired, live)) = of.edit() else { return Advice::default() };
    Advice {
        loses: loses(desired, live),
        widens: widens(desired, live),
        means: means(desired, live),
        ..Advice::default()
    }
}

pub(super) fn loses(desired: &Queue, live: &Queue) -> Option<String> {
    let (new, old) = (desired.retention_seconds, live.retention_seconds);
    let shorter =
        (new < old).then(|| format!("messages older than {new} s are dropped at once; they are kept for {old} s now"));
    let unmoved = desired.redrive.is_none() && live.redrive.is_some();
    shorter.or_else(|| unread(desired, live)).or_else(|| {
        unmoved.then(|| "messages that fail are dropped when they are too old: none moves to a dlq any more".to_owned())
    })
}

/// A message stays encrypted with the key that it was sent with. Roles may use keys of one's own only while the queue has one.
fn unread(desired: &Queue, live: &Queue) -> Option<String> {
    let key = left(desired, live)?;
    Some(format!(
        "messages that are encrypted with `{key}` stay so, and the pipeline's roles may no longer decrypt them: empty the queue \
         first, or allow the consumer `kms:Decrypt` on the key in its `statements`"
    ))
}

/// The key that the queue has, and is to have none any more. Who may use AWS's own key in the account needs no right for it.
fn left<'a>(desired: &Queue, live: &'a Queue) -> Option<&'a str> {
    let own = !live.key.is_empty() && !live.key.starts_with("alias/aws/");
    Some(live.key.as_str()).filter(|_| own && desired.key.is_empty())
}

/// Who may do more, and what its policy forbids no longer.
pub(super) fn widens(desired: &Queue, live: &Queue) -> Vec<String> {
    let bound = left(desired, live);
    let bound = bound.map(|key| format!("the key policy of `{key}` no longer bounds who reads new messages"));
    opens(&desired.policy, &live.policy).into_iter().chain(bound).collect()
}

/// The same of the policy of any resource: who may do more by it, and what it forbids no longer.
pub(in crate::kinds) fn opens(desired: &Policy, live: &Policy) -> Vec<String> {
    // The resource is the one that has the policy, whatever it is called by then.
    let own = |policy: &Policy| {
        let statements = policy.statements().iter();
        Policy::new(statements.map(|statement| without(statement, &["Resource"])).collect())
    };
    let (now, then) = (own(desired), own(live));
    let (allowed, before) = (allows(&now), allows(&then));
    let mut all: Vec<String> = allowed.difference(&before).cloned().collect();
    let (now, then) = (now.forbids(), then.forbids());
    all.extend(then.difference(&now).map(|statement| format!("{statement} is no longer forbidden")));
    all
}

/// What each principal may do, for people; a condition is part of it.
fn allows(policy: &Policy) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for statement in policy.statements().iter().filter(|statement| statement["Effect"] == "Allow") {
        let bound = match &statement["Condition"] {
            Value::Null => String::new(),
            condition => format!(" if {condition}"),
        };
        let kinds = statement["Principal"].as_object().into_iter().flat_map(|kinds| kinds.values());
        for who in kinds.flat_map(|names| names.as_array().into_iter().flatten()).filter_map(Value::as_str) {
            all.insert(format!("`{who}` may call `{}`{bound}", actions(statement)));
        }
    }
    all
}

/// What happens to messages on their way.
fn means(desired: &Queue, live: &Queue) -> Vec<String> {
    let mut all = Vec::new();
    let mut say = |so: bool, text: String| all.extend(so.then_some(text));
    if let (Some(now), Some(then)) = (&desired.redrive, &live.redrive) {
        let (new, old) = (now.max_receives, then.max_receives);
        say(
            new < old,
            format!("a message that was received {new} times already moves to the dlq at once, no longer after {old}"),
        );
    }
    say(
        desired.delay_seconds > live.delay_seconds,
        format!("messages are handled {} s after they were sent at the soonest", desired.delay_seconds),
    );
    let (new, old) = (&desired.key, &live.key);
    let another = !new.is_empty() && new != old;
    say(
        another && !old.is_empty(),
        format!("the messages of now still need the key `{old}`: keep it for {} s", live.retention_seconds),
    );
    say(
        another && !allows(&desired.policy).is_empty(),
        format!("other senders need `kms:GenerateDataKey` and `kms:Decrypt` with the key `{new}` from now on"),
    );
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::queue::{USUAL_VISIBILITY, tls_and_senders};
    use crate::resource::Name;

    const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/one";

    fn of(key: &str, services: &[String]) -> Queue {
        Queue {
            retention_seconds: 345_600,
            encrypted: key.is_empty(),
            key: key.into(),
            policy: tls_and_senders(&crate::aws::mocked::place(), &Name::new("jobs"), (&[], services), None),
            fifo: false,
            visibility_seconds: USUAL_VISIBILITY,
            delay_seconds: 0,
            redrive: None,
            takes_from: Vec::new(),
        }
    }

    #[test]
    fn what_another_key_means_is_told_to_readers_and_senders() {
        let (one, two) = (of(KEY, &[]), of("arn:aws:kms:eu-central-1:111122223333:key/two", &[]));
        let none = of("", &[]);
        assert!(
            loses(&none, &one).is_some_and(|why| why.contains(KEY)) && widens(&none, &one)[0].contains("key policy")
        );
        assert_eq!((loses(&two, &one), widens(&two, &one), loses(&one, &none)), (None, Vec::new(), None));
        assert!(means(&two, &one)[0].contains("keep it for 345600 s"));
        assert_eq!((means(&one, &none), means(&one, &one)), (Vec::new(), Vec::new()));
        let service = ["events.amazonaws.com".to_owned()];
        assert!(means(&of(KEY, &service), &of("", &service))[0].contains("kms:GenerateDataKey"));
    }
}

//! What a change does to events that a source cannot deliver: subscriptions, rules and schedules say it in the same words.

/// How often and how long an event is tried again, and where it goes then.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    pub retries: u32,
    pub max_age_seconds: u32,
    /// ARN of a queue, or empty.
    pub dead_letters: &'a str,
}

/// Why events may be lost from now on.
pub fn loses(now: &str, then: &str) -> Option<String> {
    (now.is_empty() && !then.is_empty())
        .then(|| "events that cannot be delivered are dropped: none goes to the dlq any more".to_owned())
}

/// What happens to events on their way.
pub fn means(now: Delivery<'_>, then: Delivery<'_>) -> Vec<String> {
    let end = if now.dead_letters.is_empty() { "is dropped" } else { "goes to the dlq" };
    let mut all = Vec::new();
    if now.retries < then.retries {
        let (new, old) = (now.retries, then.retries);
        all.push(format!("an event that cannot be delivered {end} after {new} retries, no longer after {old}"));
    }
    if now.max_age_seconds < then.max_age_seconds {
        let (new, old) = (now.max_age_seconds, then.max_age_seconds);
        all.push(format!("an event that cannot be delivered {end} after {new} s, no longer after {old} s"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_less_is_told() {
        let of = |retries, max_age_seconds| Delivery { retries, max_age_seconds, dead_letters: "" };
        assert_eq!(means(of(5, 60), of(5, 60)), means(of(6, 70), of(5, 60)));
        assert_eq!(means(of(4, 50), of(5, 60)).len(), 2);
        assert!(loses("", "arn").is_some() && loses("arn", "").is_none() && loses("", "").is_none());
    }
}

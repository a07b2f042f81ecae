//! What a change of a mapping does to the records on their way.

use super::Mapping;

/// Says it for people, worst first. A replaced mapping has no checkpoint, so where it starts decides what is read.
pub fn means(desired: &Mapping, live: &Mapping, replaced: bool) -> Vec<String> {
    let mut all = Vec::new();
    if replaced {
        all.push(start(desired, live));
    }
    let mut say = |so: bool, text: &str| all.extend(so.then(|| text.to_owned()));
    say(live.enabled && !desired.enabled, "records wait from now on, and are lost when the stream's retention is over");
    say(
        desired.retries == -1 && live.retries != -1,
        "retries are unlimited: a batch that fails holds up its shard until its records expire",
    );
    say(
        desired.parallelization > 1 && live.parallelization == 1,
        "order is kept for each partition key only, no longer for a shard",
    );
    say(
        live.bisect && !desired.bisect && !desired.partial,
        "one bad record takes the others of its batch with it: failed batches are no longer split",
    );
    say(
        live.partial && !desired.partial,
        "what the function says of single records no longer counts: a failed batch is tried again as a whole",
    );
    all
}

fn start(desired: &Mapping, live: &Mapping) -> String {
    let new = desired.source != live.source;
    match (new, desired.start.as_str()) {
        (true, "oldest") => {
            "the new stream is read from its oldest record; what the old one still holds is read no more".to_owned()
        }
        (true, "newest") => {
            "records that reach the new stream before the mapping polls are skipped, and what the old one still \
             holds is read no more"
                .to_owned()
        }
        (false, "oldest") => {
            "the stream is read again from its oldest record, so records that were handled come once more".to_owned()
        }
        (false, "newest") => {
            "records that are not read yet, or come before the new mapping polls, are skipped".to_owned()
        }
        (_, at) => format!(
            "the stream is read from {}: older records are skipped, younger ones that were handled come once more",
            at.trim_start_matches("at ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping() -> Mapping {
        Mapping {
            function: "f".into(),
            source: "arn:aws:kinesis:eu-central-1:1:stream/s".into(),
            enabled: true,
            batch_size: 100,
            window_seconds: 0,
            parallelization: 1,
            start: "oldest".into(),
            retries: 100,
            max_age_seconds: 43200,
            bisect: true,
            partial: true,
            on_failure: "queue".into(),
        }
    }

    #[test]
    fn an_edit_of_start_says_what_is_read_again_or_skipped() {
        let told = |start: &str| {
            let desired = Mapping { start: start.into(), ..mapping() };
            means(&desired, &Mapping { start: "other".into(), ..mapping() }, true).join("; ")
        };
        assert!(told("oldest").contains("read again from its oldest record"));
        assert!(told("newest").contains("are skipped"));
        assert!(told("at 2026-01-01T00:00:00Z").contains("read from 2026-01-01T00:00:00Z: older records are skipped"));
    }

    #[test]
    fn a_new_source_leaves_the_old_one_unread() {
        let live = Mapping { source: "another".into(), ..mapping() };
        let told = means(&mapping(), &live, true);
        assert!(told[0].starts_with("the new stream is read from its oldest record"), "{told:?}");
    }

    #[test]
    fn what_holds_up_or_reorders_records_is_told_and_what_does_not_is_not() {
        let told = |edit: fn(&mut Mapping)| {
            let mut desired = mapping();
            edit(&mut desired);
            means(&desired, &mapping(), false)
        };
        assert!(told(|mapping| mapping.retries = -1)[0].contains("retries are unlimited"));
        assert!(told(|mapping| mapping.parallelization = 2)[0].contains("order is kept for each partition key only"));
        assert!(told(|mapping| mapping.enabled = false)[0].contains("records wait"));
        assert!(told(|mapping| mapping.partial = false)[0].contains("as a whole"));
        assert_eq!(told(|mapping| (mapping.batch_size, mapping.window_seconds) = (10, 1)), [""; 0]);
    }
}

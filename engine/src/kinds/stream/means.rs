//! What a change of a stream does to its records, and who may do more.

use super::{NONE, Stream};
use crate::resource::Advice;

pub fn advice(desired: &Stream, live: &Stream) -> Advice {
    Advice {
        loses: loses(desired, live),
        widens: widens(desired, live),
        means: means(desired, live),
        ..Advice::default()
    }
}

/// A record stays encrypted with the key that it was written with. Roles may use keys of one's own only while the stream has one.
pub fn loses(desired: &Stream, live: &Stream) -> Option<String> {
    let (new, old) = (desired.retention_hours, live.retention_hours);
    if new < old {
        return Some(format!("records older than {new} hours are lost at once; they are kept for {old} hours now"));
    }
    let key = live.own_key().filter(|_| desired.own_key().is_none())?;
    Some(format!(
        "records that are encrypted with `{key}` are no longer read: let the consumer handle them first, or allow it \
         `kms:Decrypt` on the key in its `statements`"
    ))
}

fn widens(desired: &Stream, live: &Stream) -> Vec<String> {
    let told = if desired.encryption == live.encryption {
        None
    } else if desired.encryption == NONE {
        Some("new records are no longer encrypted".to_owned())
    } else {
        let key = live.own_key().filter(|_| desired.own_key().is_none());
        key.map(|key| format!("the key policy of `{key}` no longer bounds who reads new records"))
    };
    told.into_iter().collect()
}

pub fn means(desired: &Stream, live: &Stream) -> Vec<String> {
    let (new, old) = (desired.max_record_kb, live.max_record_kb);
    let smaller =
        (new < old).then(|| format!("records larger than {new} KiB are refused; the stream takes {old} KiB now"));
    smaller.into_iter().chain(another_key(desired, live)).collect()
}

fn another_key(desired: &Stream, live: &Stream) -> Option<String> {
    let (old, hours) = (live.own_key()?, desired.retention_hours);
    match desired.own_key() {
        Some(new) if new == old => None,
        Some(_) => Some(format!("the records of now still need the key `{old}`: keep it for {hours} hours")),
        None => Some("the API's requests are refused until AWS has left the key, which can take minutes".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/one";

    fn of(encryption: &str) -> Stream {
        Stream { on_demand: false, shards: 1, retention_hours: 24, max_record_kb: 1024, encryption: encryption.into() }
    }

    #[test]
    fn who_leaves_a_key_of_their_own_is_told_what_it_read() {
        let left = advice(&of("aws_managed"), &of(KEY));
        assert!(left.loses.is_some_and(|why| why.contains(KEY) && why.contains("kms:Decrypt")));
        assert!(left.widens[0].contains("key policy"));
        assert_eq!(advice(&of(KEY), &of("aws_managed")), Advice::default());
    }

    #[test]
    fn another_key_loses_nothing_while_the_old_one_is_kept() {
        let told = advice(&of("arn:aws:kms:eu-central-1:111122223333:key/two"), &of(KEY));
        assert_eq!((told.loses, told.widens), (None, Vec::new()));
        assert!(told.means[0].contains("24 hours"));
        assert_eq!(advice(&of(KEY), &of(KEY)), Advice::default());
    }
}

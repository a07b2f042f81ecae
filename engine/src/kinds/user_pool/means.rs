//! What a change of a pool means for its users.

use super::{UserPool, Whose};
use crate::resource::{Advice, Changed, How};

pub(super) fn advice(of: &Changed<'_, UserPool>) -> Advice {
    let protected = |live: &UserPool| live.deletion_protection.then_some("deletion_protection");
    match *of {
        Changed::New(_) => Advice::default(),
        Changed::Edit { desired, live, how } => Advice {
            loses: loses(desired, live),
            widens: widens(desired, live),
            means: means(desired, live, how),
            protected: protected(live),
            ..Advice::default()
        },
        Changed::End { live, .. } => Advice { protected: protected(live), ..Advice::default() },
    }
}

fn loses(desired: &UserPool, live: &UserPool) -> Option<String> {
    let gone = live
        .groups
        .iter()
        .filter(|(name, whose)| **whose == Whose::ThePipelines && !desired.groups.contains_key(*name));
    let gone: Vec<String> = gone.map(|(name, _)| format!("`{name}`")).collect();
    (!gone.is_empty()).then(|| format!("groups are deleted, and who is in them is forgotten: {}", gone.join(", ")))
}

fn widens(desired: &UserPool, live: &UserPool) -> Vec<String> {
    let opens = desired.self_sign_up && !live.self_sign_up;
    opens.then(|| "anybody may become a user of the pool".to_owned()).into_iter().collect()
}

fn means(desired: &UserPool, live: &UserPool, how: &How) -> Vec<String> {
    const ANEW: &str = "every user has to sign up again, for AWS gives no password away; the pool's id, its client's id and the \
                        issuer are others, so apps must be told, and tokens of the old pool are refused";
    if how.replaced {
        return vec![ANEW.to_owned()];
    }
    let gone = live.spare_clients.difference(&desired.spare_clients);
    gone.map(|id| format!("an app that signs in through the client {id} can do so no more")).collect()
}

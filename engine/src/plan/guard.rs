//! What a change must not do, and what it may do only with consent.

use serde_json::Value;

use crate::error::Error;
use crate::owner::Owner;
use crate::plan::decide::Planner;
use crate::plan::{Action, Change};
use crate::resource::Live;

impl Planner<'_> {
    /// Says what a change loses, and refuses what the live resource protects.
    pub(super) fn guard(&mut self, change: &mut Change, live: &Live<Value>) {
        let gone = matches!(change.action, Action::Replace | Action::Delete);
        if gone && let Some(property) = (change.kind.protected)(&live.props) {
            self.refuse(
                Error::fatal(format!(
                    "`{}` ({} `{}`) is protected by `{property}`",
                    change.id,
                    change.kind.name,
                    change.live_name()
                ))
                .hint(format!("set `{property}: false` and apply that first")),
            );
        }
        change.loss = match change.action {
            Action::Replace | Action::Delete if change.kind.holds_data => Some(match change.kind.lingers {
                "" => "what it holds is deleted".to_owned(),
                lingers => format!("what it holds is deleted; it stays {lingers}"),
            }),
            Action::Update | Action::Replace => (change.kind.loses)(&change.desired, &live.props),
            _ => None,
        };
        let taken_over = change.action == Action::Update && self.owner(live) == Owner::Nobody;
        change.loss = match change.loss.take() {
            None if taken_over => (change.kind.adopting)(&change.desired, &live.props),
            loss => loss,
        };
        if matches!(change.action, Action::Replace | Action::Update) {
            // Rights that other hands took away were agreed to when they were applied; what others forbid is theirs to allow.
            let widens = if change.drift { change.kind.lifts } else { change.kind.widens };
            change.widens = widens(&change.desired, &live.props);
            if !change.drift {
                self.elsewhere(change, live);
            }
        }
    }
}

#[cfg(test)]
mod tests;

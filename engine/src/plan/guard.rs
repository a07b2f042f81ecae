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
            // Drift or not: that something is drift is told by a tag, which others can set, and what they took away they may have meant.
            change.widens = (change.kind.widens)(&change.desired, &live.props);
            self.elsewhere(change, live);
        }
    }
}

#[cfg(test)]
mod tests;

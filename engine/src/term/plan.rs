//! A plan as people read it: a line for each resource that changes, and below it what changes.

use std::fmt::Write;

use serde_json::Value;

use crate::diff::Field;
use crate::owner::APPLIED;
use crate::plan::{Action, Change, Plan};
use crate::tame::tame;
use crate::term::style::{BAD, CHANGED, DIM, END, GOOD};

/// Longest value shown, in characters; a mapping template would fill the screen.
const WIDTH: usize = 96;

/// Characters shown before the place where two long values begin to differ.
const LEAD: usize = 24;

/// The plan as text, with styles.
pub fn render(plan: &Plan) -> String {
    let mut text = String::new();
    for change in plan.work() {
        render_change(&mut text, change);
    }
    for used in &plan.uses {
        let _ = writeln!(text, "  uses {} `{}` ({})", used.kind.name, used.name, used.id);
    }
    for note in &plan.notes {
        let _ = writeln!(text, "  note: {}", tame(note));
    }
    text + &summary(plan)
}

/// What a plan comes to, in one line.
fn summary(plan: &Plan) -> String {
    if plan.changes.is_empty() {
        return format!("Nothing to do: there is nothing of `{}` here.\n", plan.pipeline);
    }
    if plan.is_empty() {
        return format!("Nothing to do: {} resources are as they should be.\n", plan.changes.len());
    }
    let count = |action: Action| plan.changes.iter().filter(|change| change.action == action).count();
    let parts = [
        (count(Action::Create), "to create"),
        (count(Action::Update), "to update"),
        (count(Action::Replace), "to replace"),
        (count(Action::Delete), "to delete"),
        (count(Action::Same), "unchanged"),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    format!("Plan: {}.\n", parts.join(", "))
}

/// The symbol of an action.
fn symbol(action: Action) -> (anstyle::Style, char) {
    match action {
        Action::Create => (GOOD, '+'),
        Action::Update => (CHANGED, '~'),
        Action::Replace => (BAD, '±'),
        Action::Delete => (BAD, '-'),
        Action::Same => (DIM, ' '),
    }
}

fn render_change(text: &mut String, change: &Change) {
    let (style, symbol) = symbol(change.action);
    let drift = if change.drift { " (drift: changed outside of pipe, or left half-done)" } else { "" };
    let reasons =
        if change.reasons.is_empty() { String::new() } else { format!(" ({})", tame(&change.reasons.join("; "))) };
    let _ = writeln!(
        text,
        "{style}{symbol}{END} {:<15} {:<26} {}{reasons}{drift}",
        change.id, change.kind.name, change.name
    );
    if change.action != Action::Delete {
        let only_stamp = change.fields.iter().all(is_stamp);
        for field in change.fields.iter().filter(|field| only_stamp || !is_stamp(field)) {
            render_field(text, change.action, field);
        }
    }
    if let Some(loss) = &change.loss {
        let _ = writeln!(text, "    {BAD}! {}{END}", tame(loss));
    }
    for more in &change.widens {
        let _ = writeln!(text, "    {BAD}^ {}{END}", tame(more));
    }
    for meaning in &change.means {
        let _ = writeln!(text, "    {CHANGED}? {}{END}", tame(meaning));
    }
}

/// The hash of the desired form changes with every edit; it is news only when nothing else changes.
fn is_stamp(field: &Field) -> bool {
    field.path.strip_prefix("tags.") == Some(APPLIED)
}

fn render_field(text: &mut String, action: Action, field: &Field) {
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "(none)".to_owned(), Value::to_string);
    let (old, new) = (value(&field.old), value(&field.new));
    let (from, path) = (difference(&old, &new), tame(&field.path));
    let _ = match action {
        Action::Create => writeln!(text, "    {DIM}{path}: {}{END}", excerpt(&new, 0)),
        _ => {
            let forces =
                if field.forces_replacement { format!("  {BAD}forces replacement{END}") } else { String::new() };
            writeln!(text, "    {path}: {} → {}{forces}", excerpt(&old, from), excerpt(&new, from))
        }
    };
}

/// Where to begin to show two values: shortly before they differ, where their beginnings alone would look the same.
fn difference(old: &str, new: &str) -> usize {
    let same = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
    if same < WIDTH / 2 || old.chars().count().max(new.chars().count()) <= WIDTH { 0 } else { same - LEAD }
}

fn excerpt(text: &str, from: usize) -> String {
    let shown = tame(&text.chars().skip(from).take(WIDTH).collect::<String>());
    let (before, after) = (from > 0, text.chars().nth(from + WIDTH).is_some());
    format!("{}{shown}{}", if before { "…" } else { "" }, if after { "…" } else { "" })
}

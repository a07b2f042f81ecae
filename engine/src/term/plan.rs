//! A plan as people read it: a line for each resource that changes, and below it what changes.

use std::fmt::Write;

use serde_json::Value;

use crate::aws::{PARTS, Place, TAGS};
use crate::diff::Field;
use crate::owner::APPLIED;
use crate::plan::{Action, Change, Plan};
use crate::tame::tame;
use crate::term::style::{BAD, CHANGED, DIM, END, GOOD};
use crate::term::{grants, lines};

/// Longest value shown, in characters; a mapping template would fill the screen.
const WIDTH: usize = 96;

/// Characters shown before the place where two long values begin to differ.
const LEAD: usize = 24;

/// How much of a plan is shown, and where its resources are.
#[derive(Clone, Debug)]
pub struct View {
    /// Region and account: resources there are shown by kind and name alone.
    home: String,
    /// Show every property as it is: empty ones, `pipe`'s own, policies as JSON.
    full: bool,
}

impl View {
    /// The view of a plan for this place.
    pub fn new(place: &Place, full: bool) -> Self {
        Self { home: format!("{}:{}", place.region, place.account), full }
    }
}

/// The plan as text, with styles.
pub fn render(plan: &Plan, view: &View) -> String {
    let mut text = String::new();
    for change in plan.work() {
        render_change(&mut text, change, view);
    }
    for used in &plan.uses {
        let _ = writeln!(text, "  uses {} `{}` ({})", used.kind.name, used.name, used.id);
    }
    for note in &plan.notes {
        let _ = writeln!(text, "  note: {}", tame(note));
    }
    text + &legend(plan) + &summary(plan)
}

/// What the marks of a plan mean, and how many there are; nothing where there are none.
fn legend(plan: &Plan) -> String {
    let (losses, widening) = (plan.losses().count(), plan.widening().map(|change| change.widens.len()).sum::<usize>());
    let means: usize = plan.work().map(|change| change.means.len()).sum();
    let marks = [
        (BAD, '!', losses, "data is lost"),
        (BAD, '^', widening, "somebody may do more, or calls go elsewhere"),
        (CHANGED, '?', means, "what it does to records, clients, or a later destroy"),
    ];
    let line = |(style, mark, count, what): &(anstyle::Style, char, usize, &str)| {
        format!("{style}{mark}{END} {count} × {what}\n")
    };
    marks.iter().filter(|(_, _, count, _)| *count > 0).map(line).collect()
}

/// What a run of the plan has done, counted: `3 created, 12 unchanged`.
pub fn counted(plan: &Plan) -> String {
    counts(plan, ["created", "updated", "replaced", "deleted"])
}

/// The changes by their actions.
fn counts(plan: &Plan, words: [&str; 4]) -> String {
    let actions = [Action::Create, Action::Update, Action::Replace, Action::Delete, Action::Same];
    let count = |action: Action| plan.changes.iter().filter(|change| change.action == action).count();
    let parts = actions.into_iter().zip(words.into_iter().chain(["unchanged"]));
    let parts = parts.map(|(action, what)| (count(action), what)).filter(|(count, _)| *count > 0);
    parts.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
}

/// What a plan comes to, in one line.
fn summary(plan: &Plan) -> String {
    if plan.changes.is_empty() {
        return format!("There is nothing of `{}` here.\n", plan.pipeline);
    }
    if plan.is_empty() {
        return format!("Nothing to do: {} resources are as they should be.\n", plan.changes.len());
    }
    format!("Plan: {}.\n", counts(plan, ["to create", "to update", "to replace", "to delete"]))
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

fn render_change(text: &mut String, change: &Change, view: &View) {
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
        let shown: Vec<&Field> = change.fields.iter().filter(|field| view.full || tells(change, field)).collect();
        // An update of nothing else is news.
        let all = shown.is_empty() && change.action != Action::Create;
        let shown = if all { change.fields.iter().collect() } else { shown };
        shown.into_iter().for_each(|field| render_field(text, change.action, field, view));
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

/// Whether people want to see it: hashes change with every edit, and of a new resource only its properties have a meaning.
fn tells(change: &Change, field: &Field) -> bool {
    let top = field.path.split('.').next().unwrap_or_default();
    match change.action {
        Action::Create => !change.kind.internal.contains(&top) && !field.new.as_ref().is_none_or(is_nothing),
        _ => {
            !field.path.strip_prefix("tags.").is_some_and(|tag| [APPLIED, PARTS, TAGS].contains(&tag))
                && field.path != "deployed"
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn render_field(text: &mut String, action: Action, field: &Field, view: &View) {
    let path = tame(&field.path);
    let forces = if field.forces_replacement { format!("  {BAD}forces replacement{END}") } else { String::new() };
    let granted = grants::lines(field.old.as_ref(), field.new.as_ref(), &view.home).filter(|_| !view.full);
    if let Some(granted) = granted {
        let _ = writeln!(text, "    {}:{forces}", path.strip_suffix(".Statement").unwrap_or(&path));
        for line in &granted {
            let _ = writeln!(text, "      {}", tame(line));
        }
        return;
    }
    if let Some(lines) = lines::changed(field, view.full) {
        let _ = writeln!(text, "    {path}:{forces}");
        for line in &lines {
            let _ = writeln!(text, "      {}", tame(line));
        }
        return;
    }
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "(none)".to_owned(), Value::to_string);
    let (old, new) = (value(&field.old), value(&field.new));
    let from = difference(&old, &new);
    let _ = match (action, &field.new) {
        (Action::Create, Some(Value::Object(all))) if !view.full && new.chars().count() > WIDTH => {
            return render_parts(text, &path, all);
        }
        (Action::Create, _) => writeln!(text, "    {DIM}{path}: {}{END}", excerpt(&new, 0)),
        _ => writeln!(text, "    {path}: {} → {}{forces}", excerpt(&old, from), excerpt(&new, from)),
    };
}

/// A new value with many parts: the names of those that have parts themselves, and the others one by one.
fn render_parts(text: &mut String, path: &str, parts: &serde_json::Map<String, Value>) {
    let named: Vec<String> = parts.iter().filter(|(_, value)| value.is_object()).map(|(name, _)| tame(name)).collect();
    if !named.is_empty() {
        let _ = writeln!(text, "    {DIM}{path}: {}{END}", excerpt(&named.join(", "), 0));
    }
    for (name, value) in parts.iter().filter(|(_, value)| !value.is_object()) {
        let _ = writeln!(text, "    {DIM}{path}.{}: {}{END}", tame(name), excerpt(&value.to_string(), 0));
    }
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

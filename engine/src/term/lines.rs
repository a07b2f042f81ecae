//! A text of several lines that changes: a mapping template.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::diff::Field;

/// Most lines that are shown of one change.
const LINES: usize = 12;

/// The lines that go and come, in their order; nothing where one of the two is no text, or neither has several lines.
pub(super) fn changed(field: &Field, full: bool) -> Option<Vec<String>> {
    let (Some(Value::String(old)), Some(Value::String(new))) = (&field.old, &field.new) else { return None };
    if !old.trim_end().contains('\n') && !new.trim_end().contains('\n') {
        return None;
    }
    let diff = TextDiff::from_lines(old, new);
    let line = |tag: ChangeTag, text: &str| {
        let sign = match tag {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => return None,
        };
        Some(format!("{sign} {}", text.trim_end_matches(['\r', '\n'])))
    };
    let mut lines: Vec<String> =
        diff.iter_all_changes().filter_map(|change| line(change.tag(), change.value())).collect();
    let more = lines.len().saturating_sub(LINES);
    if !full && more > 0 {
        lines.truncate(LINES);
        lines.push(format!("… {more} more"));
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(old: &Value, new: &Value) -> Field {
        let (old, new) = (Some(old.clone()), Some(new.clone()));
        Field { path: "templates".to_owned(), old, new, forces_replacement: false }
    }

    #[test]
    fn of_a_template_the_lines_that_change_are_shown() {
        let lines = changed(&field(&json!("#set($a = 1)\n{\n}\n"), &json!("#set($a = 2)\n{\n}\n")), false).unwrap();
        assert_eq!(lines, ["- #set($a = 1)", "+ #set($a = 2)"]);
        assert_eq!(changed(&field(&json!("a\n"), &json!("b\n")), false), None, "one line is shown as it is");
        assert_eq!(changed(&field(&json!(1), &json!("b\nc")), false), None);
    }

    #[test]
    fn a_long_change_is_cut_unless_all_is_asked_for() {
        let text: String = (0..100).map(|n| format!("{n}\n")).collect();
        let field = field(&json!("\n"), &json!(text));
        let lines = changed(&field, false).unwrap();
        assert_eq!((lines.len(), lines.last().unwrap().as_str()), (LINES + 1, "… 89 more"));
        assert_eq!(changed(&field, true).unwrap().len(), 101);
    }
}

//! Outputs of other resources in desired properties: marks that stand for them until they are known.
//!
//! A mark begins with a character that no text of a spec may hold, so that no spec can forge one, and may stand within a longer
//! text: `arn:aws:execute-api:eu-central-1:123456789012:<mark>/*`. Keys of objects and names of resources never hold one.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Id, Outputs};

/// Begins a mark. It is one of Unicode's noncharacters, which are for internal use alone
/// (<https://www.unicode.org/faq/private_use.html#noncharacters>).
pub(crate) const OUTPUT: char = '\u{FDD0}';
/// Ends a mark.
const END: char = '\u{FDD1}';
/// Ends the attribute of an output that a resource need not have.
const OPTIONAL: char = '?';

/// The output with the KMS key, in AWS's own words, by which something is encrypted that is not the pipeline's.
pub const KMS_KEY: &str = "kms_key";

/// What a plan shows in the place of a value that AWS has yet to assign.
pub const UNKNOWN: &str = "(known after apply)";

/// An output that a mark stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Output {
    pub of: Id,
    pub attribute: String,
    /// It is the empty text where the resource does not have it.
    pub optional: bool,
}

impl Output {
    /// Returns the value among the outputs of its resource.
    pub fn among(&self, outputs: &Outputs) -> Option<String> {
        match outputs.get(&self.attribute) {
            // A value of AWS's with the character would be taken for a mark in its turn.
            Some(value) => Some(value.clone()).filter(|value| !value.contains(OUTPUT)),
            None => self.optional.then(String::new),
        }
    }

    fn named(name: &str) -> Option<Self> {
        let (of, attribute) = name.rsplit_once('.')?;
        let required = attribute.strip_suffix(OPTIONAL);
        let (attribute, optional) = (required.unwrap_or(attribute).to_owned(), required.is_some());
        Some(Self { of: Id::new(of), attribute, optional })
    }
}

/// Makes the mark for an output of the resource with this id.
pub fn output_of(id: &str, attribute: &str) -> String {
    format!("{OUTPUT}{id}.{attribute}{END}")
}

/// Makes the mark for an output that may be absent, and is the empty text then: the sort key of a table.
pub fn optional_output_of(id: &str, attribute: &str) -> String {
    output_of(id, &format!("{attribute}{OPTIONAL}"))
}

/// Stands for a value that follows from the outputs of other resources and is not an output itself: a hash over them.
pub fn unknown() -> String {
    format!("{OUTPUT}{END}")
}

/// Puts outputs in the place of their marks. Where `find` returns `None` the mark stays.
pub fn resolve(value: &mut Value, find: &impl Fn(&Output) -> Option<String>) {
    replace(value, &mut |mark| find(&Output::named(mark)?));
}

/// Whether it holds a mark, for an output or for a value that follows from some.
pub fn is_open(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(OUTPUT),
        Value::Array(all) => all.iter().any(is_open),
        Value::Object(all) => all.iter().any(|(key, value)| key.contains(OUTPUT) || is_open(value)),
        _ => false,
    }
}

/// Returns the outputs whose marks stand in it, each once.
pub(crate) fn outputs_in(value: &Value) -> Vec<Output> {
    let mut outputs = BTreeSet::new();
    replace(&mut value.clone(), &mut |mark| {
        outputs.extend(Output::named(mark));
        None
    });
    outputs.into_iter().collect()
}

/// Puts [`UNKNOWN`] in the place of every mark, for those who read a plan.
pub(crate) fn shown(text: &str) -> String {
    replaced(text, &mut |_| Some(UNKNOWN.to_owned()))
}

/// As [`shown`], in a value.
pub(crate) fn show(value: &mut Value) {
    replace(value, &mut |_| Some(UNKNOWN.to_owned()));
}

/// Puts something else in the place of every mark in a value, as [`replaced`] does in a text.
fn replace(value: &mut Value, by: &mut dyn FnMut(&str) -> Option<String>) {
    match value {
        Value::String(text) if text.contains(OUTPUT) => *text = replaced(text, by),
        Value::Array(all) => all.iter_mut().for_each(|value| replace(value, by)),
        Value::Object(all) => all.values_mut().for_each(|value| replace(value, by)),
        _ => {}
    }
}

/// A text with something else in the place of its marks; `by` is given what stands between a mark's two ends.
fn replaced(text: &str, by: &mut dyn FnMut(&str) -> Option<String>) -> String {
    let (mut whole, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, (mark, after))) =
        rest.split_once(OUTPUT).and_then(|(before, after)| Some((before, after.split_once(END)?)))
    {
        whole.push_str(before);
        match by(mark) {
            Some(value) => whole.push_str(&value),
            None => whole.extend([OUTPUT.to_string().as_str(), mark, END.to_string().as_str()]),
        }
        rest = after;
    }
    whole + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn resolved(value: &Value, outputs: &[(&str, &str)]) -> Value {
        let outputs: Outputs = outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut value = value.clone();
        resolve(&mut value, &|output| output.among(&outputs).filter(|_| output.of.as_str() == "api"));
        value
    }

    #[test]
    fn a_mark_is_resolved_within_a_longer_text_and_beside_another() {
        let (id, name) = (output_of("api", "id"), output_of("api", "name"));
        let value = json!({ "arns": [format!("arn:{id}/*/{name}"), "arn:*"], "deep": { "id": id } });
        let whole = json!({ "arns": ["arn:a1/*/orders", "arn:*"], "deep": { "id": "a1" } });
        assert_eq!(resolved(&value, &[("id", "a1"), ("name", "orders")]), whole);
    }

    #[test]
    fn what_is_not_known_stays_and_is_shown_as_such() {
        let value = json!(format!("{}:{}", output_of("api", "id"), output_of("pool", "id")));
        let mut half = resolved(&value, &[("id", "a1")]);
        assert_eq!(outputs_in(&half).len(), 1);
        assert!(is_open(&half));
        show(&mut half);
        assert_eq!(half, "a1:(known after apply)");
    }

    #[test]
    fn only_an_optional_output_may_be_absent() {
        assert_eq!(resolved(&json!(optional_output_of("api", "sort_key")), &[]), "");
        assert!(is_open(&resolved(&json!(output_of("api", "sort_key")), &[])));
    }

    #[test]
    fn a_value_of_aws_is_never_a_mark() {
        let hostile = output_of("api", "secret");
        let once = resolved(&json!(output_of("api", "id")), &[("id", &hostile), ("secret", "s")]);
        assert_eq!(once, output_of("api", "id"), "it stays, and is a defect later");
        let optional = resolved(&json!(optional_output_of("api", "id")), &[("id", &hostile)]);
        assert_eq!(optional, optional_output_of("api", "id"), "what is there is not absent");
    }
}

//! As much of IAM's evaluation as the printed policy uses: statements that allow, patterns, two operators
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>).

use serde_json::Value;

/// Whether some statement allows the action on the resource, where the request has these condition keys.
pub fn allows(policy: &Value, action: &str, resource: &str, context: &[(&str, &str)]) -> bool {
    policy["Statement"].as_array().unwrap().iter().any(|statement| {
        assert_eq!(statement["Effect"], "Allow");
        let of = |list: &str, what: &str| {
            statement[list].as_array().unwrap().iter().any(|pattern| matches(pattern.as_str().unwrap(), what))
        };
        of("Action", action) && of("Resource", resource) && holds(&statement["Condition"], context)
    })
}

/// Every operator with every key must hold; a key that the request does not have holds only for `IfExists`.
fn holds(condition: &Value, context: &[(&str, &str)]) -> bool {
    let operators = condition.as_object().into_iter().flatten();
    operators.into_iter().all(|(operator, keys)| {
        keys.as_object().unwrap().iter().all(|(key, wanted)| {
            let found = context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            match (operator.as_str(), found) {
                ("StringEquals" | "StringEqualsIfExists", Some((_, value))) => match wanted.as_array() {
                    Some(all) => all.iter().any(|one| one == value),
                    None => wanted == value,
                },
                ("StringEquals", None) => false,
                ("StringEqualsIfExists", None) => true,
                (other, _) => panic!("`{other}` is not evaluated here"),
            }
        })
    })
}

/// `*` is any text, `?` any one character.
fn matches(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            matches(&pattern[1..], text) || text.chars().next().is_some_and(|c| matches(pattern, &text[c.len_utf8()..]))
        }
        (Some(wanted), Some(c)) if wanted == '?' || wanted == c => {
            matches(&pattern[wanted.len_utf8()..], &text[c.len_utf8()..])
        }
        _ => false,
    }
}

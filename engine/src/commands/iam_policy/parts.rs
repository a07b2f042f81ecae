//! A policy in as many parts as managed policies have room for.

use serde_json::{Value, json};

use super::{MOST_CHARACTERS, characters};
use crate::error::{Error, Result};

/// Splits a policy between its statements: whoever has all parts may do the same.
pub fn parts(policy: &Value) -> Vec<Value> {
    let mut parts: Vec<Vec<&Value>> = vec![Vec::new()];
    for statement in policy["Statement"].as_array().into_iter().flatten() {
        if let Some(last) = parts.last_mut() {
            last.push(statement);
            if last.len() > 1 && characters(&document(last)) > MOST_CHARACTERS {
                last.pop();
                parts.push(vec![statement]);
            }
        }
    }
    parts.iter().map(|statements| document(statements)).collect()
}

/// The part of this number, from 1 on.
///
/// # Errors
/// There are not so many.
pub fn part(policy: &Value, number: usize) -> Result<Value> {
    let mut all = parts(policy);
    let count = all.len();
    if number == 0 || number > count {
        let many = if count == 1 { "one part".to_owned() } else { format!("{count} parts") };
        return Err(Error::fatal(format!("the policy has no part {number}")).hint(format!("it has {many}")));
    }
    Ok(all.swap_remove(number - 1))
}

fn document(statements: &[&Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole_and_each_has_room() {
        let statement = |number: usize| json!({ "Effect": "Allow", "Action": [format!("sqs:Do{number}")], "Resource": ["x".repeat(1000)] });
        let policy = json!({ "Version": "2012-10-17", "Statement": (0..12).map(statement).collect::<Vec<_>>() });
        let all = parts(&policy);
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|part| characters(part) <= MOST_CHARACTERS && part["Version"] == "2012-10-17"));
        let statements = all.iter().flat_map(|part| part["Statement"].as_array().unwrap().clone());
        assert_eq!(Value::from(statements.collect::<Vec<_>>()), policy["Statement"]);
        assert_eq!(part(&policy, 2).unwrap(), all[1]);
    }

    #[test]
    fn a_part_that_is_not_there_is_told_with_how_many_there_are() {
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow" }] });
        assert_eq!(part(&policy, 1).unwrap(), policy);
        for number in [0, 2] {
            let error = part(&policy, number).unwrap_err();
            assert_eq!(error.hint_text(), Some("it has one part"), "{number}");
        }
    }
}

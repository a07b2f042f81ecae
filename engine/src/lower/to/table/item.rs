//! An item from a request's body: the part of a mapping template that gives each value its type.
//!
//! Each value is the text that `$input.json` gives for a path of known names and counted places: it is whole JSON, with its own quotes and
//! escapes, so that nothing in it can end its place. A number is that text between quotes; of any other value that would be no JSON.

use super::super::vtl::json;
use crate::spec::shape::{Member, Scalar, Shape};

/// The attributes of these members, comma-separated; `path` leads to the object, `$body` is it.
pub fn attributes(members: &[Member], path: &str, object: &str, level: usize) -> String {
    let mut text = String::new();
    let any_required = members.iter().any(|member| member.required);
    if !any_required {
        text += &format!("#set($comma{level} = \"\")");
    }
    for (at, member) in members.iter().enumerate() {
        let name = json(&member.name);
        let value = value(&member.shape, &step(path, &member.name), member.nullable, level);
        let comma = match (any_required, at) {
            (true, 0) => String::new(),
            (true, _) => ",".to_owned(),
            (false, _) => format!("$comma{level}"),
        };
        let one = format!("{comma}{name}:{value}");
        let next = if any_required { String::new() } else { format!("#set($comma{level} = \",\")") };
        text +=
            &if member.required { one } else { format!("#if({object}.containsKey('{}')){one}{next}#end", member.name) };
    }
    text
}

/// One attribute value, for the JSON value at this path.
fn value(shape: &Shape, path: &str, nullable: bool, level: usize) -> String {
    let typed = match shape {
        Shape::Scalar(scalars) => return scalar(scalars, path),
        Shape::Object(members) => {
            let object = format!("$object{level}");
            let inner = attributes(members, path, &object, level + 1);
            format!("#set({object} = $input.path(\"{path}\")){{\"M\":{{{inner}}}}}")
        }
        Shape::List(items) => {
            let (each, at) = (format!("$each{level}"), format!("$at{level}"));
            let inner = value(items, &format!("{path}[{at}]"), false, level + 1);
            format!(
                "{{\"L\":[#foreach({each} in $input.path(\"{path}\"))#set({at} = $foreach.count - 1){inner}#if($foreach.hasNext),#end#end]}}"
            )
        }
    };
    match nullable {
        true => format!("#if($input.json(\"{path}\") == \"null\"){{\"NULL\":true}}#else{typed}#end"),
        false => typed,
    }
}

fn scalar(scalars: &[Scalar], path: &str) -> String {
    let json = format!("$input.json(\"{path}\")");
    let of = |scalar: &Scalar| match scalar {
        Scalar::Text => format!("{{\"S\":{json}}}"),
        Scalar::Number => format!("{{\"N\":\"{json}\"}}"),
        Scalar::Flag => format!("{{\"BOOL\":{json}}}"),
        Scalar::Null => "{\"NULL\":true}".to_owned(),
    };
    let test = |scalar: &Scalar| match scalar {
        Scalar::Text => "$json.startsWith('\"')",
        Scalar::Flag => "$json == \"true\" || $json == \"false\"",
        Scalar::Null => "$json == \"null\"",
        Scalar::Number => "true",
    };
    match scalars {
        [one] => of(one),
        several => {
            // The test for a number comes last: all that is left.
            let mut several = several.to_vec();
            several.sort_by_key(|scalar| *scalar == Scalar::Number);
            let (last, first) = several.split_last().map_or((Scalar::Null, &[][..]), |(last, first)| (*last, first));
            let branch = |(at, one): (usize, &Scalar)| {
                format!("{}({}){}", if at == 0 { "#if" } else { "#elseif" }, test(one), of(one))
            };
            let branches: String = first.iter().enumerate().map(branch).collect();
            format!("#set($json = {json}){branches}#else{}#end", of(&last))
        }
    }
}

/// One name further along a JSON path.
fn step(path: &str, name: &str) -> String {
    let plain =
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain { format!("{path}.{name}") } else { format!("{path}['{name}']") }
}

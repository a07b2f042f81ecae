//! The calls of DynamoDB that requests become.

use super::super::vtl::{json, quoted, set_decoded};
use super::item::attributes;
use super::{Call, Key, page};
use crate::spec::shape::{KEPT, Member};

/// What sets the variables that all requests share. A `#` before a name would begin a directive.
const HASH: &str = "#set($hash = '#')\n";

/// A member that DynamoDB refuses with a `ValidationException` where the body is to be refused: templates cannot answer by themselves.
const RETURNED: &str = ",\"ReturnValues\":\"$returned\"";

/// Refuses bodies with numbers that a double may not keep, because API Gateway is reported to read a number with a point or an exponent as
/// one: what it rounds would be stored as if it had been sent. Texts are taken out first, and what they escape before them.
fn inexact() -> String {
    const DIGITS: usize = 16;
    let mut patterns: Vec<String> =
        (1..DIGITS).map(|whole| format!("[0-9]{{{whole}}}[.][0-9]{{{}}}", DIGITS - whole)).collect();
    patterns.push(format!("[0-9]{{{DIGITS}}}[eE]"));
    patterns.push("[eE]-[0-9]{3}".to_owned());
    format!(
        "#set($returned = \"NONE\")#set($numbers = $input.body.replaceAll('[\\\\].', '').replaceAll('\"[^\"]*\"', ''))\n\
         #if($numbers.replaceAll('{}', '') != $numbers)#set($returned = \"REFUSED\")#end\n",
        patterns.join("|")
    )
}

/// PutItem with the body's members. `extra` keeps the body's text.
pub fn put(call: &Call<'_>, members: &[Member], if_absent: bool, extra: bool) -> String {
    let item = attributes(members, "$", "$body", 0);
    let extra = if extra { format!(",\"{KEPT}\":{{\"S\":\"{}\"}}", quoted("$input.body")) } else { String::new() };
    let condition = if if_absent { condition("attribute_not_exists") } else { String::new() };
    let names = if if_absent { names(&[call.partition]) } else { String::new() };
    let exact = inexact();
    format!(
        "{HASH}{exact}#set($body = $input.path('$')){{\"TableName\":\"{}\",\"Item\":{{{item}{extra}}}{condition}{names}{RETURNED}}}",
        call.table
    )
}

/// GetItem of the key in the path.
pub fn get(call: &Call<'_>) -> String {
    let (set, key) = key(call);
    format!("{set}{{\"TableName\":\"{}\",\"Key\":{{{key}}},\"ConsistentRead\":true}}", call.table)
}

/// DeleteItem of the key in the path, which must be there.
pub fn delete(call: &Call<'_>) -> String {
    let (set, key) = key(call);
    let condition = condition("attribute_exists");
    format!("{HASH}{set}{{\"TableName\":\"{}\",\"Key\":{{{key}}}{condition}{}}}", call.table, names(&[call.partition]))
}

/// UpdateItem of the key in the path, which must be there: sets what the body has. No member is of the key: the rules refuse such a schema.
pub fn update(call: &Call<'_>, members: &[Member]) -> String {
    let (set, key) = key(call);
    let (mut expression, mut all_names, mut values) = (String::new(), String::new(), String::new());
    for (at, member) in members.iter().enumerate() {
        let there = format!("#if($body.containsKey('{}'))", member.name);
        expression += &format!("{there}$comma${{hash}}n{at} = :v{at}#set($comma = \", \")#end");
        all_names += &format!("{there},\"${{hash}}n{at}\":{}#end", json(&member.name));
        let value = attributes(&[Member { required: true, ..member.clone() }], "$", "$body", 0);
        // Behind the name, which may have a colon in it.
        let (_, value) = value.split_once(&format!("{}:", json(&member.name))).unwrap_or_default();
        values += &format!("{there}$comma\":v{at}\":{value}#set($comma = \",\")#end");
    }
    let (condition, exact) = (condition("attribute_exists"), inexact());
    format!(
        "{HASH}{exact}{set}#set($body = $input.path('$'))#set($comma = \"\"){{\"TableName\":\"{}\",\"Key\":{{{key}}}{condition},\
         \"UpdateExpression\":\"SET {expression}\"#set($comma = \"\"),\"ExpressionAttributeNames\":{{\"${{hash}}k\":{}{all_names}}},\
         \"ExpressionAttributeValues\":{{{values}}}{RETURNED}}}",
        call.table,
        json(&call.partition.name)
    )
}

/// A page of all items.
pub fn scan(call: &Call<'_>) -> String {
    format!("{}{{\"TableName\":\"{}\"{}{}}}", page::variables(call), call.table, index(call), page::members(call))
}

/// A page of the items of the path's partition key, in the order of their sort key.
pub fn query(call: &Call<'_>) -> String {
    let variable = "partition";
    let key = call.read_by();
    let set = set_decoded(variable, &key.name);
    format!(
        "{HASH}{set}{}{{\"TableName\":\"{}\"{},\"KeyConditionExpression\":\"${{hash}}k = :k\"{},\
         \"ExpressionAttributeValues\":{{\":k\":{{\"{}\":\"{}\"}}}}{}}}",
        page::variables(call),
        call.table,
        index(call),
        names(&[key]),
        key.kind,
        quoted(&format!("${variable}")),
        page::members(call)
    )
}

fn index(call: &Call<'_>) -> String {
    call.index.map(|index| format!(",\"IndexName\":{}", json(&index.name))).unwrap_or_default()
}

/// The key of the path's parameters: what sets their variables, and its attributes.
fn key(call: &Call<'_>) -> (String, String) {
    let (mut set, mut parts) = (String::new(), Vec::new());
    for (at, key) in call.keys().enumerate() {
        set += &set_decoded(&format!("key{at}"), &key.name);
        parts.push(format!("{}:{{\"{}\":\"{}\"}}", json(&key.name), key.kind, quoted(&format!("$key{at}"))));
    }
    (set, parts.join(","))
}

fn condition(function: &str) -> String {
    format!(",\"ConditionExpression\":\"{function}(${{hash}}k)\"")
}

fn names(keys: &[&Key]) -> String {
    let all: Vec<String> = keys.iter().map(|key| format!("\"${{hash}}k\":{}", json(&key.name))).collect();
    format!(",\"ExpressionAttributeNames\":{{{}}}", all.join(","))
}

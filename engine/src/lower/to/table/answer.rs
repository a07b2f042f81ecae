//! Answers: items as plain JSON, and what DynamoDB refuses.

use super::super::vtl::{any, choice, quoted};
use crate::spec::shape::{DEPTH, ITEMS};

/// The message of what nobody foresaw: it is this API's fault, or AWS's.
pub const FAILED: &str = "The table did not answer";

/// An item in the variable `item` (its attributes by name) as a JSON object.
///
/// The types stand in the item itself, so that no schema is needed, and numbers are numbers again, digit by digit. Templates cannot
/// recurse: lists and maps are unrolled, and what lies deeper is cut.
pub fn item(variable: &str) -> String {
    object(variable, 0)
}

fn object(variable: &str, level: usize) -> String {
    let name = format!("$name{level}");
    let (set, inner) = value(&format!("{variable}.get({name})"), level);
    let key = quoted(&name);
    format!("{}{{#foreach({name} in {variable}.keySet()){COMMA}{set}\"{key}\":{inner}#end}}", cut(variable))
}

/// Before each but the first: `#foreach` may end where there would be more.
pub const COMMA: &str = "#if($foreach.count > 1),#end";

/// Remembers that something is cut: `#foreach` ends before the end of a list or map.
fn cut(of: &str) -> String {
    format!("#if({of}.size() > {ITEMS})#set($cut = true)#end")
}

/// An answer in which something is cut is a failure.
pub const CUT: &str = "#if($cut)#set($context.responseOverride.status = 502)#end";

/// What sets the variable of this level, and the value in it.
fn value(of: &str, level: usize) -> (String, String) {
    let it = format!("$value{level}");
    let text = |member: &str| format!("\"{}\"", quoted(&format!("{it}.{member}")));
    let set = |member: &str, quotes: bool| {
        let each = format!("$each{level}");
        let one = if quotes { format!("\"{}\"", quoted(&each)) } else { each.clone() };
        format!(
            "#elseif({it}.containsKey('{member}')){}[#foreach({each} in {it}.{member}){COMMA}{one}#end]",
            cut(&format!("{it}.{member}"))
        )
    };
    let mut inner = format!(
        "#if({it}.containsKey('S')){}#elseif({it}.containsKey('N')){it}.N#elseif({it}.containsKey('BOOL')){it}.BOOL\
         #elseif({it}.containsKey('B')){}",
        text("S"),
        text("B")
    );
    inner += &(set("SS", true) + &set("NS", false) + &set("BS", true));
    inner += &format!("#elseif({it}.containsKey('NULL'))null");
    if level < DEPTH {
        let map = object(&format!("{it}.M"), level + 1);
        let (each, of_each) = (format!("$one{level}"), value(&format!("$one{level}"), level + 1));
        inner += &format!(
            "#elseif({it}.containsKey('M')){map}#elseif({it}.containsKey('L')){}[#foreach({each} in {it}.L){COMMA}{}{}#end]",
            cut(&format!("{it}.L")),
            of_each.0,
            of_each.1
        );
    }
    (format!("#set({it} = {of})"), format!("{inner}#else#set($cut = true)null#end"))
}

/// What is answered where DynamoDB refuses with its status 400. AWS's own words name roles and accounts, and are not repeated.
pub fn refusal(condition: Option<(u16, &str)>) -> String {
    let busy = ["ProvisionedThroughputExceeded", "RequestLimitExceeded", "Throttling"];
    let mut cases = vec![
        (any("$type", &busy), 429, "Too many requests for the table: try again later"),
        (any("$type", &["TransactionConflict"]), 409, "Another request writes the same item: try again"),
        (any("$type", &["Validation", "ItemCollectionSizeLimitExceeded"]), 400, "The table does not take this request"),
    ];
    cases.extend(condition.map(|(status, message)| (any("$type", &["ConditionalCheckFailed"]), status, message)));
    "#set($type = \"$!input.path('$.__type')\")\n".to_owned() + &choice(&cases, (502, FAILED))
}

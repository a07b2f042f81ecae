//! Pages of a query or a scan: `limit` and `next` in a request, `next` in an answer.
//!
//! `next` is the key of the last item, and of the index that is read, each attribute in base64 of the alphabet for addresses, with a dot between. It is taken apart, and each
//! part is escaped: a client's text names a key and nothing else. What does not have this form is refused as a wrong limit is.

use super::super::vtl::{json, quoted};
use super::{Call, Key};

/// The most items of a page, and as many as it has where the request names no number.
pub const LIMIT: u32 = 100;

/// One attribute of `next`. A single letter after groups of four is none, and would make the template fail.
const PART: &str = "([A-Za-z0-9_-]{4})*[A-Za-z0-9_-]{2,4}";

/// Sets `$limit`, `$next`, and the parts of the latter. A number of 0 is one that DynamoDB refuses with a `ValidationException`.
pub fn variables(call: &Call<'_>) -> String {
    let all: Vec<String> = (1..=LIMIT).map(|limit| limit.to_string()).collect();
    let whole = vec![PART; call.position().len()].join("[.]");
    let part = |at: usize| {
        let from = format!(".replaceAll('^([^.]*[.]){{{at}}}', '').replaceAll('[.].*', '')");
        format!("#set($next{at} = $util.base64Decode($next{from}.replaceAll('-', '+').replaceAll('_', '/')))\n")
    };
    let parts: String = (0..call.position().len()).map(part).collect();
    format!(
        "#set($limits = \" {} \")\n#set($limit = \"$!input.params().querystring.get('limit')\")\n\
         #set($next = \"$!input.params().querystring.get('next')\")\n\
         #if($limit == \"\")\n#set($limit = \"{LIMIT}\")\n\
         #elseif($limit.contains(\" \") || !$limits.contains(\" $limit \"))\n#set($limit = \"0\")\n#end\n\
         #if($next.replaceAll('^{whole}$', '') != \"\")\n#set($limit = \"0\")\n#set($next = \"\")\n\
         #elseif($next != \"\")\n{parts}#end\n",
        all.join(" ")
    )
}

/// The members of the call that say how much is read, and from where on.
pub fn members(call: &Call<'_>) -> String {
    let part = |(at, key): (usize, &Key)| {
        format!("{}:{{\"{}\":\"{}\"}}", json(&key.name), key.kind, quoted(&format!("$next{at}")))
    };
    let start: Vec<String> = call.position().into_iter().enumerate().map(part).collect();
    format!(",\"Limit\":$limit#if($next != \"\"),\"ExclusiveStartKey\":{{{}}}#end", start.join(","))
}

/// The text of `next`, from the key in `$last`.
pub fn token(call: &Call<'_>) -> String {
    let part = |key: &Key| {
        let value = format!("$last.get('{}').get('{}')", key.name, key.kind);
        format!("$util.base64Encode({value}).replaceAll('[+]', '-').replaceAll('/', '_').replaceAll('=', '')")
    };
    call.position().into_iter().map(part).collect::<Vec<_>>().join(".")
}

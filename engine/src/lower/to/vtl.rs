//! Pieces of mapping templates that several targets share.

use serde_json::{Value, json};

/// Sets a variable to a path parameter as the client meant it. API Gateway hands the segment on as it came, so `a%2Fb` is decoded here.
///
/// AWS's own template does so, too
/// (<https://docs.aws.amazon.com/transfer/latest/userguide/authentication-api-gateway.html>). `urlDecode` takes a `+` for a blank, as in
/// forms, which it is not in a path; and it fails for a `%` without two digits, which stays as it is.
pub fn set_decoded(variable: &str, parameter: &str) -> String {
    format!(
        "#set($raw = $input.params().path.get('{parameter}'))\n\
         #if($raw.replaceAll(\"%[0-9A-Fa-f]{{2}}\", \"\").contains(\"%\"))\n#set(${variable} = $raw)\n\
         #else\n#set(${variable} = $util.urlDecode($raw.replaceAll(\"[+]\", \"%2B\")))\n#end\n"
    )
}

/// Sets a variable to a parameter of the query, empty where there is none.
pub fn set_query(variable: &str, parameter: &str) -> String {
    format!("#set(${variable} = \"$!input.params().querystring.get('{parameter}')\")\n")
}

/// Sets a variable to a header, empty where there is none. HTTP/2 clients send header names in lower case, and the map has them as
/// they came.
pub fn set_header(variable: &str, header: &str) -> String {
    format!(
        "#set(${variable} = \"\")\n#set($headers = $input.params().header)\n#foreach($name in $headers.keySet())\n\
         #if($name.equalsIgnoreCase(\"{header}\"))\n#set(${variable} = $headers.get($name))\n#end\n#end\n"
    )
}

/// A value from the client, for the inside of a JSON text: no client can close the text and add a member.
///
/// `escapeJavaScript` makes `\'` of `'`, which JSON does not know. The pattern is a regular expression: one backslash, one quote.
pub fn quoted(value: &str) -> String {
    format!(r#"$util.escapeJavaScript({value}).replaceAll("\\'", "'")"#)
}

/// Whether a variable's text holds any of these words.
pub fn any(variable: &str, words: &[&str]) -> String {
    let one = |word: &&str| format!("{variable}.contains(\"{word}\")");
    words.iter().map(one).collect::<Vec<_>>().join(" || ")
}

/// The first answer whose condition holds, else the last.
pub fn choice(cases: &[(String, u16, &str)], otherwise: (u16, &str)) -> String {
    let mut template = String::new();
    for (at, (condition, status, message)) in cases.iter().enumerate() {
        let word = if at == 0 { "#if" } else { "#elseif" };
        template += &format!("{word}({condition})\n{}", answer(*status, message));
    }
    template + "#else\n" + &answer(otherwise.0, otherwise.1) + "#end\n"
}

/// A text as JSON, with its quotes.
pub fn json(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// An answer with this status and message.
pub fn answer(status: u16, message: &str) -> String {
    format!("#set($context.responseOverride.status = {status})\n{}\n", json!({ "message": message }))
}

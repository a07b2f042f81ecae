//! A record that holds the body and other values of the request: what a webhook's signature is checked with.

use std::collections::BTreeMap;

use crate::lower::to::vtl::{quoted, set_decoded, set_header, set_query};
use crate::spec::{Piece, Place};

/// Sets `$record` to the text of the record. The body is in base64, for no JSON text keeps every byte of it; a value that the request
/// has not is `null`, and an empty one is, too.
///
/// A text of Velocity holds no double quote: `$q` stands for one.
pub fn set(pieces: &[Piece]) -> String {
    let mut template = "#set($q = '\"')\n".to_owned();
    let mut members: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (at, piece) in pieces.iter().enumerate() {
        let (value, json) = (format!("v{at}"), format!("j{at}"));
        template += &set_value(&value, piece);
        let text = quoted(&format!("${value}"));
        template += &format!(
            "#set(${json} = \"null\")\n#if(${value} && ${value} != \"\")\n#set($text = {text})\n#set(${json} = \"${{q}}${{text}}${{q}}\")\n#end\n"
        );
        members.entry(piece.place.word()).or_default().push(format!("${{q}}{}${{q}}:${{{json}}}", piece.name));
    }
    let more: String =
        members.into_iter().map(|(word, values)| format!(",${{q}}{word}${{q}}:{{{}}}", values.join(","))).collect();
    template
        + "#set($body = $util.base64Encode($input.body))\n"
        + &format!(
            "#set($record = \"{{${{q}}body${{q}}:${{q}}${{body}}${{q}},${{q}}encoding${{q}}:${{q}}base64${{q}}{more}}}\")\n"
        )
}

fn set_value(variable: &str, piece: &Piece) -> String {
    match piece.place {
        Place::Context => format!("#set(${variable} = \"$!context.{}\")\n", piece.name),
        Place::Header => set_header(variable, &piece.name),
        Place::Path => set_decoded(variable, &piece.name),
        Place::Query => set_query(variable, &piece.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use pipe_local::template::{Params, Scope, Template};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn record(pieces: &[&str], body: &str, params: &Params) -> Value {
        let pieces: Vec<Piece> = pieces.iter().map(|piece| Piece::try_from((*piece).to_owned()).unwrap()).collect();
        let template = set(&pieces) + "$util.base64Encode($record)";
        let context = json!({ "identity": { "sourceIp": "192.0.2.1" }, "stage": "prod" });
        let scope = Scope { body, params, context: &context, stage_variables: &BTreeMap::new() };
        let text = Template::parse(&template).unwrap().render(&scope).unwrap().text;
        serde_json::from_slice(&STANDARD.decode(text.trim()).unwrap()).unwrap()
    }

    #[test]
    fn a_record_has_the_body_and_what_is_named_and_null_for_what_is_absent() {
        let header = vec![("x-signature".to_owned(), "sha256=1".to_owned()), ("X-Other".to_owned(), "no".to_owned())];
        let params = Params { header, path: vec![("id".to_owned(), "a%2Fb".to_owned())], ..Params::default() };
        let pieces = ["header.X-Signature", "header.X-None", "path.id", "query.k", "context.identity.sourceIp"];
        let wanted = json!({
            "body": STANDARD.encode("{\"a\":1}"), "encoding": "base64",
            "header": { "X-Signature": "sha256=1", "X-None": null },
            "path": { "id": "a/b" }, "query": { "k": null }, "context": { "identity.sourceIp": "192.0.2.1" },
        });
        assert_eq!(record(&pieces, "{\"a\":1}", &params), wanted);
    }

    proptest! {
        #[test]
        fn no_client_adds_a_member_or_changes_a_byte(body in "\\PC{1,60}", value in "[\\PC\"'\\\\$#{}\n\t]{1,40}") {
            let header = vec![("X-Signature".to_owned(), value.clone())];
            let query = vec![("k".to_owned(), value.clone())];
            let params = Params { header, querystring: query, ..Params::default() };
            let made = record(&["header.X-Signature", "query.k"], &body, &params);
            let wanted = json!({
                "body": STANDARD.encode(&body), "encoding": "base64",
                "header": { "X-Signature": value.clone() }, "query": { "k": value },
            });
            prop_assert_eq!(made, wanted);
        }
    }
}

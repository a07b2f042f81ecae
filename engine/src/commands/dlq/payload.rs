//! Payloads: decoded, and shown so that they neither hide nor do anything on a terminal.

use std::io::Read;

use crate::event::using;
use crate::tame::{tame, tame_lines};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::de::IgnoredAny;

/// Levels beyond are indented no further: what a letter holds may nest a hundred thousand deep.
const MOST_INDENTED: usize = 40;

/// No record of a stream is larger.
const MAX_BYTES: u64 = 10 * 1024 * 1024;

/// A record's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    Data(Vec<u8>),
    /// A payload that claims an encoding which it does not have.
    Broken(String),
}

/// Decodes what stands in a message; nothing where the message leaves it out.
pub fn decode(encoding: &str, text: Option<&str>) -> Option<Payload> {
    let text = text?;
    let data = match encoding {
        "base64" => STANDARD.decode(text).ok(),
        "gzip+base64" => STANDARD.decode(text).ok().and_then(|packed| unpack(&packed)),
        _ => None,
    };
    Some(data.map_or_else(|| Payload::Broken(text.to_owned()), Payload::Data))
}

fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    GzDecoder::new(packed).take(MAX_BYTES + 1).read_to_end(&mut data).ok()?;
    (data.len() as u64 <= MAX_BYTES).then_some(data)
}

impl Payload {
    /// The first characters, on one line.
    pub fn start(&self, characters: usize) -> String {
        match self {
            Self::Broken(_) => "(cannot be decoded)".to_owned(),
            Self::Data(data) => match std::str::from_utf8(data) {
                Ok(text) => cut(text, characters),
                Err(_) => format!("({} bytes, not UTF-8)", data.len()),
            },
        }
    }

    /// All of it, for people: JSON with a line for each member, other text as it is, bytes as base64.
    pub fn whole(&self) -> String {
        match self {
            Self::Broken(text) => format!("(it cannot be decoded; the raw text:)\n{}", tame_lines(text)),
            Self::Data(data) => match std::str::from_utf8(data) {
                Ok(text) => tame_lines(&indented(text).unwrap_or_else(|| text.to_owned())),
                Err(_) => format!("({} bytes that are not UTF-8, as base64:)\n{}", data.len(), STANDARD.encode(data)),
            },
        }
    }

    /// All of it, for machines.
    pub fn event(&self) -> using::Payload {
        match self {
            Self::Broken(text) => using::Payload::Undecoded(text.clone()),
            Self::Data(data) => match std::str::from_utf8(data) {
                Ok(text) => using::Payload::Text(text.to_owned()),
                Err(_) => using::Payload::Base64(STANDARD.encode(data)),
            },
        }
    }
}

/// The first characters of a text on one line; what was cut off ends in an ellipsis.
pub fn cut(text: &str, characters: usize) -> String {
    let mut rest = text.chars();
    let start: String = rest.by_ref().take(characters).collect();
    let end = if rest.next().is_some() { "…" } else { "" };
    tame(&start) + end
}

/// JSON with a line for each member, by its characters: numbers keep all their digits and members their order. Nothing where the
/// text is no JSON.
fn indented(json: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    let (mut out, mut depth, mut text, mut escaped) = (String::with_capacity(json.len() * 2), 0, false, false);
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        if text {
            out.push(character);
            text = escaped || character != '"';
            escaped = !escaped && character == '\\';
            continue;
        }
        match character {
            ' ' | '\n' | '\t' | '\r' => {}
            '{' | '[' => {
                out.push(character);
                while characters.next_if(|next| matches!(next, ' ' | '\n' | '\t' | '\r')).is_some() {}
                match characters.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => line(&mut out, &mut depth, 1),
                }
            }
            '}' | ']' => {
                line(&mut out, &mut depth, -1);
                out.push(character);
            }
            ',' => {
                out.push(character);
                line(&mut out, &mut depth, 0);
            }
            ':' => out.push_str(": "),
            _ => {
                text = character == '"';
                out.push(character);
            }
        }
    }
    Some(out)
}

fn line(out: &mut String, depth: &mut isize, change: isize) {
    *depth += change;
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.unsigned_abs().min(MOST_INDENTED)));
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn data(bytes: &[u8]) -> Payload {
        Payload::Data(bytes.to_vec())
    }

    #[test]
    fn each_encoding_is_decoded_and_what_is_broken_is_kept() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(b"{\"a\":1}").unwrap();
        let packed = STANDARD.encode(gzip.finish().unwrap());
        assert_eq!(decode("base64", Some("eyI=")), Some(data(b"{\"")));
        assert_eq!(decode("gzip+base64", Some(&packed)), Some(data(b"{\"a\":1}")));
        assert_eq!(decode("none", None), None);
        for (encoding, text) in [("base64", "%%"), ("gzip+base64", "eyI="), ("zstd", "eyI=")] {
            assert_eq!(decode(encoding, Some(text)), Some(Payload::Broken(text.into())), "{encoding}");
        }
    }

    #[test]
    fn what_unpacks_to_more_than_any_record_is_not_unpacked() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&vec![0; 10 * 1024 * 1024 + 1]).unwrap();
        assert_eq!(unpack(&gzip.finish().unwrap()), None);
    }

    #[test]
    fn the_start_has_so_many_characters_and_no_control_character() {
        assert_eq!(data("☃☃☃".as_bytes()).start(3), "☃☃☃");
        assert_eq!(data("☃☃☃☃".as_bytes()).start(3), "☃☃☃…");
        assert_eq!(data(b"a\n\x1b[2J\tb").start(80), "a\\n\\u{1b}[2J\\tb");
        assert_eq!(data("a\u{202e}b\u{9b}".as_bytes()).start(80), "a\\u{202e}b\\u{9b}");
        assert_eq!(data(&[0xff, 0]).start(80), "(2 bytes, not UTF-8)");
    }

    #[test]
    fn json_is_indented_with_every_digit_and_other_text_is_left() {
        let text = r#" {"b":12345678901234567890123456789.10,"a":[],"c":{ },"d":["x{\",\\",null] } "#;
        let expected = "{\n  \"b\": 12345678901234567890123456789.10,\n  \"a\": [],\n  \"c\": {},\n  \"d\": [\n    \
                        \"x{\\\",\\\\\",\n    null\n  ]\n}";
        assert_eq!(data(text.as_bytes()).whole(), expected);
        assert_eq!(data(b"{\"a\": 1").whole(), "{\"a\": 1");
        let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
        assert!(data(deep.as_bytes()).whole().len() < 100 * deep.len());
        assert_eq!(data(&[0xff]).whole(), "(1 bytes that are not UTF-8, as base64:)\n/w==");
    }
}

//! Takes secrets out of what is kept: by the names of what holds them, and wherever a text repeats one.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipe_local::seen::is_secret;
use serde_json::Value;

/// What stands in the place of a secret.
const MASK: &str = "[masked]";
/// Secrets that texts are searched for. More senders than that at a time are known by their headers alone.
const MOST: usize = 64;
/// A shorter secret would be found in texts that have nothing to do with it.
const SHORTEST: usize = 6;
/// Members that hold secrets, beside what is called like a header that does.
const MEMBERS: [&str; 3] = ["authorizationToken", "usageIdentifierKey", "apiKey"];

/// Secrets that senders have shown, the newest last.
#[derive(Default)]
pub struct Secrets(VecDeque<String>);

impl Secrets {
    /// Learns from the value of a header that shows who sends.
    pub fn learn(&mut self, value: &str) {
        // A signature is of one request, and gives nobody anything.
        if value.starts_with("AWS4-HMAC-SHA256") {
            return;
        }
        self.add(value);
        for cookie in value.split(';').filter_map(|part| part.split_once('=')) {
            self.add(cookie.1.trim());
        }
        let Some((scheme, rest)) = value.split_once(' ') else { return };
        self.add(rest.trim());
        let decoded = || String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok();
        if let Some(pair) = Some(scheme).filter(|scheme| scheme.eq_ignore_ascii_case("basic")).and_then(|_| decoded()) {
            self.add(pair.split_once(':').map_or("", |(_, password)| password));
            self.add(&pair);
        }
    }

    fn add(&mut self, secret: &str) {
        let quoted = Value::from(secret).to_string();
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for form in [secret, &quoted[1..quoted.len() - 1], encoded.as_str()] {
            if form.len() >= SHORTEST {
                self.0.retain(|known| known != form);
                self.0.push_back(form.to_owned());
            }
        }
        while self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    /// The text without the secrets that it repeats.
    pub fn mask(&self, text: &str) -> String {
        // The longest first: one may be a part of another.
        let mut found: Vec<&String> = self.0.iter().filter(|secret| text.contains(secret.as_str())).collect();
        found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        found.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MASK))
    }

    /// The value of a header, or what may be shown of it.
    pub fn header(&self, name: &str, value: &str) -> String {
        if is_secret(name) { MASK.to_owned() } else { self.mask(value) }
    }

    /// A document without what holds secrets, as text.
    pub fn document(&self, mut document: Value) -> String {
        self.hide(&mut document);
        self.mask(&document.to_string())
    }

    /// A text that may be a document; as it is, where it has no secret in an encoding.
    pub fn text(&self, text: &str) -> String {
        match serde_json::from_str::<Value>(text) {
            Ok(document) if self.is_in(&document) => self.document(document),
            _ => self.mask(text),
        }
    }

    /// Takes what holds secrets out of a document, also where it holds them in base64 or in a document within.
    pub fn hide(&self, value: &mut Value) {
        match value {
            Value::Array(elements) => elements.iter_mut().for_each(|element| self.hide(element)),
            Value::Object(members) => {
                for (name, member) in members {
                    let holds = is_secret(name) || MEMBERS.contains(&name.as_str());
                    match member {
                        Value::Null => {}
                        member if holds => *member = Value::from(MASK),
                        member => self.hide(member),
                    }
                }
            }
            Value::String(text) if self.encodes(text) => *value = Value::from(MASK),
            Value::String(text) => *text = self.text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether a text of the document has a secret in an encoding.
    fn is_in(&self, value: &Value) -> bool {
        match value {
            Value::Array(elements) => elements.iter().any(|element| self.is_in(element)),
            Value::Object(members) => members.values().any(|member| self.is_in(member)),
            Value::String(text) => self.encodes(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    fn encodes(&self, text: &str) -> bool {
        let decoded = || String::from_utf8(STANDARD.decode(text).ok()?).ok();
        let has = |text: String| self.0.iter().any(|secret| text.contains(secret.as_str()));
        text.len() >= SHORTEST && decoded().is_some_and(has)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_found_wherever_a_text_repeats_it() {
        let mut secrets = Secrets::default();
        secrets.learn(&format!("Basic {}", STANDARD.encode("somebody:pass\"word")));
        secrets.learn("Bearer eyJhbGciOi.x.y");
        secrets.learn("session=abcdef0123; theme=dark");
        secrets.learn("AWS4-HMAC-SHA256 Credential=AKIA/x, Signature=0123456789abcdef");
        for text in [
            "it was eyJhbGciOi.x.y",
            "pass\"word",
            r#"{"a":"pass\"word"}"#,
            &STANDARD.encode("somebody:pass\"word"),
            "abcdef0123",
        ] {
            let masked = secrets.mask(text);
            assert!(masked.contains(MASK) && !masked.contains("pass") && !masked.contains("abcdef"), "{masked}");
        }
        assert_eq!(secrets.mask("dark 0123456789abcdef"), "dark 0123456789abcdef");
        assert_eq!((secrets.header("X-Api-Key", "k"), secrets.header("a", "b")), (MASK.into(), "b".into()));
    }

    #[test]
    fn members_that_hold_secrets_are_masked_at_any_depth() {
        let event = json!({ "headers": { "Authorization": "a", "Host": "b" }, "list": [{ "x-api-key": ["c"] }],
                            "authorizationToken": "d", "identity": { "apiKey": null } });
        let masked: Value = serde_json::from_str(&Secrets::default().document(event)).unwrap();
        let expected = json!({ "headers": { "Authorization": MASK, "Host": "b" }, "list": [{ "x-api-key": MASK }],
                               "authorizationToken": MASK, "identity": { "apiKey": null } });
        assert_eq!(masked, expected);
    }

    #[test]
    fn a_secret_in_base64_is_found_and_the_rest_stays_as_it_is() {
        let mut secrets = Secrets::default();
        secrets.learn("Bearer sesame-1");
        let data = STANDARD.encode(r#"{"token":"sesame-1"}"#);
        let letter = json!({ "payload": data, "reason": "x" }).to_string();
        let mut answer = json!({ "bodies": [{ "text": letter }], "of": 1 });
        secrets.hide(&mut answer);
        assert!(!answer.to_string().contains(&data) && answer.to_string().contains("reason"), "{answer}");
        let output = format!("{{\n  \"Data\": \"{data}\" }}");
        assert!(!secrets.text(&output).contains(&data));
        let harmless = format!("{{\n  \"Data\": \"{}\" }}", STANDARD.encode("nothing"));
        assert_eq!(secrets.text(&harmless), harmless);
    }

    #[test]
    fn the_newest_secrets_are_known_and_short_ones_are_not() {
        let mut secrets = Secrets::default();
        (0..100).for_each(|n| secrets.learn(&format!("secret-{n:03}")));
        assert_eq!(secrets.0.len(), MOST);
        assert_eq!(secrets.mask("secret-099 secret-000"), "[masked] secret-000");
        secrets.learn("abc");
        assert_eq!(secrets.mask("abc"), "abc");
    }
}

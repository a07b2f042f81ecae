//! The names under which an event goes: the one that was asked for, and those that the way shows.

use aws_sdk_dynamodb::types::AttributeValue;
use uuid::Uuid;

use crate::commands::dlq::Payload;
use crate::commands::dlq::letter::Letter;
use crate::commands::ends::ItemKey;
use crate::error::{Error, Result};
use crate::kinds::table::{Key, KeyKind};

/// No id of AWS is as long, nor a key that somebody types.
const LONGEST: usize = 256;
/// Sequence numbers of both kinds of streams have more digits than any key that is a number.
const DIGITS: usize = 20;

/// Letters of a letter's id that lists show.
const BEGINNING: usize = 8;

/// The names of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// What was asked for.
    pub asked: String,
    /// What a row's key would be, where that is another text.
    key: Option<String>,
    /// The shard that has it, where that is known.
    pub shard: Option<String>,
    /// Its sequence number there.
    pub number: Option<String>,
}

impl Names {
    /// # Errors
    /// It is no id at all.
    pub fn of(asked: &str) -> Result<Self> {
        if asked.is_empty() || asked.len() > LONGEST || asked.chars().any(|letter| letter.is_control() || letter == '"')
        {
            return Err(Error::fatal("this is no id")
                .hint("an id has 1 to 256 characters, and neither quotes nor control characters"));
        }
        let names = Self { asked: asked.to_owned(), ..Self::default() };
        Ok(match asked.split_once(':') {
            Some((shard, number)) if shard.starts_with("shardId-") && is_number(number) => {
                Self { shard: Some(shard.to_owned()), number: Some(number.to_owned()), ..names }
            }
            // As `send` and `dev` show it.
            Some((shard, number)) if is_shard(shard) && is_number(number) => {
                Self { shard: Some(format!("shardId-{shard:0>12}")), number: Some(number.to_owned()), ..names }
            }
            // A message, as `send` shows it.
            Some((_, id)) if Uuid::try_parse(id).is_ok() => {
                Self { asked: id.to_owned(), key: Some(asked.to_owned()), ..names }
            }
            None if is_number(asked) => Self { number: Some(asked.to_owned()), ..names },
            _ => names,
        })
    }

    /// The text by which logs are searched: a log that names the event names its number as well.
    pub fn sought(&self) -> &str {
        if self.asked.contains(':') { self.number.as_ref().unwrap_or(&self.asked) } else { &self.asked }
    }

    /// Whether a letter is about it.
    pub fn are_of(&self, letter: &Letter) -> bool {
        let covered = || {
            let (Some(number), Some(place)) = (&self.number, letter.form().place()) else { return false };
            // Of a change of a table the handler's letter does not tell the shard.
            let same = self.shard.as_ref().is_none_or(|shard| place.shard.is_empty() || place.shard == shard);
            same && place.spans(number)
        };
        let begins = || self.asked.len() >= BEGINNING && letter.id.starts_with(&self.asked);
        let named = || begins() || letter.id == self.asked || letter.form().event_id().as_ref() == Some(&self.asked);
        let held = || match letter.form().payload() {
            Some(Payload::Data(data)) => has_word(&String::from_utf8_lossy(&data), &self.asked),
            _ => false,
        };
        named() || covered() || held()
    }

    /// The place in a stream, which a letter about this event alone names.
    pub fn learn_from_letter(&mut self, letter: &Letter) {
        let Some(place) = letter.form().place().filter(|place| place.records == 1) else { return };
        self.learn(Some(place.shard), place.first);
    }

    /// The place in a stream, where none is known yet.
    pub fn learn(&mut self, shard: Option<&str>, number: &str) {
        let shard = shard.filter(|shard| !shard.is_empty()).map(str::to_owned);
        match &self.number {
            None if is_number(number) => (self.shard, self.number) = (shard, Some(number.to_owned())),
            Some(known) if known == number => self.shard = self.shard.take().or(shard),
            _ => {}
        }
    }

    /// The key of a row, if the id may be one.
    pub fn as_key(&self, keys: &[Key]) -> Option<ItemKey> {
        let ([key], asked) = (keys, self.key.as_ref().unwrap_or(&self.asked)) else { return None };
        let value = match key.kind {
            KeyKind::String => AttributeValue::S(asked.clone()),
            KeyKind::Number => AttributeValue::N(asked.parse::<f64>().is_ok().then(|| asked.clone())?),
            KeyKind::Binary => return None,
        };
        Some(ItemKey::from([(key.name.clone(), value)]))
    }
}

/// Whether an id stands in a text, and not as a part of a longer one: `a-1` is neither in `a-12` nor in `ba-1`.
pub(super) fn has_word(text: &str, id: &str) -> bool {
    let longer = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    text.match_indices(id).any(|(at, _)| !text[..at].ends_with(longer) && !text[at + id.len()..].starts_with(longer))
}

fn is_shard(text: &str) -> bool {
    (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_number(text: &str) -> bool {
    text.len() >= DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::dlq::letter::Message;
    use serde_json::json;

    const NUMBER: &str = "49590338271490256608559692538361571095921575989136588898";

    fn of(asked: &str) -> Names {
        Names::of(asked).unwrap()
    }

    #[test]
    fn an_id_tells_where_it_is_where_it_can() {
        let event = of(&format!("shardId-000000000000:{NUMBER}"));
        assert_eq!((event.shard.as_deref(), event.number.as_deref()), (Some("shardId-000000000000"), Some(NUMBER)));
        assert_eq!(event.sought(), NUMBER);
        let shown = of(&format!("7:{NUMBER}"));
        assert_eq!((shown.shard.as_deref(), shown.number.as_deref()), (Some("shardId-000000000007"), Some(NUMBER)));
        assert_eq!((of(NUMBER).number.as_deref(), of(NUMBER).shard), (Some(NUMBER), None));
        let message = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
        assert_eq!(of(&format!("orders-topic:{message}")).asked, message);
        let keys = [Key { name: "id".to_owned(), kind: KeyKind::String }];
        let key = of(&format!("user:{message}")).as_key(&keys).unwrap();
        assert_eq!(key["id"], AttributeValue::S(format!("user:{message}")), "it may be a row's key, too");
        for other in ["order-17", "12345", "8476a536-e9f4-11e8-9739-2dfe598c3fcd", "a:b", "Xyz+/="] {
            assert_eq!((of(other).number, of(other).sought()), (None, other));
        }
        for bad in ["", "a\"b", "a\nb", &"x".repeat(257)] {
            assert!(Names::of(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_line_names_it_and_not_a_longer_one() {
        for (line, named) in
            [("{\"id\":\"order-1\"}", true), ("order-12 order-1", true), ("order-12", false), ("border-1", false)]
        {
            assert_eq!(has_word(line, "order-1"), named, "{line}");
        }
        assert!(has_word(
            &format!("shardId-000000000000:{NUMBER}"),
            of(&format!("shardId-000000000000:{NUMBER}")).sought()
        ));
    }

    #[test]
    fn a_letter_is_about_it_by_its_range_or_by_its_event() {
        let letter = |body: serde_json::Value| {
            Letter::new(Message { id: "m".into(), body: body.to_string(), ..Message::default() })
        };
        let one = letter(json!({
            "version": 1, "reason": "no-key", "eventID": format!("shardId-1:{NUMBER}"), "streamArn": "arn", "shardId": "shardId-1",
            "sequenceNumber": NUMBER, "arrivedAt": "2019-11-14T00:38:04Z", "encoding": "base64", "payload": "eyJpZCI6Im9yZGVyLTEifQ==",
        }));
        let about = [NUMBER.to_owned(), format!("shardId-1:{NUMBER}"), "m".into(), "order-1".into()];
        assert!(about.iter().all(|asked| of(asked).are_of(&one)));
        let others = [NUMBER.replace("98", "99"), format!("shardId-2:{NUMBER}"), "order-2".into()];
        assert!(others.iter().all(|asked| !of(asked).are_of(&one)));
        let mut names = of("order-1");
        names.learn_from_letter(&one);
        assert_eq!((names.shard.as_deref(), names.number.as_deref()), (Some("shardId-1"), Some(NUMBER)));
    }

    #[test]
    fn an_id_may_be_a_key() {
        let key = |kind| Key { name: "id".into(), kind };
        let value = |asked: &str, kind| of(asked).as_key(&[key(kind)]).map(|mut found| found.remove("id").unwrap());
        assert_eq!(value("a", KeyKind::String), Some(AttributeValue::S("a".into())));
        assert_eq!(value("7", KeyKind::Number), Some(AttributeValue::N("7".into())));
        assert_eq!((value("a", KeyKind::Number), value("a", KeyKind::Binary)), (None, None));
        assert_eq!(of("a").as_key(&[key(KeyKind::String), key(KeyKind::String)]), None);
    }
}

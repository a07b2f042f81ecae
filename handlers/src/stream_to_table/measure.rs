//! What JSON would be as an item, found without making anything of it: of a record of megabytes the values alone may take a hundred
//! times the memory of their text (`[{},{},...]`), which a function of 128 MB does not have.

use super::failure::{Poison, Reason};

/// Levels of a stored value, its innermost scalar counted: 31 maps around a scalar are taken and 32 are refused.
const MAX_LEVELS: usize = 32;
/// 400 KB, names included (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).
const MAX_ITEM_BYTES: usize = 400 * 1024;
/// What a list or a map takes beside its elements, and each of these beside itself ("Item sizes and formats",
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).
const CONTAINER_BYTES: usize = 3;
const ELEMENT_BYTES: usize = 1;

/// The most memory that a value takes beside its text: the largest is a map with one member.
const MEMORY_OF_VALUE: usize = 384;
/// How often a text is in memory: as an attribute, and in a request that has grown to up to twice its size.
const COPIES_OF_TEXT: usize = 3;

/// Returns how many bytes of memory the item takes at most while it is written. The text must be JSON.
///
/// # Errors
/// The item is too large or too deep. Its size is counted as the least that it may be, an attribute given twice as two: what is
/// near the limit is left to DynamoDB.
pub fn measure(json: &str) -> Result<usize, Poison> {
    let (mut bytes, mut values, mut open, mut in_scalar) = (0, 0, 0_usize, false);
    let mut text = json.bytes();
    while let Some(byte) = text.next() {
        let was_in_scalar = std::mem::take(&mut in_scalar);
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b':' => {}
            b'}' | b']' => open = open.saturating_sub(1),
            b',' => {
                values += 1;
                bytes += if open > 1 { ELEMENT_BYTES } else { 0 };
            }
            _ if was_in_scalar => in_scalar = true,
            _ if open > MAX_LEVELS => {
                return Err(Poison::new(Reason::TooDeep, "the item is nested deeper than 32 levels"));
            }
            b'"' => bytes += content(&mut text),
            b'{' | b'[' => {
                values += 1;
                bytes += if open > 0 { CONTAINER_BYTES } else { 0 };
                open += 1;
            }
            _ => {
                bytes += 1;
                in_scalar = true;
            }
        }
        if bytes > MAX_ITEM_BYTES {
            return Err(Poison::new(Reason::ItemTooLarge, "the item is larger than 400 KB"));
        }
    }
    Ok(values * MEMORY_OF_VALUE + json.len() * COPIES_OF_TEXT)
}

/// Takes the rest of a string, and returns the least bytes of its content: an escape stands for one or more.
fn content(text: &mut impl Iterator<Item = u8>) -> usize {
    let mut bytes = 0;
    while let Some(byte) = text.next() {
        match byte {
            b'"' => break,
            b'\\' if text.next() == Some(b'u') => {
                text.nth(3);
            }
            _ => {}
        }
        bytes += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(json: &str) -> Option<Reason> {
        measure(json).err().map(|poison| poison.reason)
    }

    /// The largest list of an attribute `a` with this element, by DynamoDB's own count of an element.
    fn largest(element: &str, bytes: usize) -> usize {
        let list = |count: usize| format!(r#"{{"a":[{}]}}"#, vec![element; count].join(","));
        let most = (MAX_ITEM_BYTES - 3) / bytes;
        assert_eq!(reason(&list(most)), None, "{element}");
        assert_eq!(reason(&list(most + 1)), Some(Reason::ItemTooLarge), "{element}");
        most
    }

    #[test]
    fn values_count_as_much_as_they_are_in_the_table() {
        assert_eq!(largest("null", 2), 204_798);
        assert_eq!(largest(" true ", 2), 204_798);
        assert_eq!(largest("{}", 4), 102_399);
        assert_eq!(largest("[ ]", 4), 102_399);
        assert_eq!(largest(r#""\u00e9\"\\\n""#, 5), 81_919);
        assert_eq!(largest(r#"{"ab":"]}{[,:"}"#, 12), 34_133);
    }

    #[test]
    fn what_is_said_in_other_words_is_not_counted() {
        let json = format!(r#"{{"a":{}1.{}}}"#, " ".repeat(MAX_ITEM_BYTES), "0".repeat(MAX_ITEM_BYTES));
        assert_eq!(reason(&json), None);
    }

    #[test]
    fn an_empty_list_is_no_level_below_its_own() {
        let nested = |lists: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(lists), "]".repeat(lists));
        assert_eq!(reason(&nested(32)), None);
        assert_eq!(reason(&nested(33)), Some(Reason::TooDeep));
    }
}

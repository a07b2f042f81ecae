//! Which of two changes of an item is newer, as a number that search services take.
//!
//! A search service keeps a version with each document and, with the version type `external_gte`, refuses a write whose version is
//! lower. So a change that comes again, or late, never takes an item back. The version has to grow with the changes of an item, and
//! has 63 bits; DynamoDB's sequence number, which grows so, has 21 to 40 digits. Time does not do: DynamoDB tells it in whole seconds,
//! and calls it approximate.
//!
//! The version is the sequence number, made shorter where it says least. AWS does not say what the number is made of. Those that
//! are seen are a number of up to ten digits and behind it a counter of 20 digits, most of them zeros: 44215845 and 17450439091 are
//! `4421584500000000017450439091`. So the digits before the last 20 come first, with as many bits as they have, and the last 20 get
//! the rest of the bits. What does not fit there loses its last bits, as a floating-point number does.
//!
//! Two things hold for all numbers, whatever they are made of:
//! - A larger number has no smaller version. So no change is ever refused because of an older one: that would lose it.
//! - Numbers as they are seen have each a version of its own, or share it with some hundreds next to them. Changes of an item that
//!   share one are written in the order in which they come, as everything is without versions.

/// Digits of the counter.
const COUNTER: usize = 20;
/// Bits of the version for the two parts.
const BITS: u32 = 57;
/// Bits for the exponent of a counter that does not fit: it has at most 67.
const EXPONENT: u32 = 6;
/// More bits of what comes first leave too few for the counter.
const MOST: u32 = 45;
/// The version of all numbers beyond.
const LAST: u64 = i64::MAX as u64;

/// The version of a sequence number; nothing where it is no number.
pub fn version(number: &str) -> Option<u64> {
    if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (first, counter) = number.split_at(number.len().saturating_sub(COUNTER));
    let first = match first.trim_start_matches('0') {
        "" => 0,
        first => first.parse().unwrap_or(u128::MAX),
    };
    let counter: u128 = counter.parse().ok()?;
    let bits = u128::BITS - first.leading_zeros();
    if bits > MOST {
        return Some(LAST);
    }
    // How long the first part is comes before it; then its first bit, a one, need not be said.
    let said = bits.saturating_sub(1);
    let first = first & !(u128::MAX << said);
    let width = BITS - said;
    let version = (u128::from(bits) << BITS) | (first << width) | shortened(counter, width);
    u64::try_from(version).ok()
}

/// A number in so many bits: exact where it fits in all but one of them, else its first bits behind their exponent.
fn shortened(number: u128, width: u32) -> u128 {
    let bits = u128::BITS - number.leading_zeros();
    if bits < width {
        return number;
    }
    let mantissa = width - 1 - EXPONENT;
    let shown = (number >> (bits - 1 - mantissa)) & !(u128::MAX << mantissa);
    (1_u128 << (width - 1)) | (u128::from(bits - width) << mantissa) | shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn digits(number: &str) -> (usize, &str) {
        let number = number.trim_start_matches('0');
        (number.len(), number)
    }

    #[test]
    fn what_is_seen_has_a_version_of_its_own() {
        let seen = [
            "111",
            "222",
            "20500000000000000910398",
            "820400000000000001192334",
            "2035600000000000010592323",
            "2035600000000000010592324",
            "13021600000000001596893679",
            "13021600000000001596893680",
            "300000000000000000000499659000",
        ];
        let versions: Vec<u64> = seen.iter().map(|number| version(number).unwrap()).collect();
        assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    }

    #[test]
    fn a_counter_that_does_not_fit_keeps_its_first_bits() {
        let of = |counter: u64| version(&format!("44215845{counter:020}")).unwrap();
        assert!(of(17_450_439_091) < of(17_450_439_091 + 512));
        assert!(of(17_450_439_091) <= of(17_450_439_092));
        assert!(of(17_450_439_091) < version("4421584600000000000000000000").unwrap());
        assert!(of(u64::MAX) < version("4421584600000000000000000000").unwrap());
    }

    #[test]
    fn what_is_no_number_has_none_and_the_largest_has_the_last() {
        for text in ["", "-1", "+1", "1.0", " 1", "1e3", "x", "１"] {
            assert_eq!(version(text), None, "{text}");
        }
        assert_eq!((version("0"), version("000"), version(&"9".repeat(40))), (Some(0), Some(0), Some(LAST)));
        assert_eq!(version(&"9".repeat(10_000)), Some(LAST));
    }

    proptest! {
        #[test]
        fn a_larger_number_has_no_smaller_version(a in "[0-9]{1,40}", b in "[0-9]{1,40}") {
            let (a, b) = if digits(&a) <= digits(&b) { (a, b) } else { (b, a) };
            prop_assert!(version(&a).unwrap() <= version(&b).unwrap(), "{a} {b}");
            prop_assert!(version(&b).unwrap() <= LAST);
        }

        #[test]
        fn nor_does_one_that_is_close(first in 0_u64..1 << 50, counter in 0_u64..u64::MAX - 5_000, more in 0_u64..5_000) {
            let of = |first: u64, counter: u64| version(&format!("{first}{counter:020}")).unwrap();
            prop_assert!(of(first, counter) <= of(first, counter + more));
            prop_assert!(of(first, u64::MAX) <= of(first + 1, 0));
        }

        #[test]
        fn counters_as_they_are_seen_are_told_apart(first in 0_u64..1 << 17, counter in 0_u64..1 << 40, more in 1_u64..5_000) {
            let of = |counter: u64| version(&format!("{first}{counter:020}")).unwrap();
            prop_assert!(of(counter) < of(counter + more));
        }
    }
}

//! Numbers that were written with their unit, or as other tools write them.

/// Units by what they are called, and the seconds, or the megabytes, of each.
const TIMES: [(&[&str], u64); 5] = [
    (&["s", "sec", "secs", "second", "seconds"], 1),
    (&["m", "min", "mins", "minute", "minutes"], 60),
    (&["h", "hr", "hrs", "hour", "hours"], 3600),
    (&["d", "day", "days"], 86_400),
    (&["w", "week", "weeks"], 604_800),
];
const SIZES: [(&[&str], u64); 2] = [(&["m", "mb", "mib"], 1), (&["g", "gb", "gib"], 1024)];

/// Says which number was meant where `text` is one with its unit and `key` names the unit that it is counted in.
pub(super) fn meant(key: &str, text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).filter(|digits| *digits > 0)?;
    let number: u64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim().to_ascii_lowercase();
    let (counted, size) = match key.rsplit('_').next()? {
        "mb" => ("megabytes", 1),
        "seconds" => ("seconds", 1),
        "hours" => ("hours", 3600),
        "days" => ("days", 86_400),
        _ => return None,
    };
    let units: &[(&[&str], u64)] = if counted == "megabytes" { &SIZES } else { &TIMES };
    let (_, of) = units.iter().find(|(names, _)| names.contains(&unit.as_str()))?;
    let whole = number.checked_mul(*of)?;
    Some(match whole % size {
        0 => format!("`{key}` counts {counted}, without a unit: {text} is `{}`", whole / size),
        _ => format!("`{key}` counts whole {counted}, without a unit"),
    })
}

/// A pipeline's name that is like this text and is one that a spec may have.
pub(super) fn name(text: &str) -> Option<String> {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let mut words = Vec::new();
    let mut before = '-';
    for letter in text.trim().chars() {
        // `DemoPipeline` is two words.
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
            words.push('-');
        }
        words.push(plain(letter));
        before = letter;
    }
    let words: String = words.into_iter().collect();
    let words = words.trim_start_matches(|letter: char| !letter.is_ascii_lowercase());
    let joined = words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let name: String = joined.chars().take(31).collect();
    let name = name.trim_end_matches('-');
    (name.len() >= 2).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_its_unit_is_told_without() {
        let told = |key, text| meant(key, text).unwrap();
        assert_eq!(told("timeout_seconds", "5m"), "`timeout_seconds` counts seconds, without a unit: 5m is `300`");
        assert_eq!(told("retention_hours", "2 days"), "`retention_hours` counts hours, without a unit: 2 days is `48`");
        assert_eq!(told("memory_mb", "1GB"), "`memory_mb` counts megabytes, without a unit: 1GB is `1024`");
        assert_eq!(told("retention_hours", "90s"), "`retention_hours` counts whole hours, without a unit");
        for (key, text) in [("timeout_seconds", "m"), ("timeout_seconds", "5x"), ("shards", "5m"), ("log_days", "")] {
            assert_eq!(meant(key, text), None, "{key}: {text}");
        }
        assert_eq!(meant("log_days", "99999999999999999999w"), None);
        assert_eq!(meant("log_days", "9999999999999999999w"), None, "no number is that large");
    }

    #[test]
    fn a_name_that_is_none_has_a_near_one() {
        for (text, near) in [
            ("Demo_Pipeline", "demo-pipeline"),
            ("demo pipeline", "demo-pipeline"),
            ("DemoPipeline", "demo-pipeline"),
            ("2nd.demo", "nd-demo"),
            ("-a--b-", "a-b"),
        ] {
            assert_eq!(name(text).as_deref(), Some(near), "{text}");
        }
        assert_eq!((name("_"), name("Ä"), name("")), (None, None, None));
        assert!(name(&"long-".repeat(20)).is_some_and(|name| name.len() <= 31 && !name.ends_with('-')));
    }
}

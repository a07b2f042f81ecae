//! Texts of others, made harmless: what clients, compilers, AWS and other people's files say steers neither a terminal nor the
//! service that runs a build.

/// What build services take for a command anywhere in a line of the log: GitHub Actions in its older form, Azure Pipelines, TeamCity.
const COMMANDS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// A text as one line that may be shown: letters that steer are escapes.
pub(crate) fn tame(text: &str) -> String {
    line(text, steers)
}

/// The same for a text of several lines: these stay, and tabs do.
pub(crate) fn tame_lines(text: &str) -> String {
    let keep_tabs = |letter| letter != '\t' && steers(letter);
    text.split('\n').map(|part| line(part, keep_tabs)).collect::<Vec<_>>().join("\n")
}

/// A line of JSON with the same content, in which such letters are escapes. Outside of JSON's texts there are none of them.
pub(crate) fn tame_json(json: &str) -> String {
    let shown = |letter: char| match steers(letter) {
        true => format!("\\u{:04x}", u32::from(letter)),
        false => letter.to_string(),
    };
    json.chars().map(shown).collect::<String>().replace("##", "#\\u0023")
}

/// Takes commands of build services out of a text; it has as many letters and bytes as before.
pub(crate) fn without_commands(text: &str) -> String {
    COMMANDS.iter().fold(text.to_owned(), |text, command| text.replace(command, &command.replacen("##", "#.", 1)))
}

/// Whether a letter moves the cursor, colours, turns the direction of the text, or is not seen at all: build services look for their
/// commands without those.
pub(crate) fn steers(letter: char) -> bool {
    let hidden =
        matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    letter.is_control() || hidden || matches!(letter, '\u{2028}'..='\u{202e}')
}

fn line(text: &str, escaped: impl Fn(char) -> bool) -> String {
    let shown = |letter: char| if escaped(letter) { letter.escape_debug().to_string() } else { letter.to_string() };
    let line: String = text.chars().map(shown).collect();
    // `::add-mask::` and its like are commands of GitHub Actions, but for spaces at the very start of a line.
    let command = line.trim_start().strip_prefix("::").is_some_and(|rest| rest.contains("::"));
    without_commands(&if command { line.replacen("::", "\\u{3a}:", 1) } else { line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_steer_are_escapes() {
        assert_eq!(tame("a\u{1b}]0;t\u{7}\nb\t\u{9b}\u{202e}\u{200b}"), r"a\u{1b}]0;t\u{7}\nb\t\u{9b}\u{202e}\u{200b}");
        assert_eq!(tame_lines("a\tb\n\u{1b}[2J\n"), "a\tb\n\\u{1b}[2J\n");
        assert_eq!(tame("größe 日本 ✓"), "größe 日本 ✓");
    }

    #[test]
    fn commands_of_build_services_are_none_any_more() {
        assert_eq!(
            tame_lines("error\n  ::add-mask::x\n::set-output name=a::b"),
            "error\n  \\u{3a}:add-mask::x\n\\u{3a}:set-output name=a::b"
        );
        assert_eq!(tame("a ##[add-mask]x ##vso[task.setvariable]y"), "a #.[add-mask]x #.vso[task.setvariable]y");
        for plain in ["::1", "std::fmt::Error", "# [a](b)", "## title"] {
            assert_eq!(tame(plain), plain);
        }
    }

    #[test]
    fn a_line_of_json_keeps_its_content() {
        let text = "##[add-mask]x \\## ###[ \u{9b}\u{202e}\u{7f}\u{feff} größe\n";
        let json = serde_json::to_string(text).unwrap();
        let tamed = tame_json(&json);
        assert!(!tamed.contains("##") && !tamed.contains(steers), "{tamed}");
        assert_eq!(serde_json::from_str::<String>(&tamed).unwrap(), text);
    }
}

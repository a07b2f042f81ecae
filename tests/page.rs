//! The page of the console, as it lies in the source: small, whole, and without a way for an event to become markup. What it does
//! is tested in a browser (`tests/dev/console_page.rs`).

use std::fs;
use std::path::Path;

const BUDGET_BYTES: usize = 150 * 1024;
const LINES: usize = 300;

/// What makes markup or code of text, and what holds code within the page, which its policy forbids.
const NEVER: &[&str] = &[
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "setHTMLUnsafe",
    "parseHTMLUnsafe",
    "document.write",
    "DOMParser",
    "createContextualFragment",
    "srcdoc",
    "eval(",
    "Function(",
    "setTimeout(\"",
    "javascript:",
    "import(",
];

/// The files with their texts.
fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console/page");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    paths.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

fn ending(wanted: &str) -> Vec<(String, String)> {
    let found: Vec<_> = files().into_iter().filter(|(name, _)| name.ends_with(wanted)).collect();
    assert!(!found.is_empty(), "no file ends with `{wanted}`");
    found
}

#[test]
fn it_is_small() {
    let bytes: usize = files().iter().map(|(_, text)| text.len()).sum();
    assert!(bytes <= BUDGET_BYTES, "{bytes} bytes");
    for (name, text) in files() {
        let lines = text.lines().count();
        assert!(lines <= LINES, "{name} has {lines} lines");
    }
}

#[test]
fn it_needs_no_network() {
    for (name, text) in files() {
        // The one name of a format that looks like an address.
        let text = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for address in ["://", "\"//", "'//", "url(//", "@import"] {
            assert!(!text.contains(address), "{name} has `{address}`");
        }
    }
}

#[test]
fn nothing_makes_markup_of_text() {
    for (name, text) in ending(".js") {
        for never in NEVER {
            assert!(!text.contains(never), "{name} has `{never}`");
        }
    }
}

#[test]
fn no_script_and_no_style_stands_in_the_page() {
    for (name, text) in ending(".html") {
        let page = text.to_ascii_lowercase();
        for part in page.split("<script").skip(1) {
            let (tag, rest) = part.split_once('>').unwrap();
            assert!(tag.contains("src=") && rest.starts_with("</script>"), "{name}: <script{tag}>");
        }
        assert!(!page.contains("<style") && !page.contains(" style="), "{name} has a style");
        let handler = page.split_ascii_whitespace().find(|word| word.starts_with("on") && word.contains("=\""));
        assert_eq!(handler, None, "{name}");
    }
}

/// A module that is not announced is found one round trip later, so the page would begin later.
#[test]
fn every_file_is_announced_and_served() {
    let (_, page) = ending(".html").remove(0);
    let served = include_str!("../engine/src/console/page.rs");
    let names: Vec<String> = files().into_iter().map(|(name, _)| name).filter(|name| name != "index.html").collect();
    for name in &names {
        let times = page.matches(&format!("\"/console/{name}\"")).count();
        assert_eq!(times, 1, "{name} in index.html");
        assert!(served.contains(&format!("include_bytes!(\"page/{name}\")")), "{name} in console/page.rs");
    }
    assert_eq!(page.matches("\"/console/").count(), names.len(), "files that are not there");
}

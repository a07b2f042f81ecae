//! What must not get through, must not be shown, and must not take long.

use super::{parse, root};
use pipe::spec;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn what_is_no_spec_is_refused_at_once() {
    let large = format!("name: small\n# {}\n", "x".repeat(1024 * 1024));
    let bomb = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "))
    });
    let scalar = format!("s: &s {}\nl: [{}]\n", "y".repeat(500_000), vec!["*s"; 100_000].join(","));
    let deep = "[".repeat(500_000);
    let wide = format!("name: [{}]", "a,".repeat(500_000));
    let keys = (0..60_000).fold(String::from("name: small\n"), |text, n| format!("{text}k{n}: 1\n"));
    let flow = "{a: ".repeat(200_000);
    for (text, what) in [
        (large, "at most 1 MiB"),
        (bomb, "written out"),
        (scalar, "written out"),
        (deep, "levels"),
        (wide, "written out"),
        (keys, "unknown key"),
        (flow, "levels"),
        ("a: &a [*a]".to_owned(), "part of what it refers to"),
        ("- ".repeat(300_000), "levels"),
        ("? ".repeat(300_000), "key"),
        ("\"".to_owned() + &"x".repeat(1_000_000), "not YAML"),
        (String::new(), "empty"),
        ("# nothing\n".to_owned(), "empty"),
    ] {
        let begin = Instant::now();
        let report = parse(&text).unwrap_err();
        let shown = report.render(false);
        assert!(shown.contains(what), "{what}: {shown}");
        assert!(begin.elapsed() < Duration::from_secs(120), "{what} took {:?}", begin.elapsed());
    }
    let report = spec::parse("pipeline.yaml", b"name: a\nb: \xff\xfe", &root()).unwrap_err();
    assert!(report.render(false).contains("not UTF-8: line 2"), "{report}");
}

/// A repository with a handler in it, another one outside, and the folder of its specs.
fn repository() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("repository/specs");
    fs::create_dir_all(&inner).expect("a folder");
    for handler in ["repository/handler", "outside"] {
        fs::create_dir_all(folder.path().join(handler)).expect("a folder");
        fs::write(folder.path().join(handler).join("bootstrap"), "").expect("a file");
    }
    (folder, inner)
}

/// What is said of a spec with this handler in the folder; nothing where it is fine.
fn refused(inner: &Path, handler: &str) -> String {
    let text = format!(
        "name: small\nstream: {{ kinesis: {{}} }}\ndlq: {{ queue: {{}} }}\nconsumer: {{ function: {{ handler: {handler} }} }}\n"
    );
    let parsed = spec::parse("pipeline.yaml", text.as_bytes(), inner);
    parsed.err().map(|report| report.render(false)).unwrap_or_default()
}

#[test]
fn nothing_outside_of_the_repository_is_read() {
    let (folder, inner) = repository();
    let refused = |handler: &str| refused(&inner, handler);
    assert!(refused("../handler").contains("is outside of the spec's folder, which is in no git repository"));
    fs::create_dir(folder.path().join("repository/.git")).unwrap();
    assert_eq!(refused("../handler"), "");
    assert!(refused("../../outside").contains("is outside of the git root"));
    assert!(refused("../../missing").contains("is outside of the git root"));
    assert!(refused("/etc/passwd").contains("is outside of the git root"));
    assert!(refused("../missing").contains("there is no file or folder"));
}

#[test]
fn no_link_leads_out_of_the_repository() {
    let (folder, inner) = repository();
    fs::create_dir(folder.path().join("repository/.git")).unwrap();
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, inner.join(name)).unwrap();
    link(&folder.path().join("outside"), "link");
    assert!(refused(&inner, "./link").contains("is outside of the git root"), "{}", refused(&inner, "./link"));
    fs::create_dir(inner.join("own")).unwrap();
    link(&folder.path().join("outside/bootstrap"), "own/bootstrap");
    let own = refused(&inner, "./own");
    assert!(
        own.contains("`./own/bootstrap` is outside of the git root") && own.contains("pipeline.yaml:4:34"),
        "{own}"
    );
    fs::remove_file(inner.join("own/bootstrap")).unwrap();
    link(Path::new("../../handler/bootstrap"), "own/bootstrap");
    assert_eq!(refused(&inner, "./own"), "", "a link within the repository is fine");
    link(Path::new("/etc/passwd"), "link.json");
    for schema in ["../../../etc/passwd", "/etc/passwd", "link.json"] {
        let text = format!(
            "name: small\nsource: {{ api: {{ routes: [ {{ post: /a, auth: none, body: {{ schema: {schema} }} }} ] }} }}\nstream: {{ kinesis: {{}} }}\n"
        );
        let report = spec::parse("pipeline.yaml", text.as_bytes(), &inner).unwrap_err().render(false);
        assert!(report.contains("is outside of the git root"), "{report}");
    }
}

/// Its build script runs with whatever `pipe` gives it, and what it prints is shown.
const BUILD_SCRIPT: &str = r#"
fn main() {
    let names: Vec<String> = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    std::fs::write("told", names.join("\n")).unwrap();
    println!("::add-mask::a");
    println!("\u{1b}]0;title\u{7}##[add-mask]b");
    std::process::exit(1);
}
"#;

#[test]
fn a_build_script_runs_for_no_validate_gets_no_credentials_and_steers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir_all(folder.path().join("own/src")).unwrap();
    write("own/Cargo.toml", "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n");
    write("own/build.rs", BUILD_SCRIPT);
    write("own/src/main.rs", "fn main() {}");
    write(
        "pipeline.yaml",
        "name: small\nstream: { kinesis: {} }\ndlq: { queue: {} }\nconsumer: { function: { handler: ./own } }\n",
    );
    let secrets =
        ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CARGO_REGISTRY_TOKEN"];
    let pipe = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipe"));
        command.args(arguments).current_dir(folder.path()).envs(secrets.map(|name| (name, "000000000000")));
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    for command in ["validate", "graph"] {
        assert!(pipe(&[command]).0, "{command}");
        assert!(!folder.path().join("own/told").exists(), "{command} has run it");
    }
    let (done, said) = pipe(&["diff", "--region", "eu-central-1", "--endpoint-url", "http://127.0.0.1:1"]);
    assert!(!done && said.contains("add-mask"), "{said}");
    let steering =
        |line: &str| line.trim_start().starts_with("::") || line.contains("##[") || line.contains(['\u{1b}', '\u{7}']);
    assert_eq!(said.lines().find(|line| steering(line)), None, "{said}");
    let told = fs::read_to_string(folder.path().join("own/told")).unwrap();
    let told: Vec<&str> = told.lines().collect();
    assert!(told.contains(&"PATH") && secrets.iter().all(|name| !told.contains(name)), "{told:?}");
}

#[test]
fn environment_values_are_never_shown() {
    let text = "name: small\nstream: { kinesis: {} }\ndlq: { queue: {} }\nconsumer:\n  function:\n    handler: ./missing\n    environment:\n      \
                API_TOKEN: hunter2\n      OTHER: 31337\n      PIPE_X: { a: sesame, b: [sesame] }\n      B_KEY: sesame\n      B_KEY: 'sw0rdfish'\n";
    let report = parse(text).unwrap_err();
    let shown = report.render(false) + &serde_json::json!(report.located()).to_string();
    assert!(shown.contains("API_TOKEN") && shown.contains("OTHER") && shown.contains("looks like a secret"), "{shown}");
    for value in ["hunter2", "31337", "sesame", "sw0rdfish"] {
        assert!(!shown.contains(value), "{shown}");
    }
}

#[test]
fn checking_the_main_file_is_fast() {
    let bytes = fs::read(root().join("pipeline.yaml")).unwrap();
    let check = |_| {
        let begin = Instant::now();
        spec::parse("pipeline.yaml", &bytes, &root()).unwrap();
        begin.elapsed()
    };
    // The best of many, which no pause of the machine is in. Generous, for a debug build; a release build takes a tenth.
    let best = (0..20).map(check).min().unwrap();
    assert!(best < Duration::from_millis(500), "{best:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens to the bytes of the main file: no panic, an end, and a report that can be drawn.
    #[test]
    fn no_bytes_break_the_parser(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..12)) {
        const LETTERS: &[u8] = b"\n :-{}[]\"'#&*!|>%@`,?\\~0aZ\t\r\xc3\xbc\xff\x00";
        let mut bytes = fs::read(root().join("pipeline.yaml")).unwrap();
        for (index, letter, what) in edits {
            let at = index.index(bytes.len());
            let letter = LETTERS[usize::from(letter) % LETTERS.len()];
            match what {
                0 => bytes[at] = letter,
                1 => bytes.insert(at, letter),
                2 => drop(bytes.remove(at)),
                _ => bytes = [&bytes[..at], &bytes[at / 2..]].concat(),
            }
            bytes.truncate(20_000);
            if bytes.is_empty() { bytes.push(b'a'); }
        }
        let begin = Instant::now();
        let report = match spec::parse("pipeline.yaml", &bytes, &root()) {
            Ok(loaded) => loaded.notes,
            Err(report) => { prop_assert!(report.has_errors()); report }
        };
        prop_assert!(report.problems.is_empty() || !report.render(true).is_empty());
        prop_assert!(serde_json::json!(report.located()).is_array());
        prop_assert!(begin.elapsed() < Duration::from_secs(120));
    }
}

/// Somebody may loop over the files of a pull request.
#[test]
fn a_files_name_steers_nothing() {
    let name = "a\u{1b}]0;title\u{7}\n::add-mask::x.yaml";
    let report = spec::parse(name, b"name: 5\n", Path::new(".")).unwrap_err();
    let shown = report.render(false);
    assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
    assert!(shown.lines().all(|line| !line.trim_start().starts_with("::")), "{shown}");
}

//! Files of about 1 MiB, the most that is read, each checked by `pipe validate` in a process of its own: with a bound on the time and on
//! the memory.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Bytes of a file at most, and of each of these.
const SIZE: usize = 1024 * 1024;
/// Seconds of the processor for an unoptimised `pipe`; other processes on the machine do not count.
const SECONDS: u32 = 60;
/// After this long by the clock it hangs.
const HANG: Duration = Duration::from_secs(600);
/// Writable memory that the process may have, in KiB. The system refuses more, and then `pipe` aborts.
const MEMORY_KIB: u32 = 300 * 1024;

const HEAD: &str = "name: small\nstream: { kinesis: {} }\n";

/// What the file is, and the part of the answer that shows that it was understood; nothing where it is accepted.
fn files() -> Vec<(&'static str, String, Option<&'static str>)> {
    let fill = |head: &str, unit: &str| head.to_owned() + &unit.repeat((SIZE - head.len() - 10) / unit.len());
    let count = |head: &str, line: &dyn Fn(usize) -> String| {
        let mut text = head.to_owned();
        for line in (0..).map(line) {
            if text.len() + line.len() > SIZE {
                break;
            }
            text += &line;
        }
        text
    };
    let bomb = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "))
    });
    let routes = format!("{HEAD}source:\n  api:\n    routes:\n");
    let environment = format!("{HEAD}consumer:\n  function:\n    handler: x\n    environment:\n");
    vec![
        ("a comment", fill(&format!("{HEAD}# "), "é"), None),
        ("blank lines", fill(HEAD, "\n"), None),
        ("lists in lists", fill("", "["), Some("levels")),
        ("mappings in mappings", fill("", "{a: "), Some("levels")),
        ("dashes", fill("", "- "), Some("levels")),
        ("indented mappings", count("", &|n| format!("{}a:\n", " ".repeat(n))), Some("levels")),
        ("an alias bomb", fill(&(bomb + "# "), "x"), Some("written out")),
        ("one name", fill("name: ", "x"), Some("lower-case letter")),
        ("one name of escapes", fill("name: \"", "\\0") + "\"\n", Some("lower-case letter")),
        ("one key", fill("? ", "k") + "\n: 1\n", Some("key")),
        ("100,000 keys", count(HEAD, &|n| format!("{n:x}a: 0\n")), Some("too large")),
        ("40,000 keys", count(HEAD, &|n| format!("{n:020x}a: 0\n")), Some("unknown key")),
        ("one key again and again", fill(HEAD, "name: aaaaaaaaaaaaaaaaaaaa\n"), Some("twice")),
        ("one line of problems", fill(&format!("{HEAD}tags: ["), "[                ],") + "]\n", Some("tags")),
        ("anchors", count(HEAD, &|n| format!("{n:x}: &{n:x} 0\n")), Some("unknown key")),
        ("many routes", count(&routes, &|n| format!("    - {{ post: /r{n}, auth: none }}\n")), Some("routes")),
        ("many variables", count(&environment, &|n| format!("      V{n}: v\n")), Some("environment")),
        ("one variable", fill(&format!("{environment}      V1: "), "😀"), Some("environment")),
        ("documents", fill(HEAD, "---\na: 1\n"), Some("document")),
        ("control characters", fill("name: ", "\u{1}"), Some("control characters")),
    ]
}

/// Runs `pipe validate` with a limit on its memory and its time. Returns its code, where no limit ended it, and what it said.
fn validate(file: &Path, memory_kib: u32) -> (Option<i32>, String) {
    // The size of data, not of addresses: a runtime may reserve many of those without using any.
    let script = format!("ulimit -d {memory_kib} && ulimit -t {SECONDS} && exec \"$0\" validate \"$1\"");
    let told = file.with_extension("told");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_pipe")]).arg(file).env("TOKIO_WORKER_THREADS", "2");
    command.stdout(Stdio::null()).stderr(fs::File::create(&told).unwrap());
    let mut child = command.spawn().unwrap();
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), fs::read_to_string(&told).unwrap());
        }
        if begin.elapsed() > HANG {
            child.kill().unwrap();
            child.wait().unwrap();
            return (None, format!("no end after {HANG:?}"));
        }
        sleep(Duration::from_millis(5));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_of_one_mebibyte_is_checked_in_bounded_time_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pipeline.yaml");
    fs::write(&file, HEAD).unwrap();
    let (code, told) = validate(&file, 1024);
    assert!(!matches!(code, Some(0 | 1)), "the limit limits nothing: {code:?} {told}");
    let mut wrong = Vec::new();
    for (what, text, says) in files() {
        assert!(
            text.len() <= SIZE && text.len() > SIZE * 9 / 10 || what == "indented mappings",
            "{what}: {}",
            text.len()
        );
        fs::write(&file, text).unwrap();
        let (code, told) = validate(&file, MEMORY_KIB);
        let right = code == Some(i32::from(says.is_some())) && told.contains(says.unwrap_or_default());
        // Nobody reads more problems than that.
        if !right || told.len() > 200_000 {
            wrong.push(format!(
                "{what}: {code:?}, {} bytes: {}",
                told.len(),
                told.chars().take(500).collect::<String>()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

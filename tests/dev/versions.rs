//! Handlers of the user's own, as a script and as a crate, that write down which version of them saw which record.

use std::path::{Path, PathBuf};

use super::dev::{MAIN, replace};
use super::runtime;

/// The partition keys tell the records apart.
const SCRIPT: &str = r#"
while True:
    call, event = ask("GET", "next")
    with open(JOURNAL, "a") as journal:
        for record in json.loads(event)["Records"]:
            journal.write(VERSION + " " + record["kinesis"]["partitionKey"] + "\n")
    ask("POST", call + "/response", "{}")
"#;

/// The same in Rust, with nothing but its standard library.
const SOURCE: &str = r##"
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::TcpStream;

fn ask(method: &str, path: &str, body: &str) -> (String, String) {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = TcpStream::connect(&api).unwrap();
    let path = format!("/2018-06-01/runtime/invocation/{path}");
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let name = "lambda-runtime-aws-request-id: ";
    let id = head.lines().find(|line| line.to_lowercase().starts_with(name)).map(|line| line[name.len()..].to_owned());
    (id.unwrap_or_default(), body.to_owned())
}

fn main() {
    loop {
        let (id, event) = ask("GET", "next", "");
        let mut lines = String::new();
        for rest in event.split("\"partitionKey\":\"").skip(1) {
            writeln!(lines, "{VERSION} {}", rest.split('"').next().unwrap()).unwrap();
        }
        let mut journal = OpenOptions::new().append(true).create(true).open(JOURNAL).unwrap();
        journal.write_all(lines.as_bytes()).unwrap();
        ask("POST", &format!("{id}/response"), "{}");
    }
}
"##;

/// The main pipeline with the handler in `own/`.
pub fn spec() -> String {
    MAIN.replace("handler: stream-to-table", "handler: ./own")
}

fn journal(folder: &Path) -> PathBuf {
    folder.join("journal")
}

/// What was seen, in its order: version and key.
pub fn seen(folder: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(journal(folder)).unwrap_or_default();
    // A line that is being written is left for the next look.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole.lines().filter_map(|line| line.split_once(' '));
    lines.map(|(version, key)| (version.to_owned(), key.to_owned())).collect()
}

/// Writes the script in this version.
pub fn write_script(folder: &Path, version: &str) {
    let lines = format!(
        "JOURNAL = {:?}
VERSION = {version:?}
",
        journal(folder)
    );
    runtime::write(folder, &lines, SCRIPT);
}

/// Writes the crate in this version; one that does not compile where `flaw` is no Rust.
pub fn write_crate(folder: &Path, version: &str, flaw: &str) {
    let own = folder.join("own");
    std::fs::create_dir_all(own.join("src")).unwrap();
    let manifest =
        "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[profile.release]\nopt-level = 0\n";
    if !own.join("Cargo.toml").exists() {
        std::fs::write(own.join("Cargo.toml"), manifest).unwrap();
    }
    let journal = journal(folder);
    let head = format!("const JOURNAL: &str = {journal:?};\nconst VERSION: &str = {version:?};\n");
    replace(folder, "own/src/main.rs", &format!("{head}{flaw}{SOURCE}"), 0o644);
}

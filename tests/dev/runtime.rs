//! Handlers of the user's own as scripts: what each of them begins with, and where it is put.

use std::path::Path;
use std::process::Command;

use super::dev::replace;

/// Speaks Lambda's Runtime API: `ask` makes a call, and gives an invocation's id and its event.
const ASK: &str = r#"
import http.client, json, os

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

def ask(method, path, body=None):
    api.request(method, "/2018-06-01/runtime/invocation/" + path, body)
    answer = api.getresponse()
    return answer.headers["Lambda-Runtime-Aws-Request-Id"], answer.read()
"#;

/// `tell` adds a line to the journal in `FOLDER`, the folder of the spec.
pub const TELL: &str = r#"
def tell(**fact):
    with open(os.path.join(FOLDER, "journal"), "a") as journal:
        journal.write(json.dumps(fact) + "\n")
"#;

/// The interpreter itself: what is called `python3` may be a script that looks for one.
pub fn python() -> String {
    let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().unwrap();
    let python = String::from_utf8(asked.stdout).unwrap().trim().to_owned();
    assert!(!python.is_empty(), "python3 is not there: {}", String::from_utf8_lossy(&asked.stderr));
    python
}

/// Puts a handler into the folder `own` of the spec's: these lines, and then the rest, which may ask and has `FOLDER`.
pub fn write(folder: &Path, lines: &str, rest: &str) {
    std::fs::create_dir_all(folder.join("own")).unwrap();
    let text = format!("#!{}\nFOLDER = {:?}\n{lines}{ASK}{rest}", python(), folder.to_str().unwrap());
    replace(folder, "own/bootstrap", &text, 0o755);
}

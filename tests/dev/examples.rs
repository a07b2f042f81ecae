//! Every example of a source, the very file: it goes up, `pipe send` sends, the event is a row, what its function fails on is a letter, and it
//! goes down. Waits of minutes between retries are not waited for: they are said, and the spec is edited to have none.

use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::Select;
use pipe_test_support::{copy_folder, in_parallel};
use rustix::process::Signal;

use super::dev::{Dev, replace, wait};
use super::process::signal;

/// Examples at once: each has an emulator of its own.
const AT_ONCE: usize = 3;

/// What an example is sent, and how its function fails.
struct Row {
    name: &'static str,
    /// The event that becomes a row; the command's own where there is none.
    data: Option<&'static str>,
    fails: Fails,
    /// What is said of the failure, as the example has it.
    says: &'static str,
    /// Edits of the spec without which a letter takes minutes.
    sooner: &'static [(&'static str, &'static str)],
}

/// What a function fails on.
enum Fails {
    /// This event.
    On(&'static str),
    /// Anything, after an edit of its code, which is this file.
    Always(&'static str),
}

const AGAIN: &str = "again in 60 s";
const NO_RETRIES: (&str, &str) = ("    handler: ", "    failures: { retries: 0 }\n    handler: ");

const ROWS: &[Row] = &[
    Row { name: "topic", data: None, fails: Fails::On("{"), says: AGAIN, sooner: &[("retries: 2", "retries: 0")] },
    Row {
        name: "bucket",
        data: Some("id,sum\none,1\ntwo,2\n"),
        fails: Fails::On("no,key\n1,2\n"),
        says: AGAIN,
        sooner: &[NO_RETRIES],
    },
    Row { name: "schedule", data: None, fails: Fails::On("{}"), says: AGAIN, sooner: &[NO_RETRIES] },
    Row { name: "events", data: None, fails: Fails::On(r#"{"total": 5}"#), says: AGAIN, sooner: &[NO_RETRIES] },
    Row { name: "logs", data: None, fails: Fails::Always("logs/app.py"), says: AGAIN, sooner: &[NO_RETRIES] },
    Row {
        name: "iot",
        data: Some(r#"{"celsius": 50}"#),
        // A number that DynamoDB does not take.
        fails: Fails::On(r#"{"celsius": 1e130}"#),
        says: AGAIN,
        sooner: &[NO_RETRIES],
    },
    Row {
        name: "bucket-to-queue",
        data: Some("a page"),
        fails: Fails::Always("bucket-to-queue/app.py"),
        says: "broken",
        sooner: &[
            ("max_receives: 5", "max_receives: 1\n    visibility_seconds: 5"),
            ("    batch:", "    timeout_seconds: 3\n    batch:"),
        ],
    },
    Row { name: "events-to-stream", data: None, fails: Fails::On("{}"), says: "no-key", sooner: &[] },
    Row { name: "private", data: None, fails: Fails::On("{"), says: "bad-json", sooner: &[] },
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// An example as it is, with the folder of its handler.
fn up(name: &str) -> Dev {
    let spec = std::fs::read_to_string(folder().join(format!("{name}.yaml"))).unwrap();
    Dev::start(&spec, None, |to| {
        if folder().join(name).is_dir() {
            copy_folder(&folder().join(name), &to.join(name));
        }
    })
}

/// `pipe send`, of this event or of the command's own.
fn send(dev: &Dev, data: Option<&str>) -> String {
    let data = data.map_or_else(Vec::new, |data| vec!["--data", data]);
    dev.pipe(&[&["send"], &data[..]].concat())
}

/// How many rows the pipeline's only table has.
fn rows(dev: &Dev) -> i32 {
    let client = aws_sdk_dynamodb::Client::new(&dev.sdk());
    let tables = wait(client.list_tables().send()).unwrap().table_names.unwrap();
    let [table] = &tables[..] else { panic!("one table: {tables:?}") };
    wait(client.scan().table_name(table).select(Select::Count).send()).unwrap().count()
}

/// Edits the spec or a handler, and waits until that is applied.
fn edited(dev: &mut Dev, edit: impl FnOnce(&Dev)) {
    let applied = dev.count("Applied in");
    edit(dev);
    dev.until("the edit", |dev| (dev.count("Applied in") > applied).then_some(()));
}

/// From now on the handler in this file fails.
fn breaks(dev: &mut Dev, file: &str) {
    edited(dev, |dev| {
        let code = std::fs::read_to_string(dev.path().join(file)).unwrap();
        let head = "def handler(event, context):\n";
        assert!(code.contains(head), "{code}");
        let code = code.replace(head, &format!("{head}    raise RuntimeError(\"broken\")\n"));
        replace(dev.path(), file, &code, 0o644);
    });
}

fn goes_down(mut dev: Dev) {
    dev.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    let listed = dev.pipe(&["list"]);
    assert!(listed.contains("no pipelines"), "{listed}");
    signal(dev.process(), Signal::INT);
    let (status, _) = dev.end();
    assert_eq!(status.code(), Some(0), "{}", dev.said());
}

impl Row {
    fn holds(&self) {
        let mut dev = up(self.name);
        assert_eq!(self.name == "private", dev.count("none for the network") == 1, "{}", dev.said());
        let sent = send(&dev, self.data);
        assert!(sent.contains("1 answered by "), "{sent}");
        dev.until(&format!("a row of `{}`", self.name), |dev| (rows(dev) > 0).then_some(()));

        if let Fails::Always(file) = self.fails {
            breaks(&mut dev, file);
        }
        let before = dev.count(self.says);
        self.send_what_fails(&dev);
        dev.until(&format!("`{}`", self.says), |dev| (dev.count(self.says) > before).then_some(()));
        if !self.sooner.is_empty() {
            edited(&mut dev, |dev| {
                let spec = std::fs::read_to_string(dev.path().join("pipeline.yaml")).unwrap();
                let edit = |spec: String, (from, to): &(&str, &str)| {
                    assert!(spec.contains(from), "`{from}` is not in the spec");
                    spec.replacen(from, to, 1)
                };
                let spec = self.sooner.iter().fold(spec, edit);
                replace(dev.path(), "pipeline.yaml", &spec, 0o644);
            });
            self.send_what_fails(&dev);
        }
        dev.until(&format!("a letter of `{}`", self.name), |dev| {
            dev.pipe(&["dlq", "ls", "--json"]).contains("\"letter\":{").then_some(())
        });
        goes_down(dev);
    }

    fn send_what_fails(&self, dev: &Dev) {
        match self.fails {
            Fails::On(data) => send(dev, Some(data)),
            Fails::Always(_) => send(dev, self.data),
        };
    }
}

#[test]
fn every_example_of_a_source_makes_rows_and_letters() {
    in_parallel(AT_ONCE, ROWS, Row::holds);
}

/// Nobody but the user gets to know of what fails here: there is no dlq.
#[test]
fn the_example_of_a_skill_answers() {
    let mut dev = up("alexa");
    let answer = send(&dev, None);
    assert!(answer.contains("Whom shall I greet?"), "{answer}");
    breaks(&mut dev, "alexa/app.py");
    let failed = dev.run(&["send"]);
    assert!(failed.code == Some(1) && format!("{}{}", failed.out, failed.err).contains("broken"), "{failed:?}");
    goes_down(dev);
}

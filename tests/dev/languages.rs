//! Handlers in Python and JavaScript: a record arrives, an edit is deployed, and what this machine cannot run is said.

use std::path::Path;

use super::dev::{Dev, replace};

const SPEC: &str = "
name: gateway-events
stream: { kinesis: { name: GatewayEventsStream } }
consumer:
  function:
    handler: { path: fn, runtime: python3.13, entry: app.handler }
dlq: { queue: { name: LambdaDeadLetterQueue } }
";

/// Says what it got, and with which text of its own.
const PYTHON: &str = r#"
import base64, logging
from words import WORD

def handler(event, context):
    for record in event["Records"]:
        logging.getLogger().info("%s %s", WORD, base64.b64decode(record["kinesis"]["data"]).decode())
    return {"batchItemFailures": []}
"#;

const NODE: &str = r#"
export const handler = async (event) => {
  for (const record of event.Records) console.info("node", Buffer.from(record.kinesis.data, "base64").toString());
  return { batchItemFailures: [] };
};
"#;

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
}

fn arrives(dev: &mut Dev, said: &str) {
    dev.until(&format!("`{said}`"), |dev| (dev.count(said) > 0).then_some(()));
}

#[test]
fn python_consumes_a_record_an_edit_is_deployed_and_so_is_another_language() {
    let files = [("fn/app.py", PYTHON), ("fn/words.py", "WORD = 'first'\n"), ("js/index.mjs", NODE)];
    let mut dev = Dev::start(SPEC, None, |folder| write(folder, &files));
    let sdk = dev.sdk();
    dev.put(&sdk, "a", b"one");
    arrives(&mut dev, "first one");
    // A module beside the handler's own.
    let applied = dev.count("Applied in");
    replace(&dev.path().join("fn"), "words.py", "WORD = 'second'\n", 0o644);
    dev.until("the edit", |dev| (dev.count("Applied in") > applied).then_some(()));
    dev.put(&sdk, "a", b"two");
    arrives(&mut dev, "second two");
    // What is not there is said at its place, and the old one serves on.
    dev.edit("entry: app.handler", "entry: absent.handler");
    arrives(&mut dev, "`absent.py` is not in `fn`");
    dev.put(&sdk, "a", b"three");
    arrives(&mut dev, "second three");
    if std::process::Command::new("node").arg("--version").output().is_err() {
        std::io::Write::write_all(&mut std::io::stderr(), b"skipped: there is no `node` on this machine\n").ok();
        return;
    }
    dev.edit(
        "path: fn, runtime: python3.13, entry: absent.handler",
        "path: js, runtime: nodejs22.x, entry: index.handler",
    );
    dev.until("the other language", |dev| (dev.count("Applied in") > applied + 1).then_some(()));
    dev.put(&sdk, "a", b"four");
    arrives(&mut dev, "node four");
}

#[test]
fn a_runtime_that_does_not_run_here_is_said_and_the_rest_is_up() {
    let spec = SPEC
        .replace("runtime: python3.13, entry: app.handler", "runtime: java21, entry: 'example.Handler::handleRequest'");
    let mut dev = Dev::start(&spec, None, |folder| write(folder, &[("fn/example/Handler.class", "")]));
    arrives(&mut dev, "its runtime is `java21`");
}

/// Where `dev` says nothing, nothing handles the records; where it does, that runs under the function's name.
#[test]
fn a_function_that_exists_on_aws_has_a_stand_in() {
    let exists = "existing: 'arn:aws:lambda:eu-west-1:123456789012:function:theirs'";
    let spec = SPEC.replace("handler: { path: fn, runtime: python3.13, entry: app.handler }", exists);
    let files = [("fn/app.py", PYTHON), ("fn/words.py", "WORD = 'stand-in'\n")];
    let mut dev = Dev::start(&spec, None, |folder| write(folder, &files));
    assert_eq!(dev.count("none for the function `theirs`"), 1, "{}", dev.said());
    let sdk = dev.sdk();
    dev.put(&sdk, "a", b"one");
    dev.edit(
        exists,
        &format!("{exists}\n    dev: {{ handler: {{ path: fn, runtime: python3.13, entry: app.handler }} }}"),
    );
    arrives(&mut dev, "the function `theirs` with the handler `fn`");
    arrives(&mut dev, "stand-in one");
}

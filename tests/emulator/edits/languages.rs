//! `consumer.function.handler` as code for one of AWS's runtimes.

use pipe_test_support::Kind;

use crate::cloud::Cloud;
use crate::session::{Edit, each, in_sync, plan, sandbox, snapshot};

const SPEC: &str = "\
name: gateway-events
stream: { kinesis: { name: GatewayEventsStream } }
consumer:
  function:
    handler: { path: fn, runtime: python3.12, entry: app.handler }
dlq: { queue: { name: LambdaDeadLetterQueue } }
";

const CODE: &str = "def handler(event, context):\n    return None\n";

const EDITS: &[Edit] = &[
    ("runtime", "python3.12", "python3.14"),
    ("entry", "app.handler", "other.handler"),
    ("architecture", "    handler", "    architecture: arm64\n    handler"),
    ("architecture, its default", "    architecture: arm64\n", ""),
    (
        "another language: between its two calls the old code runs on the new runtime",
        "{ path: fn, runtime: python3.14, entry: other.handler }",
        "{ path: js, runtime: nodejs24.x, entry: index.handler }",
    ),
];

/// Each part of it is changed in place, and a file that changes is another code.
#[test]
fn runtime_entry_code_and_architecture() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000026", SPEC);
    for (folder, file, text) in [
        ("fn", "app.py", CODE),
        ("fn", "other.py", CODE),
        ("js", "index.mjs", "export const handler = async () => null;\n"),
    ] {
        std::fs::create_dir_all(sandbox.path().join(folder)).unwrap();
        std::fs::write(sandbox.path().join(folder).join(file), text).unwrap();
    }
    sandbox.converge();
    let cloud = Cloud::of(&sandbox.account);
    let live = || {
        let function = cloud.aws.lambda.get_function_configuration().function_name("gateway-events-consumer").send();
        let live = cloud.run(function).unwrap();
        let runtime = live.runtime.map(|runtime| runtime.as_str().to_owned()).unwrap_or_default();
        (runtime, live.handler.unwrap_or_default(), live.function_arn.unwrap_or_default())
    };
    let (runtime, entry, arn) = live();
    assert_eq!((runtime.as_str(), entry.as_str()), ("python3.12", "app.handler"));
    snapshot("edits_languages", &each(&sandbox, EDITS));
    assert_eq!(live(), ("nodejs24.x".to_owned(), "index.handler".to_owned(), arn));

    std::fs::write(sandbox.path().join("js/index.mjs"), "export const handler = async () => 1;\n").unwrap();
    assert!(plan(&sandbox).contains("code_sha256: "), "another text is another code");
    std::fs::write(sandbox.path().join("js/index.mjs"), "export const handler = async () => null;\n").unwrap();
    in_sync(&sandbox, "the first text again, at another time");
}

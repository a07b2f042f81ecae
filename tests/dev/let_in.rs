//! Least privilege of every way from a source to what is next, with authorization on: without the right that lets the source in nothing is
//! delivered, and what it sent is where the README says; with it, it is. Which rights those are, and that there are no others, is a test
//! of the lowering. MiniStack itself delivers into queues, and asks no queue's policy about it: those ways are not here.

use pipe_test_support::in_parallel;
use serde_json::Value;

use super::dev::{Dev, wait};
use super::rights::Iam;

/// `pipe dev`s at once: each has an emulator of its own.
const AT_ONCE: usize = 3;

/// What lets a source in.
enum Right {
    /// The statement of the function's policy.
    Statement,
    /// An action of the role as which it sends.
    Action(&'static str),
}

use Right::{Action, Statement};

/// What becomes of an event that is not let in.
#[derive(PartialEq)]
enum Kept {
    /// The dlq takes it, whose policy lets the source in.
    ByPolicy,
    /// The dlq takes it from the role as which the source sends.
    ByRole,
    Lost,
}

use Kept::{ByPolicy, ByRole, Lost};

/// A way: the source, what is between it and the function, what lets it in, and what becomes of what is not.
struct Way {
    source: &'static str,
    stream: &'static str,
    right: Right,
    kept: Kept,
}

const KINESIS: &str = "stream: { kinesis: {} }\n";

const WAYS: &[Way] = &[
    Way { source: "topic: {}", stream: "", right: Statement, kept: ByPolicy },
    Way { source: "bucket: { name: let-in }", stream: "", right: Statement, kept: Lost },
    Way { source: "bucket: { name: let-in, via: events }", stream: "", right: Statement, kept: ByPolicy },
    Way { source: "events: { bus: shop, match: { source: [shop] } }", stream: "", right: Statement, kept: ByPolicy },
    Way { source: "logs: { group: /their/log }", stream: "", right: Statement, kept: Lost },
    Way { source: "iot: { topic: a/b }", stream: "", right: Statement, kept: ByRole },
    Way { source: "iot: { topic: a/b }", stream: KINESIS, right: Action("kinesis:PutRecord"), kept: ByRole },
    Way {
        source: "events: { match: { source: [shop] } }",
        stream: KINESIS,
        right: Action("kinesis:PutRecord"),
        kept: ByPolicy,
    },
    Way { source: "logs: { group: /their/log }", stream: KINESIS, right: Action("kinesis:PutRecord"), kept: Lost },
    Way { source: "schedule: rate(1 minute)", stream: "", right: Action("lambda:InvokeFunction"), kept: ByRole },
    Way { source: "schedule: rate(1 minute)", stream: KINESIS, right: Action("kinesis:PutRecord"), kept: ByRole },
    Way {
        source: "schedule: rate(1 minute)",
        stream: "stream: { queue: {} }\n",
        right: Action("sqs:SendMessage"),
        kept: Lost,
    },
];

const HANDLER: &str = "def handler(event, context):\n    print(\"it has come\")\n";
const LOST: &str = "the event is lost";

impl Way {
    fn up(&self) -> Dev {
        let (source, stream) = (self.source, self.stream);
        let spec = format!(
            "name: ways\nsource: {{ {source} }}\n{stream}\
             consumer: {{ function: {{ handler: {{ path: own, runtime: python3.13, entry: app.handler }} }} }}\ndlq: {{ queue: {{}} }}\n"
        );
        Dev::start(&spec, None, |folder| {
            std::fs::create_dir(folder.join("own")).unwrap();
            std::fs::write(folder.join("own/app.py"), HANDLER).unwrap();
        })
    }

    fn is_needed(&self) {
        let mut dev = self.up();
        self.take_away(&dev);
        // What was read of a policy or a role is believed for some seconds more.
        let ended = if self.kept == Lost { LOST } else { "it is in ways-dlq" };
        self.send_until(&mut dev, ended);
        let letters = dev.pipe(&["dlq", "ls", "--json"]).matches("\"letter\":{").count();
        assert_eq!(letters > 0, self.kept != Lost, "{}", dev.said());
        // The dlq's own statement is needed as well.
        if self.kept == ByPolicy {
            shut_the_dlq(&dev);
            self.send_until(&mut dev, LOST);
        }
        // An apply mends both. A subscription whose statement is gone is nobody's: it has no other label.
        dev.pipe(&["apply", "--yes", "--allow-widening", "--adopt"]);
        self.send_until(&mut dev, "it has come");
    }

    fn take_away(&self, dev: &Dev) {
        let sdk = dev.sdk();
        match self.right {
            Statement => {
                let lambda = aws_sdk_lambda::Client::new(&sdk);
                let policy = wait(lambda.get_policy().function_name("ways-consumer").send()).unwrap().policy.unwrap();
                let policy: Value = serde_json::from_str(&policy).unwrap();
                let [statement] = &policy["Statement"].as_array().unwrap()[..] else {
                    panic!("one statement: {policy}")
                };
                let remove = lambda.remove_permission().function_name("ways-consumer");
                wait(remove.statement_id(statement["Sid"].as_str().unwrap()).send()).unwrap();
            }
            Action(action) => {
                let iam = Iam::new(&sdk);
                let policies = iam.policies();
                let policy = policies.iter().find(|policy| policy.role.contains("-source-role")).unwrap();
                assert!(policy.actions().iter().any(|one| one == action), "{:?}", policy.actions());
                iam.put(policy, &[action]);
            }
        }
    }

    /// Sends until a line holds this text that did not before.
    fn send_until(&self, dev: &mut Dev, text: &str) {
        let before = dev.count(text);
        dev.until(&format!("`{text}` of `{}`", self.source), |dev| {
            // Its clock sends by itself.
            if !self.source.starts_with("schedule") {
                dev.pipe(&["send"]);
            }
            (dev.count(text) > before).then_some(())
        });
    }
}

/// Leaves the dlq's policy without what it lets in.
fn shut_the_dlq(dev: &Dev) {
    use aws_sdk_sqs::types::QueueAttributeName::Policy;
    let sqs = aws_sdk_sqs::Client::new(&dev.sdk());
    let url = wait(sqs.get_queue_url().queue_name("ways-dlq").send()).unwrap().queue_url.unwrap();
    let asked = sqs.get_queue_attributes().queue_url(&url).attribute_names(Policy).send();
    let mut policy: Value = serde_json::from_str(&wait(asked).unwrap().attributes.unwrap()[&Policy]).unwrap();
    policy["Statement"].as_array_mut().unwrap().retain(|statement| statement["Effect"] != "Allow");
    wait(sqs.set_queue_attributes().queue_url(url).attributes(Policy, policy.to_string()).send()).unwrap();
}

#[test]
fn without_its_right_no_source_is_let_in() {
    in_parallel(AT_ONCE, WAYS, Way::is_needed);
}

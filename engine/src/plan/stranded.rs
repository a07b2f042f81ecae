//! What would be released without what it acts under.

use crate::error::Error;
use crate::plan::decide::Planner;
use crate::plan::{Action, Change};

impl Planner<'_> {
    /// Refuses to let go of a resource whose role the plan deletes: a function that becomes `existing` would stay, and could do nothing.
    pub(super) fn stranded(&mut self) {
        let changes = &self.plan.changes;
        let deleted = |arn: &String| {
            let is_it = |other: &&Change| {
                other.action == Action::Delete && (other.kind.name_of)(arn).as_ref() == Some(other.live_name())
            };
            changes.iter().find(is_it)
        };
        let released = changes.iter().filter(|change| change.orphan && change.action == Action::Update);
        let stranded = released.filter_map(|change| {
            let acts_as = (change.kind.ties)(&change.live.as_ref()?.props).acts_as;
            let role = acts_as.iter().find_map(deleted)?;
            let message = format!(
                "{} `{}` would be released, and {} `{}`, under which it acts, deleted",
                change.kind.name,
                change.live_name(),
                role.kind.name,
                role.live_name()
            );
            Some(
                Error::fatal(message)
                    .hint("give it a role that is not the pipeline's first, or leave it to the pipeline"),
            )
        });
        let refusals: Vec<Error> = stranded.collect();
        self.plan.refusals.extend(refusals);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::evidence::{Wanted, Why};
    use crate::graph::{Graph, Node};
    use crate::kinds::{KINDS, function::Function};
    use crate::live::Found;
    use crate::owner::{PIPELINE, RESOURCE};
    use crate::plan::plan;
    use crate::resource::{Handle, Id, Live, Name, Outputs, State, Tags};

    const ROLE: &str = "demo-consumer-role-eu-central-1";

    fn put(found: &mut Found, kind: &str, name: &str, id: &str, props: Value) {
        let kind = KINDS.iter().find(|one| one.name == kind).unwrap();
        let tags = Tags::from([(PIPELINE.into(), "demo".into()), (RESOURCE.into(), id.into())]);
        let (handle, outputs, identity) = (Handle::new(name), Outputs::new(), String::new());
        let live = Live { handle, props, outputs, tags, identity, state: State::Live };
        found.lives.insert((kind.name, Name::new(name)), vec![live]);
        found.evidence.tell(&Wanted { kind, name: Name::new(name), why: Why::Own(Id::new(id)), likely: true });
    }

    /// What is refused where a function that acts under this role becomes `existing`, while the pipeline's role is there.
    fn refusals(role: &str) -> Vec<String> {
        let mut found = Found::default();
        let function = json!({
            "role": format!("arn:aws:iam::123456789012:role/pipe/demo/eu-central-1/{role}"), "runtime": "python3.13",
            "handler": "app.handler", "architecture": "x86_64", "memory_mb": 128, "timeout_seconds": 30, "environment": {},
            "tracing": false, "log_group": "/aws/lambda/theirs", "log_level": "info", "reserved_concurrency": null,
            "code_sha256": "", "description": "",
        });
        put(&mut found, "lambda:Function", "theirs", "consumer", function);
        let trust = json!({ "Version": "2012-10-17", "Statement": [] });
        let props = json!({
            "path": "/pipe/demo/eu-central-1/", "trust": trust, "policies": {}, "managed": [], "permissions_boundary": "",
        });
        put(&mut found, "iam:Role", ROLE, "consumer-role", props);
        let node = Node::existing::<Function>("consumer", "theirs");
        let graph = Graph::new("demo", Tags::new(), vec![node]).unwrap();
        plan(&graph, &found, KINDS, false).refusals.iter().map(|error| error.message().to_owned()).collect()
    }

    #[test]
    fn a_function_is_not_let_go_without_its_role() {
        assert_eq!(
            refusals(ROLE),
            [format!(
                "lambda:Function `theirs` would be released, and iam:Role `{ROLE}`, under which it acts, deleted"
            )]
        );
        assert_eq!(refusals("a-role-of-theirs"), [""; 0]);
    }
}

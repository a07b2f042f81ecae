//! A section that leaves the spec takes what it made along, and nothing else.

use pipe_test_support::{Kind, Sandbox};

use crate::cloud::Cloud;
use crate::session::{apply, in_sync, plan, sandbox, snapshot};

/// The main spec without these sections. Without anybody to ask, its routes are open.
fn without(sections: &[&str]) -> String {
    let named = |block: &&str| sections.iter().any(|section| block.starts_with(&format!("{section}:")));
    let kept: Vec<&str> = crate::MAIN.split("\n\n").filter(|block| !named(block)).collect();
    assert_eq!(kept.len() + sections.len(), crate::MAIN.split("\n\n").count(), "each section is one block");
    let open = "partition_key: path.eventId\n        auth: none";
    let spec = kept.join("\n\n") + "\n";
    if sections.contains(&"auth") { spec.replace("partition_key: path.eventId", open) } else { spec }
}

/// The plan that takes the sections away, and what the account then has.
fn removed(sandbox: &Sandbox, sections: &[&str]) -> String {
    let title = format!("without {}", sections.join(", "));
    sandbox.write(&without(sections));
    let plan = plan(sandbox);
    apply(sandbox, &title, &plan);
    let left = Cloud::of(&sandbox.account).inventory().join("\n  ");
    format!("# {title}\n{plan}left:\n  {left}\n\n")
}

/// Each of these begins at the whole pipeline and goes back to it.
fn one_by_one(account: &str, name: &str, removals: &[&[&str]]) {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, account, crate::MAIN);
    sandbox.converge();
    let whole = Cloud::of(&sandbox.account).inventory();
    let mut session = String::new();
    for sections in removals {
        session += &removed(&sandbox, sections);
        sandbox.write(crate::MAIN);
        sandbox.pipe(&["apply", "--yes", "--allow-widening"]);
        assert_eq!(Cloud::of(&sandbox.account).inventory(), whole, "{sections:?} are back");
    }
    in_sync(&sandbox, "everything is back");
    snapshot(name, &session);
}

#[test]
fn before_the_stream() {
    one_by_one("200000000051", "sections_before", &[&["auth"], &["source", "auth"]]);
}

#[test]
fn behind_the_stream() {
    one_by_one("200000000052", "sections_behind", &[&["dlq"], &["consumer"], &["consumer", "sink"]]);
}

/// Without a table only the user's own handler has work to do.
#[test]
fn the_sink_alone() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000053", crate::MAIN);
    std::fs::create_dir(sandbox.path().join("own")).unwrap();
    std::fs::write(sandbox.path().join("own/bootstrap"), "#!/bin/sh\n").unwrap();
    let own = |spec: &str| spec.replace("handler: stream-to-table", "handler: own\n    architecture: x86_64");
    sandbox.write(&own(crate::MAIN));
    sandbox.converge();
    sandbox.write(&own(&without(&["sink"])));
    let plan = plan(&sandbox);
    apply(&sandbox, "without sink", &plan);
    let left = Cloud::of(&sandbox.account).inventory().join("\n  ");
    snapshot("sections_sink", &format!("{plan}left:\n  {left}\n"));
}

#[test]
fn everything_but_the_name() {
    let all = ["source", "auth", "stream", "consumer", "sink", "dlq"];
    one_by_one("200000000054", "sections_all", &[&all]);
}

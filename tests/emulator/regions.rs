//! Two regions of one account: the same pipeline in each, and neither knows of the other.

use pipe_test_support::{Kind, Sandbox};

use crate::cloud::Cloud;
use crate::session::{in_sync, sandbox};

fn without_roles(cloud: &Cloud) -> Vec<String> {
    let mut all = cloud.inventory();
    all.retain(|line| !line.starts_with("role "));
    all
}

/// The roles of a region: roles are global, so their names say where they belong.
fn roles(cloud: &Cloud, region: &str) -> usize {
    cloud.inventory().iter().filter(|line| line.starts_with("role ") && line.ends_with(region)).count()
}

fn destroy(sandbox: &Sandbox) {
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
}

#[test]
fn neither_touches_the_other() {
    let (_endpoint, here) = sandbox(Kind::MiniStack, "200000000061", crate::MAIN);
    let there = here.in_region("us-east-1", crate::MAIN);
    let (cloud, other) = (Cloud::of(&here.account), Cloud::in_region(&here.account, "us-east-1"));
    here.converge();
    let made = without_roles(&cloud);
    assert!(without_roles(&other).is_empty(), "{:?}", other.inventory());
    there.converge();
    assert_eq!((without_roles(&cloud), without_roles(&other)), (made.clone(), made.clone()));
    in_sync(&here, "the second apply was of the other region");

    here.edit("memory_mb: 128", "memory_mb: 256");
    here.converge();
    in_sync(&there, "the edit was of the first region");
    assert!(there.pipe(&["list"]).contains("gateway-events"));

    here.account.clear();
    destroy(&here);
    let writes = here.account.writes();
    assert!(writes.iter().all(|call| call.service == "iam" || call.region == "eu-central-1"), "{writes:?}");
    assert!(without_roles(&cloud).is_empty(), "{:?}", cloud.inventory());
    assert_eq!(roles(&cloud, "-eu-central-1"), 0);
    in_sync(&there, "the first region was destroyed");
    assert_eq!((without_roles(&other), roles(&other, "-us-east-1")), (made.clone(), 3));

    here.converge();
    destroy(&there);
    in_sync(&here, "the second region was destroyed");
    assert_eq!((without_roles(&cloud), roles(&cloud, "-eu-central-1")), (made, 3));
    assert!(without_roles(&other).is_empty(), "{:?}", other.inventory());
}

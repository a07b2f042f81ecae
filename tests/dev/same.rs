//! `pipe dev` deploys the same as goes to AWS, but for the mapping that only the local pollers may read for, and how the demo user of a
//! pool is signed in.

use std::path::{Path, PathBuf};

use pipe::aws::Place;
use pipe::bundle::Codes;
use pipe::graph::{Graph, Node};
use pipe::lower::lower;
use pipe::spec::{Loaded, load};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The main pipeline, the examples, and what the specs of the tests know.
fn specs() -> Vec<PathBuf> {
    let folders = ["tests/specs/good", "examples"].map(|folder| repository().join(folder));
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path());
    let mut specs: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|end| end == "yaml")).collect();
    specs.push(repository().join("pipeline.yaml"));
    specs
}

/// Nothing where the spec names resources of two accounts or regions: then it lowers for no place.
fn graph(loaded: &Loaded) -> Option<Graph> {
    // The accounts and regions of the specs' own ARNs.
    let place =
        |account: &str, region: &str| Place { partition: "aws".into(), account: account.into(), region: region.into() };
    let codes = Codes::unbuilt();
    let places = [place("111122223333", "eu-central-1"), place("123456789012", "eu-west-1")];
    let mut graphs = places.iter().map(|place| lower(loaded, place, &codes));
    graphs.find_map(Result::ok)
}

/// Everything of a node, as text.
fn text(node: &Node) -> String {
    format!("{node:#?}")
}

/// Whether the mapping is enabled, and the lines in which the two graphs differ.
fn differences(file: &Path) -> Option<(bool, Vec<String>)> {
    let loaded = load(file).unwrap_or_else(|report| panic!("{}", report.render(true)));
    let (on_aws, here) = (graph(&loaded)?, graph(&loaded.clone().local()).expect("it lowers here too"));
    let enabled = on_aws.node("mapping").is_some_and(|mapping| mapping.desired["enabled"] == true);
    assert_eq!((&on_aws.pipeline, &on_aws.tags), (&here.pipeline, &here.tags));
    assert_eq!(on_aws.nodes().len(), here.nodes().len(), "{}", file.display());
    if let Some(mapping) = here.node("mapping") {
        assert_eq!(mapping.desired["enabled"], false, "{}: the endpoint's own mapping would read", file.display());
    }
    let mut differences = Vec::new();
    for (aws, local) in on_aws.nodes().iter().zip(here.nodes()) {
        let pool = local.kind.name == "cognito-idp:UserPool";
        let (aws, local) = (text(aws), text(local));
        // The demo user's way in.
        let local = local.lines().filter(|line| !(pool && line.contains("ALLOW_ADMIN_USER_PASSWORD_AUTH")));
        let local = local.collect::<Vec<_>>().join("\n");
        let lines = aws.lines().zip(local.lines()).filter(|(aws, local)| aws != local);
        differences.extend(lines.map(|(aws, local)| format!("{} => {}", aws.trim(), local.trim())));
        assert_eq!(aws.lines().count(), local.lines().count(), "{}", file.display());
    }
    Some((enabled, differences))
}

#[test]
fn two_graphs_differ_in_the_mapping_s_enabled_alone() {
    let (mut compared, mut different) = (0, 0);
    for file in specs() {
        let Some((enabled, differences)) = differences(&file) else { continue };
        let expected: &[&str] = if enabled { &["\"enabled\": Bool(true), => \"enabled\": Bool(false),"] } else { &[] };
        assert_eq!(differences, expected, "{}", file.display());
        compared += 1;
        different += usize::from(enabled);
    }
    assert!(compared >= 7 && different >= 4, "{compared} specs were compared, {different} with an enabled mapping");
}

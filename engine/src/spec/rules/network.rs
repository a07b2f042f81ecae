//! Rules of `network`, as far as the file alone shows them; what needs AWS's answer is checked when a plan is made.

use super::{At, Cx};
use crate::spec::network::{Network, REACHED, Reached, Way};
use crate::spec::wording::{list, nearest};
use crate::spec::{Endpoints, Problem};
use std::collections::BTreeSet;

/// Every rule.
pub(super) fn network(cx: &Cx<'_>, network: &At<'_, Network>) -> Vec<Problem> {
    let mut problems = twice(network);
    problems.extend(services(network));
    problems.extend(users(cx, network));
    problems.extend(unused(cx, network));
    problems.extend(beyond(cx, network));
    problems.extend(named(cx, network));
    problems
}

/// Services that the handler may call, and cannot: its security group leads to the endpoints alone.
fn beyond(cx: &Cx<'_>, network: &At<'_, Network>) -> Vec<Problem> {
    let Some(function) = cx.function().filter(|function| function.existing.is_none()) else { return Vec::new() };
    if network.it.vpc.security_groups.is_some() || network.it.said().is_some_and(|said| said.is_empty()) {
        return Vec::new();
    }
    let said = network.it.said();
    let reached = |actions: &str| {
        let of = |one: &&Reached| one.actions == actions;
        let known = REACHED.iter().find(of).map(|one| one.name);
        known.is_some_and(|known| said.as_ref().is_none_or(|said| said.iter().any(|(name, _)| *name == known)))
    };
    let each = function.statements.iter().enumerate().flat_map(|(index, statement)| {
        let services = statement.actions.iter().filter_map(|action| Some(action.split_once(':')?.0));
        let services: BTreeSet<&str> = services.filter(|service| *service != "*" && !reached(service)).collect();
        services.into_iter().map(move |service| (index, service)).collect::<Vec<_>>()
    });
    let told = each.map(|(index, service)| {
        let message = format!("the handler may call `{service}`, and its security group leads to no endpoint of that");
        let problem = Problem::warning(format!("{}/{index}", function.at("statements")), message);
        problem.hint(
            "name groups of your own in `network.vpc.security_groups`, or say `network.endpoints: []`: then whatever the VPC has a way to is reached",
        )
    });
    told.collect()
}

/// EC2 keeps names that begin like its ids to itself.
fn named(cx: &Cx<'_>, network: &At<'_, Network>) -> Option<Problem> {
    let message = "EC2 takes no security group whose name begins with `sg-`, as that of this pipeline's would";
    let problem = || Problem::error("/name", message).hint("give the pipeline another name, or take `network` out");
    (cx.spec.name.starts_with("sg-") && cx.sound(&network.path)).then(problem)
}

/// Ids that stand in a list two times.
fn twice(network: &At<'_, Network>) -> Vec<Problem> {
    let vpc = &network.it.vpc;
    let lists = [
        ("vpc/subnets", Some(&vpc.subnets)),
        ("vpc/security_groups", vpc.security_groups.as_ref()),
        ("route_tables", network.it.route_tables.as_ref()),
    ];
    let each = lists.iter().flat_map(|(path, list)| {
        let list = list.map_or(&[][..], Vec::as_slice);
        let again = list.iter().enumerate().filter(|(index, id)| list[..*index].contains(id));
        again.map(|(index, id)| again_at(network.at(&format!("{path}/{index}")), id)).collect::<Vec<_>>()
    });
    each.collect()
}

fn again_at(path: String, what: &str) -> Problem {
    Problem::error(path, format!("`{what}` is there already")).hint("take one of the two out")
}

/// Services that are none, that stand there twice, and ways that a service does not have.
fn services(network: &At<'_, Network>) -> Vec<Problem> {
    let said = network.it.said().unwrap_or_default();
    let listed = matches!(network.it.endpoints, Some(Endpoints::Listed(_)));
    let each = said.iter().enumerate().filter_map(|(index, (name, way))| {
        let path = if listed { format!("endpoints/{index}") } else { format!("endpoints/{name}") };
        let path = network.at(&path);
        let Some(service) = Reached::of(name) else { return Some(unknown(path, name)) };
        if said[..index].iter().any(|(other, _)| other == name) {
            return Some(again_at(path, name));
        }
        let way = way.filter(|way| !service.ways.contains(way))?;
        let (not, but) = match way {
            Way::Gateway => ("gateway", "interface"),
            Way::Interface => ("interface", "gateway"),
        };
        Some(Problem::error(path, format!("`{name}` has no `{not}` endpoint here")).hint(format!("write `{but}`")))
    });
    each.collect()
}

fn unknown(path: String, name: &str) -> Problem {
    let known: Vec<&str> = REACHED.iter().map(|one| one.name).collect();
    // What IAM and the command line call it.
    let own = REACHED.iter().find(|one| one.actions == name).map(|one| one.name);
    let problem = Problem::error(path, format!("`{name}` is no service that functions reach by an endpoint"));
    match own.or_else(|| nearest(name, &known)) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(format!("one of {}", list(&known, "and"))),
    }
}

/// Functions that are in the network, and those that are not.
fn users(cx: &Cx<'_>, network: &At<'_, Network>) -> Vec<Problem> {
    let spec = cx.spec;
    let existing = spec.function().is_some_and(|function| function.existing().is_some());
    let path = network.path.clone();
    if spec.placed_functions() == 0 && !spec.has_door() {
        let (message, hint) = if existing {
            let hint = "put that function into the VPC yourself, and take `network` out";
            ("a `network` is for functions of the pipeline's own, and an existing one stays as it is", hint)
        } else {
            let hint = "add a `consumer`, or take `network` out";
            ("a `network` needs a function that it is for", hint)
        };
        return vec![Problem::error(path, message).hint(hint).on_key()];
    }
    let mut notes = Vec::new();
    if existing {
        notes.push(Problem::note(path.clone(), "the existing function of the consumer stays where it is").on_key());
    }
    if spec.has_jwt_authorizer() {
        let message = "authorizers of tokens stay outside of the VPC: they get the issuer's keys through the internet";
        notes.push(Problem::note(path, message).on_key());
    }
    notes
}

/// Keys without an effect.
fn unused(cx: &Cx<'_>, network: &At<'_, Network>) -> Vec<Problem> {
    let spec = cx.spec;
    let ways = |way: Way| {
        let said = network.it.said();
        said.is_none_or(|said| {
            let default = |name: &str| Reached::of(name).and_then(|one| one.ways.first().copied());
            said.iter().any(|(name, own)| own.or_else(|| default(name)) == Some(way))
        })
    };
    let mut problems = Vec::new();
    let for_nobody = spec.placed_functions() == 0 && network.it.said().is_some_and(|said| !said.is_empty());
    if for_nobody && spec.has_door() {
        let message = "`endpoints` is for functions, and none of the pipeline's is in the network";
        let hint = "take it out: the endpoint of the private API is made without it";
        problems.push(Problem::error(network.at("endpoints"), message).hint(hint).on_key());
    }
    if network.it.route_tables.is_some() && !ways(Way::Gateway) {
        let message = "`route_tables` is about gateway endpoints, and `endpoints` names none";
        problems.push(Problem::error(network.at("route_tables"), message).hint("take it out").on_key());
    }
    if network.it.private_dns && !ways(Way::Interface) && !spec.has_door() {
        let message = "`private_dns` is about interface endpoints, and `endpoints` names none";
        problems.push(Problem::error(network.at("private_dns"), message).hint("take it out").on_key());
    }
    problems
}

#[cfg(test)]
mod tests {
    use crate::spec::Severity;

    fn told(network: &str, rest: &str) -> Vec<(Severity, String, String)> {
        let text = format!("name: demo\nnetwork: {network}\n{rest}");
        let all = match crate::spec::parse("pipeline.yaml", text.as_bytes(), std::path::Path::new(".")) {
            Ok(loaded) => loaded.notes.problems,
            Err(report) => report.problems,
        };
        let told = all.into_iter().map(|problem| (problem.severity, problem.path, problem.message));
        told.filter(|(_, path, _)| path.starts_with("/network")).collect()
    }

    const FED: &str = "stream: { kinesis: {} }\nconsumer: { function: { handler: stream-to-table } }\n\
                       sink: { table: { partition_key: id } }\ndlq: { queue: {} }\n";

    fn errors(network: &str) -> Vec<(String, String)> {
        let told = told(network, FED).into_iter().filter(|(severity, ..)| *severity == Severity::Error);
        told.map(|(_, path, message)| (path, message)).collect()
    }

    #[test]
    fn what_is_right_needs_no_word() {
        for rest in ["", ", endpoints: []", ", endpoints: [sqs, dynamodb]", ", endpoints: { dynamodb: interface }"] {
            assert_eq!(told(&format!("{{ vpc: {{ subnets: [subnet-01234567] }}{rest} }}"), FED), [], "{rest}");
        }
    }

    #[test]
    fn ids_that_are_none_or_there_twice_are_refused() {
        let none = errors("{ vpc: { subnets: [subnet-a] } }");
        assert!(none[0].1.contains("the id of a subnet"), "{none:?}");
        let twice = errors("{ vpc: { subnets: [subnet-01234567, subnet-01234567] } }");
        let is = "`subnet-01234567` is there already".to_owned();
        assert_eq!(twice, [("/network/vpc/subnets/1".to_owned(), is)]);
        assert_eq!(errors("{ vpc: { subnets: [] } }").len(), 1);
    }

    #[test]
    fn services_and_their_ways_are_known() {
        let of =
            |endpoints: &str| errors(&format!("{{ vpc: {{ subnets: [subnet-01234567] }}, endpoints: {endpoints} }}"));
        assert_eq!(of("[kinesis]")[0].1, "`kinesis` is no service that functions reach by an endpoint");
        assert_eq!(of("{ s3: interface }")[0].1, "`s3` has no `interface` endpoint here");
        assert_eq!(of("[sqs, sqs]")[0].0, "/network/endpoints/1");
    }

    /// Else its calls would time out, one after another.
    #[test]
    fn a_handler_that_may_call_what_it_cannot_reach_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("own")).unwrap();
        std::fs::write(folder.path().join("own/app.py"), "def handler(event, context): pass\n").unwrap();
        let told = |network: &str| {
            let text = format!(
                "name: demo\nnetwork: {{ vpc: {{ subnets: [subnet-01234567] }}{network} }}\nstream: {{ kinesis: {{}} }}\n\
                 consumer:\n  function:\n    handler: {{ path: ./own, runtime: python3.13, entry: app.handler }}\n    \
                 statements: [{{ actions: ['sns:Publish', 'es:ESHttpPost', 'states:StartExecution'], resources: ['*'] }}]\n"
            );
            let loaded = crate::spec::parse("pipeline.yaml", text.as_bytes(), folder.path()).unwrap();
            let all = loaded.notes.problems.into_iter().filter(|one| one.message.contains("leads to no endpoint"));
            all.map(|one| one.message.split('`').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(told(""), ["es"]);
        assert_eq!(told(", endpoints: [dynamodb, sns]"), ["es", "states"]);
        assert!(told(", endpoints: []").is_empty());
    }

    #[test]
    fn a_network_without_a_function_is_refused() {
        let told = told("{ vpc: { subnets: [subnet-01234567] } }", "stream: { kinesis: {} }\n");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].2.contains("needs a function"));
    }
}

//! The spec as `pipe dev` deploys it.

use super::{
    Auth, Authorizer, Changes, Consumer, Dlq, FIFO, Indexes, Key, KeyType, Keys, Kinesis, Loaded, OwnOrExisting,
    PartitionKey, Queue, QueueStream, Secret, Sink, Source, Spec, Stream, Table, TableChanges, Users,
};
use serde_json::json;

/// The partition key of a table of which nothing is known.
const KEY: &str = "id";

impl Loaded {
    /// The same as it is deployed for `pipe dev`: the endpoint's own mapping is off, so that only the local pollers read, and
    /// user pools let the demo user be signed in. Nothing else differs from what AWS gets.
    #[must_use]
    pub fn local(mut self) -> Self {
        if let Some(Consumer::Function(function)) = &mut self.spec.consumer {
            function.enabled = false;
        }
        self.spec.users.values_mut().for_each(|users| users.demo = true);
        self
    }

    /// The same for a cloud that begins empty: what the spec only uses is made there, under its name and as far as the spec tells.
    #[must_use]
    pub fn with_stand_ins(mut self) -> Self {
        let spec = &mut self.spec;
        let all = [
            stream(spec),
            table(spec),
            queue(spec),
            secret(spec),
            keys(spec),
            pools(spec),
            boundary(spec),
            key(spec),
            function(spec),
        ];
        self.stand_ins = all.into_iter().flatten().collect();
        self.without_front()
    }

    /// The same without what stands in front of the API on AWS alone, and a line for each: no record of DNS leads to this machine, and no
    /// emulator filters requests.
    #[must_use]
    pub fn without_front(mut self) -> Self {
        let Some(Source::Api(api)) = &mut self.spec.source else { return self };
        let domain =
            api.domain.take().map(|domain| format!("none for the domain `{}`: it leads to AWS alone", domain.name));
        let acl = api.waf.take().map(|arn| format!("none for the web ACL `{arn}`: requests are not filtered here"));
        self.stand_ins.extend(domain.into_iter().chain(acl));
        self
    }
}

/// On demand: how many shards the real one has is not known, so nothing may be bounded by their number.
fn stream(spec: &mut Spec) -> Option<String> {
    let place = match spec.stream.as_mut()? {
        Stream::Kinesis(place) => place,
        Stream::TableChanges(changes) => return changing(changes),
        Stream::Queue(place) => return feeding(place),
    };
    let name = place.existing()?.name().to_owned();
    *place = OwnOrExisting::Own(with_defaults::<Kinesis>(json!({ "name": name, "on_demand": true }))?);
    Some(format!("the stream `{name}`"))
}

/// A queue whose name says whether it is a FIFO one.
fn feeding(place: &mut OwnOrExisting<QueueStream>) -> Option<String> {
    let name = place.existing()?.name().to_owned();
    let said = json!({ "name": name, "fifo": name.ends_with(FIFO) });
    *place = OwnOrExisting::Own(with_defaults::<QueueStream>(said)?);
    Some(format!("the queue `{name}`"))
}

fn table(spec: &mut Spec) -> Option<String> {
    let guess = guess(spec);
    let Sink::Table(target) = spec.sink.as_mut()?;
    let name = target.table.existing()?.name().to_owned();
    let said = target.dev.take();
    let hint = if said.is_some() { "" } else { ": a guess; set `dev: { partition_key: NAME }` beside `existing`" };
    let keys = said.unwrap_or(Keys {
        partition_key: Key { name: guess, kind: KeyType::String },
        sort_key: None,
        indexes: Indexes::new(),
    });
    let sorted = keys.sort_key.as_ref().map(|key| format!(" and the sort key `{}`", key.name)).unwrap_or_default();
    let told = format!("the table `{name}` with the partition key `{}`{sorted}{hint}", keys.partition_key.name);
    let mut own = with_defaults::<Table>(json!({ "name": name, "partition_key": KEY }))?;
    (own.partition_key, own.sort_key, own.indexes) = (keys.partition_key, keys.sort_key, keys.indexes);
    target.table = OwnOrExisting::Own(own);
    Some(told)
}

/// A table with a stream: which view the real one has is not known, so it has all.
fn changing(changes: &mut TableChanges) -> Option<String> {
    let name = changes.place.existing()?.name().to_owned();
    let said = changes.dev.take();
    let hint = if said.is_some() { "" } else { ": a guess; set `dev: { partition_key: NAME }` beside `existing`" };
    let mut own = with_defaults::<Changes>(json!({ "table": { "name": name } }))?;
    if let Some(keys) = said {
        let table = &mut own.table.0;
        (table.partition_key, table.sort_key, table.indexes) = (keys.partition_key, keys.sort_key, keys.indexes);
    }
    let key = own.table.0.partition_key.name.clone();
    changes.place = OwnOrExisting::Own(own);
    Some(format!("the table `{name}` with the partition key `{key}`, and both images in its stream{hint}"))
}

/// What is most likely the key of a table that takes the bodies: the member that spreads the records.
fn guess(spec: &Spec) -> String {
    let keys = spec.api().into_iter().flat_map(|api| &api.routes).map(|route| &route.partition_key);
    let mut members = keys.filter_map(|key| match key {
        PartitionKey::Body(member) if !member.contains('.') => Some(member.clone()),
        _ => None,
    });
    members.next().unwrap_or_else(|| KEY.to_owned())
}

fn queue(spec: &mut Spec) -> Option<String> {
    let Dlq::Queue(place) = spec.dlq.as_mut()?;
    let name = place.existing()?.name().to_owned();
    *place = OwnOrExisting::Own(with_defaults::<Queue>(json!({ "name": name }))?);
    Some(format!("the queue `{name}`"))
}

fn secret(spec: &mut Spec) -> Option<String> {
    let name = spec.existing_secret()?.name().to_owned();
    for authorizer in spec.auth.iter_mut().flat_map(Auth::iter_mut) {
        if let Authorizer::Basic(basic) = authorizer {
            basic.secret = Some(Secret::Name(name.clone()));
        }
    }
    Some(format!("the secret `{name}` with a password of its own"))
}

/// A function that exists, whose code is not here: what `dev` says, or none, and then nothing reads the stream.
fn function(spec: &mut Spec) -> Option<String> {
    let Consumer::Function(function) = spec.consumer.as_mut()?;
    let name = function.existing()?.name().to_owned();
    let Some(stand_in) = function.dev.take() else {
        spec.consumer = None;
        return Some(format!(
            "none for the function `{name}`: nothing handles the records here; say what runs with `dev: {{ handler: PATH }}` beside \
             `existing`"
        ));
    };
    let told = format!("the function `{name}` with the handler `{}`", stand_in.handler.path());
    (function.existing, function.name, function.handler) = (None, Some(name), Some(stand_in.handler));
    Some(told)
}

/// API keys that exist, whose values are not here.
fn keys(spec: &mut Spec) -> Option<String> {
    let mut plans = Vec::new();
    for authorizer in spec.auth.iter_mut().flat_map(Auth::iter_mut) {
        if let Authorizer::ApiKey(keys) = authorizer {
            plans.extend(std::mem::take(&mut keys.existing).into_keys());
        }
    }
    let told = plans.iter().map(|plan| format!("a key of its own for the plan `{plan}`"));
    (!plans.is_empty()).then(|| told.collect::<Vec<_>>().join(", "))
}

/// User pools that exist, whose users are not here.
fn pools(spec: &mut Spec) -> Option<String> {
    let mut made = Vec::new();
    for authorizer in spec.auth.iter_mut().flat_map(Auth::iter_mut) {
        let Authorizer::Cognito(cognito) = authorizer else { continue };
        let Some(id) = cognito.users.split_once("userpool/").map(|(_, id)| id.to_owned()) else { continue };
        if let Some(mut users) = with_defaults::<Users>(json!({})) {
            users.demo = true;
            spec.users.insert(id.clone(), users);
            cognito.users.clone_from(&id);
            made.push(format!("the user pool `{id}` with the demo user alone"));
        }
    }
    (!made.is_empty()).then(|| made.join(", "))
}

/// Only the policy's ARN is known here, not its text. One of the local account was made in the local cloud, and stays.
fn boundary(spec: &mut Spec) -> Option<String> {
    let arn = spec.permissions_boundary.take_if(|arn| arn.split(':').nth(4) != Some(ACCOUNT))?;
    Some(format!("none for the boundary `{arn}`: what it forbids is allowed here"))
}

/// A key of one's own is AWS's alone: no local cloud encrypts.
fn key(spec: &mut Spec) -> Option<String> {
    let Some(Stream::Kinesis(OwnOrExisting::Own(kinesis))) = &mut spec.stream else { return None };
    let arn = kinesis.key.take_if(|arn| arn.split(':').nth(4) != Some(ACCOUNT))?;
    Some(format!("none for the key `{arn}`: records are not encrypted with it here"))
}

/// The account of the cloud that `pipe dev` starts.
const ACCOUNT: &str = "000000000000";

/// A section of which no more is said. It always fits its type.
fn with_defaults<T: serde::de::DeserializeOwned>(said: serde_json::Value) -> Option<T> {
    serde_json::from_value(said).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Place;
    use crate::bundle::Codes;
    use crate::lower::lower;
    use std::path::Path;

    fn loaded(text: &str) -> Loaded {
        crate::spec::parse("pipeline.yaml", text.as_bytes(), Path::new(".")).unwrap_or_else(|report| panic!("{report}"))
    }

    #[test]
    fn nothing_stands_in_front_of_the_api_here_and_that_is_said() {
        let text = "name: orders\nsource: { api: { domain: { name: api.example.com, certificate: 'arn:aws:acm:eu-west-1:123456789012:certificate/c' }, \
                    waf: 'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/a/b', routes: [ { post: /a, auth: none } ] } }\n\
                    stream: { kinesis: {} }\n";
        assert!(lower(&loaded(text), &here(), &Codes::unbuilt()).is_err(), "they are another account's");
        for loaded in [loaded(text).with_stand_ins(), loaded(text).without_front()] {
            let graph = lower(&loaded, &here(), &Codes::unbuilt()).unwrap();
            assert!(graph.nodes().iter().all(|node| node.id.as_str() != "domain.api"));
            assert_eq!(graph.node("api").unwrap().desired["stages"]["prod"].get("web_acl"), None);
            assert!(loaded.stand_ins[0].contains("`api.example.com`") && loaded.stand_ins[1].contains("webacl/a/b"));
        }
    }

    /// Of an account that no ARN of a spec names.
    fn here() -> Place {
        Place { partition: "aws".into(), account: "000000000000".into(), region: "us-east-1".into() }
    }

    #[test]
    fn what_exists_elsewhere_is_made_here_under_its_name() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/existing-resources.yaml");
        let loaded = crate::spec::load(Path::new(file)).unwrap_or_else(|report| panic!("{report}"));
        assert!(lower(&loaded, &here(), &Codes::unbuilt()).is_err(), "its queue is another account's");
        let loaded = loaded.with_stand_ins();
        let graph = lower(&loaded, &here(), &Codes::unbuilt()).unwrap_or_else(|error| panic!("{error}"));
        assert!(graph.nodes().iter().all(|node| !node.existing));
        let name = |id: &str| graph.node(id).map(|node| node.name.to_string()).unwrap_or_default();
        assert_eq!(
            [name("secret"), name("table"), name("dlq")],
            ["devices/credentials", "Telemetry", "telemetry-failures"]
        );
        assert_eq!(loaded.stand_ins.len(), 3, "{:?}", loaded.stand_ins);
    }

    #[test]
    fn a_function_that_exists_is_what_dev_says_or_none() {
        let text = |dev: &str| {
            format!(
                "name: orders\nstream: {{ kinesis: {{}} }}\nconsumer: {{ function: {{ existing: \
                 'arn:aws:lambda:eu-west-1:123456789012:function:theirs'{dev} }} }}\n"
            )
        };
        assert!(lower(&loaded(&text("")), &here(), &Codes::unbuilt()).is_err(), "it is another account's");
        let ids = |loaded: &Loaded| {
            let graph = lower(loaded, &here(), &Codes::unbuilt()).unwrap();
            graph.nodes().iter().map(|node| format!("{} {}", node.id, node.name)).collect::<Vec<_>>().join(", ")
        };
        let without = loaded(&text("")).with_stand_ins();
        assert_eq!(ids(&without), "stream orders-stream");
        assert!(without.stand_ins[0].starts_with("none for the function `theirs`"), "{:?}", without.stand_ins);
        let with = loaded(&text(", dev: { handler: stream-to-table }")).with_stand_ins();
        assert!(ids(&with).contains("consumer theirs"), "{}", ids(&with));
        assert_eq!(with.stand_ins, ["the function `theirs` with the handler `stream-to-table`"]);
    }

    #[test]
    fn a_stand_in_of_a_table_whose_changes_are_read_has_a_stream() {
        let made = |dev: &str| {
            let text = format!(
                "name: orders\nstream: {{ table_changes: {{ existing: people{dev} }} }}\n\
                 consumer: {{ function: {{ handler: stream-to-table }} }}\nsink: {{ table: {{ partition_key: id }} }}\n\
                 dlq: {{ queue: {{}} }}\n"
            );
            let loaded = loaded(&text).with_stand_ins();
            let graph = lower(&loaded, &here(), &Codes::unbuilt()).unwrap_or_else(|error| panic!("{error}"));
            let table = graph.node("stream").unwrap();
            assert!(!table.existing && table.name.as_str() == "people");
            assert_eq!(table.desired["stream_view"], "new_and_old_images");
            let key = table.desired["partition_key"]["name"].as_str().unwrap_or_default().to_owned();
            (key, loaded.stand_ins[0].contains("a guess"))
        };
        assert_eq!(made(""), ("id".into(), true));
        assert_eq!(made(", dev: { partition_key: email }"), ("email".into(), false));
    }

    #[test]
    fn a_user_pool_of_aws_is_made_here_with_the_demo_user() {
        let arn = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbC";
        let text = format!(
            "name: people\nsource: {{ api: {{ routes: [ {{ post: /a }} ] }} }}\nauth: {{ cognito: {{ users: '{arn}' }} }}\n\
             stream: {{ kinesis: {{}} }}\n"
        );
        let loaded = loaded(&text);
        let shown = |loaded: &Loaded| lower(loaded, &here(), &Codes::unbuilt()).map(|graph| graph.nodes().len()).ok();
        assert_eq!(shown(&loaded), None, "it is another account's");
        let loaded = loaded.with_stand_ins();
        assert!(shown(&loaded).is_some() && loaded.stand_ins[0].contains("eu-west-1_AbC"), "{:?}", loaded.stand_ins);
    }

    #[test]
    fn a_boundary_of_another_account_bounds_nothing_here() {
        let text = "name: orders\npermissions_boundary: arn:aws:iam::123456789012:policy/bound\n\
                    stream: { kinesis: {} }\nconsumer: { function: { handler: stream-to-table } }\n\
                    sink: { table: { partition_key: id } }\ndlq: { queue: {} }\n";
        let loaded = loaded(text).with_stand_ins();
        assert_eq!(loaded.spec.permissions_boundary, None, "no role could be made");
        assert!(loaded.stand_ins[0].contains("policy/bound"), "{:?}", loaded.stand_ins);
    }

    #[test]
    fn a_stand_in_of_a_table_has_the_keys_that_the_spec_says_or_lets_guess() {
        let keys = |table: &str, key: &str| {
            let text = format!(
                "name: orders\nsource: {{ api: {{ routes: [ {{ post: '/o/{{id}}', auth: none, partition_key: {key} }} ] }} }}\n\
                 stream: {{ kinesis: {{ existing: Shared }} }}\nconsumer: {{ function: {{ handler: stream-to-table }} }}\n\
                 sink: {{ table: {{ existing: T01, overwrite: false{table} }} }}\ndlq: {{ queue: {{}} }}\n"
            );
            let loaded = loaded(&text).with_stand_ins();
            let overwrites = loaded.spec.target().is_none_or(|target| target.overwrite);
            assert!(!overwrites && loaded.spec.throttle().is_none(), "the rest is as it was");
            let own = loaded.spec.table().and_then(OwnOrExisting::own).cloned().unwrap();
            assert_eq!(own.indexes.contains_key("by-day"), table.contains("by-day"));
            (own.partition_key.name, own.sort_key.map(|key| key.name), loaded.stand_ins[1].contains("a guess"))
        };
        assert_eq!(keys("", "path.id"), ("id".into(), None, true));
        assert_eq!(keys("", "body.order"), ("order".into(), None, true));
        assert_eq!(keys(", dev: { partition_key: at }", "body.order"), ("at".into(), None, false));
        let indexed = ", dev: { partition_key: at, indexes: { by-day: { partition_key: day } } }";
        assert_eq!(keys(indexed, "path.id").0, "at");
        let both = ", dev: { partition_key: at, sort_key: { name: n, type: number } }";
        assert_eq!(keys(both, "path.id"), ("at".into(), Some("n".into()), false));
    }
}

//! The spec as `pipe dev` deploys it.

use super::{
    Auth, Authorizer, Consumer, Dlq, Indexes, Key, KeyType, Keys, Kinesis, Loaded, OwnOrExisting, PartitionKey, Queue,
    Secret, Sink, Spec, Stream, Table, Users,
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
        let all = [stream(spec), table(spec), queue(spec), secret(spec), keys(spec), pools(spec), boundary(spec)];
        self.stand_ins = all.into_iter().flatten().collect();
        self
    }
}

/// On demand: how many shards the real one has is not known, so nothing may be bounded by their number.
fn stream(spec: &mut Spec) -> Option<String> {
    let Stream::Kinesis(place) = spec.stream.as_mut()?;
    let name = place.existing()?.name().to_owned();
    *place = OwnOrExisting::Own(with_defaults::<Kinesis>(json!({ "name": name, "on_demand": true }))?);
    Some(format!("the stream `{name}`"))
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

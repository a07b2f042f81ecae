//! The spec as `pipe dev` deploys it.

use super::{
    Auth, Authorizer, Bus, Changes, Consumer, Dlq, FIFO, Indexes, Key, KeyType, Keys, Kinesis, Loaded, OwnBucket,
    OwnOrExisting, OwnTopic, PartitionKey, Queue, QueueStream, Secret, Sink, Source, Spec, Stream, Table, TableChanges,
    Target, Users,
};
use serde_json::json;
use std::collections::BTreeSet;

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
            source(spec),
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
        let network = self.spec.network.take();
        self.stand_ins.extend(
            network
                .map(|_| "none for the network: functions run on this machine, and reach what it reaches".to_owned()),
        );
        let (alarms, dashboard) = (self.spec.told().is_some(), std::mem::take(&mut self.spec.dashboard));
        self.spec.alarms = None;
        self.stand_ins
            .extend(alarms.then(|| "none for the alarms: `pipe status` shows what they would tell".to_owned()));
        self.stand_ins.extend(
            dashboard
                .then(|| "none for the dashboard: `pipe status --local` and the console show its figures".to_owned()),
        );
        let Some(Source::Api(api)) = &mut self.spec.source else { return self };
        let private = api.private.take().map(|_| {
            "none for the private API's endpoints: it answers on this machine, and nothing else reaches it".to_owned()
        });
        let domain =
            api.domain.take().map(|domain| format!("none for the domain `{}`: it leads to AWS alone", domain.name));
        let acl = api.waf.take().map(|arn| format!("none for the web ACL `{arn}`: requests are not filtered here"));
        self.stand_ins.extend(private.into_iter().chain(domain).chain(acl));
        self
    }
}

/// What sends, where the spec only uses it.
fn source(spec: &mut Spec) -> Option<String> {
    match spec.source.as_mut()? {
        Source::Topic(topic) => {
            let name = topic.place.existing()?.name().to_owned();
            topic.place = OwnOrExisting::Own(with_defaults::<OwnTopic>(json!({ "name": name }))?);
            Some(format!("the topic `{name}`"))
        }
        Source::Bucket(bucket) => {
            bucket.place.existing()?;
            // The way that its events come by stays what it was.
            bucket.via = Some(bucket.way());
            let name = bucket.name().to_owned();
            bucket.place = OwnOrExisting::Own(with_defaults::<OwnBucket>(json!({ "name": name }))?);
            Some(format!("the bucket `{name}`"))
        }
        Source::Logs(logs) => {
            logs.stand_in = true;
            Some(format!("the log group `{}`", logs.group))
        }
        Source::Events(events) => match events.bus.as_mut()? {
            Bus::Existing(existing) => {
                let name = existing.name().to_owned();
                // The account's own bus is there.
                let own = (name != "default").then(|| Bus::Own(name.clone()));
                events.bus = own;
                events.bus.as_ref().map(|_| format!("the bus `{name}`"))
            }
            Bus::Own(_) => None,
        },
        _ => None,
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

/// Keys of one's own are AWS's alone: no local cloud encrypts.
fn key(spec: &mut Spec) -> Option<String> {
    let stream = match &mut spec.stream {
        Some(Stream::Kinesis(OwnOrExisting::Own(own))) => Some(&mut own.key),
        Some(Stream::Queue(OwnOrExisting::Own(own))) => Some(&mut own.key),
        Some(Stream::TableChanges(changes)) => match &mut changes.place {
            OwnOrExisting::Own(own) => Some(&mut own.table.0.key),
            OwnOrExisting::Existing(_) => None,
        },
        Some(Stream::Kinesis(_) | Stream::Queue(_)) | None => None,
    };
    let sink = match &mut spec.sink {
        Some(Sink::Table(Target { table: OwnOrExisting::Own(own), .. })) => Some(&mut own.key),
        Some(Sink::Table(_)) | None => None,
    };
    let dlq = match &mut spec.dlq {
        Some(Dlq::Queue(OwnOrExisting::Own(own))) => Some(&mut own.key),
        Some(Dlq::Queue(_)) | None => None,
    };
    let secrets = spec.auth.iter_mut().flat_map(Auth::iter_mut).filter_map(|authorizer| match authorizer {
        Authorizer::Basic(basic) => Some(&mut basic.key),
        _ => None,
    });
    let keys = stream.into_iter().chain(sink).chain(dlq).chain(secrets);
    let taken = keys.filter_map(|key| key.take_if(|key| key.arn().split(':').nth(4) != Some(ACCOUNT)));
    let names: BTreeSet<String> = taken.map(|key| format!("`{}`", key.arn())).collect();
    let (keys, them) = if names.len() == 1 { ("key", "it") } else { ("keys", "them") };
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    (!names.is_empty()).then(|| format!("none for the {keys} {names}: nothing is encrypted with {them} here"))
}

/// The account of the cloud that `pipe dev` starts.
const ACCOUNT: &str = "000000000000";

/// A section of which no more is said. It always fits its type.
fn with_defaults<T: serde::de::DeserializeOwned>(said: serde_json::Value) -> Option<T> {
    serde_json::from_value(said).ok()
}

#[cfg(test)]
mod tests;

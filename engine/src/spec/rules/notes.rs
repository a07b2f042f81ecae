//! What the numbers of the spec mean, without a warning.

use super::{AUTH, Cx, DLQ};
use crate::spec::names::SHARD_RECORDS;
use crate::spec::{Authorizer, Capacity, Problem, Route, Units};

/// Every note.
pub(super) fn all(cx: &Cx<'_>) -> Vec<Problem> {
    [limit(cx), strangers(cx), pointers(cx), narrower(cx)].into_iter().flatten().collect()
}

/// The limit of the stage that the spec does not say.
fn limit(cx: &Cx<'_>) -> Option<Problem> {
    let api = cx.api()?;
    let limit = cx.spec.throttle().filter(|_| !cx.has(&api.at("throttle")))?;
    let message = format!(
        "the stage takes {} requests per second, {} at once, because the stream takes no more: `throttle` sets another limit",
        limit.rate_per_second, limit.burst
    );
    Some(Problem::note(api.path, message).on_key())
}

/// What those without credentials can cost.
fn strangers(cx: &Cx<'_>) -> Option<Problem> {
    let asks = |route: &Route| {
        let (name, authorizer) = cx.spec.authorizer(route)?;
        matches!(authorizer, Authorizer::Basic(_) | Authorizer::Jwt(_)).then(|| name.to_owned())
    };
    let name = cx.spec.api()?.routes.iter().find_map(asks)?;
    let path = format!("{AUTH}/{}", cx.spec.auth.as_ref()?.path(&name));
    let often = match cx.spec.throttle() {
        Some(limit) => {
            let an_hour = limit.rate_per_second * 3600.0;
            format!("{} times per second, {an_hour:.0} times an hour", limit.rate_per_second)
        }
        None => "as often as the account's own limit lets them".to_owned(),
    };
    let message = format!(
        "strangers can have the authorizer called {often}: each `Authorization` header that they make up is an invocation of Lambda"
    );
    let hint = "a lower `throttle` bounds it; `reserved_concurrency` keeps it from taking the account's other functions' turns";
    Some(Problem::note(path, message).hint(hint).on_key())
}

/// How long a record is there that the dlq only says the place of.
fn pointers(cx: &Cx<'_>) -> Option<Problem> {
    let stream = cx.spec.kinesis()?.own()?;
    cx.spec.function()?;
    cx.spec.dlq.as_ref()?;
    let (retention, age) = (stream.retention_hours, cx.spec.max_age_hours());
    let left = retention.saturating_sub(age);
    let message = format!(
        "the consumer gives up a record that fails when it is {age} hours old at the latest (`max_age_hours`); the dlq then says \
         where in the stream it is, and it stays there for {left} hours more (`retention_hours: {retention}`)"
    );
    Some(Problem::note(DLQ, message).on_key())
}

/// Which of shards and table takes fewer records.
fn narrower(cx: &Cx<'_>) -> Option<Problem> {
    let (stream, target) = (cx.kinesis()?.own()?, cx.target()?);
    let table = target.table.own()?;
    let taken = u64::from(stream.shards) * u64::from(SHARD_RECORDS);
    let shards = if stream.shards == 1 { "1 shard takes".to_owned() } else { format!("{} shards take", stream.shards) };
    let shards = format!("{shards} {taken} records or {} MB per second", stream.shards);
    let items =
        |units: Units| format!("the table takes {} items of 1 KB per second: narrower than the stream", units.write);
    let (path, message) = match (table.capacity, stream.on_demand) {
        (Capacity::OnDemand, true) => return None,
        (Capacity::OnDemand, false) => (stream.path, shards + ": narrower than the table, which is on demand"),
        (Capacity::Provisioned(units), true) => (target.at("capacity"), items(units) + ", which is on demand"),
        (Capacity::Provisioned(units), false) if u64::from(units.write) <= taken => {
            (target.at("capacity"), format!("{}, whose {shards}", items(units)))
        }
        (Capacity::Provisioned(units), false) => {
            (stream.path, format!("{shards}: narrower than the table with its {} items of 1 KB", units.write))
        }
    };
    Some(Problem::note(path, message).on_key())
}

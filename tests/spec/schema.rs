//! The committed schema: current, complete, and described.

use super::root;
use pipe::spec;
use serde_json::Value;
use std::fs;

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let path = root().join("schema/pipeline.json");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, spec::schema()).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == spec::schema(),
        "schema/pipeline.json is stale: run `UPDATE=1 cargo test -p pipe --test offline spec`, or `pipe schema > schema/pipeline.json`"
    );
}

/// Calls `visit` with the path and the schema of every property.
fn properties(schema: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        visit(&below, property);
        properties(property, &below, visit);
        properties(&property["items"], &format!("{below}[]"), visit);
    }
    for branch in schema["anyOf"].as_array().into_iter().flatten() {
        properties(branch, path, visit);
    }
}

#[test]
fn every_property_is_described_and_bounded() {
    let schema: Value = serde_json::from_str(&spec::schema()).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    assert!(schema["$id"].is_string() && schema["title"].is_string());
    let mut keys = Vec::new();
    properties(&schema, "", &mut |path, property| {
        let about = property["description"].as_str().unwrap_or_default();
        assert!(about.len() > 15, "`{path}` has no description");
        let kind = property["type"].as_str().unwrap_or_default();
        let bounded =
            ["enum", "minimum", "pattern", "minLength", "anyOf"].iter().any(|word| property.get(word).is_some());
        assert!(bounded || !["integer", "number", "string"].contains(&kind), "`{path}` has no range: {property}");
        let named = about.contains("Default: ") || property.get("default").is_some() || about.contains("Required.");
        assert!(
            named
                || ["object", "array"].contains(&kind)
                || path.ends_with("schema")
                || path.ends_with(".at")
                || path == "name",
            "`{path}` has no default: {property}"
        );
        keys.push(path.to_owned());
    });
    for key in TABLE.split_whitespace() {
        assert!(keys.iter().any(|known| known == key), "the schema lacks `{key}`");
    }
    assert_eq!(keys.len(), keys.iter().collect::<std::collections::BTreeSet<_>>().len());
}

/// Every key of the language's table.
const TABLE: &str = "
    name tags permissions_boundary
    source.api.name source.api.stage source.api.access_log_days source.api.minimum_tls
    source.api.cors source.api.cors.origins source.api.cors.methods source.api.cors.headers source.api.cors.max_age_seconds source.api.cors.credentials
    source.api.domain source.api.domain.name source.api.domain.certificate source.api.waf
    source.api.private source.api.private.endpoints source.api.allow_ips source.api.throttle source.api.throttle.rate_per_second source.api.throttle.burst source.api.xray source.api.routes source.api.routes[].get source.api.routes[].post source.api.routes[].put source.api.routes[].patch
    source.api.routes[].delete source.api.routes[].any source.api.routes[].to source.api.routes[].to.table source.api.routes[].to.table.put.if_absent
    source.api.routes[].to.table.put.extra source.api.routes[].to.table.query.index source.api.routes[].to.table.scan.index source.api.routes[].auth
    source.api.routes[].partition_key source.api.routes[].body source.api.routes[].body.schema
    auth.basic auth.basic.secret auth.basic.secret.existing auth.basic.key auth.basic.cache_seconds auth.basic.reserved_concurrency auth.basic.on_destroy auth.iam auth.api_key auth.api_key.plans auth.api_key.existing
    stream.kinesis.name stream.kinesis.shards stream.kinesis.on_demand stream.kinesis.retention_hours stream.kinesis.max_record_kb
    stream.kinesis.encryption stream.kinesis.key stream.kinesis.existing stream.kinesis.on_destroy
    stream.queue.name stream.queue.fifo stream.queue.visibility_seconds stream.queue.retention_days stream.queue.delay_seconds
    stream.queue.max_receives stream.queue.allow stream.queue.encryption stream.queue.key stream.queue.existing stream.queue.on_destroy
    consumer.function.batch.max_concurrency source.api.routes[].message_group source.api.routes[].deduplication
    stream.table_changes.table stream.table_changes.table.partition_key stream.table_changes.table.on_destroy stream.table_changes.table.key stream.table_changes.view
    stream.table_changes.existing stream.table_changes.dev
    consumer.function.handler consumer.function.handler.path consumer.function.handler.runtime consumer.function.handler.entry
    consumer.function.existing consumer.function.dev consumer.function.dev.handler consumer.function.name consumer.function.memory_mb consumer.function.timeout_seconds
    consumer.function.environment consumer.function.xray consumer.function.log_days consumer.function.log_level
    consumer.function.recursion consumer.function.reserved_concurrency consumer.function.architecture consumer.function.enabled consumer.function.fan_out
    consumer.function.batch.size consumer.function.batch.window_seconds consumer.function.batch.parallelization
    consumer.function.batch.start consumer.function.batch.start.at consumer.function.failures.retries
    consumer.function.failures.max_age_hours consumer.function.failures.bisect consumer.function.failures.partial consumer.function.filters
    sink.table.name sink.table.partition_key sink.table.partition_key.name sink.table.partition_key.type
    sink.table.sort_key sink.table.capacity sink.table.capacity.read sink.table.capacity.write sink.table.encryption sink.table.key
    sink.table.point_in_time_recovery sink.table.deletion_protection sink.table.existing sink.table.overwrite sink.table.deletes
    sink.table.dev sink.table.dev.partition_key sink.table.dev.sort_key sink.table.dev.indexes sink.table.indexes sink.table.ttl
    sink.table.on_destroy
    dlq.queue.name dlq.queue.retention_days dlq.queue.key dlq.queue.existing dlq.queue.on_destroy
    network.vpc network.vpc.subnets network.vpc.security_groups network.vpc.ipv6 network.endpoints network.private_dns network.policy
    network.route_tables
    alarms.email alarms.topic dashboard";

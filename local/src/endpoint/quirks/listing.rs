//! What a stream's shards are: those that are closed, then the open ones.

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::carried::{Kept, id};
use super::shards::{MOST, now, text};
use super::{Answering, Exchange, mended};

/// Shows closed shards before those that the endpoint has.
pub fn list<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let mut input = exchange.input();
        let token = input["NextToken"].as_str().and_then(|token| token.split_once(':'));
        let token = token.map(|(name, after)| (name.to_owned(), after.to_owned()));
        let named = token.as_ref().map(|(name, _)| name.clone()).or_else(|| exchange.named());
        let Some(name) = named else { return exchange.forward().await };
        let stream = exchange.stream(&name);
        let kept = stream.read().await;
        if !kept.any() {
            return exchange.forward().await;
        }
        let after = token.map(|(_, after)| after).or_else(|| text(&input["ExclusiveStartShardId"]));
        let most = input["MaxResults"].as_u64().unwrap_or(MOST);
        if let Some(input) = input.as_object_mut() {
            ["NextToken", "ExclusiveStartShardId", "MaxResults"].iter().for_each(|key| drop(input.remove(*key)));
            if !input.contains_key("StreamARN") {
                input.insert("StreamName".to_owned(), name.as_str().into());
            }
        }
        Ok(mended(exchange.forward_as(&input.to_string()).await?, |body| {
            let more = page(&mut body["Shards"], &kept, after.as_deref(), most);
            if let Some(last) = more {
                body["NextToken"] = format!("{name}:{last}").into();
            }
        }))
    })
}

/// Describes a stream with its closed shards, and learns how long it keeps records.
pub async fn describe(exchange: &Exchange<'_>) -> Answering {
    let Some(name) = exchange.named() else { return exchange.forward().await };
    let stream = exchange.stream(&name);
    let answer = described(exchange, &*stream.read().await).await?;
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let hours = ["StreamDescription", "StreamDescriptionSummary"]
        .iter()
        .find_map(|of| body[*of]["RetentionPeriodHours"].as_f64());
    if let Some(hours) = hours {
        stream.write().await.retain(hours, now());
    }
    Ok(answer)
}

async fn described(exchange: &Exchange<'_>, kept: &Kept) -> Answering {
    if !kept.any() || !exchange.call.target.ends_with(".DescribeStream") {
        return exchange.forward().await;
    }
    let mut input = exchange.input();
    let after = text(&input["ExclusiveStartShardId"]);
    let most = input["Limit"].as_u64().unwrap_or(100);
    if let Some(input) = input.as_object_mut() {
        ["ExclusiveStartShardId", "Limit"].iter().for_each(|key| drop(input.remove(*key)));
    }
    Ok(mended(exchange.forward_as(&input.to_string()).await?, |body| {
        let described = &mut body["StreamDescription"];
        let more = page(&mut described["Shards"], kept, after.as_deref(), most);
        let beyond = described["HasMoreShards"] == true;
        described["HasMoreShards"] = (beyond || more.is_some()).into();
    }))
}

/// Makes a page of all shards, and gives its last one where there are more.
fn page(shards: &mut Value, kept: &Kept, after: Option<&str>, most: u64) -> Option<String> {
    let mut all = kept.listed(shards.as_array().map(Vec::as_slice).unwrap_or_default(), now());
    all.retain(|shard| after.is_none_or(|after| id(shard) > after));
    let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
    let more = all.len() > most;
    all.truncate(most);
    let last = all.last().map(|last| id(last).to_owned()).filter(|_| more);
    *shards = all.into();
    last
}

//! A stream whose endpoint forgets its shards when it is resharded, as MiniStack does, keeps its records.

use serde_json::json;

use super::cloud::json_of;
use super::stream::{Manner, World, number};

#[tokio::test]
async fn what_is_in_the_stream_stays_in_closed_shards_over_several_reshardings() {
    let world = World::new(Manner::MiniStacks).await;
    for key in [1, 200, 2] {
        assert_eq!(world.put(key).await, 0);
    }
    assert_eq!(world.shards().await, [(0, vec![])]);
    world.reshard(2).await;
    assert_eq!(world.shards().await, [(0, vec![]), (1, vec![0]), (2, vec![0])]);
    assert_eq!((world.put(3).await, world.put(201).await), (1, 2));
    world.reshard(1).await;
    assert_eq!(world.put(4).await, 3);
    assert_eq!(world.shards().await, [(0, vec![]), (1, vec![0]), (2, vec![0]), (3, vec![1, 2])]);
    assert_eq!(world.keys(0).await, (vec![1, 200, 2], true));
    assert_eq!(world.keys(1).await, (vec![3], true));
    assert_eq!(world.keys(2).await, (vec![201], true));
    assert_eq!(world.keys(3).await, (vec![4], false));
    let records = json!({"Records": [{"PartitionKey": "5", "Data": "e30="}]});
    assert_eq!(number(&world.ask("PutRecords", records).await["Records"][0]["ShardId"]), 3);

    let closed = &world.ask("ListShards", json!({})).await["Shards"][1]["SequenceNumberRange"];
    assert!(closed["StartingSequenceNumber"].as_str() < closed["EndingSequenceNumber"].as_str(), "{closed}");
    world.ask("DeleteStream", json!({})).await;
    assert_eq!(world.shards().await, [(0, vec![])], "another stream of that name");
}

#[tokio::test]
async fn no_shard_has_more_than_two_parents_and_each_waits_for_all_that_overlap_it() {
    let world = World::new(Manner::MiniStacks).await;
    world.reshard(5).await;
    world.reshard(3).await;
    let shards = world.shards().await;
    let parents = |id: u64| shards.iter().find(|(shard, _)| *shard == id).unwrap().1.clone();
    assert_eq!(shards.last().unwrap().0, 9, "{shards:?}");
    assert_eq!([parents(7), parents(8), parents(9)], [vec![1, 2], vec![6, 4], vec![4, 5]]);
    assert_eq!(parents(6), [2, 3], "a closed shard between");
    assert_eq!(world.keys(6).await, (vec![], true));
}

fn shard(number: u64) -> String {
    format!("shardId-{number:012}")
}

#[tokio::test]
async fn split_and_merged_shards_keep_their_records_and_the_others_their_ids() {
    let world = World::new(Manner::MiniStacks).await;
    assert_eq!((world.put(1).await, world.put(200).await), (0, 0));
    world.ask("SplitShard", json!({"ShardToSplit": shard(0), "NewStartingHashKey": "128"})).await;
    assert_eq!(world.shards().await, [(0, vec![]), (1, vec![0]), (2, vec![0])]);
    assert_eq!((world.put(2).await, world.put(201).await), (1, 2));
    world.ask("SplitShard", json!({"ShardToSplit": shard(2), "NewStartingHashKey": "192"})).await;
    assert_eq!((world.put(3).await, world.put(202).await), (1, 4), "one stays as it is");
    world.ask("MergeShards", json!({"ShardToMerge": shard(1), "AdjacentShardToMerge": shard(3)})).await;
    assert_eq!(world.put(4).await, 5);
    let expected = [(0, vec![]), (1, vec![0]), (2, vec![0]), (3, vec![2]), (4, vec![2]), (5, vec![1, 3])];
    assert_eq!(world.shards().await, expected);
    for (shard, keys, ended) in [
        (0, vec![1, 200], true),
        (1, vec![2, 3], true),
        (2, vec![201], true),
        (3, vec![], true),
        (4, vec![202], false),
        (5, vec![4], false),
    ] {
        assert_eq!(world.keys(shard).await, (keys, ended), "{shard}");
    }
    // All are other ones from here on, and then one of them is split.
    world.reshard(2).await;
    assert_eq!((world.put(5).await, world.put(203).await), (6, 7));
    world.ask("SplitShard", json!({"ShardToSplit": shard(7), "NewStartingHashKey": "192"})).await;
    assert_eq!((world.put(6).await, world.put(204).await), (6, 9));
    assert_eq!((world.keys(6).await, world.keys(7).await), ((vec![5, 6], false), (vec![203], true)));
    let shards = world.shards().await;
    assert_eq!(shards.last().unwrap(), &(9, vec![7]), "{shards:?}");
}

#[tokio::test]
async fn a_closed_shard_is_not_split_again() {
    let world = World::new(Manner::MiniStacks).await;
    world.reshard(2).await;
    let again = json!({"StreamName": "s", "ShardToSplit": shard(0), "NewStartingHashKey": "128"});
    assert_eq!(world.raw("000000000000", "SplitShard", &again).await.status(), 400);
    assert_eq!(world.shards().await.len(), 3);
}

#[tokio::test]
async fn an_iterator_from_before_goes_on_in_its_own_shard() {
    let world = World::new(Manner::MiniStacks).await;
    for key in 1..=4 {
        world.put(key).await;
    }
    let oldest = world.iterator(0, json!({})).await;
    let (keys, next) = world.page(&oldest, 2).await;
    assert_eq!(keys, [1, 2]);
    world.reshard(1).await;
    world.put(5).await;
    assert_eq!(world.page(&next.unwrap(), 1).await.0, [3]);
    let (keys, end) = world.page(&oldest, 10).await;
    assert_eq!((keys, end), (vec![1, 2, 3, 4], None));

    // The endpoint's own iterator may be of a shard that it has no more.
    world.reshard(2).await;
    let third = world.iterator(3, json!({})).await;
    world.reshard(1).await;
    assert_eq!(world.page(&third, 1).await, (vec![], None));

    let second = format!("{:030}", 3);
    for (kind, first) in [("AT_SEQUENCE_NUMBER", 2), ("AFTER_SEQUENCE_NUMBER", 3)] {
        let place = json!({"ShardIteratorType": kind, "StartingSequenceNumber": second});
        assert_eq!(world.page(&world.iterator(0, place).await, 1).await.0, [first]);
    }
    for (kind, keys) in [
        (json!({"ShardIteratorType": "LATEST"}), vec![]),
        (json!({"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 0.5}), vec![1, 2, 3, 4]),
    ] {
        assert_eq!(world.page(&world.iterator(0, kind).await, 10).await, (keys, None));
    }
}

#[tokio::test]
async fn shards_are_listed_in_pages() {
    let world = World::new(Manner::MiniStacks).await;
    world.reshard(2).await;
    world.reshard(2).await;
    let (mut seen, mut input) = (Vec::new(), json!({"MaxResults": 2}));
    loop {
        let page = world.ask("ListShards", input).await;
        seen.push(page["Shards"].as_array().unwrap().iter().map(|one| number(&one["ShardId"])).collect::<Vec<_>>());
        let Some(token) = page.get("NextToken") else { break };
        input = json!({"NextToken": token, "MaxResults": 2});
    }
    assert_eq!(seen, [vec![0, 1], vec![2, 3], vec![4]]);
    let page = world.ask("DescribeStream", json!({"Limit": 2, "ExclusiveStartShardId": "shardId-000000000001"})).await;
    let page = &page["StreamDescription"];
    assert_eq!((number(&page["Shards"][0]["ShardId"]), &page["HasMoreShards"]), (2, &json!(true)));
}

#[tokio::test]
async fn a_reader_without_a_right_does_not_read_closed_shards_either() {
    let world = World::new(Manner::MiniStacks).await;
    world.put(1).await;
    world.reshard(1).await;
    let input = json!({"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"});
    let iterator = json!({"ShardIterator": world.iterator(0, json!({})).await});
    for (key, operation, input, status) in [
        ("ASIANOGetShardIterator", "GetShardIterator", &input, 400),
        ("ASIANOGetRecords", "GetShardIterator", &input, 200),
        ("ASIANOGetRecords", "GetRecords", &iterator, 400),
        ("ASIANOListShards", "GetRecords", &iterator, 200),
    ] {
        let answer = world.raw(key, operation, input).await;
        assert_eq!(answer.status(), status, "{key} {operation}");
    }
    // A caller that may not read must not lose records either.
    let update = json!({"StreamName": "s", "TargetShardCount": 2});
    let answer = world.raw("NOGetRecords", "UpdateShardCount", &update).await;
    assert_eq!((answer.status().as_u16(), &json_of(&answer)["__type"]), (400, &json!("AccessDeniedException")));
    assert_eq!(world.shards().await.len(), 2);
}

#[tokio::test]
async fn a_resharding_whose_answer_is_lost_loses_no_record_and_a_refused_one_changes_nothing() {
    let world = World::new(Manner::Lost).await;
    world.put(1).await;
    let update = json!({"StreamName": "s", "TargetShardCount": 2});
    assert_eq!(world.raw("000000000000", "UpdateShardCount", &update).await.status(), 500);
    assert_eq!(world.keys(0).await, (vec![1], true));
    let world = World::new(Manner::Refusing).await;
    world.put(1).await;
    assert_eq!(world.raw("000000000000", "UpdateShardCount", &update).await.status(), 400);
    assert_eq!((world.shards().await, world.keys(0).await), (vec![(0, vec![])], (vec![1], false)));
}

#[tokio::test]
async fn an_endpoint_that_closes_shards_itself_is_left_alone() {
    let world = World::new(Manner::Awss).await;
    world.put(1).await;
    world.reshard(2).await;
    assert_eq!(world.shards().await, [(0, vec![]), (1, vec![]), (2, vec![])], "as it has them");
    assert_eq!((world.put(2).await, world.keys(0).await), (1, (vec![1], false)));
}

#[tokio::test]
async fn closed_shards_go_when_their_records_expire() {
    let world = World::new(Manner::MiniStacks).await;
    world.put(1).await;
    world.reshard(1).await;
    let iterator = world.iterator(0, json!({})).await;
    world.ask("DescribeStreamSummary", json!({"hours": 0})).await;
    assert_eq!(world.shards().await, [(1, vec![0])]);
    let gone = json!({"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"});
    for (operation, input) in [("GetShardIterator", &gone), ("GetRecords", &json!({"ShardIterator": iterator}))] {
        let answer = world.raw("000000000000", operation, input).await;
        assert_eq!(json_of(&answer)["__type"], "ResourceNotFoundException", "{operation}");
    }
}

#[tokio::test]
async fn a_put_that_succeeds_is_told() {
    let world = World::new(Manner::MiniStacks).await;
    let mut puts = world.0.forwarder.puts();
    world.ask("ListShards", json!({})).await;
    let records = json!({"StreamName": "s", "Records": [{"PartitionKey": "5", "Data": "e30="}]});
    assert_eq!(world.raw("NOPutRecords", "PutRecords", &records).await.status(), 400);
    assert!(!puts.has_changed().unwrap());
    world.put(1).await;
    assert!(puts.has_changed().unwrap());
    puts.mark_unchanged();
    world.ask("PutRecords", records).await;
    assert!(puts.has_changed().unwrap());
}

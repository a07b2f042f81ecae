//! The forwarder gives AWS's answers where MiniStack's differ, and touches nothing else.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::cloud::{Cloud, json, json_of};

const KINESIS: &str = "Kinesis_20131202";

#[tokio::test]
async fn the_ttl_of_an_authorizer_is_a_number() {
    let one = |ttl: Value| json!({"id": "a1", "name": "60", "authorizerResultTtlInSeconds": ttl});
    let cloud = Cloud::new(move |seen| {
        let list = seen.target.ends_with("/authorizers");
        json(
            200,
            &if list { json!({"item": [one(json!("60")), one(json!(5)), {"id": "a3"}]}) } else { one(json!("60")) },
        )
    })
    .await;
    let path = "/restapis/r1/authorizers";
    let listed = cloud.rest("apigateway", "GET", path, &Value::Null).await;
    assert_eq!(listed, json!({"item": [one(json!(60)), one(json!(5)), {"id": "a3"}]}));
    for method in ["GET", "PATCH"] {
        assert_eq!(cloud.rest("apigateway", method, &format!("{path}/a1"), &json!({})).await, one(json!(60)));
    }
    assert_eq!(cloud.rest("s3", "GET", &format!("{path}/a1"), &json!({})).await, one(json!("60")), "another service");
}

#[tokio::test]
async fn a_rest_api_shows_its_tags_of_now() {
    let cloud = Cloud::new(|seen| {
        let api = |id: &str| json!({"id": id, "tags": {"made": "with"}});
        match seen.target.as_str() {
            "/restapis?limit=500" => json(200, &json!({"item": [api("r1"), api("r2")]})),
            "/restapis/r1" => json(200, &api("r1")),
            target if target.starts_with("/tags/") && target.contains("r1") => json(200, &json!({"tags": {"a": "b"}})),
            _ => json(404, &json!({"message": "no"})),
        }
    })
    .await;
    let listed = cloud.rest("apigateway", "GET", "/restapis?limit=500", &Value::Null).await;
    let expected = json!({"item": [{"id": "r1", "tags": {"a": "b"}}, {"id": "r2", "tags": {"made": "with"}}]});
    assert_eq!(listed, expected, "what cannot be asked for stays");
    assert_eq!(cloud.rest("apigateway", "GET", "/restapis/r1", &Value::Null).await["tags"], json!({"a": "b"}));
    let seen = cloud.seen.lock().unwrap();
    let asked = seen.iter().find(|seen| seen.target.starts_with("/tags/")).unwrap();
    assert_eq!(asked.target, "/tags/arn%3Aaws%3Aapigateway%3Aeu%2Dcentral%2D1%3A%3A%2Frestapis%2Fr1");
    assert_eq!((asked.header("x-amz-security-token"), asked.header("x-forwarded-proto")), ("session", "https"));
}

#[tokio::test]
async fn a_resource_policy_comes_back_in_aws_s_form() {
    let plain = r#"{"Statement":[{"Resource":"execute-api:/*"}]}"#;
    let escaped = r#"{\"Statement\":[{\"Resource\":\"execute-api:/*\"}]}"#;
    let whole = r#"{\"Statement\":[{\"Resource\":\"arn:aws:execute-api:eu-central-1:000000000000:r1\/*\"}]}"#;
    for (given, expected) in [(plain, Some(whole)), (escaped, Some(whole)), (whole, Some(whole)), ("", None)] {
        let cloud = Cloud::new(move |_| json(200, &json!({"id": "r1", "policy": given}))).await;
        let shown = cloud.rest("apigateway", "PATCH", "/restapis/r1", &json!({})).await;
        assert_eq!(shown["policy"].as_str(), expected);
    }
}

#[tokio::test]
async fn a_mapping_keeps_its_start_time() {
    let cloud = Cloud::new(|seen| {
        let one = |uuid: &str| json!({"UUID": uuid, "StartingPosition": "AT_TIMESTAMP"});
        let list = seen.method == "GET" && seen.target.ends_with("event-source-mappings?FunctionName=f");
        json(200, &if list { json!({"EventSourceMappings": [one("u1"), one("u2")]}) } else { one("u1") })
    })
    .await;
    let path = "/2015-03-31/event-source-mappings";
    let before = cloud.rest("lambda", "GET", &format!("{path}/u1"), &Value::Null).await;
    assert_eq!(before.get("StartingPositionTimestamp"), None);
    let made = cloud.rest("lambda", "POST", path, &json!({"StartingPositionTimestamp": 1769857200.0})).await;
    assert_eq!(made["StartingPositionTimestamp"], json!(1769857200.0));
    for method in ["GET", "PUT"] {
        let read = cloud.rest("lambda", method, &format!("{path}/u1"), &json!({})).await;
        assert_eq!(read["StartingPositionTimestamp"], json!(1769857200.0), "{method}");
    }
    let listed = cloud.rest("lambda", "GET", &format!("{path}?FunctionName=f"), &Value::Null).await;
    assert_eq!(listed["EventSourceMappings"][0]["StartingPositionTimestamp"], json!(1769857200.0));
    assert_eq!(listed["EventSourceMappings"][1].get("StartingPositionTimestamp"), None);
}

/// A stream whose creation time can be changed, on an upstream that does not know UpdateStreamMode.
async fn streams() -> (Cloud, Arc<Mutex<f64>>) {
    let made = Arc::new(Mutex::new(100.5));
    let now = Arc::clone(&made);
    let cloud = Cloud::new(move |seen| {
        let stream = json!({
            "StreamARN": "arn:s", "StreamCreationTimestamp": *now.lock().unwrap(), "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        });
        match seen.operation() {
            _ if seen.json()["StreamARN"] == "arn:none" => json(400, &json!({"__type": "ResourceNotFoundException"})),
            "DescribeStreamSummary" => json(200, &json!({"StreamDescriptionSummary": stream})),
            "DescribeStream" => json(200, &json!({"StreamDescription": stream})),
            "ListStreams" => json(200, &json!({"StreamSummaries": [stream]})),
            _ => json(400, &json!({"__type": "InvalidAction"})),
        }
    });
    (cloud.await, made)
}

async fn modes(cloud: &Cloud) -> Vec<String> {
    let mut modes = Vec::new();
    for (operation, at) in [
        ("DescribeStreamSummary", "/StreamDescriptionSummary"),
        ("DescribeStream", "/StreamDescription"),
        ("ListStreams", "/StreamSummaries/0"),
    ] {
        let answer = json_of(&cloud.call("kinesis", &format!("{KINESIS}.{operation}"), &json!({})).await);
        modes.push(answer.pointer(at).unwrap()["StreamModeDetails"]["StreamMode"].as_str().unwrap().to_owned());
    }
    modes
}

#[tokio::test]
async fn the_mode_of_a_stream_can_be_changed() {
    let (cloud, made) = streams().await;
    let update = async |arn: &str, mode: &str| {
        let input = json!({"StreamARN": arn, "StreamModeDetails": {"StreamMode": mode}});
        cloud.call("kinesis", &format!("{KINESIS}.UpdateStreamMode"), &input).await
    };
    assert_eq!(modes(&cloud).await, ["PROVISIONED"; 3]);
    let answer = update("arn:s", "ON_DEMAND").await;
    assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 0));
    assert_eq!(modes(&cloud).await, ["ON_DEMAND"; 3]);
    assert_eq!(update("arn:none", "ON_DEMAND").await.status(), 400, "the upstream refuses what is not there");
    assert_eq!(update("arn:s", "SOMETIMES").await.status(), 400);
    assert_eq!(modes(&cloud).await, ["ON_DEMAND"; 3]);
    update("arn:s", "PROVISIONED").await;
    assert_eq!(modes(&cloud).await, ["PROVISIONED"; 3]);
    update("arn:s", "ON_DEMAND").await;
    *made.lock().unwrap() = 200.5;
    assert_eq!(modes(&cloud).await, ["PROVISIONED"; 3], "another stream of that name");
}

#[tokio::test]
async fn the_size_of_records_can_be_changed() {
    let (cloud, made) = streams().await;
    let update = async |kib: u32| {
        let input = json!({"StreamARN": "arn:s", "MaxRecordSizeInKiB": kib});
        cloud.call("kinesis", &format!("{KINESIS}.UpdateMaxRecordSize"), &input).await.status().as_u16()
    };
    let shown = async || {
        let answer = cloud.call("kinesis", &format!("{KINESIS}.DescribeStreamSummary"), &json!({})).await;
        json_of(&answer)["StreamDescriptionSummary"]["MaxRecordSizeInKiB"].as_u64()
    };
    assert_eq!((shown().await, update(4096).await, shown().await), (None, 200, Some(4096)));
    assert_eq!((update(512).await, shown().await), (400, Some(4096)), "the upstream refuses what AWS does");
    *made.lock().unwrap() = 200.5;
    assert_eq!(shown().await, None, "another stream of that name");
}

/// An upstream with two pages of each kind, which finds one queue by itself.
async fn tagged() -> Cloud {
    let arn = |service: &str, resource: &str| format!("arn:aws:{service}:eu-central-1:000000000000:{resource}");
    Cloud::new(move |seen| {
        let input = seen.json();
        let later = !input["ExclusiveStartStreamName"].is_null()
            || !input["NextToken"].is_null()
            || !input["nextToken"].is_null();
        let number = if later { 2 } else { 1 };
        let ours = json!([{"Key": "pipe:pipeline", "Value": "mine"}, {"Key": "pipe:id", "Value": "x"}]);
        let mut page = match seen.operation() {
            "GetResources" => json!({"ResourceTagMappingList": [{"ResourceARN": arn("sqs", "q"), "Tags": ours}]}),
            "ListStreams" => {
                let name = format!("s{number}");
                let stream = json!({"StreamName": name, "StreamARN": arn("kinesis", &format!("stream/{name}"))});
                json!({"StreamSummaries": [stream], "HasMoreStreams": !later})
            }
            "ListTagsForStream" if input["StreamARN"].as_str().unwrap().ends_with("s1") => {
                json!({"Tags": [{"Key": "pipe:pipeline", "Value": "another"}]})
            }
            "ListTagsForStream" => json!({"Tags": ours}),
            "ListSecrets" => {
                json!({"SecretList": [{"ARN": arn("secretsmanager", &format!("secret:{number}")), "Tags": ours}]})
            }
            "DescribeLogGroups" => json!({"logGroups": [{"arn": arn("logs", &format!("log-group:g{number}:*"))}]}),
            "ListTagsForResource" => json!({"tags": {"pipe:pipeline": "mine"}}),
            operation => panic!("{operation} is not asked for"),
        };
        if !later {
            let token = if seen.operation() == "ListSecrets" { "NextToken" } else { "nextToken" };
            page[token] = json!("more");
        }
        json(200, &page)
    })
    .await
}

async fn resources(cloud: &Cloud, input: Value) -> Vec<String> {
    let target = "ResourceGroupsTaggingAPI_20170126.GetResources";
    let answer = json_of(&cloud.call("tagging", target, &input).await);
    let found = answer["ResourceTagMappingList"].as_array().unwrap().iter();
    found.map(|one| one["ResourceARN"].as_str().unwrap().rsplit(':').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_tagging_api_knows_streams_secrets_and_log_groups() {
    let cloud = tagged().await;
    let filter = json!({"TagFilters": [{"Key": "pipe:pipeline", "Values": ["mine"]}]});
    let mut found = resources(&cloud, filter).await;
    found.sort();
    assert_eq!(found, ["1", "2", "g1", "g2", "q", "stream/s2"]);
    for seen in cloud.seen.lock().unwrap().iter().filter(|seen| seen.operation() == "ListSecrets") {
        assert!(seen.header("authorization").contains("/eu-central-1/secretsmanager/aws4_request"));
        assert_eq!(seen.json()["IncludePlannedDeletion"], true);
    }
    let any_value = resources(&cloud, json!({"TagFilters": [{"Key": "pipe:pipeline"}]})).await;
    assert_eq!(any_value.len(), 7, "with the other pipeline's stream");
    assert_eq!(resources(&cloud, json!({"TagFilters": [{"Key": "pipe:id", "Values": ["y"]}]})).await, ["q"]);
}

#[tokio::test]
async fn other_questions_to_the_tagging_api_are_the_endpoints() {
    let cloud = tagged().await;
    for input in [
        json!({"ResourceTypeFilters": ["sqs"]}),
        json!({"ResourceARNList": ["arn:aws:sqs:eu-central-1:000000000000:q"]}),
        json!({"PaginationToken": "2"}),
    ] {
        assert_eq!(resources(&cloud, input).await, ["q"]);
    }
    assert_eq!(cloud.seen.lock().unwrap().len(), 3, "nothing else is asked");
}

#[tokio::test]
async fn an_empty_partition_key_is_refused_in_aws_words() {
    let cloud = Cloud::new(|seen| match seen.json()["PartitionKey"].as_str() {
        Some("") => json(400, &json!({"__type": "ValidationException", "message": "PartitionKey is required"})),
        Some("denied") => json(400, &json!({"__type": "AccessDeniedException", "message": "no"})),
        _ => json(200, &json!({"SequenceNumber": "7", "ShardId": "shardId-000000000000"})),
    })
    .await;
    let put = async |key: &str| {
        let input = json!({"StreamName": "s", "Data": "e30=", "PartitionKey": key});
        let answer = cloud.call("kinesis", &format!("{KINESIS}.PutRecord"), &input).await;
        (answer.status().as_u16(), json_of(&answer)["message"].as_str().unwrap_or_default().to_owned())
    };
    let message = "1 validation error detected: Value '' at 'partitionKey' failed to satisfy constraint: Member must have \
                   length greater than or equal to 1";
    assert_eq!(put("").await, (400, message.to_owned()));
    assert_eq!(put("denied").await, (400, "no".to_owned()), "other refusals are the endpoint's");
    assert_eq!(put("k").await.0, 200);
}

#[tokio::test]
async fn a_user_pool_can_be_renamed() {
    const COGNITO: &str = "AWSCognitoIdentityProviderService";
    let cloud = Cloud::new(|seen| match (seen.operation(), seen.json()["UserPoolId"].as_str()) {
        ("UpdateUserPool", Some("p3")) => json(400, &json!({"__type": "ResourceNotFoundException"})),
        ("UpdateUserPool", _) => json(200, &json!({})),
        ("ListUserPools", _) => {
            let pool = |id: &str| json!({"Id": id, "Name": "old"});
            json(200, &json!({"UserPools": [pool("p1"), pool("p2"), pool("p3")]}))
        }
        (_, id) => json(200, &json!({"UserPool": {"Id": id, "Name": "old"}})),
    })
    .await;
    let call = async |operation: &str, input: Value| {
        json_of(&cloud.call("cognito-idp", &format!("{COGNITO}.{operation}"), &input).await)
    };
    for (id, name) in [("p1", "new"), ("p3", "new")] {
        call("UpdateUserPool", json!({"UserPoolId": id, "PoolName": name})).await;
    }
    call("UpdateUserPool", json!({"UserPoolId": "p2", "DeletionProtection": "ACTIVE"})).await;
    let listed = call("ListUserPools", json!({"MaxResults": 60})).await;
    let names: Vec<_> = listed["UserPools"].as_array().unwrap().iter().map(|pool| pool["Name"].clone()).collect();
    assert_eq!(names, ["new", "old", "old"], "p3 was refused");
    assert_eq!(call("DescribeUserPool", json!({"UserPoolId": "p1"})).await["UserPool"]["Name"], "new");
}

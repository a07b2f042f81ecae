mod fake;

use aws_credential_types::Credentials;
use fake::Fake;

use super::*;

fn search(fake: &Fake) -> Search {
    let credentials = Credentials::new("ASIAME", "se/cret", Some("to/ken".into()), None, "test");
    Search::new(&fake.url, "articles", "eu-central-1", SharedCredentialsProvider::new(credentials)).unwrap()
}

fn changed(number: u64, id: &str, value: &str) -> Value {
    json!({
        "eventName": "MODIFY",
        "dynamodb": {
            "SequenceNumber": number.to_string(), "Keys": { "id": { "S": id } },
            "NewImage": { "id": { "S": id }, "value": { "S": value } },
        },
    })
}

fn removed(number: u64, id: &str) -> Value {
    json!({
        "eventName": "REMOVE", "userIdentity": { "type": "Service", "principalId": "dynamodb.amazonaws.com" },
        "dynamodb": { "SequenceNumber": number.to_string(), "Keys": { "id": { "S": id } } },
    })
}

/// What is named to have failed, with so many seconds.
async fn posted(fake: &Fake, records: Vec<Value>, seconds: u64) -> Option<String> {
    let until = Instant::now() + Duration::from_secs(seconds);
    let answer = handle(&search(fake), Changes { records }, until).await.unwrap();
    let failures = answer["batchItemFailures"].as_array().unwrap();
    assert!(failures.len() < 2);
    failures.first().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn changes_become_documents_in_one_signed_call() {
    let fake = Fake::start().await;
    let records =
        vec![changed(1, "a", "1"), changed(2, "b", "1"), changed(3, "a", "2"), removed(4, "b"), removed(5, "c")];
    assert_eq!(posted(&fake, records, 20).await, None);
    assert_eq!(fake.document("a"), Some(json!({ "id": "a", "value": "2" })));
    assert_eq!((fake.document("b"), fake.document("c")), (None, None));
    let state = fake.state.lock().unwrap();
    assert_eq!(state.calls, [5]);
    let (path, kind, authorization) = &state.head;
    assert!(path.starts_with("/articles/_bulk?filter_path=") && kind == "application/x-ndjson", "{path} {kind}");
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=ASIAME/"), "{authorization}");
    assert!(
        authorization.contains("/eu-central-1/es/aws4_request") && !authorization.contains("cret"),
        "{authorization}"
    );
}

#[tokio::test]
async fn a_replay_never_goes_back_in_time() {
    let fake = Fake::start().await;
    let records = || vec![changed(10, "a", "old"), changed(11, "b", "old"), changed(12, "a", "new"), removed(13, "b")];
    assert_eq!(posted(&fake, records(), 20).await, None);
    // One by one, as a call that was given up long ago may end now.
    for record in records() {
        assert_eq!(posted(&fake, vec![record], 20).await, None, "what is older counts as done");
        assert_eq!(fake.document("a"), Some(json!({ "id": "a", "value": "new" })));
        assert_eq!(fake.document("b"), None);
    }
    assert_eq!(posted(&fake, records(), 20).await, None);
    assert_eq!(posted(&fake, vec![changed(14, "b", "again")], 20).await, None);
    assert_eq!(fake.document("b"), Some(json!({ "id": "b", "value": "again" })));
}

#[tokio::test]
async fn what_is_refused_is_named_and_holds_nobody_up() {
    let fake = Fake::start().await;
    fake.state.lock().unwrap().unfit.extend(["bad".to_owned(), "worse".to_owned()]);
    let records = vec![changed(1, "a", "1"), changed(2, "bad", "1"), changed(3, "b", "1"), changed(4, "worse", "1")];
    assert_eq!(posted(&fake, records.clone(), 20).await.as_deref(), Some("2"));
    assert!(fake.document("a").is_some() && fake.document("b").is_some());
    assert_eq!(fake.state.lock().unwrap().calls, [4], "what is refused is not tried again");
    // What Lambda sends again.
    assert_eq!(posted(&fake, records[1..].to_vec(), 20).await.as_deref(), Some("2"));
    fake.state.lock().unwrap().unfit.clear();
    assert_eq!(posted(&fake, records[1..].to_vec(), 20).await, None);
}

#[tokio::test]
async fn what_can_be_no_document_is_named_too() {
    let fake = Fake::start().await;
    let keys_only =
        json!({ "eventName": "INSERT", "dynamodb": { "SequenceNumber": "2", "Keys": { "id": { "S": "k" } } } });
    let hostile = json!({
        "eventName": "INSERT",
        "dynamodb": { "SequenceNumber": "3", "Keys": { "id": { "S": "h" } }, "NewImage": { "n": { "N": "1}\n{\"delete\":{}}" } } },
    });
    let records =
        vec![changed(1, "a", "\n{\"delete\":{\"_id\":\"a\"}}\n"), keys_only, hostile.clone(), changed(4, "\n\"", "1")];
    assert_eq!(posted(&fake, records, 20).await.as_deref(), Some("2"));
    assert_eq!(fake.document("a").unwrap()["value"], "\n{\"delete\":{\"_id\":\"a\"}}\n");
    assert!(fake.document("\n\"").is_some());
    assert_eq!(posted(&fake, vec![hostile], 20).await.as_deref(), Some("3"));
    assert_eq!(fake.state.lock().unwrap().calls, [2], "nothing is sent where there is nothing");
    let unnamed = Changes { records: vec![json!({ "eventName": "INSERT" })] };
    assert!(handle(&search(&fake), unnamed, Instant::now() + Duration::from_secs(1)).await.is_err());
}

#[tokio::test]
async fn a_busy_service_is_asked_again_in_order() {
    let fake = Fake::start().await;
    {
        let mut state = fake.state.lock().unwrap();
        state.busy.insert("a".to_owned(), 1);
        state.replies.extend([(429, String::new()), (503, "<html>".to_owned()), (200, "{}".to_owned())]);
    }
    // The first change of `a` is refused once, when the second is taken already.
    let records = vec![changed(7, "a", "1"), changed(8, "b", "1"), changed(9, "a", "2")];
    assert_eq!(posted(&fake, records, 20).await, None);
    assert_eq!(fake.document("a").unwrap()["value"], "2");
    let state = fake.state.lock().unwrap();
    assert_eq!(state.calls, [0, 0, 0, 3, 2], "what is behind it on the same document is sent again with it");
    assert_eq!(state.taken, [("b".to_owned(), 8), ("a".to_owned(), 9), ("a".to_owned(), 9)]);
}

/// Two changes may share a version: then the order alone says which is newer.
#[tokio::test]
async fn changes_that_share_a_version_keep_their_order() {
    let fake = Fake::start().await;
    fake.state.lock().unwrap().busy.insert("a".to_owned(), 1);
    let of = |last: u8, value: &str| {
        let mut record = changed(0, "a", value);
        record["dynamodb"]["SequenceNumber"] = format!("4421584500000000990000000{last:03}").into();
        record
    };
    assert_eq!(version::version("4421584500000000990000000001"), version::version("4421584500000000990000000002"));
    assert_eq!(posted(&fake, vec![of(1, "old"), of(2, "new")], 20).await, None);
    assert_eq!(fake.document("a").unwrap()["value"], "new");
}

#[tokio::test]
async fn what_the_time_does_not_allow_is_named() {
    let fake = Fake::start().await;
    fake.state.lock().unwrap().busy.insert("b".to_owned(), u32::MAX);
    let records = || vec![changed(1, "a", "1"), changed(2, "b", "1"), changed(3, "c", "1")];
    assert_eq!(posted(&fake, records(), 1).await.as_deref(), Some("2"));
    assert!(fake.document("a").is_some() && fake.document("c").is_some());
    assert_eq!(posted(&fake, records(), 0).await.as_deref(), Some("1"));
    let nobody = Fake { url: "http://127.0.0.1:1".to_owned(), ..fake };
    assert_eq!(posted(&nobody, records(), 1).await.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_call_that_is_too_large_is_split() {
    let fake = Fake::start().await;
    fake.state.lock().unwrap().most = Some(2_000);
    let text = |length: usize| "x".repeat(length);
    let mut records: Vec<Value> = (1..=20).map(|n| changed(n, &format!("d{}", n % 7), &text(300))).collect();
    assert_eq!(posted(&fake, records.clone(), 20).await, None);
    let state = |fake: &Fake| fake.state.lock().unwrap().taken.clone();
    assert!(state(&fake).is_sorted_by_key(|(_, version)| *version), "in their order");
    assert_eq!(state(&fake).len(), 20);
    records.insert(3, changed(100, "large", &text(3_000)));
    assert_eq!(posted(&fake, records, 20).await.as_deref(), Some("100"), "one that is too large alone is refused");
}

#[tokio::test]
async fn megabytes_go_in_several_calls() {
    let fake = Fake::start().await;
    let records: Vec<Value> = (1..=30).map(|n| changed(n, &format!("d{n}"), &"x".repeat(390 * 1024))).collect();
    assert_eq!(posted(&fake, records, 60).await, None);
    let state = fake.state.lock().unwrap();
    assert_eq!((state.calls.iter().sum::<usize>(), state.calls.len()), (30, 3));
}

#[tokio::test]
async fn a_service_that_lets_nobody_in_is_told_at_once() {
    let fake = Fake::start().await;
    fake.state.lock().unwrap().replies.push_back((403, "{\"Message\":\"no\"}".to_owned()));
    assert_eq!(posted(&fake, vec![changed(1, "a", "1"), changed(2, "b", "1")], 20).await.as_deref(), Some("1"));
    assert_eq!(fake.state.lock().unwrap().calls, [0]);
}

#[test]
fn an_endpoint_has_tls_and_an_index_a_name() {
    let new = |endpoint: &str, index: &str| {
        let credentials = SharedCredentialsProvider::new(Credentials::new("a", "b", None, None, "test"));
        Search::new(endpoint, index, "eu-central-1", credentials).is_ok()
    };
    assert!(new("https://search.example.com/", "a-b_1.c") && new("http://localhost:9200", "a"));
    for endpoint in ["http://search.example.com", "http://127.0.0.1:1@evil.example", "search.example.com", ""] {
        assert!(!new(endpoint, "a"), "{endpoint}");
    }
    for index in ["", "_all", "A", "a/b", "a,b", "*", "a?x", ".kibana"] {
        assert!(!new("https://search.example.com", index), "{index}");
    }
}

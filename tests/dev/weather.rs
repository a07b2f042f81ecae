//! A table, a queue and a stream that refuse for a while: nothing is lost, nothing goes astray, and what can go on does.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use pipe_test_support::{Account, Emulator, Endpoint, Kind, Rule};

use super::dev::{Dev, MAIN, QUEUE, TABLE, wait};
use super::own::Own;
use super::puts::{Put, put_all};

/// How often the queue denies before it only fails.
const DENIED: usize = 4;

/// Refuses all messages to the queue, in more than one way.
fn refuse_letters(account: &Account) {
    account.set(Rule::on("sqs", "SendMessage").times(DENIED).fail(403, "AccessDenied", "no"));
    account.set(Rule::on("sqs", "SendMessage").fail(500, "InternalFailure", "no"));
}

/// The main pipeline on an endpoint whose calls can be made to fail.
struct Site {
    dev: Dev,
    sdk: SdkConfig,
    account: Account,
    _endpoint: Endpoint,
}

impl Site {
    /// With two shards, and a consumer that gives each try so many seconds.
    fn new(timeout_seconds: u32) -> Self {
        let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStackWithAuth));
        let account = endpoint.account();
        let timeout = format!("timeout_seconds: {timeout_seconds}");
        let spec = MAIN.replace("shards: 1", "shards: 2").replace("timeout_seconds: 30", &timeout);
        let dev = Dev::on(account.clone(), &spec);
        let sdk = dev.sdk();
        Self { dev, sdk, account, _endpoint: endpoint }
    }

    /// Puts an event, or one version of it, for each of these ids.
    fn put(&self, ids: &[String], version: u32) -> Vec<Put> {
        let data: Vec<String> = ids.iter().map(|id| format!(r#"{{"eventId": "{id}", "v": {version}}}"#)).collect();
        put_all(&self.sdk, ids.iter().zip(&data).map(|(id, data)| (id.as_str(), data.as_bytes())))
    }

    /// How often rows of these ids were written.
    fn written(&self, ids: &[String]) -> usize {
        written(&self.dev, ids)
    }

    /// Waits until the last report about reading is this, for each of the two shards.
    fn until_reading(&mut self, word: &str) {
        self.dev.until(&format!("each shard's reading to have `{word}`"), |dev| {
            let said = dev.said();
            let last = |shard: &str| said.lines().rfind(|line| line.contains(&format!("reading shard `{shard}`")));
            let has = |shard: &str| last(shard).is_some_and(|line| line.contains(word));
            (has("shardId-000000000000") && has("shardId-000000000001")).then_some(())
        });
    }

    /// Waits until each of these ids has a row of this version.
    fn until_rows(&mut self, ids: &[String], version: u32) {
        let (sdk, text) = (self.sdk.clone(), version.to_string());
        self.dev.until(&format!("rows of version {version}"), |_| {
            ids.iter().all(|id| stored(&sdk, id).as_ref() == Some(&text)).then_some(())
        });
    }

    /// Makes calls fail until a rule has fired so often and this many batches have failed since.
    fn fail(&mut self, rule: Rule, times: usize, batches: usize) {
        let before = self.dev.count("named failures");
        let (account, rule) = (self.account.clone(), self.account.set(rule));
        self.dev.until("calls to fail", |dev| {
            let failed = dev.count("named failures") - before;
            (account.fired(rule) >= times && failed >= batches).then_some(())
        });
    }
}

fn written(dev: &Dev, ids: &[String]) -> usize {
    ids.iter().map(|id| dev.count(&format!(r#"{TABLE} {{"eventId":{{"S":"{id}"}}}}"#))).sum()
}

fn stored(sdk: &SdkConfig, id: &str) -> Option<String> {
    let get = aws_sdk_dynamodb::Client::new(sdk).get_item().table_name(TABLE).consistent_read(true);
    let item = wait(get.key("eventId", AttributeValue::S(id.to_owned())).send()).unwrap().item?;
    Some(item["v"].as_n().unwrap().clone())
}

fn ids(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{name}-{n}")).collect()
}

#[test]
fn a_throttled_table_delays_rows_and_sends_none_to_the_dlq() {
    let mut site = Site::new(3);
    let all = ids("throttled", 16);
    let refusal = "The level of configured provisioned throughput for the table was exceeded.";
    let rule = Rule::on("dynamodb", "PutItem").fail(400, "ProvisionedThroughputExceededException", refusal);
    site.account.set(rule.clone());
    site.put(&all, 1);
    site.put(&all, 2);
    // Longer than an invocation repeats the calls by itself: the mapping hands the batch over again.
    site.fail(rule, 16, 3);
    assert_eq!(site.written(&all), 0);
    site.account.clear_rules();
    site.until_rows(&all, 2);
    assert!(site.dev.letters(&site.sdk).is_empty());
    // None went backwards, and nothing is still under way that could.
    site.until_rows(&all, 2);
}

#[test]
fn a_dlq_that_refuses_gets_the_poison_later_and_holds_up_nothing_else() {
    let mut site = Site::new(8);
    refuse_letters(&site.account);
    let all = ids("beside", 16);
    let bad = b"{\"eventId\": ";
    let data: Vec<String> = all.iter().map(|id| format!(r#"{{"eventId": "{id}", "v": 1}}"#)).collect();
    let mut records: Vec<(&str, &[u8])> =
        all.iter().map(String::as_str).zip(data.iter().map(String::as_bytes)).collect();
    records.insert(4, ("bad", bad));
    let put = put_all(&site.sdk, records);
    // Both refusals, and batches that are handed over again.
    site.fail(Rule::on("sqs", "SendMessage"), DENIED + 3, 2);
    // The records of the other shard and of the same batch, also behind it, are rows meanwhile.
    let place = put.iter().position(|put| put.key == "bad").unwrap();
    let near: Vec<&Put> = put.iter().filter(|other| other.shard == put[place].shard).take(10).collect();
    let ready: Vec<String> = put
        .iter()
        .filter(|other| {
            other.key != "bad" && (other.shard != put[place].shard || near.iter().any(|n| n.key == other.key))
        })
        .map(|put| put.key.clone())
        .collect();
    assert!(ready.len() >= 8, "{ready:?}");
    site.until_rows(&ready, 1);
    assert_eq!(site.dev.count(&format!("{QUEUE}: ")), 0, "nothing was taken yet");
    site.account.clear_rules();
    site.until_rows(&all, 1);
    site.dev.until("the letter", |dev| (dev.count(&format!("{QUEUE}: bad-json")) >= 1).then_some(()));
    let letters = site.dev.letters(&site.sdk);
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0]["sequenceNumber"], put[place].sequence.as_str());
}

#[test]
fn a_stream_that_cannot_be_read_for_a_while_is_read_on_from_where_it_was() {
    // As long as a function gets: none is to be ended here and to write its rows again.
    let mut site = Site::new(30);
    let (first, refused, lost) = (ids("first", 20), ids("refused", 20), ids("lost", 20));
    site.put(&first, 1);
    site.until_rows(&first, 1);
    let internal = Rule::on("kinesis", "GetRecords").fail(500, "InternalFailure", "no");
    for (ids, rule) in [(&refused, internal), (&lost, Rule::on("kinesis", "GetRecords").reset())] {
        site.account.set(rule.clone());
        // No read is under way any more that began before, and calls are no longer only repeated by the SDK: the poller itself
        // comes back with another iterator.
        site.until_reading("fails and is tried again");
        site.put(ids, 1);
        site.fail(rule, 3, 0);
        assert_eq!(site.written(ids), 0);
        site.account.clear_rules();
        site.until_reading("works again");
    }
    for ids in [&first, &refused, &lost] {
        site.until_rows(ids, 1);
        site.dev.until("rows to be told", |dev| (written(dev, ids) >= ids.len()).then_some(()));
    }
    // A second reading of anything would be written by now: reads are 200 ms apart.
    std::thread::sleep(Duration::from_secs(1));
    let times = [&first, &refused, &lost].map(|ids| site.written(ids));
    assert_eq!(times, [20, 20, 20], "each is written once");
    assert!(site.dev.letters(&site.sdk).is_empty());
}

#[test]
fn a_dlq_that_refuses_gets_the_mappings_document_later_and_holds_up_no_other_shard() {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStackWithAuth));
    let account = endpoint.account();
    let mut own = Own::on(Some(account.clone()), 2, "batch: { size: 4 }, failures: { retries: 0 }");
    refuse_letters(&account);
    let texts = ["a-1", "b-1", "c-1", "a-crash", "b-2", "c-2", "a-2", "d-1", "d-2", "e-1", "e-2", "f-1", "f-2"];
    let put = own.put(&texts);
    let texts_of = |of: &dyn Fn(&Put) -> bool| -> Vec<String> {
        put.iter().filter(|put| of(put)).map(|put| String::from_utf8(put.data.clone()).unwrap()).collect()
    };
    let bad = put.iter().find(|put| put.data == b"a-crash").unwrap();
    let beside = texts_of(&|put| put.shard != bad.shard);
    let same = texts_of(&|put| put.shard == bad.shard && put.sequence != bad.sequence);
    let before = texts_of(&|put| put.shard == bad.shard && put.sequence < bad.sequence);
    assert!(!beside.is_empty() && same.len() > before.len(), "{beside:?} {same:?}");
    let sends = account.set(Rule::on("sqs", "SendMessage"));
    own.until_done(beside.len() + before.len());
    own.dev.until("refusals", |dev| {
        (account.fired(sends) > DENIED && dev.count("sending what failed") == 1).then_some(())
    });
    assert_eq!(own.did().len(), beside.len() + before.len(), "what is behind it waits for its document");
    account.clear_rules();
    own.until_done(texts.len() - 1);
    for expected in [beside, same] {
        let did: Vec<String> = own.did().into_iter().filter(|text| expected.contains(text)).collect();
        assert_eq!(did, expected, "each once, in their order");
    }
    let documents = own.documents();
    assert_eq!(documents.len(), 1, "{documents:?}");
    assert!(documents[0].contains(&format!(r#""startSequenceNumber":"{0}","endSequenceNumber":"{0}""#, bad.sequence)));
}

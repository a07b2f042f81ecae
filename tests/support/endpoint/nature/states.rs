//! States that take time: which operations make a resource busy, which it refuses meanwhile, and how AWS says so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Exchange;
use super::ledger::Spell;
use super::settings::{Nature, Spans};
use super::subject::{Kind, Subject};
use crate::endpoint::message::Answer;
use crate::endpoint::upstream::Lost;

/// What an operation does to the state of what it is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Makes,
    /// Changes what is ACTIVE, which is then UPDATING.
    Changes,
    /// Removes what is ACTIVE, which is then DELETING.
    Removes,
    /// Needs it ACTIVE, and leaves it so.
    Needs,
}

static OPERATIONS: &[(&str, Does, &[&str])] = &[
    // Every one of these makes the stream UPDATING; tags cannot be changed until it is ACTIVE.
    ("kinesis", Does::Makes, &["CreateStream"]),
    (
        "kinesis",
        Does::Changes,
        &[
            "UpdateShardCount",
            "UpdateStreamMode",
            "UpdateMaxRecordSize",
            "StartStreamEncryption",
            "StopStreamEncryption",
            "IncreaseStreamRetentionPeriod",
            "DecreaseStreamRetentionPeriod",
            "EnableEnhancedMonitoring",
            "DisableEnhancedMonitoring",
            "MergeShards",
            "SplitShard",
        ],
    ),
    ("kinesis", Does::Removes, &["DeleteStream"]),
    ("kinesis", Does::Needs, &["AddTagsToStream", "RemoveTagsFromStream", "TagResource", "UntagResource"]),
    ("dynamodb", Does::Makes, &["CreateTable"]),
    ("dynamodb", Does::Changes, &["UpdateTable"]),
    ("dynamodb", Does::Removes, &["DeleteTable"]),
    ("dynamodb", Does::Needs, &["UpdateTimeToLive", "UpdateContinuousBackups", "PutResourcePolicy"]),
    // A function is gone at once.
    ("lambda", Does::Makes, &["CreateFunction", "CreateEventSourceMapping"]),
    ("lambda", Does::Changes, &["UpdateFunctionCode", "UpdateFunctionConfiguration", "UpdateEventSourceMapping"]),
    ("lambda", Does::Needs, &["DeleteFunction", "PublishVersion"]),
    ("lambda", Does::Removes, &["DeleteEventSourceMapping"]),
];

/// The most streams that are being made or deleted at once (`docs/aws.md#kinesis-quotas`).
const STREAMS_AT_ONCE: usize = 5;

/// How long a removal that was begun counts as running, should the emulator hang.
const UNTIL_GONE: Duration = Duration::from_secs(60);

fn done_by(exchange: &Exchange<'_>) -> Option<Does> {
    let (service, operation) = (exchange.call.service.as_str(), exchange.call.operation.as_str());
    let found = OPERATIONS.iter().find(|(of, _, operations)| *of == service && operations.contains(&operation));
    found.map(|(_, does, _)| *does)
}

fn spans(nature: &Nature, kind: Kind) -> Option<&Spans> {
    match kind {
        Kind::Stream => Some(&nature.states.streams),
        Kind::Table => Some(&nature.states.tables),
        Kind::Function => Some(&nature.states.functions),
        Kind::Mapping => Some(&nature.states.mappings),
        Kind::Role | Kind::Queue | Kind::LogGroup | Kind::Api => None,
    }
}

/// The refusal of a call that does not suit the state of what it is about.
pub fn refuse(exchange: &Exchange<'_>) -> Option<Answer> {
    if exchange.call.operation == "CreateQueue" {
        return name_taken(exchange);
    }
    let does = done_by(exchange)?;
    let subject = Subject::of(exchange.call, exchange.request)?;
    if does == Does::Makes {
        return too_many_streams(exchange, &subject);
    }
    match exchange.ledger(|ledger| ledger.state(&subject)) {
        Some(state) => Some(refusal(exchange, &subject.name, subject.kind, state)),
        None if exchange.call.operation == "UpdateContinuousBackups" => {
            let enabling = exchange.ledger(|ledger| ledger.is(&subject, Spell::Backups));
            enabling.then(|| refusal(exchange, &subject.name, subject.kind, Spell::Backups))
        }
        None => None,
    }
}

fn refusal(exchange: &Exchange<'_>, name: &str, kind: Kind, state: Spell) -> Answer {
    let (call, operation) = (exchange.call, exchange.call.operation.as_str());
    match kind {
        // The text as other stand-ins for Kinesis recorded it from AWS.
        Kind::Stream => {
            let text =
                format!("Stream {name} under account {} not ACTIVE, instead in state {}", call.account, upper(state));
            exchange.error(400, "ResourceInUseException", &text)
        }
        Kind::Table if operation == "UpdateContinuousBackups" => {
            let text = format!("Backups are being enabled for the table: {name}. Please retry later");
            exchange.error(400, "ContinuousBackupsUnavailableException", &text)
        }
        Kind::Table => {
            let being = upper(state).to_lowercase().replace("ing", "ed");
            let text = format!("Attempt to change a resource which is still in use: Table is being {being}: {name}");
            exchange.error(400, "ResourceInUseException", &text)
        }
        Kind::Function => {
            let arn = format!("arn:aws:lambda:{}:{}:function:{name}", call.region, call.account);
            let why = match state {
                Spell::Creating => "The function is currently in the following state: Pending".to_owned(),
                _ => format!("An update is in progress for resource: {arn}"),
            };
            let text = format!("The operation cannot be performed at this time. {why}");
            exchange.error(409, "ResourceConflictException", &text)
        }
        _ => {
            let verb = if operation.starts_with("Delete") { "delete" } else { "update" };
            let text = format!("Cannot {verb} the event source mapping because it is in use.");
            exchange.error(400, "ResourceInUseException", &text)
        }
    }
}

/// A state as Kinesis and DynamoDB spell it.
pub fn upper(state: Spell) -> &'static str {
    match state {
        Spell::Creating => "CREATING",
        Spell::Deleting => "DELETING",
        _ => "UPDATING",
    }
}

fn too_many_streams(exchange: &Exchange<'_>, subject: &Subject) -> Option<Answer> {
    const TEXT: &str = "This request would have exceed the limit on the number of streams that can simultaneously be \
                        in CREATING or DELETING. Limit: 5";
    let busy = [Spell::Creating, Spell::Deleting];
    let streams = exchange.ledger(|ledger| ledger.count(Kind::Stream, &subject.region, &busy));
    let too_many = subject.kind == Kind::Stream && streams >= STREAMS_AT_ONCE;
    too_many.then(|| exchange.error(400, "LimitExceededException", TEXT))
}

/// CreateQueue soon after DeleteQueue of the same name.
fn name_taken(exchange: &Exchange<'_>) -> Option<Answer> {
    const TEXT: &str =
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.";
    let subject = Subject::of(exchange.call, exchange.request)?;
    let taken = exchange.ledger(|ledger| ledger.is(&subject, Spell::NameTaken));
    taken.then(|| Answer::queue_error("QueueDeletedRecently", TEXT))
}

/// Notes the state that a call which took effect put its subject into.
pub fn note(exchange: &Exchange<'_>, answer: &Answer, switched: Option<Spell>) {
    let Some(subject) = Subject::changed(exchange.call, exchange.request, answer) else {
        return;
    };
    let states = &exchange.nature.states;
    if exchange.call.operation == "DeleteQueue" {
        exchange.ledger(|ledger| ledger.begin(&subject, Spell::NameTaken, states.queue_names));
    }
    let (Some(does), Some(spans)) = (done_by(exchange), spans(exchange.nature, subject.kind)) else {
        return;
    };
    exchange.ledger(|ledger| match does {
        Does::Makes => {
            ledger.begin(&subject, Spell::Creating, spans.creating);
            if subject.kind == Kind::Table && !states.backups.is_zero() {
                ledger.begin(&subject, Spell::Backups, spans.creating + states.backups);
            }
        }
        Does::Changes => ledger.begin(&subject, switched.unwrap_or(Spell::Updating), spans.updating),
        Does::Removes | Does::Needs => {}
    });
}

/// A mapping that an update switches on or off is Enabling or Disabling instead of Updating.
pub async fn switched(exchange: &Exchange<'_>) -> Result<Option<Spell>, Lost> {
    let enabled = exchange.request.json()["Enabled"].as_bool();
    let (Some(enabled), "UpdateEventSourceMapping") = (enabled, exchange.call.operation.as_str()) else {
        return Ok(None);
    };
    let was = exchange.inner.get(exchange.request.path()).await?.json();
    Ok(match (was["State"].as_str(), enabled) {
        (Some("Disabled"), true) => Some(Spell::Enabling),
        (Some("Enabled"), false) => Some(Spell::Disabling),
        _ => None,
    })
}

/// Answers a removal that takes time, and has the emulator do it when that time is over: until then everything is there
/// to be read. Nothing if the removal is to go to the emulator at once: of what takes no time, is absent or protected.
pub async fn remove_later(exchange: &Exchange<'_>) -> Result<Option<Answer>, Lost> {
    let subject = match (done_by(exchange), Subject::of(exchange.call, exchange.request)) {
        (Some(Does::Removes), Some(subject)) => subject,
        _ => return Ok(None),
    };
    let lasting = spans(exchange.nature, subject.kind).map_or(Duration::ZERO, |spans| spans.deleting);
    if lasting.is_zero() {
        return Ok(None);
    }
    let Some(answer) = removal(exchange, &subject).await? else {
        return Ok(None);
    };
    exchange.ledger(|ledger| ledger.begin(&subject, Spell::Deleting, lasting + UNTIL_GONE));
    let (upstream, natures) = (Arc::clone(exchange.upstream), Arc::clone(exchange.natures));
    let (request, account) = (exchange.request.clone(), exchange.call.account.clone());
    let at = Instant::now() + lasting;
    tokio::spawn(async move {
        tokio::time::sleep_until(at.into()).await;
        upstream.forward(&request, &account).await.ok();
        natures.ledger(&account, |ledger| ledger.forget(&subject));
    });
    Ok(Some(answer))
}

/// What AWS answers to the removal of what is there and not protected.
async fn removal(exchange: &Exchange<'_>, subject: &Subject) -> Result<Option<Answer>, Lost> {
    let name = &subject.name;
    let described = match subject.kind {
        Kind::Stream => {
            exchange.inner.ask("Kinesis_20131202.DescribeStreamSummary", &json!({ "StreamName": name })).await?
        }
        Kind::Table => exchange.inner.ask("DynamoDB_20120810.DescribeTable", &json!({ "TableName": name })).await?,
        _ => exchange.inner.get(exchange.request.path()).await?,
    };
    let description = described.json();
    if !described.is_success() || description["Table"]["DeletionProtectionEnabled"] == true {
        return Ok(None);
    }
    Ok(Some(match subject.kind {
        Kind::Stream => Answer::of_json(200, &json!({})),
        Kind::Table => Answer::of_json(200, &json!({ "TableDescription": description["Table"] })),
        _ => Answer::of_json(202, &description),
    }))
}

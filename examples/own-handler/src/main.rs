//! Adds up what each device sends: reads the device's row, adds the value, writes the row back.
//!
//! `pipe dev examples/own-handler.yaml` runs it; the README says what a handler gets and answers.

use aws_lambda_events::kinesis::{KinesisEvent, KinesisEventRecord};
use aws_lambda_events::streams::KinesisEventResponse;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, engine::general_purpose::STANDARD};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

struct Aws {
    table: aws_sdk_dynamodb::Client,
    queue: aws_sdk_sqs::Client,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let aws = Aws { table: aws_sdk_dynamodb::Client::new(&config), queue: aws_sdk_sqs::Client::new(&config) };
    run(service_fn(|event: LambdaEvent<KinesisEvent>| handle(&aws, event.payload))).await
}

/// Records come in order. The first that fails is named, and it and all after it come again.
async fn handle(aws: &Aws, event: KinesisEvent) -> Result<KinesisEventResponse, Error> {
    let mut answer = KinesisEventResponse::default();
    for record in event.records {
        let done = match parse(&record.kinesis.data) {
            Ok((device, value)) => add(aws, device, value, &record.kinesis.sequence_number).await,
            // It would fail every time, and hold up all that come after it: it goes to the dlq, and counts as done.
            Err(error) => bury(aws, &record, &error.to_string()).await,
        };
        if let Err(error) = done {
            eprintln!("record {}: {error}", record.kinesis.sequence_number);
            answer.add_failure(record.kinesis.sequence_number);
            break;
        }
    }
    Ok(answer)
}

fn parse(data: &[u8]) -> Result<(String, i64), Error> {
    let event: Value = serde_json::from_slice(data)?;
    let device = event["device"].as_str().ok_or("no `device`")?.to_owned();
    Ok((device, event["value"].as_i64().ok_or("no whole `value`")?))
}

/// A record may come twice, so the row keeps the number of the last one that it holds.
async fn add(aws: &Aws, device: String, value: i64, number: &str) -> Result<(), Error> {
    let name = std::env::var("PIPE_TABLE")?;
    let device = AttributeValue::S(device);
    let row = aws.table.get_item().table_name(&name).key("device", device.clone()).consistent_read(true).send().await?;
    let row = row.item.unwrap_or_default();
    let last = row.get("last").and_then(|last| last.as_s().ok());
    if last.is_some_and(|last| (last.len(), last.as_str()) >= (number.len(), number)) {
        return Ok(());
    }
    let total = row.get("total").and_then(|total| total.as_n().ok()?.parse::<i64>().ok()).unwrap_or_default() + value;
    let put = aws.table.put_item().table_name(name).item("device", device);
    let put =
        put.item("total", AttributeValue::N(total.to_string())).item("last", AttributeValue::S(number.to_owned()));
    put.send().await?;
    Ok(())
}

/// A letter that `pipe dlq` understands.
async fn bury(aws: &Aws, record: &KinesisEventRecord, reason: &str) -> Result<(), Error> {
    let id = record.event_id.as_deref().unwrap_or_default();
    let letter = json!({
        "version": 1, "reason": "bad-event", "message": reason, "eventID": id, "streamArn": record.event_source_arn,
        "shardId": id.split(':').next(), "sequenceNumber": record.kinesis.sequence_number,
        "arrivedAt": record.kinesis.approximate_arrival_timestamp.to_rfc3339(),
        "encoding": "base64", "payload": STANDARD.encode(&record.kinesis.data.0),
    });
    let send = aws.queue.send_message().queue_url(std::env::var("PIPE_DLQ_URL")?);
    send.message_body(letter.to_string()).send().await?;
    Ok(())
}

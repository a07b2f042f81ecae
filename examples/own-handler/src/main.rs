//! Adds up what each device sends: reads the device's row, adds the value, writes the row back.
//!
//! `pipe dev examples/own-handler.yaml` runs it; the README says what a handler gets and answers.

use aws_lambda_events::kinesis::KinesisEvent;
use aws_lambda_events::streams::KinesisEventResponse;
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let table = Client::new(&aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await);
    run(service_fn(|event: LambdaEvent<KinesisEvent>| handle(&table, event.payload))).await
}

/// Records come in order. The first that fails is named, and it and all after it come again.
async fn handle(table: &Client, event: KinesisEvent) -> Result<KinesisEventResponse, Error> {
    let mut answer = KinesisEventResponse::default();
    for record in event.records {
        let number = record.kinesis.sequence_number;
        if let Err(error) = add(table, &record.kinesis.data, &number).await {
            eprintln!("record {number}: {error}");
            answer.add_failure(number);
            break;
        }
    }
    Ok(answer)
}

/// A record may come twice, so the row keeps the number of the last one that it holds.
async fn add(table: &Client, data: &[u8], number: &str) -> Result<(), Error> {
    let event: Value = serde_json::from_slice(data)?;
    let device = AttributeValue::S(event["device"].as_str().ok_or("no `device`")?.to_owned());
    let value = event["value"].as_i64().ok_or("no whole `value`")?;
    let name = std::env::var("PIPE_TABLE")?;
    let row = table.get_item().table_name(&name).key("device", device.clone()).consistent_read(true).send().await?;
    let row = row.item.unwrap_or_default();
    if row
        .get("last")
        .and_then(|last| last.as_s().ok())
        .is_some_and(|last| (last.len(), last.as_str()) >= (number.len(), number))
    {
        return Ok(());
    }
    let total = row.get("total").and_then(|total| total.as_n().ok()?.parse::<i64>().ok()).unwrap_or_default() + value;
    let put = table.put_item().table_name(name).item("device", device);
    let put =
        put.item("total", AttributeValue::N(total.to_string())).item("last", AttributeValue::S(number.to_owned()));
    put.send().await?;
    Ok(())
}

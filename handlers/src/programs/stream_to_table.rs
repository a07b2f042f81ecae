//! The consumer as a program. Environment: `PIPE_TABLE`, `PIPE_PARTITION_KEY`, `PIPE_SORT_KEY`, `PIPE_DLQ_URL`, `PIPE_OVERWRITE`,
//! `PIPE_DELETES`.

use crate::log;
use crate::stream_to_table::{Config, Consumer, DynamoTable, SqsQueue};
use crate::{aws, deadline, environment};
use aws_config::retry::RetryConfig;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

/// Serves calls until the process ends.
///
/// # Errors
/// Missing or wrong settings in the environment; a runtime interface that is gone.
pub async fn run() -> Result<(), Error> {
    let config = Config::read(environment::process)?;
    let sdk = aws::config(RetryConfig::disabled()).await;
    let mut table = DynamoTable::new(aws_sdk_dynamodb::Client::new(&sdk), config.table);
    if !config.overwrite {
        table = table.keeping(config.keys.partition.clone());
    }
    let queue = config.queue_url.map(|url| SqsQueue::new(aws_sdk_sqs::Client::new(&aws::patient(&sdk)), url));
    let consumer = Consumer::new(table, queue, config.keys);
    let consumer = &if config.deletes { consumer.deleting() } else { consumer };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| async move {
        let context = event.context;
        let report = consumer.handle(event.payload, deadline::stop_at(context.deadline())).await?;
        for line in report.lines(&context.env_config.function_name, &context.request_id) {
            log::emit(&line);
        }
        Ok::<_, Diagnostic>(report.response()?)
    }))
    .await
}

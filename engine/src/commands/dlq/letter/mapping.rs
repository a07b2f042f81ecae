//! AWS's on-failure document of a stream's mapping, by its names: their order is not to be relied on. It points to the records of a
//! batch that was given up, in a Kinesis stream or in the stream of a table
//! (<https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>).

use serde::Deserialize;

use super::{Again, Form, Message, Place, RequestContext, ResponseContext};
use crate::event::using::Shape;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mapping {
    request_context: RequestContext,
    /// Absent where the records grew too old.
    response_context: Option<ResponseContext>,
    #[serde(rename = "KinesisBatchInfo", alias = "DDBStreamBatchInfo")]
    batch: Batch,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    shard_id: String,
    start_sequence_number: String,
    end_sequence_number: String,
    approximate_arrival_of_first_record: String,
    approximate_arrival_of_last_record: String,
    batch_size: u64,
    stream_arn: String,
}

pub(super) fn read(message: &Message) -> Option<Box<dyn Form>> {
    serde_json::from_str::<Mapping>(&message.body).ok().map(|letter| Box::new(letter) as Box<dyn Form>)
}

impl Form for Mapping {
    fn shape(&self) -> Shape {
        Shape::Mapping
    }

    fn reason(&self) -> &str {
        &self.request_context.condition
    }

    fn message(&self) -> String {
        let invoked = self.request_context.invoked();
        match &self.response_context {
            None => invoked,
            Some(ResponseContext { function_error: Some(error), .. }) => format!("{invoked}, function error {error}"),
            Some(ResponseContext { status_code: 413, .. }) => format!("{invoked}, too large for a call"),
            Some(_) => format!("{invoked}, the answer named failures or was not understood"),
        }
    }

    fn advice(&self) -> Option<&'static str> {
        let context = self.response_context.as_ref()?;
        (context.function_error.is_none() && context.status_code != 413).then_some(
            "AWS does not keep the answer. Lambda reads {\"batchItemFailures\": [{\"itemIdentifier\": SEQUENCE NUMBER}]} with \
             sequence numbers of the batch, and retries the whole batch for any other name; `pipe dev` says what is wrong with an answer",
        )
    }

    fn place(&self) -> Option<Place<'_>> {
        let batch = &self.batch;
        Some(Place {
            stream_arn: &batch.stream_arn,
            shard: &batch.shard_id,
            first: &batch.start_sequence_number,
            last: &batch.end_sequence_number,
            arrived: (&batch.approximate_arrival_of_first_record, &batch.approximate_arrival_of_last_record),
            records: batch.batch_size,
        })
    }

    fn again(&self) -> Again {
        Again::Records
    }

    fn function_arn(&self) -> Option<&str> {
        Some(self.request_context.function_arn.as_str()).filter(|arn| !arn.is_empty())
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        vec![("function", self.request_context.function_arn.clone())]
    }
}

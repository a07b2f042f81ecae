//! A role that lacks a right for good.

use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::types::FunctionConfiguration;

use super::*;

const ROLE: &str = "arn:aws:iam::111122223333:role/pipe/demo/consumer-role";

/// Creates, while Lambda refuses that for ever with this text; gives what is said then.
async fn refused_for_ever(text: String) -> String {
    let create = mock!(Client::create_event_source_mapping)
        .then_http_response(move || refusal(400, "InvalidParameterValueException", &text));
    let function = mock!(Client::get_function).then_output(|| {
        let configuration = FunctionConfiguration::builder().role(ROLE).build();
        GetFunctionOutput::builder().configuration(configuration).build()
    });
    let start = Instant::now();
    let error = desired().reconcile(&cx(&[&create, &function]), &here(), None).await.unwrap_err();
    assert!((590..=600).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(error.class(), Class::Propagating);
    error.hint_text().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn one_that_may_not_read_the_stream() {
    let text = format!(
        "Cannot access stream {STREAM}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, \
         ListShards, and ListStreams Actions on your stream in IAM."
    );
    let hint = refused_for_ever(text).await;
    assert!(hint.contains(&format!("`{ROLE}`")), "{hint}");
    assert!(hint.contains("`kinesis:GetRecords`, `kinesis:GetShardIterator`"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn one_that_may_not_send_to_the_dlq() {
    let text = format!("The function's execution role does not have permissions to call SendMessage on {DLQ}");
    let hint = refused_for_ever(text).await;
    assert!(hint.contains(&format!("`{ROLE}`")) && hint.contains("`sqs:SendMessage`"), "{hint}");
}

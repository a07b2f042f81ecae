use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_table::UpdateTableOutput;
use aws_sdk_dynamodb::types::{SseDescription, SseStatus};
use aws_smithy_mocks::mock;

use super::*;
use crate::kinds::table::tests::{answer, cx, described, events, plain, refusal};

const ONE: &str = "arn:aws:kms:eu-central-1:111122223333:key/one";
const TWO: &str = "arn:aws:kms:eu-central-1:111122223333:key/two";

fn under(encryption: &str) -> Table {
    Table { encryption: encryption.into(), ..plain() }
}

fn with(key: &str) -> SseDescription {
    SseDescription::builder().status(SseStatus::Enabled).kms_master_key_arn(key).build()
}

/// The key that is named in the call from one encryption to another, after which AWS shows `then`.
async fn named(from: &str, to: &str, then: &'static str) -> Option<String> {
    let sent = Arc::new(Mutex::new(None));
    let seen = sent.clone();
    let update = mock!(Client::update_table)
        .match_requests(move |request| {
            let sse = request.sse_specification().unwrap();
            seen.lock().unwrap().replace((sse.enabled(), sse.kms_master_key_id().map(str::to_owned)));
            true
        })
        .then_output(|| UpdateTableOutput::builder().build());
    let describe = mock!(Client::describe_table).then_output(move || described(answer().sse_description(with(then))));
    under(to).sync_encryption(&cx(&[&update, &describe]), &events(), &under(from)).await.unwrap();
    let (on, key) = sent.lock().unwrap().take().unwrap();
    assert_eq!(on, Some(true));
    key
}

#[tokio::test]
async fn a_key_is_named_where_another_was() {
    assert_eq!(named(AWS_MANAGED, ONE, ONE).await.as_deref(), Some(ONE));
    assert_eq!(named(ONE, TWO, TWO).await.as_deref(), Some(TWO));
    assert_eq!(
        named(ONE, AWS_MANAGED, "arn:aws:kms:eu-central-1:111122223333:key/aws").await.as_deref(),
        Some(AWS_MANAGED_KEY)
    );
    assert_eq!(named(AWS_OWNED, AWS_MANAGED, ONE).await, None);
}

/// Neither emulator refuses it.
#[tokio::test]
async fn a_table_that_has_the_key_already_is_as_it_should_be() {
    let text = "One or more parameter values were invalid: Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId \
                parameter if you want to change Master Key";
    let update = mock!(Client::update_table).then_http_response(|| refusal("ValidationException", text));
    let describe = mock!(Client::describe_table).then_output(|| described(answer().sse_description(with(ONE))));
    under(ONE).sync_encryption(&cx(&[&update, &describe]), &events(), &under(AWS_MANAGED)).await.unwrap();
    assert_eq!(update.num_calls(), 1);
}

#[test]
fn a_change_of_the_key_says_whom_it_concerns() {
    let (one, two) = (under(ONE), under(TWO));
    assert!(means(&one, &under(AWS_MANAGED))[0].contains("`kms:Decrypt`"));
    let another = means(&two, &one);
    assert!(another[0].contains(TWO) && another[1].contains(ONE) && another.len() == 2, "{another:?}");
    let left = means(&under(AWS_OWNED), &one);
    assert!(left[0].contains(ONE) && left[1].contains("may be refused") && left.len() == 2, "{left:?}");
    assert!(widens(&under(AWS_MANAGED), &one)[0].contains("key policy") && widens(&two, &one).is_empty());
    assert_eq!((means(&one, &one), means(&under(AWS_OWNED), &under(AWS_MANAGED))), (Vec::new(), Vec::new()));
}

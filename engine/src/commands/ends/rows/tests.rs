use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ErrorMetadata;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemError, BatchGetItemOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_mocks::{Rule, RuleMode, mock};

use super::*;
use crate::aws::mocked;

fn cx(rule: &Rule) -> Cx {
    mocked::cx(RuleMode::MatchAny, &[rule])
}

fn key(id: &str) -> ItemKey {
    ItemKey::from([("id".to_owned(), AttributeValue::S(id.into())), ("at".to_owned(), AttributeValue::N("1".into()))])
}

/// A table that has these rows.
fn has(ids: &'static [&'static str]) -> Rule {
    mock!(Client::batch_get_item)
        .match_requests(|request| {
            let asked = &request.request_items().unwrap()["t"];
            let names = asked.expression_attribute_names().unwrap();
            asked.consistent_read() == Some(true)
                && names.len() == 2
                && asked.projection_expression() == Some("#k0,#k1")
        })
        .then_output(move || {
            BatchGetItemOutput::builder().responses("t", ids.iter().map(|id| key(id)).collect()).build()
        })
}

fn refuses(code: &'static str) -> Rule {
    mock!(Client::batch_get_item)
        .then_error(move || BatchGetItemError::generic(ErrorMetadata::builder().code(code).message("no").build()))
}

#[tokio::test]
async fn the_rows_that_are_there_are_told_in_the_order_of_the_keys() {
    let (a, b, c) = (key("a"), key("b"), key("c"));
    let there = present(&cx(&has(&["c", "a"])), "t", &[&a, &b, &c]).await;
    assert_eq!(there, Ok(vec![true, false, true]));
    assert_eq!(present(&cx(&has(&[])), "t", &[]).await, Ok(vec![]), "without a call");
}

#[tokio::test]
async fn one_key_is_found_in_whatever_form_its_number_comes_back() {
    let mut asked = key("a");
    asked.insert("at".into(), AttributeValue::N("1.0".into()));
    assert_eq!(present(&cx(&has(&["a"])), "t", &[&asked]).await, Ok(vec![true]));
}

#[tokio::test]
async fn too_many_calls_and_keys_that_no_table_takes_are_no_rows_and_other_refusals_are_errors() {
    let a = key("a");
    for code in ["ProvisionedThroughputExceededException", "ValidationException"] {
        assert_eq!(present(&cx(&refuses(code)), "t", &[&a]).await, Ok(vec![false]), "{code}");
    }
    let error = present(&cx(&refuses("AccessDeniedException")), "t", &[&a]).await.unwrap_err();
    assert_eq!(error.failed_call().unwrap().operation, "dynamodb:BatchGetItem");
}

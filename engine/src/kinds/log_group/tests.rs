use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::operation::create_log_group::CreateLogGroupOutput;
use aws_sdk_cloudwatchlogs::operation::describe_log_groups::DescribeLogGroupsOutput;
use aws_sdk_cloudwatchlogs::operation::list_tags_for_resource::ListTagsForResourceOutput;
use aws_sdk_cloudwatchlogs::operation::put_retention_policy::PutRetentionPolicyOutput;
use aws_sdk_cloudwatchlogs::operation::tag_resource::TagResourceOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock};

use super::*;
use crate::aws::mocked;
use crate::resource::Id;

const ARN: &str = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/demo";

/// A context whose CloudWatch Logs answers by these rules; any other call panics.
fn cx(rules: &[&Rule]) -> Cx {
    let tags = Tags::from([("pipe:pipeline".to_owned(), "demo".to_owned())]);
    mocked::cx(RuleMode::MatchAny, rules).for_resource(&Id::new("consumer-log"), tags)
}

fn name() -> Name {
    Name::new("/aws/lambda/demo")
}

fn live(retention_days: u32, tags: Tags) -> Live<LogGroup> {
    Live {
        handle: Handle::new(ARN),
        props: LogGroup { retention_days },
        outputs: outputs(ARN),
        tags,
        identity: String::new(),
        state: State::Live,
    }
}

fn group(name: &str, days: Option<i32>) -> Described {
    Described::builder().log_group_name(name).set_retention_in_days(days).build()
}

fn tagged() -> Rule {
    mock!(Client::list_tags_for_resource)
        .match_requests(|request| request.resource_arn() == Some(ARN))
        .then_output(|| ListTagsForResourceOutput::builder().tags("team", "a").build())
}

#[tokio::test]
async fn groups_of_which_the_name_is_only_the_beginning_are_others() {
    let both = mock!(Client::describe_log_groups).then_output(|| {
        let groups = [group("/aws/lambda/demo", None), group("/aws/lambda/demo-2", Some(7))];
        DescribeLogGroupsOutput::builder().set_log_groups(Some(groups.to_vec())).build()
    });
    let read = LogGroup::read(&cx(&[&both, &tagged()]), &name()).await.unwrap();
    assert_eq!(read, vec![live(0, Tags::from([("team".to_owned(), "a".to_owned())]))]);

    let other = mock!(Client::describe_log_groups)
        .then_output(|| DescribeLogGroupsOutput::builder().log_groups(group("/aws/lambda/demo-2", Some(7))).build());
    let absent = mock!(Client::list_tags_for_resource).sequence().http_status(
        400,
        Some(r#"{"__type":"ResourceNotFoundException","message":"The specified resource does not exist."}"#.into()),
    );
    assert!(LogGroup::read(&cx(&[&other, &absent.build()]), &name()).await.unwrap().is_empty());
}

/// Groups of one page are asked for once in a look; where there are more, each is asked for by its own name.
#[tokio::test]
async fn groups_whose_names_begin_alike_are_asked_for_at_once() {
    for (next, calls) in [(None, 1), (Some("more"), 3)] {
        let page = mock!(Client::describe_log_groups)
            .match_requests(|request| request.log_group_name_prefix() == Some("/aws/lambda/demo-"))
            .then_output(move || {
                let groups = ["/aws/lambda/demo-a", "/aws/lambda/demo-b"].map(|name| group(name, None)).to_vec();
                DescribeLogGroupsOutput::builder()
                    .set_log_groups(Some(groups))
                    .set_next_token(next.map(str::to_owned))
                    .build()
            });
        let whole = mock!(Client::describe_log_groups)
            .match_requests(|request| request.limit().is_none())
            .then_output(|| DescribeLogGroupsOutput::builder().log_groups(group("/aws/lambda/demo-a", None)).build());
        let cx = mocked::cx(RuleMode::MatchAny, &[&page, &whole]).for_one_look();
        for (name, there) in [("/aws/lambda/demo-a", true), ("/aws/lambda/demo-c", false)] {
            assert_eq!(describe(&cx, &Name::new(name)).await.unwrap().is_some(), there, "{name}");
        }
        assert_eq!(page.num_calls() + whole.num_calls(), calls);
    }
}

#[tokio::test]
async fn a_group_that_lambda_made_is_kept_and_gets_retention_and_tags() {
    let keep = mock!(Client::put_retention_policy)
        .match_requests(|request| request.retention_in_days() == Some(30))
        .then_output(|| PutRetentionPolicyOutput::builder().build());
    let tag = mock!(Client::tag_resource)
        .match_requests(|request| request.resource_arn() == Some(ARN))
        .then_output(|| TagResourceOutput::builder().build());
    let desired = LogGroup { retention_days: 30 };
    desired.reconcile(&cx(&[&keep, &tag]), &name(), Some(&live(0, Tags::new()))).await.unwrap();
    assert_eq!((keep.num_calls(), tag.num_calls()), (1, 1));
}

#[tokio::test]
async fn nothing_is_written_where_nothing_differs() {
    let cx = cx(&[]);
    let made = LogGroup { retention_days: 7 }.reconcile(&cx, &name(), Some(&live(7, cx.tags.clone()))).await.unwrap();
    assert_eq!(made.outputs["arn"], ARN);
}

#[tokio::test]
async fn a_concurrent_change_is_waited_for() {
    let create = mock!(Client::create_log_group)
        .match_requests(|request| request.tags().is_some_and(|tags| tags["pipe:pipeline"] == "demo"))
        .then_output(|| CreateLogGroupOutput::builder().build());
    let aborted = r#"{"__type":"OperationAbortedException","message":"A conflicting operation is currently in progress against this resource. Please try again."}"#;
    let keep = mock!(Client::put_retention_policy)
        .sequence()
        .http_status(400, Some(aborted.into()))
        .output(|| PutRetentionPolicyOutput::builder().build())
        .build();
    LogGroup { retention_days: 1 }.reconcile(&cx(&[&create, &keep]), &name(), None).await.unwrap();
    assert_eq!(keep.num_calls(), 2);
}

#[tokio::test]
async fn a_group_that_somebody_made_meanwhile_must_be_looked_at() {
    let exists = r#"{"__type":"ResourceAlreadyExistsException","message":"The specified log group already exists"}"#;
    let create = mock!(Client::create_log_group).sequence().http_status(400, Some(exists.into())).build();
    let error = LogGroup { retention_days: 1 }.reconcile(&cx(&[&create]), &name(), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Unclear);
}

#[tokio::test]
async fn deleting_what_is_absent_succeeds() {
    let absent = r#"{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}"#;
    let delete = mock!(Client::delete_log_group).sequence().http_status(400, Some(absent.into())).build();
    LogGroup::delete(&cx(&[&delete]), &name(), &Handle::new(ARN)).await.unwrap();
}

#[test]
fn a_name_is_told_from_both_forms_of_an_arn() {
    assert_eq!(LogGroup::name_of(ARN), Some(name()));
    assert_eq!(LogGroup::name_of(&format!("{ARN}:*")), Some(name()));
    assert_eq!(LogGroup::name_of("arn:aws:kinesis:eu-central-1:111122223333:stream/s"), None);
}

#[test]
fn taking_over_a_group_that_keeps_its_events_longer_loses_the_older_ones() {
    let of = |retention_days| LogGroup { retention_days };
    let lost = |live| of(30).adopting(&of(live)).unwrap_or_default();
    assert!(lost(0).contains("for ever: those older than 30 days are deleted"), "{}", lost(0));
    assert!(lost(60).contains("for 60 days"), "{}", lost(60));
    assert_eq!((lost(30), lost(7)), (String::new(), String::new()));
    let edit = Changed::Edit { desired: &of(30), live: &of(60), how: &How::default() };
    assert_eq!(LogGroup::advice(&edit).loses, None, "an edit of the pipeline's own needs no consent");
    assert_eq!(of(30).means(&of(60), &How::default()), ["events older than 30 days are deleted for good"]);
    assert_eq!(of(30).means(&of(30), &How::default()), [""; 0]);
    let replaced = How { replaced: true, ..How::default() };
    assert_eq!(of(30).means(&of(60), &replaced), ["all its events are deleted with it"]);
}

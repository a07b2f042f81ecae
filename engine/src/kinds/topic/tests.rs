use aws_sdk_sns::Client;
use aws_sdk_sns::operation::create_topic::CreateTopicOutput;
use aws_sdk_sns::operation::delete_topic::DeleteTopicOutput;
use aws_sdk_sns::operation::get_topic_attributes::GetTopicAttributesOutput;
use aws_sdk_sns::operation::list_tags_for_resource::ListTagsForResourceOutput;
use aws_sdk_sns::operation::set_topic_attributes::SetTopicAttributesOutput;
use aws_sdk_sns::operation::tag_resource::TagResourceOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;

use super::*;
use crate::aws::mocked::{self, place};
use crate::resource::{How, Id};

const ARN: &str = "arn:aws:sns:eu-central-1:111122223333:demo-topic";

/// AWS's own policy, as a real account gives it.
const DEFAULT: &str = r#"{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID",
    "Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission",
    "SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],
    "Resource":"arn:aws:sns:eu-central-1:111122223333:demo-topic",
    "Condition":{"StringEquals":{"AWS:SourceOwner":"111122223333"}}}]}"#;

fn owner() -> Tags {
    Tags::from([("pipe:pipeline".to_owned(), "demo".to_owned())])
}

fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx(RuleMode::MatchAny, rules).for_resource(&Id::new("topic"), owner())
}

fn name() -> Name {
    Name::new("demo-topic")
}

fn desired() -> Topic {
    Topic { policy: tls_only(&place(), &name()), kms_key: String::new(), email: String::new() }
}

fn live(props: Topic, tags: Tags) -> Live<Topic> {
    let (handle, outputs) = (Handle::new(ARN), outputs(ARN, &name()));
    Live { handle, props, outputs, tags, identity: String::new(), state: State::Live }
}

/// The attributes of a topic with what AWS adds to them.
fn shown(policy: &str, key: &str) -> GetTopicAttributesOutput {
    let noise = [("TopicArn", ARN), ("DisplayName", ""), ("Owner", "111122223333"), ("SubscriptionsConfirmed", "1")];
    let key = (!key.is_empty()).then_some((KMS_KEY, key));
    let all = noise.into_iter().chain([(POLICY, policy)]).chain(key);
    let all = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    GetTopicAttributesOutput::builder().set_attributes(Some(all)).build()
}

fn tagged() -> Rule {
    mock!(Client::list_tags_for_resource)
        .then_output(|| ListTagsForResourceOutput::builder().set_tags(Some(tag::list(&owner()).unwrap())).build())
}

/// A refusal of SNS, whose protocol answers in XML.
fn refusal(status: u16, code: &str, message: &str) -> HttpResponse {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    );
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

async fn read_as(policy: String, key: &'static str) -> Topic {
    let attributes = mock!(Client::get_topic_attributes).then_output(move || shown(&policy, key));
    let read = Topic::read(&cx(&[&attributes, &tagged()]), &name()).await.unwrap();
    assert_eq!((read.len(), &read[0].tags, read[0].outputs["arn"].as_str()), (1, &owner(), ARN));
    read[0].props.clone()
}

#[tokio::test]
async fn awss_own_policy_reads_as_none_and_another_as_itself() {
    let none = Topic { policy: Policy::new(Vec::new()), kms_key: String::new(), email: String::new() };
    assert_eq!(read_as(DEFAULT.to_owned(), "").await, none);
    assert_eq!(read_as(DEFAULT.replace(r#","SNS:Publish""#, ""), "").await, none);
    let open = DEFAULT.replace("AWS:SourceOwner", "aws:PrincipalTag/any");
    assert_eq!(read_as(open, "").await.policy.statements().len(), 1);
    let spelled = desired().policy.text().replace(r#""AWS":["*"]"#, r#""AWS":"*""#);
    assert_eq!(read_as(spelled, "").await, desired());
    let with_key = Topic { kms_key: "alias/aws/sns".into(), ..desired() };
    assert_eq!(read_as(desired().policy.text(), "alias/aws/sns").await, with_key);
}

#[tokio::test]
async fn a_topic_is_made_with_all_in_one_call() {
    let create = mock!(Client::create_topic)
        .match_requests(|call| {
            let text = |name: &str| call.attributes().and_then(|all| all.get(name)).cloned().unwrap_or_default();
            let tagged = call.tags().iter().any(|tag| (tag.key(), tag.value()) == ("pipe:pipeline", "demo"));
            tagged && text(POLICY) == desired().policy.text() && text(KMS_KEY) == "alias/aws/sns"
        })
        .then_output(|| CreateTopicOutput::builder().topic_arn(ARN).build());
    let topic = Topic { kms_key: "alias/aws/sns".into(), ..desired() };
    assert_eq!(topic.reconcile(&cx(&[&create]), &name(), None).await.unwrap().outputs["arn"], ARN);
}

#[tokio::test]
async fn a_topic_that_somebody_made_meanwhile_must_be_looked_at() {
    let create = mock!(Client::create_topic).then_http_response(|| {
        refusal(400, "InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags")
    });
    let error = desired().reconcile(&cx(&[&create]), &name(), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Unclear);
}

#[tokio::test]
async fn each_edit_is_its_own_call_and_no_edit_is_none() {
    let same = live(desired(), owner());
    desired().reconcile(&cx(&[]), &name(), Some(&same)).await.unwrap();
    let set = |attribute: &'static str, value: String| {
        mock!(Client::set_topic_attributes)
            .match_requests(move |call| {
                call.attribute_name() == Some(attribute) && call.attribute_value() == Some(value.as_str())
            })
            .then_output(|| SetTopicAttributesOutput::builder().build())
    };
    let key = set(KMS_KEY, "alias/aws/sns".into());
    let keyed = Topic { kms_key: "alias/aws/sns".into(), ..desired() };
    keyed.reconcile(&cx(&[&key]), &name(), Some(&same)).await.unwrap();
    let no_key = set(KMS_KEY, String::new());
    desired().reconcile(&cx(&[&no_key]), &name(), Some(&live(keyed, owner()))).await.unwrap();
    let open = Topic { policy: Policy::new(Vec::new()), ..desired() };
    let tls = set(POLICY, desired().policy.text());
    desired().reconcile(&cx(&[&tls]), &name(), Some(&live(open.clone(), owner()))).await.unwrap();
    // A topic cannot be without a policy: it gets AWS's own back, which then reads as none.
    let aws = mock!(Client::set_topic_attributes)
        .match_requests(|call| {
            let policy = Policy::parse(call.attribute_value().unwrap_or_default()).unwrap();
            policy == Policy::parse(DEFAULT).unwrap()
        })
        .then_output(|| SetTopicAttributesOutput::builder().build());
    open.reconcile(&cx(&[&aws]), &name(), Some(&same)).await.unwrap();
    let tag = mock!(Client::tag_resource)
        .match_requests(|call| call.tags().len() == 1)
        .then_output(|| TagResourceOutput::builder().build());
    desired().reconcile(&cx(&[&tag]), &name(), Some(&live(desired(), Tags::new()))).await.unwrap();
    let calls = [key.num_calls(), no_key.num_calls(), tls.num_calls(), aws.num_calls(), tag.num_calls()];
    assert_eq!(calls, [1; 5]);
}

#[tokio::test]
async fn an_absent_topic_is_no_error() {
    let missing = || refusal(404, "NotFound", "Topic does not exist");
    let attributes = mock!(Client::get_topic_attributes).then_http_response(missing);
    let tags = mock!(Client::list_tags_for_resource)
        .then_http_response(|| refusal(404, "ResourceNotFound", "Resource does not exist"));
    let delete = mock!(Client::delete_topic).then_output(|| DeleteTopicOutput::builder().build());
    let cx = cx(&[&attributes, &tags, &delete]);
    assert_eq!(Topic::read(&cx, &name()).await.unwrap(), []);
    Topic::delete(&cx, &name(), &Handle::new(ARN)).await.unwrap();
    assert_eq!(delete.num_calls(), 1);
}

#[test]
fn what_is_no_longer_forbidden_needs_consent() {
    let open = Topic { policy: Policy::new(Vec::new()), ..desired() };
    let told = |desired: &Topic, live: &Topic| Topic::advice(&Changed::Edit { desired, live, how: &How::default() });
    assert!(told(&open, &desired()).widens[0].contains("no longer forbidden"));
    assert_eq!(told(&desired(), &open), Advice::default());
    let keyed = Topic { kms_key: "alias/aws/sns".into(), ..desired() };
    assert!(told(&keyed, &desired()).means[0].contains("alias/aws/sns"));
}

#[test]
fn an_arn_names_a_topic_and_a_subscription_names_none() {
    assert_eq!(Topic::name_of(ARN), Some(name()));
    assert_eq!(Topic::name_of(&format!("{ARN}:6b0e71bd-7e97-4d97-80ce-4a0994e55286")), None);
    assert_eq!(Topic::name_of("arn:aws:sqs:eu-central-1:111122223333:demo-topic"), None);
}

mod mail;

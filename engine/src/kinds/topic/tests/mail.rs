//! The mail address. An emulator confirms it at once, so only these show one that waits.

use aws_sdk_sns::operation::create_topic::CreateTopicOutput;
use aws_sdk_sns::operation::list_subscriptions_by_topic::ListSubscriptionsByTopicOutput;
use aws_sdk_sns::operation::subscribe::SubscribeOutput;
use aws_sdk_sns::operation::unsubscribe::UnsubscribeOutput;
use aws_sdk_sns::types::{Subscription, Tag};

use super::*;
use crate::aws::PARTS;

const OURS: &str = "arn:aws:sns:eu-central-1:111122223333:demo-topic:ours";

fn mailed(address: &str) -> Topic {
    Topic { email: address.to_owned(), ..desired() }
}

fn tags(address: &str) -> Tags {
    owner().into_iter().chain(mailed(address).records()).collect()
}

fn subscription(protocol: &str, endpoint: &str, arn: &str) -> Subscription {
    Subscription::builder().protocol(protocol).endpoint(endpoint).subscription_arn(arn).topic_arn(ARN).build()
}

/// Others have subscribed to the topic, too.
fn listed(arn: &'static str) -> Rule {
    mock!(Client::list_subscriptions_by_topic).then_output(move || {
        ListSubscriptionsByTopicOutput::builder()
            .subscriptions(subscription(
                "email",
                "boss@example.com",
                "arn:aws:sns:eu-central-1:111122223333:demo-topic:boss",
            ))
            .subscriptions(subscription(
                "sqs",
                "ops@example.com",
                "arn:aws:sns:eu-central-1:111122223333:demo-topic:queue",
            ))
            .subscriptions(subscription("email", "ops@example.com", arn))
            .build()
    })
}

fn tagged_with(address: &'static str) -> Rule {
    mock!(Client::list_tags_for_resource).then_output(move || {
        let tag = |(key, value): (String, String)| Tag::builder().key(key).value(value).build().unwrap();
        ListTagsForResourceOutput::builder().set_tags(Some(tags(address).into_iter().map(tag).collect())).build()
    })
}

async fn read(arn: &'static str, address: &'static str) -> Live<Topic> {
    let attributes = mock!(Client::get_topic_attributes).then_output(|| shown(DEFAULT, ""));
    Topic::read(&cx(&[&attributes, &tagged_with(address), &listed(arn)]), &name()).await.unwrap().remove(0)
}

#[tokio::test]
async fn one_that_waits_is_there_and_told() {
    let waits = read("PendingConfirmation", "ops@example.com").await;
    assert_eq!(
        (waits.props.email.as_str(), waits.outputs["subscription"].as_str()),
        ("ops@example.com", "PendingConfirmation")
    );
    let told = Topic::tells(&waits).unwrap();
    assert!(told.contains("`ops@example.com` has not opened the link"), "{told}");
    let confirmed = read(OURS, "ops@example.com").await;
    assert_eq!((confirmed.outputs["subscription"].as_str(), Topic::tells(&confirmed)), (OURS, None));
}

/// One that nobody has confirmed for days is gone, and so is what another tag says; what others have is theirs.
#[tokio::test]
async fn only_the_address_that_the_tag_knows_is_the_pipelines() {
    assert_eq!(read(OURS, "former@example.com").await.props.email, "");
    // SNS lists one that has ended for some days more.
    assert_eq!(read("Deleted", "ops@example.com").await.props.email, "");
    assert!(
        !tags("").contains_key(PARTS)
            && tags("a+b!c@example.com")[PARTS].chars().all(|it| it.is_ascii_alphanumeric() || "-_".contains(it))
    );
}

#[tokio::test]
async fn a_new_topic_has_its_link_sent() {
    let create = mock!(Client::create_topic).then_output(|| CreateTopicOutput::builder().topic_arn(ARN).build());
    let subscribe = mock!(Client::subscribe)
        .match_requests(|it| (it.protocol(), it.endpoint()) == (Some("email"), Some("ops@example.com")))
        .then_output(|| SubscribeOutput::builder().subscription_arn("pending confirmation").build());
    mailed("ops@example.com").reconcile(&cx(&[&create, &subscribe]), &name(), None).await.unwrap();
    assert_eq!(subscribe.num_calls(), 1);
}

/// The old one ends first, while the tag still knows it. One that waits has no ARN to be ended by.
#[tokio::test]
async fn another_address_ends_the_one_before() {
    for (arn, ended) in [(OURS, 1), ("PendingConfirmation", 0)] {
        let end = mock!(Client::unsubscribe)
            .match_requests(|it| it.subscription_arn() == Some(OURS))
            .then_output(|| UnsubscribeOutput::builder().build());
        let subscribe = mock!(Client::subscribe)
            .match_requests(|it| it.endpoint() == Some("new@example.com"))
            .then_output(|| SubscribeOutput::builder().build());
        let tag = mock!(Client::tag_resource).then_output(|| TagResourceOutput::builder().build());
        let desired = mailed("new@example.com");
        let rules = [&listed(arn), &end, &subscribe, &tag];
        let cx = mocked::cx(RuleMode::MatchAny, &rules).for_resource(&Id::new("alarm-topic"), tags("new@example.com"));
        let before = live(mailed("ops@example.com"), tags("ops@example.com"));
        desired.reconcile(&cx, &name(), Some(&before)).await.unwrap();
        assert_eq!((end.num_calls(), subscribe.num_calls(), tag.num_calls()), (ended, 1, 1));
    }
}

#[test]
fn a_plan_says_what_a_link_means() {
    let new = Topic::advice(&Changed::New(&mailed("ops@example.com"))).means;
    assert_eq!(new, ["SNS sends a link to `ops@example.com`, who gets nothing else until it was opened"]);
    let (desired, live, how) = (mailed("new@example.com"), mailed("ops@example.com"), How::default());
    let means = Topic::advice(&Changed::Edit { desired: &desired, live: &live, how: &how }).means;
    assert!(
        means[0].contains("`new@example.com`") && means[1].contains("`ops@example.com` has not opened yet"),
        "{means:?}"
    );
}

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::operation::tag_resource::TagResourceOutput;
use aws_sdk_apigateway::operation::update_rest_api::UpdateRestApiOutput;
use aws_smithy_mocks::{RuleMode, mock};

use super::super::*;
use crate::aws::mocked;
use crate::resource::{Id, Tags};

fn tags<const N: usize>(pairs: [(&str, &str); N]) -> Tags {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The right to change an API hangs on its tag, the right to set tags on the one that comes with them.
#[tokio::test]
async fn tags_come_first_and_with_whose_it_is() {
    for had in [tags([]), tags([("pipe:pipeline", "demo")])] {
        let tag = mock!(Client::tag_resource)
            .match_requests(|call| {
                let set = call.tags().unwrap();
                set.get("pipe:pipeline").is_some_and(|name| name == "demo") && set.contains_key("team")
            })
            .then_output(|| TagResourceOutput::builder().build());
        let rename = mock!(Client::update_rest_api).then_output(|| UpdateRestApiOutput::builder().build());
        let cx = mocked::cx(RuleMode::Sequential, &[&tag, &rename])
            .for_resource(&Id::new("api"), tags([("pipe:pipeline", "demo"), ("team", "a")]));
        let found = Head {
            id: "abc".into(),
            name: "old".into(),
            endpoint_type: "REGIONAL".into(),
            vpc_endpoints: Default::default(),
            security_policy: String::new(),
            api_key_source: String::new(),
            binary_types: Default::default(),
            policy: None,
            tags: had,
        };
        let found = Found::of(found, Parts::default());
        head(&cx, &found.document, &Name::new("new"), &found).await.unwrap();
        assert_eq!((tag.num_calls(), rename.num_calls()), (1, 1));
    }
}

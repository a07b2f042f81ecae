//! Endpoints that the environment or a profile sets to nothing.

use aws_config::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// An endpoint that is set to nothing counts as not set, as with AWS's own command line.
pub fn without_empty_endpoints(sdk: SdkConfig) -> SdkConfig {
    let settings = NotEmpty(sdk.clone());
    let mut builder = sdk.clone().into_builder().service_config(settings);
    if sdk.endpoint_url() == Some("") {
        builder.set_endpoint_url(None);
    }
    builder.build()
}

/// What the environment and the profile say of one service, where they say something.
#[derive(Debug)]
struct NotEmpty(SdkConfig);

impl LoadServiceConfig for NotEmpty {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        self.0.service_config()?.load_config(key).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Said(&'static str);

    impl LoadServiceConfig for Said {
        fn load_config(&self, _: ServiceConfigKey<'_>) -> Option<String> {
            Some(self.0.to_owned())
        }
    }

    #[test]
    fn an_endpoint_that_is_set_to_nothing_is_not_set() {
        let of = |said: &'static str| {
            let sdk = SdkConfig::builder().endpoint_url(said).service_config(Said(said)).build();
            let sdk = without_empty_endpoints(sdk);
            let key = ServiceConfigKey::builder().service_id("sqs").env("E").profile("e").build().unwrap();
            (sdk.endpoint_url().map(str::to_owned), sdk.service_config().unwrap().load_config(key))
        };
        assert_eq!(of(""), (None, None));
        let set = Some("http://127.0.0.1:1".to_owned());
        assert_eq!(of("http://127.0.0.1:1"), (set.clone(), set));
    }
}

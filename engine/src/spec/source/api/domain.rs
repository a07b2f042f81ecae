//! The API's own domain name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A custom domain name of API Gateway, which leads to the API's stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The domain in lower case, as in `api.example.com`. Another one is another resource; the record in DNS is yours to make. Required.
    #[schemars(
        length(max = 253),
        regex(pattern = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"),
        extend("patternErrorMessage" = "a domain in lower case without `*` and a final dot, as in `api.example.com`")
    )]
    pub name: String,
    /// ARN of the certificate for the name, which exists in AWS Certificate Manager in the API's own account and Region. Required.
    #[schemars(
        regex(pattern = r"^arn:aws[a-z-]*:acm:[a-z0-9-]{1,32}:[0-9]{12}:certificate/[A-Za-z0-9-]{1,64}$"),
        extend("patternErrorMessage" = "the ARN of a certificate of AWS Certificate Manager, as in `arn:aws:acm:eu-west-1:123456789012:certificate/ID`")
    )]
    pub certificate: String,
}

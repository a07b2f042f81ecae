//! What API Gateway itself answers: gateway responses with their defaults.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};

use super::definition::GatewayResponse;
use super::exchange::Exchange;
use super::mapping::Source;
use super::reply::Reply;
use super::variables::Format;

/// Why a request ends without an integration response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// E.g. `UNAUTHORIZED`.
    pub kind: &'static str,
    /// None is `null` in the body, as AWS answers when an authorizer fails.
    pub message: Option<String>,
    /// Only if it is not the status of the kind.
    pub status: Option<u16>,
    /// `x-amzn-ErrorType`, only if it is not that of the kind.
    pub error_type: Option<&'static str>,
    /// The member of the body that has the message.
    pub member: &'static str,
    /// `$context.error.validationErrorString`.
    pub validation: Option<String>,
}

/// A kind's default status, its `x-amzn-ErrorType` and its default message.
type Default = (&'static str, u16, &'static str, Option<&'static str>);

const INTERNAL: &str = "Internal server error";
const INTERNAL_TYPE: &str = "InternalServerErrorException";

const DEFAULT_5XX: Default = ("DEFAULT_5XX", 500, INTERNAL_TYPE, Some(INTERNAL));

const DEFAULTS: [Default; 22] = [
    ("ACCESS_DENIED", 403, "AccessDeniedException", Some("User is not authorized to access this resource")),
    ("API_CONFIGURATION_ERROR", 500, INTERNAL_TYPE, Some(INTERNAL)),
    ("AUTHORIZER_CONFIGURATION_ERROR", 500, "AuthorizerConfigurationException", None),
    ("AUTHORIZER_FAILURE", 500, "AuthorizerFailureException", None),
    ("BAD_REQUEST_BODY", 400, "BadRequestException", Some("Invalid request body")),
    ("BAD_REQUEST_PARAMETERS", 400, "BadRequestException", Some("Missing required request parameters")),
    ("DEFAULT_4XX", 400, "BadRequestException", Some("Bad Request")),
    DEFAULT_5XX,
    ("EXPIRED_TOKEN", 403, "ExpiredTokenException", Some("The security token included in the request is expired")),
    // No gateway response: who gets this has not come to an API.
    ("FORBIDDEN", 403, "ForbiddenException", Some("Forbidden")),
    ("INTEGRATION_FAILURE", 504, INTERNAL_TYPE, Some(INTERNAL)),
    ("INTEGRATION_TIMEOUT", 504, INTERNAL_TYPE, Some("Endpoint request timed out")),
    ("INVALID_API_KEY", 403, "ForbiddenException", Some("Forbidden")),
    ("INVALID_SIGNATURE", 403, "InvalidSignatureException", Some("The request signature is invalid")),
    ("MISSING_AUTHENTICATION_TOKEN", 403, "MissingAuthenticationTokenException", Some("Missing Authentication Token")),
    ("QUOTA_EXCEEDED", 429, "LimitExceededException", Some("Limit Exceeded")),
    ("REQUEST_TOO_LARGE", 413, "RequestTooLargeException", Some("Request Too Long")),
    ("RESOURCE_NOT_FOUND", 404, "ResourceNotFoundException", Some("Not Found")),
    ("THROTTLED", 429, "TooManyRequestsException", Some("Too Many Requests")),
    ("UNAUTHORIZED", 401, "UnauthorizedException", Some("Unauthorized")),
    ("UNSUPPORTED_MEDIA_TYPE", 415, "BadRequestException", Some("Unsupported Media Type")),
    ("WAF_FILTERED", 403, "ForbiddenException", Some("Forbidden")),
];

/// A kind by its name; unknown ones fail closed as `DEFAULT_5XX`.
fn default(kind: &str) -> Default {
    DEFAULTS.into_iter().find(|known| known.0 == kind).unwrap_or(DEFAULT_5XX)
}

impl Refusal {
    /// With the kind's own status and message.
    pub fn of(kind: &'static str) -> Self {
        let message = default(kind).3.map(str::to_owned);
        Self { kind, message, status: None, error_type: None, member: "message", validation: None }
    }

    /// What the API's owner did wrong, and the client cannot know.
    pub fn misconfigured() -> Self {
        Self::of("API_CONFIGURATION_ERROR")
    }

    #[must_use]
    pub fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    #[must_use]
    pub fn typed(mut self, error_type: &'static str) -> Self {
        self.error_type = Some(error_type);
        self
    }

    /// With the message under another name, as IAM gives it.
    #[must_use]
    pub fn under(mut self, member: &'static str) -> Self {
        self.member = member;
        self
    }

    /// Tells `$context` what happened: `error.message`, `.messageString` (quoted), `.responseType`, `.validationErrorString`.
    pub fn tell(&self, exchange: &mut Exchange) {
        let quoted = Value::from(self.message.clone()).to_string();
        exchange.set(
            "error",
            json!({
                "message": self.message, "messageString": quoted, "responseType": self.kind,
                "validationErrorString": self.validation,
            }),
        );
    }
}

/// The gateway responses of an API, parsed once.
#[derive(Debug, Default)]
pub struct GatewayResponses {
    own: BTreeMap<String, Own>,
}

#[derive(Debug)]
struct Own {
    status: Option<u16>,
    headers: Vec<(String, Source)>,
    templates: Vec<(String, Format)>,
}

impl GatewayResponses {
    pub fn new(own: &BTreeMap<String, GatewayResponse>) -> Self {
        // AWS lets nobody change the answer to what is too large.
        let own = own.iter().filter(|(kind, _)| *kind != "REQUEST_TOO_LARGE");
        Self { own: own.map(|(kind, response)| (kind.clone(), Own::new(response))).collect() }
    }

    /// The answer to a refused request; `$context` has the refusal already.
    pub fn answer(&self, refusal: &Refusal, exchange: &Exchange) -> Reply {
        let (kind, status, error_type, _) = default(refusal.kind);
        let status = refusal.status.unwrap_or(status);
        let class = if status >= 500 { "DEFAULT_5XX" } else { "DEFAULT_4XX" };
        let own = self.own.get(kind).or_else(|| self.own.get(class).filter(|_| kind != "REQUEST_TOO_LARGE"));
        let mut reply = Reply::new(status);
        reply.header("x-amzn-ErrorType", refusal.error_type.unwrap_or(error_type));
        let message = exchange.variable("error.messageString").unwrap_or_else(|| "null".to_owned());
        reply.body = Bytes::from(format!("{{\"{}\":{message}}}", refusal.member));
        if let Some(own) = own {
            own.apply(&mut reply, exchange);
        }
        reply
    }
}

impl Own {
    fn new(response: &GatewayResponse) -> Self {
        let name = |name: &str| name.strip_prefix("gatewayresponse.header.").map(str::to_owned);
        let headers = response.parameters.iter().filter_map(|(to, from)| Some((name(to)?, Source::parse(from))));
        let templates = response.templates.iter().map(|(media, text)| (media.clone(), Format::parse(text)));
        Self { status: response.status, headers: headers.collect(), templates: templates.collect() }
    }

    fn apply(&self, reply: &mut Reply, exchange: &Exchange) {
        reply.status = self.status.unwrap_or(reply.status);
        for (name, source) in &self.headers {
            if let Some(value) = source.value(exchange, &[]) {
                reply.header(name, &value);
            }
        }
        let accept = exchange.header("accept").unwrap_or("application/json");
        let of = |wanted: &str| self.templates.iter().find(|(media, _)| media == wanted);
        let Some((media, template)) = of(accept).or_else(|| of("application/json")).or_else(|| self.templates.first())
        else {
            return;
        };
        reply.header("Content-Type", media);
        reply.body = Bytes::from(template.fill(|name| exchange.variable(name).unwrap_or_default()));
    }
}

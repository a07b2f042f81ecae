//! Failures and their classes: what can never succeed, and what is worth another attempt.

/// Why a record can never be written. The text is part of the dead-letter message's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The data is no JSON.
    BadJson,
    /// The data is JSON, but no object.
    NotAnObject,
    /// A change of a table comes without its new image.
    NoImage,
    /// A key attribute is missing.
    NoKey,
    /// A key attribute is empty, too long, or of another type than the table's.
    WrongKey,
    /// The item is beyond 400 KB.
    ItemTooLarge,
    /// The item is nested deeper than 32 levels.
    TooDeep,
    /// A number has more than 38 significant digits or is outside of DynamoDB's range.
    Number,
    /// DynamoDB refuses the item for another reason, given in the message.
    Refused,
    /// The handler panicked over the record. Its cause is nearly always the data, and another attempt would block the shard;
    /// the payload is kept, so a fixed handler can be given it again.
    Panic,
}

impl Reason {
    /// Returns the reason as it stands in messages and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::BadJson => "bad-json",
            Reason::NotAnObject => "not-an-object",
            Reason::NoImage => "no-image",
            Reason::NoKey => "no-key",
            Reason::WrongKey => "wrong-key",
            Reason::ItemTooLarge => "item-too-large",
            Reason::TooDeep => "too-deep",
            Reason::Number => "number",
            Reason::Refused => "refused",
            Reason::Panic => "panic",
        }
    }
}

/// A record that can never be written. The message may quote the data: it goes to the queue, never to a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poison {
    pub reason: Reason,
    pub message: String,
}

impl Poison {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Poison { reason, message: message.into() }
    }
}

/// Why an item was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutError {
    /// It never will be.
    Poison(Poison),
    /// It may be later; the error code says what stood in the way.
    Transient(String),
}

/// Why a message was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    /// AWS's error code, or a word for what has none.
    pub code: String,
    /// Whether the same message may be accepted later.
    pub transient: bool,
}

impl SendError {
    /// Whether a shorter message may be accepted: SQS has no code of its own for that.
    pub fn may_be_too_long(&self) -> bool {
        ["InvalidParameterValue", "RequestEntityTooLarge"].iter().any(|name| self.code.ends_with(name))
    }
}

/// What DynamoDB's messages say, in its words, and the reason that follows. The first that fits counts.
const REASONS: &[(&str, Reason)] = &[
    ("missing the key", Reason::NoKey),
    ("type mismatch for key", Reason::WrongKey),
    ("key attribute", Reason::WrongKey),
    ("size of hashkey", Reason::WrongKey),
    ("size of all hash keys", Reason::WrongKey),
    ("size of all range keys", Reason::WrongKey),
    ("item size", Reason::ItemTooLarge),
    ("nesting levels", Reason::TooDeep),
    ("number overflow", Reason::Number),
    ("number underflow", Reason::Number),
    ("significant digits", Reason::Number),
    ("numeric value", Reason::Number),
];

/// Classifies DynamoDB's answer to PutItem by its code and message, or by the HTTP status where it has no code.
///
/// Only what names the item itself is poison. Throttling, server errors, a missing table, missing permissions and whatever is
/// not known here are transient: somebody may act, and until then the record belongs in the stream.
pub fn classify(code: Option<&str>, message: Option<&str>, status: Option<u16>) -> PutError {
    let message = message.unwrap_or_default();
    match code {
        // A table name that cannot be one is wrong for every record, and is the function's fault, not the record's.
        Some(code @ "ValidationException") if message.contains("'tableName'") => PutError::Transient(code.to_owned()),
        Some("ValidationException") => PutError::Poison(Poison::new(reason_of(message), message)),
        Some("SerializationException") => PutError::Poison(Poison::new(Reason::Refused, message)),
        _ if status == Some(413) => PutError::Poison(Poison::new(Reason::ItemTooLarge, "the request is too large")),
        Some(code) => PutError::Transient(code.to_owned()),
        None => PutError::Transient(status.map_or("unknown".to_owned(), |status| format!("HTTP {status}"))),
    }
}

fn reason_of(message: &str) -> Reason {
    let message = message.to_ascii_lowercase();
    REASONS.iter().find(|(words, _)| message.contains(words)).map_or(Reason::Refused, |(_, reason)| *reason)
}

/// Classifies SQS's answer to SendMessage: a message that it refuses for its content or length is refused for ever.
pub fn classify_send(code: Option<&str>, otherwise: &str) -> SendError {
    let code = code.unwrap_or(otherwise);
    let forever = ["InvalidMessageContents", "InvalidParameterValue", "RequestEntityTooLarge"];
    SendError { code: code.to_owned(), transient: !forever.iter().any(|name| code.ends_with(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(message: &str) -> Option<Reason> {
        match classify(Some("ValidationException"), Some(message), Some(400)) {
            PutError::Poison(poison) => Some(poison.reason),
            PutError::Transient(_) => None,
        }
    }

    /// DynamoDB's messages; long ones without their first or last words.
    const MESSAGES: &[(Reason, &str)] = &[
        (Reason::NoKey, "One or more parameter values were invalid: Missing the key eventId in the item"),
        (Reason::WrongKey, "One or more parameter values were invalid: Type mismatch for key id expected: S actual: N"),
        (Reason::WrongKey, "The AttributeValue for a key attribute cannot contain an empty string value. Key: id"),
        (Reason::WrongKey, "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
        (Reason::WrongKey, "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"),
        (Reason::ItemTooLarge, "Item size has exceeded the maximum allowed size"),
        (Reason::TooDeep, "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels"),
        (Reason::Number, "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        (Reason::Number, "Number underflow. Attempting to store a number with magnitude smaller than supported"),
        (Reason::Number, "Attempting to store more than 38 significant digits in a Number"),
        (Reason::Number, "The parameter cannot be converted to a numeric value: 1e99999999999999999999"),
        (Reason::Refused, "Something that DynamoDB says next year"),
    ];

    #[test]
    fn validation_is_told_apart_by_its_message() {
        for (reason, message) in MESSAGES {
            assert_eq!(refused(message), Some(*reason), "{message}");
        }
    }

    #[test]
    fn what_may_pass_or_somebody_can_repair_is_transient() {
        for code in [
            "ProvisionedThroughputExceededException",
            "ThrottlingException",
            "RequestLimitExceeded",
            "InternalServerError",
            "ResourceNotFoundException",
            "AccessDeniedException",
            "ExpiredTokenException",
            "UnrecognizedClientException",
            "ItemCollectionSizeLimitExceededException",
            "ReplicatedWriteConflictException",
        ] {
            assert_eq!(classify(Some(code), Some("m"), Some(400)), PutError::Transient(code.into()));
        }
        assert_eq!(classify(None, None, Some(503)), PutError::Transient("HTTP 503".into()));
        let table = "1 validation error detected: Value '' at 'tableName' failed to satisfy constraint";
        assert_eq!(refused(table), None);
    }

    #[test]
    fn a_request_that_no_limit_admits_is_poison() {
        let PutError::Poison(poison) = classify(None, None, Some(413)) else { panic!("transient") };
        assert_eq!(poison.reason, Reason::ItemTooLarge);
        assert!(matches!(classify(Some("SerializationException"), None, Some(400)), PutError::Poison(_)));
    }

    #[test]
    fn the_queue_refuses_content_for_ever_and_the_rest_for_now() {
        assert!(!classify_send(Some("InvalidMessageContents"), "").transient);
        assert!(!classify_send(Some("InvalidParameterValue"), "").transient);
        assert!(classify_send(Some("AWS.SimpleQueueService.NonExistentQueue"), "").transient);
        assert!(classify_send(Some("AccessDenied"), "").transient);
        assert_eq!(classify_send(None, "timeout"), SendError { code: "timeout".into(), transient: true });
    }
}

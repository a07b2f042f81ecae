//! The one error of the engine: what failed, in which AWS call, and what to do about it.

use std::fmt;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it is; decides the exit code and whether anything is worth repeating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Repeating changes nothing: bad input, a refusal.
    Fatal,
    /// Consent is missing; exit code 3.
    Consent,
    /// What was asked for is not there.
    NotFound,
    /// What was to be made is there already.
    Exists,
    /// What this needs was made a moment ago and has not reached every part of AWS (IAM above all).
    Propagating,
    /// Another change of the same resource is under way.
    Busy,
    /// Too many calls; the SDK has repeated it already.
    Throttled,
    /// No answer, or none that says whether the call took effect.
    Unclear,
    /// The user stopped the run; exit code 130.
    Interrupted,
    /// `pipe` itself is wrong.
    Defect,
}

/// The AWS call that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// Service and operation, e.g. `kinesis:CreateStream`.
    pub operation: String,
    /// AWS's error code, e.g. `LimitExceededException`; empty where there was no answer.
    pub code: String,
    /// AWS's request id, for its support; empty where there was no answer.
    pub request_id: String,
}

/// A failure, phrased as a fragment that fits "failed to ...: ", or "error: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    class: Class,
    message: String,
    hint: Option<String>,
    call: Option<Call>,
}

impl Error {
    /// A failure of this class.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { class, message: message.into(), hint: None, call: None }))
    }

    /// A failure that repeating does not change.
    pub fn fatal(message: impl Into<String>) -> Self {
        Self::new(Class::Fatal, message)
    }

    /// A failure of `pipe` itself.
    pub fn defect(message: impl Into<String>) -> Self {
        Self::new(Class::Defect, message)
            .hint("this is a defect of pipe: please report it with the command that shows it")
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Names the AWS call.
    #[must_use]
    pub fn call(mut self, call: Call) -> Self {
        self.0.call = Some(call);
        self
    }

    /// The same failure in another class.
    #[must_use]
    pub fn class_as(mut self, class: Class) -> Self {
        self.0.class = class;
        self
    }

    /// The class of the failure.
    pub fn class(&self) -> Class {
        self.0.class
    }

    /// What was wrong, without call and hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it, where that is known.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The AWS call that failed, if one did.
    pub fn failed_call(&self) -> Option<&Call> {
        self.0.call.as_ref()
    }

    /// AWS's error code, or the empty text.
    pub fn code(&self) -> &str {
        self.0.call.as_ref().map_or("", |call| &call.code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.call {
            Some(call) if call.code.is_empty() => write!(f, "{}: {}", call.operation, self.0.message),
            Some(call) => write!(f, "{}: {}: {}", call.operation, call.code, self.0.message),
            None => f.write_str(&self.0.message),
        }
    }
}

impl std::error::Error for Error {}

/// What stands at the beginning of a chain of causes: it says the most.
pub(crate) fn deepest<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause
}

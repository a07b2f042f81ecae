//! Signed callers: API Gateway checks signatures and the callers' policies itself. Its refusals are 403, and have no challenge.

use crate::lower::auth::Guard;

pub(super) fn guard() -> Guard {
    Guard { authorization: "AWS_IAM", ..Guard::default() }
}

//! API keys: API Gateway checks them itself. The keys and their plans are lowered by themselves.

use crate::lower::auth::Guard;

pub(super) fn guard() -> Guard {
    Guard { authorization: "NONE", api_key: true, ..Guard::default() }
}

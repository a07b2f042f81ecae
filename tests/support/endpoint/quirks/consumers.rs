//! Registered consumers of streams, for which moto fails where there is no such stream.

use super::{Answering, Exchange};

/// Says that a consumer of no stream is not there, as AWS does.
pub fn described<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        if answer.status < 500 {
            return Ok(answer);
        }
        Ok(exchange.error(400, "ResourceNotFoundException", "there is no such stream"))
    })
}

//! Waiting by class of error, with a budget, and never in silence.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::aws::Cx;
use crate::error::{Class, Error, Result};

/// IAM has no bound for its propagation; others report up to 5 minutes and more.
const PROPAGATION: Duration = Duration::from_secs(10 * 60);

/// The longest that another change of the same resource is waited for.
const BUSY: Duration = Duration::from_secs(10 * 60);

/// The slowest quota is one call in 30 s, shared by all deployers of the account (`docs/aws.md#api-gateway-quotas`).
const TURN: Duration = Duration::from_secs(10 * 60);

/// Repeats a call while AWS answers that what it needs is not there yet, or that something else is under way.
///
/// The call is made again after 0.3 seconds, five times; then after 0.6, and every second for half a minute; then every 2 seconds.
/// `what` is what is waited for, as in "waiting for {what}". Not for creates without a unique name or token: after an unclear outcome those must look first.
///
/// # Errors
/// The call's own error: at once where repeating does not help, else when the budget of its class is used up.
pub async fn patiently<T, F, Fut>(cx: &Cx, what: &str, mut call: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    let start = Instant::now();
    let mut said = false;
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let budget = match error.class() {
            Class::Propagating => PROPAGATION,
            Class::Busy => BUSY,
            _ => return Err(error),
        };
        let pause = pause(start.elapsed(), Duration::from_secs(2));
        if start.elapsed() + pause > budget {
            return Err(error);
        }
        cx.again(&error);
        if !said {
            cx.waiting(what);
            said = true;
        }
        cx.pause(pause).await?;
    }
}

/// The pause before the next question, `asked` after the first: 0.3 s for 1.5 seconds, in which most changes end; 0.6 s until the
/// fourth second; 1 s for half a minute, because each may be on the critical path; then `longest`. Ten steps at once stay below the
/// quotas of their services (`docs/aws.md#lambda-quotas`).
fn pause(asked: Duration, longest: Duration) -> Duration {
    match asked.as_millis() {
        0..1_500 => Duration::from_millis(300),
        1_500..4_000 => Duration::from_millis(600),
        4_000..30_000 => Duration::from_secs(1),
        _ => longest,
    }
}

/// Repeats a call that AWS takes only once per `pace`, by its published quota, until it is this call's turn.
///
/// What needs time to reach all of AWS is asked for again at the same pace, for each attempt counts. The SDK's own repeats are to
/// be off, or done with, for they come too soon. `what` is what is waited for, as in "waiting for {what}".
///
/// # Errors
/// The call's own error: at once where repeating does not help, else after 10 minutes.
pub async fn in_turn<T, F, Fut>(cx: &Cx, what: &str, pace: Duration, mut call: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    let start = Instant::now();
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let in_time = start.elapsed() + pace <= TURN;
        if !in_time || !matches!(error.class(), Class::Throttled | Class::Propagating) {
            return Err(error);
        }
        cx.again(&error);
        cx.waiting(what);
        cx.pause(pace).await?;
    }
}

/// Asks until there is an answer, with the pauses of [`patiently`], but 5 s apart after half a minute.
///
/// # Errors
/// The question's own error, or `no answer` when `budget` is used up.
pub async fn poll<T, F, Fut>(cx: &Cx, what: &str, budget: Duration, mut ask: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    poll_for(cx, budget, || {
        let asked = ask();
        async move { Ok(asked.await?.ok_or_else(|| what.to_owned())) }
    })
    .await
}

/// As [`poll`], where each answer that is none says what is waited for.
///
/// # Errors
/// As [`poll`].
pub async fn poll_for<T, F, Fut>(cx: &Cx, budget: Duration, mut ask: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<std::result::Result<T, String>>>,
{
    let start = Instant::now();
    let mut said = String::new();
    loop {
        let what = match ask().await? {
            Ok(answer) => return Ok(answer),
            Err(what) => what,
        };
        let pause = pause(start.elapsed(), Duration::from_secs(5));
        if start.elapsed() + pause > budget {
            return Err(Error::fatal(format!("waited {} s in vain for {what}", budget.as_secs()))
                .hint("running the command again is safe: it goes on where this one stopped"));
        }
        if said != what {
            cx.waiting(&what);
            said = what;
        }
        cx.pause(pause).await?;
    }
}

/// As [`poll`], but believes only the second answer in a row: the first may come from a part of AWS that is ahead of others.
pub async fn poll_twice<T, F, Fut>(cx: &Cx, what: &str, budget: Duration, mut ask: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    let in_a_row = &AtomicU32::new(0);
    poll(cx, what, budget, || {
        let asked = ask();
        async move {
            let answer = asked.await?;
            let before = if answer.is_some() { in_a_row.fetch_add(1, Ordering::Relaxed) } else { 0 };
            if answer.is_none() {
                in_a_row.store(0, Ordering::Relaxed);
            }
            Ok(answer.filter(|_| before > 0))
        }
    })
    .await
}

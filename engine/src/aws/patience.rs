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
/// A busy resource is asked again every 0.3 seconds for 5 seconds, every second for half a minute, and then every 2 seconds. A role that is
/// not known yet is asked for less often (its call may carry a function's code), and as soon as another role of this run is known.
/// `what` is what is waited for, as in "waiting for {what}". Not for creates without a unique name or token: after an unclear outcome those
/// must look first.
///
/// # Errors
/// The call's own error: at once where repeating does not help, else when the budget of its class is used up.
pub async fn patiently<T, F, Fut>(cx: &Cx, what: &str, call: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    patiently_for(cx, |_| what.to_owned(), call).await
}

/// As [`patiently`], where the error says what is waited for.
///
/// # Errors
/// As [`patiently`].
pub async fn patiently_for<T, F, Fut>(cx: &Cx, what: impl Fn(&Error) -> String, mut call: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    let start = Instant::now();
    let mut said = String::new();
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
        let propagating = error.class() == Class::Propagating;
        let pause =
            if propagating { spreading(start.elapsed()) } else { pause(start.elapsed(), Duration::from_secs(2)) };
        if start.elapsed() + pause > budget {
            return Err(error);
        }
        cx.again(&error);
        let waited = what(&error);
        if said != waited {
            cx.waiting(&waited);
            said = waited;
        }
        if propagating { cx.pause_or_role(pause).await? } else { cx.pause(pause).await? }
    }
}

/// The pause before the next question, `asked` after the first. Each may be on the critical path; `aws/pace.rs` holds back the calls that
/// would exceed a quota.
fn pause(asked: Duration, longest: Duration) -> Duration {
    match asked.as_secs() {
        0..5 => Duration::from_millis(300),
        5..30 => Duration::from_secs(1),
        _ => longest,
    }
}

/// The same where AWS has yet to learn of a role.
fn spreading(asked: Duration) -> Duration {
    match asked.as_secs() {
        0..1 => Duration::from_millis(300),
        1..15 => Duration::from_millis(500),
        15..30 => Duration::from_secs(1),
        _ => Duration::from_secs(2),
    }
}

/// Repeats a call that AWS takes only once per `pace`, by its published quota, until it is this call's turn.
///
/// A change that needs time to reach all of AWS is asked for again at the same pace, because each attempt counts. The SDK's own
/// repeats are to be off, or done with, for they come too soon. `what` names the thing that is waited for, as in "waiting for
/// {what}".
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::mocked::cx_answered;

    #[test]
    fn pauses_grow_with_the_time_that_it_takes() {
        let asked = [0, 4, 5, 29, 30, 600].map(Duration::from_secs);
        assert_eq!(
            asked.map(|asked| pause(asked, Duration::from_secs(5)).as_secs_f64()),
            [0.3, 0.3, 1.0, 1.0, 5.0, 5.0]
        );
        assert_eq!(asked.map(|asked| spreading(asked).as_secs_f64()), [0.3, 0.5, 0.5, 1.0, 2.0, 2.0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_role_that_is_known_ends_the_pause_of_those_that_wait_for_another() {
        let cx = cx_answered(|operation, _| panic!("{operation}"));
        let (told, start) = (cx.clone(), Instant::now());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(5_100)).await;
            told.role_is_known();
        });
        let call = || async {
            let is_known = start.elapsed() >= Duration::from_millis(5_100);
            is_known.then_some(()).ok_or_else(|| Error::new(Class::Propagating, "cannot be assumed"))
        };
        patiently(&cx, "the role", call).await.unwrap();
        assert_eq!(start.elapsed().as_millis(), 5_100);
    }
}

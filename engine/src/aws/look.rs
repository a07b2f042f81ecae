//! One look at all that there is: several kinds ask the same of AWS there, and AWS is asked once.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::aws::Cx;
use crate::error::Result;

/// A question: the type of its answer, the operation, and what it is about.
type Question = (TypeId, &'static str, String);

/// The answers of one look. They are never older than the look itself.
#[derive(Default)]
pub struct Look(Mutex<HashMap<Question, Arc<dyn Any + Send + Sync>>>);

impl Look {
    /// The place of an answer, which whoever asks first fills in.
    fn cell<T: Send + Sync + 'static>(&self, operation: &'static str, about: &str) -> Option<Arc<OnceCell<T>>> {
        let question = (TypeId::of::<T>(), operation, about.to_owned());
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = cells.entry(question).or_insert_with(|| Arc::new(OnceCell::<T>::new()));
        Arc::clone(cell).downcast().ok()
    }
}

impl Cx {
    /// Whether this belongs to one look at all that there is.
    pub fn is_one_look(&self) -> bool {
        self.look.is_some()
    }

    /// Asks AWS; within one look whoever asks the same, also at the same time, gets the same answer. Outside of one, as just before a
    /// change, each asks anew. So what waits for another answer must not ask here.
    ///
    /// # Errors
    /// As `ask` gives them; the next to ask then asks again.
    pub async fn asked_once<T, F>(
        &self,
        operation: &'static str,
        about: impl AsRef<str> + Send,
        ask: impl FnOnce() -> F + Send,
    ) -> Result<T>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T>> + Send,
    {
        let cell = self.look.as_ref().and_then(|look| look.cell::<T>(operation, about.as_ref()));
        match cell {
            Some(cell) => cell.get_or_try_init(ask).await.cloned(),
            None => ask().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use aws_smithy_mocks::RuleMode;

    use super::*;
    use crate::aws::mocked;
    use crate::error::Error;

    async fn asks(cx: &Cx, about: &str, asked: &AtomicU32) -> u32 {
        let ask = || async {
            tokio::task::yield_now().await;
            Ok(asked.fetch_add(1, Ordering::SeqCst))
        };
        cx.asked_once("GetPolicy", about, ask).await.unwrap()
    }

    #[tokio::test]
    async fn in_one_look_the_same_is_asked_once_and_in_the_next_again() {
        let (cx, asked) = (mocked::cx(RuleMode::MatchAny, &[]), AtomicU32::new(0));
        let look = cx.clone().for_one_look();
        assert_eq!(tokio::join!(asks(&look, "a", &asked), asks(&look, "a", &asked)), (0, 0));
        assert_eq!(asks(&look, "b", &asked).await, 1);
        assert_eq!(asks(&cx.clone().for_one_look(), "a", &asked).await, 2);
        // Just before a change nothing is taken from before.
        assert_eq!((asks(&cx, "a", &asked).await, asks(&cx, "a", &asked).await), (3, 4));
    }

    #[tokio::test]
    async fn an_error_is_no_answer() {
        let cx = mocked::cx(RuleMode::MatchAny, &[]).for_one_look();
        let failed: Result<u32> = cx.asked_once("GetPolicy", "a", || async { Err(Error::fatal("no")) }).await;
        assert!(failed.is_err());
        assert_eq!(cx.asked_once("GetPolicy", "a", || async { Ok(7) }).await.unwrap(), 7);
    }
}

//! Many accounts at once.

use std::sync::Mutex;

/// Does the same with each of these, so many at once. All are done; then it fails if one of them did, and names them.
pub fn in_parallel<T: Sync>(at_once: usize, all: &[T], check: impl Fn(&T) + Sync) {
    let (next, failed) = (Mutex::new(all.iter()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let Some(one) = next.lock().expect("a lock that no check holds while it fails").next() else { return };
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(one)));
            if let Err(panic) = done {
                let text = panic.downcast_ref::<String>().cloned();
                failed
                    .lock()
                    .expect("a lock that no check holds while it fails")
                    .push(text.unwrap_or_else(|| "a check failed".to_owned()));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..at_once.min(all.len()) {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().expect("a lock that no check holds while it fails");
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), all.len(), failed.join("\n---\n"));
}

//! The code of a pipeline's functions; while cargo builds it, a word about that.

use std::time::Duration;

use tokio::time::{Instant, interval};

use crate::bundle::{Codes, Use, is_built, is_crate};
use crate::error::Result;
use crate::event::{Building, Event};
use crate::spec::Loaded;
use crate::term::{Progress, Shell};

/// How many seconds are between two lines of `--json`.
const TOLD_EVERY: u64 = 10;

/// Finds, or builds, the code that the spec asks for. Code that does not start on Lambda is refused for AWS; here it runs, with a
/// warning.
///
/// # Errors
/// As [`Codes::load`]; code that is unfit for Lambda.
pub async fn codes(shell: Shell, loaded: &Loaded, local: bool) -> Result<Codes> {
    let handler = loaded.spec.function().and_then(|function| function.path()).map(str::to_owned);
    let to = if local { Use::RunHere } else { Use::Deploy };
    let bundled = is_built(to).then(|| "handlers".to_owned());
    let handler = handler.filter(|handler| is_crate(handler, &loaded.root)).or(bundled);
    let telling = handler.map(|handler| {
        // `pipe dev` shows what moves meanwhile.
        let mut progress = if local { Progress::still(shell) } else { Progress::new(shell) };
        tokio::spawn(async move {
            tell(|seconds| match shell.json {
                true if seconds % TOLD_EVERY == 1 => {
                    shell.line(&Event::Building(Building { handler: handler.clone(), seconds }))
                }
                true => {}
                false => progress.tell(&format!("building `{handler}` ... {seconds} s")),
            })
            .await;
        })
    });
    let codes = tokio::task::block_in_place(|| Codes::load(loaded, to));
    if let Some(telling) = telling {
        telling.abort();
        // It takes its line away.
        let _ = telling.await;
    }
    let codes = codes?;
    match codes.unfit() {
        Some(unfit) if !local => Err(unfit.clone()),
        Some(unfit) => {
            let hint = unfit.hint_text().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
            shell.warn(&format!("`pipe apply` will refuse this for AWS: {unfit}{hint}"));
            Ok(codes)
        }
        None => Ok(codes),
    }
}

/// Says every second how many seconds it takes.
async fn tell(mut say: impl FnMut(u64)) {
    let start = Instant::now();
    let mut seconds = interval(Duration::from_secs(1));
    seconds.tick().await;
    loop {
        seconds.tick().await;
        say(start.elapsed().as_secs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_build_says_how_long_it_takes() {
        let mut said = Vec::new();
        let telling = tell(|seconds| said.push(seconds));
        let _ended = tokio::time::timeout(Duration::from_millis(42_500), telling).await;
        assert_eq!((said.len(), said[0], said[41]), (42, 1, 42));
    }
}

//! A run that changes a pipeline, the same for `apply` and `destroy`: read, plan, print, ask, take the lease, run.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cli::{ConsentArgs, RunArgs, exit};
use crate::commands::halt::{FINISHING, Halt};
use crate::commands::kept::Kept;
use crate::commands::walk::{self, Desired};
use crate::commands::{Stop, consent, outputs};
use crate::event::Event;
use crate::plan::Plan;
use crate::resource::{Id, Kind, Name, Outputs};
use crate::term::Shell;

/// What is to be run, and how.
pub struct Change<'a> {
    pub shell: Shell,
    pub desired: &'a Desired,
    /// Names to look at besides the graph's.
    pub names: Vec<(&'static Kind, Name)>,
    pub adopt: bool,
    /// What is asked: `Apply`, `Destroy`.
    pub verb: &'static str,
    pub consent: &'a ConsentArgs,
    pub run: &'a RunArgs,
}

/// How it ended.
pub struct Changed {
    /// Whether there was something to do.
    pub any: bool,
    pub code: u8,
    /// What the resources are known by, of those that are there.
    pub outputs: BTreeMap<Id, Outputs>,
}

impl Change<'_> {
    /// Makes it so. What stays behind is said at the end.
    ///
    /// # Errors
    /// What must not be run, what the user does not agree to, and a lease that another run has.
    pub async fn run(&self) -> Result<Changed, Stop> {
        let plan = self.plan().await?;
        let mut changed = Changed { any: !plan.is_empty(), code: exit::OK, outputs: outputs::planned(&plan) };
        if changed.any {
            consent::ask(self.shell, &plan, self.consent, self.verb)?;
            let halt = Halt::on_interrupt(self.shell, FINISHING);
            halt.after(self.run.timeout);
            let kept = Kept::take(self.shell, self.desired, self.run, &halt).await?;
            let ended = self.agreed(plan.clone(), &kept, &halt).await;
            kept.release(self.shell).await;
            (changed.code, changed.outputs) = ended?;
        } else {
            self.shell.line(&Event::nothing_to_do());
            Kept::sweep(self.desired).await;
        }
        if changed.code == exit::OK {
            plan.left.iter().for_each(|left| self.shell.out(&format!("left: {left}\n")));
        }
        Ok(changed)
    }

    async fn plan(&self) -> Result<Arc<Plan>, Stop> {
        self.desired.planned(self.shell, self.names.clone(), self.adopt).await.map(Arc::new)
    }

    /// Runs the plan that was agreed to; another one, where another run came first, when that is agreed to.
    async fn agreed(&self, mut plan: Arc<Plan>, kept: &Kept, halt: &Halt) -> Result<(u8, BTreeMap<Id, Outputs>), Stop> {
        if kept.waited {
            plan = self.plan().await?;
            if plan.is_empty() {
                self.shell.line(&Event::nothing_to_do());
                return Ok((exit::OK, outputs::planned(&plan)));
            }
            consent::ask(self.shell, &plan, self.consent, self.verb)?;
        }
        let outcome = self.desired.run(self.shell, &plan, halt.told()).await;
        Ok((walk::conclude(self.shell, &outcome, halt), outcome.outputs))
    }
}

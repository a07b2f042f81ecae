//! A run that changes a pipeline, the same for `apply` and `destroy`: read, plan, print, ask, take the lease, run.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cli::{ConsentArgs, RunArgs, exit};
use crate::commands::halt::{FINISHING, Halt};
use crate::commands::kept::Kept;
use crate::commands::walk::{self, Desired};
use crate::commands::{Stop, consent, outputs};
use crate::event::Event;
use crate::evidence::Wanted;
use crate::plan::Plan;
use crate::resource::{Id, Outputs};
use crate::term::{Shell, counted};

/// What is to be run, and how.
pub struct Run<'a> {
    pub shell: Shell,
    pub desired: &'a Desired,
    /// Names to look at besides the graph's.
    pub names: Vec<Wanted>,
    pub adopt: bool,
    /// What is asked: `Apply`, `Destroy`.
    pub question: &'static str,
    pub consent: &'a ConsentArgs,
    pub args: &'a RunArgs,
}

/// How it ended.
pub struct Ended {
    /// Whether there was something to do.
    pub any: bool,
    pub code: u8,
    /// What was done, counted.
    pub counted: String,
    /// What the resources are known by, of those that are there.
    pub outputs: BTreeMap<Id, Outputs>,
}

impl Run<'_> {
    /// Runs the plan. At the end, says what stays behind.
    ///
    /// # Errors
    /// A plan that must not run, consent that the user does not give, and a lease that another run has.
    pub async fn go(&self) -> Result<Ended, Stop> {
        let plan = self.plan().await?;
        if plan.is_empty() {
            Kept::sweep(self.desired).await;
            return Ok(self.nothing(&plan));
        }
        consent::ask(self.shell, &plan, self.consent, self.question)?;
        let halt = Halt::on_interrupt(self.shell, FINISHING);
        halt.after(self.args.timeout);
        let kept = Kept::take(self.shell, self.desired, self.args, &halt).await?;
        let ended = self.agreed(plan, &kept, &halt).await;
        kept.release(self.shell).await;
        ended
    }

    async fn plan(&self) -> Result<Arc<Plan>, Stop> {
        self.desired.planned(self.shell, self.names.clone(), self.adopt).await.map(Arc::new)
    }

    /// Runs the plan that was agreed to; another one, where another run came first, when that is agreed to.
    async fn agreed(&self, mut plan: Arc<Plan>, kept: &Kept, halt: &Halt) -> Result<Ended, Stop> {
        if kept.waited {
            plan = self.plan().await?;
            if plan.is_empty() {
                return Ok(self.nothing(&plan));
            }
            consent::ask(self.shell, &plan, self.consent, self.question)?;
        }
        let outcome = self.desired.run(self.shell, &plan, halt.told()).await;
        let code = walk::conclude(self.shell, &outcome, halt);
        if code == exit::OK {
            self.left(&plan);
        }
        Ok(Ended { any: true, code, counted: counted(&plan), outputs: outcome.outputs })
    }

    fn nothing(&self, plan: &Plan) -> Ended {
        self.shell.line(&Event::nothing_to_do());
        self.left(plan);
        Ended { any: false, code: exit::OK, counted: counted(plan), outputs: outputs::planned(plan) }
    }

    fn left(&self, plan: &Plan) {
        plan.left.iter().for_each(|left| self.shell.out(&format!("left: {left}\n")));
    }
}

//! `pipe dev`: runs the pipeline on this machine, and applies every edit.

mod cloud;
mod plane;
mod watch;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::cli::{DevArgs, Global, exit};
use crate::commands::halt::Halt;
use crate::commands::{Outcome, Stop, consent, outputs, report, walk};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::session::Claim;
use crate::spec::Loaded;
use crate::term::{Shell, View, moving, render_plan};

use cloud::Cloud;
use plane::Plane;
use watch::Changes;

/// How long what runs may take to end.
const END_WITHIN: Duration = Duration::from_secs(4);

/// Runs the command until Ctrl-C.
pub async fn run(shell: Shell, global: &Global, args: &DevArgs) -> Outcome {
    let loaded = walk::spec(shell, &args.spec.file)?;
    let claim = Claim::of(&args.spec.file)?;
    let listener = listen(args.port).await?;
    let (events, moved) = mpsc::unbounded_channel();
    tokio::spawn(moving(shell, moved));
    let halt = Halt::on_interrupt(shell, "stopping; once more stops at once");
    let mut stopped = halt.told();
    let cloud = tokio::select! {
        cloud = Cloud::start(shell, global, &args.spec.file, events.clone()) => cloud?,
        _ = stopped.wait_for(|stopped| *stopped) => return Ok(exit::OK),
    };
    let plane = Plane::new(&cloud, &args.spec.file, listener, events).await?;
    let mut dev = Dev { shell, args, global: cloud.global(global, &args.spec.file), cloud, plane, claim };
    let outcome = dev.serve(loaded, &halt).await;
    if tokio::time::timeout(END_WITHIN, dev.stop()).await.is_err() {
        shell.warn("not everything ended in time; what is left ends with this process");
    }
    outcome
}

/// What runs.
struct Dev<'a> {
    shell: Shell,
    args: &'a DevArgs,
    /// The way to what runs, as other commands have it with `--local`.
    global: Global,
    cloud: Cloud,
    plane: Plane,
    claim: Claim,
}

impl Dev<'_> {
    async fn serve(&mut self, loaded: Loaded, halt: &Halt) -> Outcome {
        let (start, mut stopped) = (Instant::now(), halt.told());
        let mut changes = Changes::of(&self.args.spec.file, &loaded)?;
        let code = self.apply(&loaded, halt, true).await?;
        if code != exit::OK {
            return Ok(code);
        }
        self.shell.out(&format!("Up in {:.1} s. Ctrl-C ends it; edits are applied.\n", start.elapsed().as_secs_f32()));
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return Ok(exit::OK),
                ended = self.cloud.ended() => return Err(ended.into()),
                () = changes.next() => {}
            }
            if let Err(stop) = self.again(&mut changes, halt).await {
                report(self.shell, stop);
            }
        }
    }

    /// Reads the spec again and applies it. What is wrong is told, and what runs goes on as it was.
    async fn again(&mut self, changes: &mut Changes, halt: &Halt) -> Result<(), Stop> {
        let start = Instant::now();
        let loaded = walk::spec(self.shell, &self.args.spec.file)?;
        changes.look_at(&self.args.spec.file, &loaded)?;
        if self.apply(&loaded, halt, false).await? == exit::OK {
            self.shell.out(&format!("Applied in {:.1} s.\n", start.elapsed().as_secs_f32()));
        }
        Ok(())
    }

    /// Makes endpoint and data plane match the spec.
    async fn apply(&mut self, loaded: &Loaded, halt: &Halt, first: bool) -> Result<u8, Stop> {
        let desired = walk::Desired::of(&self.global, loaded).await?;
        let found = desired.live(Vec::new()).await?;
        let plan = Arc::new(desired.plan(&found, false)?);
        self.shell.line(&Event::plan(&plan));
        let shown = render_plan(&plan, &View::new(desired.place(), false));
        // What a new pipeline is made of is in its spec; an edit is worth a look.
        let shown = if first { shown.lines().last().unwrap_or_default() } else { &shown };
        self.shell.out(&format!("{}\n", shown.trim_end()));
        let mut given = outputs::planned(&plan);
        if !plan.is_empty() {
            if !self.cloud.is_own() {
                consent::ask(self.shell, &plan, &self.args.consent, "Apply")?;
            }
            let outcome = desired.run(self.shell, &plan, halt.told()).await;
            let code = walk::conclude(self.shell, &outcome, halt);
            if code != exit::OK {
                return Ok(code);
            }
            given = outcome.outputs;
        }
        self.plane.follow(loaded, &given).await?;
        if first || !plan.is_empty() {
            self.publish(loaded)?;
            self.shell.out(&outputs::summary(&self.global, loaded, &self.args.spec.file, &given));
        }
        Ok(exit::OK)
    }

    /// Lets other commands find what runs here.
    fn publish(&mut self, loaded: &Loaded) -> Result<()> {
        let stage = loaded.spec.api().map(|api| api.stage.as_str());
        let Some(session) = &mut self.global.session else { return Ok(()) };
        session.api_url = stage.map(|stage| self.plane.url(stage)).unwrap_or_default();
        self.claim.publish(session)
    }

    async fn stop(self) {
        self.plane.stop().await;
        self.cloud.stop().await;
        drop(self.claim);
    }
}

/// Takes the API's port before anything is started.
async fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
        Error::fatal(format!("port {port} of 127.0.0.1 cannot be taken: {error}"))
            .hint("stop what listens there, or choose another one with --port (0 takes a free one)")
    })
}

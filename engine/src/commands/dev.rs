//! `pipe dev`: runs the pipeline on this machine, and applies every edit.

mod cloud;
mod plane;
mod watch;

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pipe_local::meter::Meter;
use pipe_local::seen::Lens;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::cli::{DevArgs, Global, exit};
use crate::commands::halt::Halt;
use crate::commands::{Outcome, Stop, consent, outputs, report, walk};
use crate::console::{Console, Door};
use crate::error::{Error, Result};
use crate::event::{Event, Up, milliseconds};
use crate::session::{self, Claim};
use crate::spec::Loaded;
use crate::term::{Shell, View, moving, render_error, render_plan};

use cloud::Cloud;
use plane::Plane;
use watch::Changes;

/// What it means that others reach the API.
const OPEN: &str = "other machines can reach the API: anyone who reaches its port can send events to routes with `auth: none`, and \
                    try passwords on the others; the emulator stays on 127.0.0.1";
/// What the emulator has of earlier runs.
const EMPTY: &str =
    "The local cloud begins empty: rows, dead letters and waiting records of an earlier run are gone.\n";
/// How long what runs may take to end.
const END_WITHIN: Duration = Duration::from_secs(4);

/// Runs the command until Ctrl-C.
pub async fn run(shell: Shell, global: &Global, args: &DevArgs) -> Outcome {
    let loaded = walk::spec(global, &args.spec.file)?;
    let claim = Claim::of(&args.spec.file)?;
    let listener = listen(args.host, args.port, "--port").await?;
    if !args.host.is_loopback() {
        shell.warn(OPEN);
    }
    let (events, moved) = mpsc::unbounded_channel();
    let meter = Meter::default();
    let mut moved = meter.counting(moved);
    let (lens, console) = console(args).await?;
    if let Some(console) = &console {
        moved = console.overhear(moved, lens.clone());
    }
    tokio::spawn(moving(shell, moved));
    let halt = Halt::on_interrupt(shell, "stopping; a second Ctrl-C stops at once");
    let mut stopped = halt.told();
    let mut cloud = tokio::select! {
        cloud = Cloud::start(shell, global, &args.spec.file, events.clone(), lens) => cloud?,
        _ = stopped.wait_for(|stopped| *stopped) => return Ok(exit::OK),
    };
    let loaded = if cloud.is_own() { loaded.with_stand_ins() } else { loaded.without_front() };
    let plane = Plane::new(&mut cloud, &args.spec.file, listener, events, meter).await?;
    let global = cloud.global(global, &args.spec.file);
    let mut dev = Dev { shell, args, global, cloud, plane, claim, console, said: String::new() };
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
    console: Option<Console>,
    /// The remarks on the spec that were shown last.
    said: String,
}

impl Dev<'_> {
    async fn serve(&mut self, loaded: Loaded, halt: &Halt) -> Outcome {
        let (start, mut stopped) = (Instant::now(), halt.told());
        let mut changes = Changes::of(&self.args.spec.file, &loaded)?;
        if self.cloud.is_own() {
            self.shell.out(EMPTY);
        }
        let code = self.apply(&loaded, halt, true).await?;
        if code != exit::OK {
            return Ok(code);
        }
        self.shell.line(&self.up(&loaded, start));
        self.shell.out(&format!("Up in {:.1} s. Ctrl-C ends it; edits are applied.\n", start.elapsed().as_secs_f32()));
        if let Some(console) = &self.console {
            // Nothing that is kept has the token: whoever has it sends and redrives.
            let (url, opens) = match self.shell.is_watched() {
                true => (console.way_in(), ""),
                false => (console.url(), " (`pipe console --local` prints the address that opens it)"),
            };
            self.shell.out(&format!("Console: {url}{opens}\n"));
        }
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return Ok(exit::OK),
                ended = self.cloud.ended() => return Err(ended.into()),
                () = changes.next() => {}
            }
            if let Err(stop) = self.again(&mut changes, halt).await {
                self.complain(&stop);
                report(self.shell, stop);
            }
        }
    }

    /// Reads the spec again and applies it. If something is wrong, reports it and leaves everything running as it was.
    async fn again(&mut self, changes: &mut Changes, halt: &Halt) -> Result<(), Stop> {
        let start = Instant::now();
        let loaded = walk::spec(&self.global, &self.args.spec.file)?;
        changes.look_at(&self.args.spec.file, &loaded)?;
        if self.apply(&loaded, halt, false).await? == exit::OK {
            self.shell.out(&format!("Applied in {:.1} s.\n", start.elapsed().as_secs_f32()));
        }
        Ok(())
    }

    /// Makes endpoint and data plane match the spec.
    async fn apply(&mut self, loaded: &Loaded, halt: &Halt, first: bool) -> Result<u8, Stop> {
        self.remark(loaded);
        let start = Instant::now();
        let desired = walk::Desired::of(self.shell, &self.global, loaded).await?;
        let found = desired.live(self.shell, Vec::new()).await?;
        let plan = Arc::new(desired.plan(&found, false)?);
        self.shell.line(&Event::plan(&plan));
        let shown = render_plan(&plan, &View::new(desired.place(), false));
        // The spec shows what a new pipeline consists of; an edit is worth a look.
        let told = if first { shown.lines().last().unwrap_or_default() } else { &shown };
        self.shell.out(&format!("{}\n", told.trim_end()));
        let mut given = outputs::planned(&plan);
        if !plan.is_empty() {
            if !self.cloud.is_own() {
                consent::ask(self.shell, &plan, &self.args.consent, "Apply")?;
            }
            let outcome = desired.run(self.shell, &plan, halt.told()).await;
            let code = walk::conclude(self.shell, &outcome, halt);
            self.planned(&shown, (code == exit::OK).then(|| start.elapsed()));
            if code != exit::OK {
                return Ok(code);
            }
            given = outcome.outputs;
        }
        self.plane.follow(loaded, &given).await?;
        self.locate(loaded);
        if first || !plan.is_empty() {
            self.publish()?;
            let outputs = outputs::all(&self.global, &desired.graph, &given);
            self.shell.line(&Event::Outputs { outputs });
            self.shell.out(&outputs::summary(&self.global, loaded, &self.args.spec.file, &given));
        }
        Ok(exit::OK)
    }

    /// Says what is likely wrong in the spec, and what stands in for what: where an edit changed it.
    fn remark(&mut self, loaded: &Loaded) {
        let stands_in = |what: &String| format!("stand-in: {what}\n");
        let said = walk::warnings(loaded) + &loaded.stand_ins.iter().map(stands_in).collect::<String>();
        if said != self.said {
            self.shell.err(&said);
            self.said = said;
        }
    }

    /// Where the API is served, with its stage.
    fn endpoint(&self, loaded: &Loaded) -> Option<String> {
        loaded.spec.api().map(|api| self.plane.url(&api.stage))
    }

    fn up(&self, loaded: &Loaded, start: Instant) -> Event {
        Event::Up(Up {
            endpoint: self.endpoint(loaded),
            console: self.console.as_ref().map(Console::url),
            emulator_url: self.cloud.url(),
            region: self.cloud.region().to_owned(),
            began_empty: self.cloud.is_own(),
            stand_ins: loaded.stand_ins.clone(),
            milliseconds: milliseconds(start.elapsed()),
        })
    }

    /// Notes where what runs is reached, for other commands and for the console.
    fn locate(&mut self, loaded: &Loaded) {
        let endpoint = self.endpoint(loaded);
        if let Some(session) = &mut self.global.session {
            session.api_url = endpoint.clone().unwrap_or_default();
            session.console_url = self.console.as_ref().map(Console::way_in);
        }
        if let Some(console) = &self.console {
            console.shows(&self.global, loaded, endpoint);
        }
    }

    /// Shows on the console a plan that was run; `took` where it was run to its end.
    fn planned(&self, plan: &str, took: Option<Duration>) {
        if let Some(console) = &self.console {
            let applied = |took: Duration| format!("applied in {:.1} s", took.as_secs_f32());
            console.planned(plain(plan), took.map_or_else(|| "failed".to_owned(), applied));
        }
    }

    /// Shows on the console what is wrong while all runs as it was.
    fn complain(&self, stop: &Stop) {
        let problems = match stop {
            Stop::Report(report) => vec![report.render(false)],
            Stop::Errors(errors) => errors.iter().map(|error| plain(&render_error(error))).collect(),
            Stop::Code(_) => return,
        };
        if let Some(console) = &self.console {
            console.wrong(problems);
        }
    }

    /// Lets other commands find what runs here.
    fn publish(&mut self) -> Result<()> {
        let Some(session) = &self.global.session else { return Ok(()) };
        self.claim.publish(session)
    }

    async fn stop(self) {
        if let Some(console) = self.console {
            console.stop().await;
        }
        self.plane.stop().await;
        self.cloud.stop().await;
        drop(self.claim);
    }
}

/// A text without colours.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// The console, where one is wanted, and where all parts show what happens.
async fn console(args: &DevArgs) -> Result<(Lens, Option<Console>)> {
    if args.no_console {
        return Ok((Lens::default(), None));
    }
    let bind = async |port| listen(Ipv4Addr::LOCALHOST.into(), port, "--console-port").await;
    let door = Door::kept(&session::door(&args.spec.file)?, bind, args.console_port).await?;
    let (lens, sight) = Lens::new();
    Ok((lens, Some(Console::start(door, sight))))
}

/// Takes a port before anything is started.
pub(super) async fn listen(host: IpAddr, port: u16, option: &str) -> Result<TcpListener> {
    TcpListener::bind((host, port)).await.map_err(|error| {
        let failed = Error::fatal(format!("cannot listen on port {port} of {host}: {error}"));
        match error.kind() {
            ErrorKind::AddrNotAvailable => {
                failed.hint("--host must be an address of this machine, or 0.0.0.0 for all of them")
            }
            _ => failed.hint(format!(
                "stop the program that listens there, or choose another port with {option} (0 takes a free one)"
            )),
        }
    })
}

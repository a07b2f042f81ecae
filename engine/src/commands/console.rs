//! `pipe console`: a page that shows a pipeline on AWS; or where the one is that shows the running `pipe dev`.

use std::net::Ipv4Addr;

use crate::cli::{ConsoleArgs, Global, exit};
use crate::commands::dev::listen;
use crate::commands::halt::Halt;
use crate::commands::running::Running;
use crate::commands::{Outcome, walk};
use crate::console::{Console, Door};
use crate::error::Error;
use crate::event::Event;
use crate::session::Session;
use crate::term::Shell;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &ConsoleArgs) -> Outcome {
    match &global.session {
        Some(_) if args.port != 0 => {
            let error = Error::fatal("with --local nothing is served, so --port means nothing");
            Err(error.hint("`pipe dev --console-port` sets the port of its console").into())
        }
        Some(session) => local(shell, session),
        None => remote(shell, global, args).await,
    }
}

fn local(shell: Shell, session: &Session) -> Outcome {
    let Some(url) = session.console_url.clone() else {
        let error = Error::fatal("this `pipe dev` has no console");
        return Err(error.hint("start it again without --no-console").into());
    };
    told(shell, url);
    Ok(exit::OK)
}

/// Serves the page until Ctrl-C.
async fn remote(shell: Shell, global: &Global, args: &ConsoleArgs) -> Outcome {
    let loaded = walk::spec(global, &args.spec.file)?;
    // A wrong region or no credentials are said here, not on the page.
    let running = Running::of(global, &loaded).await?;
    let listener = listen(Ipv4Addr::LOCALHOST.into(), args.port, "--port").await?;
    let mut stopped = Halt::on_interrupt(shell, "stopping").told();
    let console = Console::remote(Door::new(listener)?, global, &loaded, running);
    told(shell, console.way_in());
    if !shell.json {
        shell.err("Only this address opens the page. It reads AWS while it is open; Ctrl-C ends it.\n");
    }
    // The sender of this lives as long as the run.
    let _ended = stopped.wait_for(|stopped| *stopped).await;
    console.stop().await;
    Ok(exit::OK)
}

fn told(shell: Shell, url: String) {
    shell.out(&format!("{url}\n"));
    shell.line(&Event::Console { url });
}
